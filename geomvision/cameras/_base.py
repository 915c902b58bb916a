"""What every camera model offers: points to pixels and back, and staying true when the image changes size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class CameraModel(ABC):
    """A central camera of ``width`` x ``height`` pixels: every ray goes through one point."""

    width: int
    height: int

    @abstractmethod
    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3) in metres; NaN for points that the model does not see."""

    @abstractmethod
    def unproject(self, pixels: ArrayLike, depth_m: ArrayLike = 1.0) -> Array:
        """Points (..., 3) at depth z `depth_m` behind pixels (..., 2); NaN where the ray has no such point."""

    @abstractmethod
    def resize(self, width: int, height: int) -> Self:
        """The camera of the image resized to width x height: c' = (c + 0.5)·s − 0.5."""

    @abstractmethod
    def crop(self, x: int, y: int, width: int, height: int) -> Self:
        """The camera of the crop whose first pixel is (x, y); it may reach beyond the image (padding)."""

    def pixel_grid(self) -> Array:
        """Pixel coordinates (height, width, 2) of the image."""
        x, y = np.meshgrid(np.arange(self.width, dtype=float), np.arange(self.height, dtype=float))
        return np.stack([x, y], axis=-1)
