"""What all models with focal lengths and a principal point share: pixel = (fx·u + cx, fy·v + cy).

A model says how a point becomes (u, v) on its plane and back; everything about pixels is said here.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, fields_checked
from ._base import Array, CameraModel, all_finite, as_pixels, as_points, as_units, at_depth, check_size

#: One quarter turn of an image, counter-clockwise as seen: what was down (y) points right now.
QUARTER = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, kw_only=True)
class FocalCamera(CameraModel):
    """The pixels of a model: focal lengths and principal point, in pixels of this image size."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        check_size(self.width, self.height)
        fields_checked(self)
        numbers = (self.fx, self.fy, self.cx, self.cy)
        if not all(np.isfinite(numbers)) or self.fx <= 0 or self.fy == 0:
            raise ValueError(
                f"focal lengths and principal point must be finite, fx > 0 and fy ≠ 0, "
                f"given fx={self.fx}, fy={self.fy}, cx={self.cx}, cy={self.cy}"
            )

    @abstractmethod
    def _plane(self, points: Array) -> Array:
        """(u, v) (..., 2) of points (..., 3), NaN where the model does not see them."""

    @abstractmethod
    def _plane_jacobians(self, points: Array) -> tuple[Array, Array, Array]:
        """(u, v), by the points (..., 2, 3), and by the model's own parameters (..., 2, S)."""

    @abstractmethod
    def _directions(self, plane: Array) -> Array:
        """Directions (..., 3) of any length > 0 behind (u, v), NaN where there is none."""

    @property
    @abstractmethod
    def _shape(self) -> dict[str, float]:
        """The model's own parameters by name."""

    @abstractmethod
    def _with_shape(self, values: tuple[float, ...]) -> dict[str, Any]:
        """The fields that hold these values of the model's own parameters."""

    def _turned(self, quarter_turns: int) -> dict[str, Any]:  # noqa: ARG002 — models of revolution do not change
        """The fields that change when the frame turns about z by quarter turns."""
        return {}

    @property
    def K(self) -> Array:
        """The 3x3 matrix of focal lengths and principal point, pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """fx, fy, cx, cy, then the model's own."""
        return ("fx", "fy", "cx", "cy", *self._shape)

    @property
    def parameters(self) -> Array:
        """The numbers of `parameter_names` (P,)."""
        return np.array([self.fx, self.fy, self.cx, self.cy, *self._shape.values()])

    @checked
    def with_parameters(self, vector: ArrayLike) -> Self:
        """The same model and size with other `parameters`; raises ValueError for numbers it cannot have."""
        given, names = np.asarray(vector, dtype=float), self.parameter_names
        if given.shape != (len(names),):
            told = f"vector of parameters has shape {given.shape}"
            raise ValueError(f"{told}; it must be ({len(names)},): {', '.join(names)}")
        fx, fy, cx, cy, *shape = (float(v) for v in given)
        return replace(self, fx=fx, fy=fy, cx=cx, cy=cy, **self._with_shape(tuple(shape)))

    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3) in metres; NaN for points that the model does not see."""
        with np.errstate(all="ignore"):
            pixels = self._plane(as_points(points)) * (self.fx, self.fy) + (self.cx, self.cy)
            return np.where(all_finite(pixels), pixels, np.nan)

    def rays(self, pixels: ArrayLike) -> Array:
        """Unit directions (..., 3) of pixels (..., 2); NaN outside the model."""
        with np.errstate(all="ignore"):
            return as_units(self._directions((as_pixels(pixels) - (self.cx, self.cy)) / (self.fx, self.fy)))

    def unproject(self, pixels: ArrayLike, depth_m: ArrayLike = 1.0) -> Array:
        """Points (..., 3) at depth z `depth_m` behind pixels (..., 2); NaN where the ray has no such point."""
        with np.errstate(all="ignore"):
            found = self._directions((as_pixels(pixels) - (self.cx, self.cy)) / (self.fx, self.fy))
            return at_depth(found, depth_m)

    def jacobians(self, points: ArrayLike) -> tuple[Array, Array, Array]:
        """Pixels (..., 2), their derivatives by the points (..., 2, 3) and by `parameters` (..., 2, P).

        All NaN for points that the model does not see.
        """
        focal = np.array([self.fx, self.fy])
        with np.errstate(all="ignore"):
            plane, by_point, by_shape = self._plane_jacobians(as_points(points))
            pixels = plane * focal + (self.cx, self.cy)
            by_focal = np.zeros((*plane.shape, 4))
            by_focal[..., 0, 0], by_focal[..., 1, 1] = plane[..., 0], plane[..., 1]
            by_focal[..., 0, 2] = by_focal[..., 1, 3] = 1.0
            by_all = np.concatenate([by_focal, by_shape * focal[:, None]], axis=-1)
            by_point = by_point * focal[:, None]
            unseen = ~all_finite(pixels)[..., 0]
        pixels[unseen], by_point[unseen], by_all[unseen] = np.nan, np.nan, np.nan
        return pixels, by_point, by_all

    @checked
    def resize(self, width: int, height: int) -> Self:
        """The camera of the image resized to width x height: c' = (c + 0.5)·s − 0.5."""
        check_size(width, height)
        sx, sy = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        return replace(self, width=width, height=height, fx=self.fx * sx, fy=self.fy * sy, cx=cx, cy=cy)

    @checked
    def crop(self, x: int, y: int, width: int, height: int) -> Self:
        """The camera of the crop whose first pixel is (x, y); it may reach beyond the image (padding)."""
        return replace(self, width=width, height=height, cx=self.cx - x, cy=self.cy - y)

    @checked
    def rotated(self, quarter_turns: int = 1) -> tuple[Self, Array]:
        """The camera of ``np.rot90(image, quarter_turns)`` and R_new_old: ``X_new = R_new_old @ X_old``.

        The frame turns with the image; of a mirrored camera (fy < 0) it may turn by 180° more, so that fx stays > 0.
        """
        turns = quarter_turns % 4
        width, height, fx, fy, cx, cy = self.width, self.height, self.fx, self.fy, self.cx, self.cy
        for _ in range(turns):
            width, height, fx, fy, cx, cy = height, width, fy, fx, cy, width - 1 - cx
        if fx < 0:
            fx, fy, turns = -fx, -fy, turns + 2
        size = {"width": width, "height": height}
        camera = replace(self, **size, fx=fx, fy=fy, cx=cx, cy=cy, **self._turned(turns % 4))
        return camera, np.linalg.matrix_power(QUARTER, turns)
