"""One view of a rectified pair: where its pixels come from, which of them are valid, and the warped image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import points as as_points
from ..cameras import Array, Camera, CameraModel
from ..images import Float32, Image, ImageError, Mask, as_image
from ..ops import warp
from ..ops.warping import Mode

#: A coordinate this near to an integer is one: rounding must not turn the image's own border into the outside.
SNAP_PX = 1e-9
#: Maps are made in strips of so many rows, which stay in cache.
STRIP = 32


class Transform(Protocol):
    """Pixels of the source image to pixels of the rectified one, and back; NaN where there is no such pixel."""

    def forward(self, points: Array) -> Array:
        """Rectified pixels (..., 2) of source pixels (..., 2)."""

    def backward(self, points: Array) -> Array:
        """Source pixels (..., 2) of rectified pixels (..., 2)."""

    def crop(self, x: int, y: int, width: int, height: int) -> Transform:
        """The transform to a crop of the rectified image whose first pixel is (x, y)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """From a camera of any model to a pinhole camera at the same place that looks elsewhere."""

    source: CameraModel
    target: Camera
    #: 3x3: takes directions of the source camera to directions of the target.
    rotation: Array

    def forward(self, points: Array) -> Array:
        """Rectified pixels of source pixels."""
        return self.target.project(self.source.rays(points) @ self.rotation.T)

    def backward(self, points: Array) -> Array:
        """Source pixels of rectified pixels."""
        return self.source.project(self.target.rays(points) @ self.rotation)

    def crop(self, x: int, y: int, width: int, height: int) -> Turn:
        """To a crop of the target."""
        return replace(self, target=self.target.crop(x, y, width, height))


@dataclass(frozen=True, kw_only=True, eq=False)
class Homography:
    """A 3x3 homography of source pixels to rectified ones."""

    H: Array

    def forward(self, points: Array) -> Array:
        """Rectified pixels of source pixels; NaN beyond the line that goes to infinity."""
        return _mapped(self.H, points)

    def backward(self, points: Array) -> Array:
        """Source pixels of rectified pixels."""
        return _mapped(np.asarray(np.linalg.inv(self.H), dtype=float), points)

    def crop(self, x: int, y: int, width: int, height: int) -> Homography:  # noqa: ARG002
        """To a crop of the rectified image."""
        return Homography(H=np.array([[1.0, 0.0, -x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]]) @ self.H)


def _mapped(H: Array, points: Array) -> Array:
    values = points @ H[:, :2].T + H[:, 2]
    scale = values[..., 2:]
    return np.asarray(values[..., :2] / np.where(scale > 0, scale, np.nan))


@dataclass(frozen=True, kw_only=True, eq=False)
class RectifiedView:
    """The map of one view: `displacement` (h, w, 2) leads from each rectified pixel to its place in the source image.

    It is NaN where `valid` (h, w) is false: outside the source image, and beyond the end of its lens model.
    """

    transform: Transform
    #: (width, height) of the source image.
    source_size: tuple[int, int]
    displacement: Float32
    valid: Mask

    @classmethod
    def of(cls, transform: Transform, source_size: tuple[int, int], width: int, height: int) -> RectifiedView:
        """Build the map of a rectified image of width x height pixels."""
        displacement, valid = np.empty((height, width, 2), np.float32), np.empty((height, width), dtype=bool)
        x, last = np.arange(width, dtype=float), np.array(source_size) - 1
        for top in range(0, height, STRIP):
            y = np.arange(top, min(top + STRIP, height), dtype=float)
            grid = np.stack(np.meshgrid(x, y), axis=-1)
            place = transform.backward(grid)
            whole = np.rint(place)
            place = np.where(np.abs(place - whole) < SNAP_PX, whole, place)
            inside: Mask = np.all((place >= 0) & (place <= last), axis=-1)
            valid[top : top + STRIP] = inside
            displacement[top : top + STRIP] = np.where(inside[..., None], place - grid, np.nan)
        return cls(transform=transform, source_size=source_size, displacement=displacement, valid=valid)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the rectified image."""
        return self.valid.shape[1], self.valid.shape[0]

    @property
    def map(self) -> Array:
        """(h, w, 2): x and y in the source image for each rectified pixel, as cv2.remap takes them; NaN if invalid."""
        y, x = np.indices(self.valid.shape)
        return np.asarray(self.displacement + np.stack([x, y], axis=-1), dtype=float)

    def apply(self, image: Image, *, mode: Mode = "bilinear") -> Image:
        """The rectified image, in the dtype given; invalid pixels are NaN in float images and 0 in others.

        Args:
            image: (H, W) or (H, W, 3) of the source's size; float64 comes back as float32.
            mode: "bilinear" or "bicubic".

        Raises:
            ImageError: when it is no image or has another size.
        """
        array = as_image(image)
        given = array.shape[1], array.shape[0]
        if given != self.source_size:
            sizes = f"{given[0]}x{given[1]}, the camera {self.source_size[0]}x{self.source_size[1]}"
            raise ImageError(f"the image has {sizes} pixels; resize the rig to the image first")
        if array.dtype.kind == "f":
            return np.asarray(warp(array, self.displacement, mode=mode))
        return np.asarray(warp(array, self.displacement, mode=mode, outside="zero", dtype=array.dtype))

    def points(self, points: ArrayLike) -> Array:
        """Rectified pixels (N, 2) of pixels (N, 2) of the source image; NaN where it has none."""
        return self.transform.forward(as_points(points, "points", finite=False))

    def crop(self, x: int, y: int, width: int, height: int) -> RectifiedView:
        """The view of a crop that lies inside."""
        rows, columns = slice(y, y + height), slice(x, x + width)
        return replace(
            self,
            transform=self.transform.crop(x, y, width, height),
            displacement=self.displacement[rows, columns] + np.array([x, y], np.float32),
            valid=self.valid[rows, columns].copy(),
        )
