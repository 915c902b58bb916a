"""The pinhole camera with lens distortion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, matrix
from ._base import Array, all_finite, as_pixels, depths
from ._brown import COUNTS
from ._distorted import Distorted, as_coefficients
from ._focal import FocalCamera


@dataclass(frozen=True, kw_only=True)
class Camera(Distorted, FocalCamera):
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
        self._check_distortion(COUNTS)

    @classmethod
    @checked
    def from_matrix(cls, K: ArrayLike, width: int, height: int, distortion: ArrayLike = ()) -> Camera:
        """From a 3x3 matrix without skew; a skew is refused."""
        k = matrix(K, "K", 3, 3)
        if abs(k[0, 1]) > 1e-9 * abs(k[0, 0]) or k[1, 0] != 0:
            raise ValueError(f"K must be 3x3 without skew, given {k.tolist()}")
        if tuple(k[2]) != (0.0, 0.0, 1.0):
            raise ValueError(f"the last row of K is {k[2].tolist()}; it must be [0, 0, 1]")
        fx, fy, cx, cy = (float(k[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        d = as_coefficients(distortion)
        return cls(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, distortion=d)

    @property
    def _shape(self) -> dict[str, float]:
        return self._coefficients

    def _with_shape(self, values: tuple[float, ...]) -> dict[str, Any]:
        return {"distortion": values}

    def _plane(self, points: Array) -> Array:
        z = np.where(points[..., 2:] > 0, points[..., 2:], np.nan)
        return self._bent(points[..., :2] / z)

    def _plane_jacobians(self, points: Array) -> tuple[Array, Array, Array]:
        z = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        plane = points[..., :2] / z[..., None]
        by_point = np.zeros((*plane.shape, 3))
        by_point[..., 0, 0] = by_point[..., 1, 1] = 1 / z
        by_point[..., 2] = -plane / z[..., None]
        return self._bent_jacobians(plane, by_point, np.zeros((*plane.shape, 0)))

    def _directions(self, plane: Array) -> Array:
        plane = self._straight(plane)
        return np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)

    def normalised(self, pixels: ArrayLike) -> Array:
        """Where the rays of pixels (..., 2) meet the plane z = 1, (..., 2): what is left without K and distortion.

        NaN outside the model. This is what `cv2.undistortPoints` gives without new matrices, converged.
        """
        xy = as_pixels(pixels)
        if self.is_distorted:
            return self._brown.inverse(xy, (self.fx, self.fy, self.cx, self.cy))
        with np.errstate(invalid="ignore"):
            plane: Array = (xy - (self.cx, self.cy)) / (self.fx, self.fy)
        return np.where(all_finite(plane), plane, np.nan)

    def unproject(self, pixels: ArrayLike, depth_m: ArrayLike = 1.0) -> Array:
        """Points (..., 3) at depth z `depth_m` behind pixels (..., 2); NaN outside the model."""
        plane = self.normalised(pixels)
        z = depths(depth_m, plane.shape[:-1])
        points = np.empty((*np.broadcast_shapes(plane.shape[:-1], z.shape), 3))
        with np.errstate(invalid="ignore", over="ignore"):  # a depth may be infinite
            points[..., 0], points[..., 1] = plane[..., 0] * z, plane[..., 1] * z
        points[..., 2] = np.where(np.isnan(plane[..., 0]), np.nan, z)
        return points
