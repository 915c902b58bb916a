"""The pinhole camera with lens distortion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._base import Array
from ._brown import COUNTS, NAMES, Brown
from ._focal import QUARTER, FocalCamera


@dataclass(frozen=True, kw_only=True)
class Camera(FocalCamera):
    """A pinhole camera with Brown distortion (Brown 1971; names, order and sense are OpenCV's).

    Sizes and intrinsics are in pixels of this image size; `resize`, `crop` and `rotated` keep them true. `distortion`
    has 0, 4, 5, 8, 12 or 14 coefficients: k1 k2 p1 p2 | k3 | k4 k5 k6 (rational) | s1 s2 s3 s4 (thin prism) | τx τy
    (tilted sensor, radians). It is kept as given: its length says what `parameters` holds and calibration estimates.

    Where distortion folds the image over, two points of a scene would share a pixel. The model ends before: points
    beyond have no pixel, pixels beyond no ray, and both are NaN.
    """

    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "distortion", tuple(float(v) for v in self.distortion))
        if len(self.distortion) not in COUNTS:
            counts = ", ".join(map(str, COUNTS))
            raise ValueError(
                f"{len(self.distortion)} distortion coefficients were given; allowed are {counts}: {' '.join(NAMES)}"
            )
        if not all(np.isfinite(self.distortion)):
            raise ValueError(f"distortion must be finite, given {self.distortion}")
        if any(abs(v) >= np.pi / 2 for v in self.distortion[12:]):
            raise ValueError(f"the sensor's tilt is {self.distortion[12:]}; it must be within ±π/2 radians")

    @classmethod
    def from_matrix(cls, K: ArrayLike, width: int, height: int, distortion: ArrayLike = ()) -> Camera:
        """From a 3x3 matrix without skew; a skew is refused."""
        matrix = np.asarray(K, dtype=float)
        if matrix.shape != (3, 3) or abs(matrix[0, 1]) > 1e-9 * abs(matrix[0, 0]) or matrix[1, 0] != 0:
            raise ValueError(f"K must be 3x3 without skew, given {matrix.tolist()}")
        if tuple(matrix[2]) != (0.0, 0.0, 1.0):
            raise ValueError(f"the last row of K is {matrix[2].tolist()}; it must be [0, 0, 1]")
        k = tuple(float(v) for v in np.ravel(np.asarray(distortion, dtype=float)))
        fx, fy, cx, cy = (float(matrix[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        return cls(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, distortion=k)

    @property
    def is_distorted(self) -> bool:
        """Whether any distortion coefficient differs from zero."""
        return any(self.distortion)

    @cached_property
    def _brown(self) -> Brown:
        return Brown(self.distortion + (0.0,) * (14 - len(self.distortion)))

    @property
    def distortion_limit(self) -> float:
        """The radius on the plane z = 1 up to which the model sees: there distortion may fold the image over."""
        return self._brown.limit if self.is_distorted else float("inf")

    @property
    def distortion_table(self) -> tuple[Array, Array]:
        """Radii on the plane z = 1 up to the limit and what radial distortion makes of them, growing (1025,)."""
        return self._brown.table

    @property
    def _shape(self) -> dict[str, float]:
        return dict(zip(NAMES, self.distortion, strict=False))

    def _with_shape(self, values: tuple[float, ...]) -> dict[str, Any]:
        return {"distortion": values}

    def _plane(self, points: Array) -> Array:
        z = np.where(points[..., 2:] > 0, points[..., 2:], np.nan)
        plane: Array = points[..., :2] / z
        return self._brown(plane) if self.is_distorted else plane

    def _plane_jacobians(self, points: Array) -> tuple[Array, Array, Array]:
        z = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        plane = points[..., :2] / z[..., None]
        by_point = np.zeros((*plane.shape, 3))
        by_point[..., 0, 0] = by_point[..., 1, 1] = 1 / z
        by_point[..., 2] = -plane / z[..., None]
        if not self.distortion:
            return plane, by_point, np.zeros((*plane.shape, 0))
        moved, by_plane, by_all = self._brown.derivatives(plane)
        return moved, by_plane @ by_point, by_all[..., : len(self.distortion)]

    def _directions(self, plane: Array) -> Array:
        if self.is_distorted:
            plane = self._brown.inverse(plane)
        return np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)

    def _turned(self, quarter_turns: int) -> dict[str, Any]:
        """Tangential and prism terms are vectors (p2, p1), (s1, s3), (s2, s4) and turn with the frame."""
        d = list(self._brown.coefficients)
        if quarter_turns % 2 and d[12] and d[13]:
            raise ValueError("a sensor tilted about both axes has no such model after a quarter turn; turn by two")
        turn = np.linalg.matrix_power(QUARTER[:2, :2], quarter_turns)
        for x, y in ((3, 2), (8, 10), (9, 11)):
            d[x], d[y] = (float(v) for v in turn @ (d[x], d[y]))
        d[12], d[13] = (float(v) for v in turn @ (d[12], d[13]))
        return {"distortion": tuple(v + 0.0 for v in d[: len(self.distortion)])}
