"""The pinhole camera with lens distortion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ._base import Array, CameraModel


@dataclass(frozen=True, kw_only=True)
class Camera(CameraModel):
    """A pinhole camera with Brown distortion (Brown 1971; the order k1, k2, p1, p2, k3 is OpenCV's).

    Sizes and intrinsics are in pixels of this image size; `resize` and `crop` keep them true.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"camera size is {self.width}x{self.height}; both must be at least 1 pixel")
        numbers = (self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if not all(np.isfinite(numbers)) or self.fx <= 0 or self.fy == 0:
            raise ValueError(f"focal lengths must be finite and fx > 0, given fx={self.fx}, fy={self.fy}")
        if len(self.distortion) != 5:
            raise ValueError(f"distortion is (k1, k2, p1, p2, k3); {len(self.distortion)} values were given")

    @classmethod
    def from_matrix(cls, K: ArrayLike, width: int, height: int, distortion: ArrayLike = (0.0,) * 5) -> Camera:
        """From a 3x3 matrix without skew; a skew is refused."""
        matrix = np.asarray(K, dtype=float)
        if matrix.shape != (3, 3) or abs(matrix[0, 1]) > 1e-9 * abs(matrix[0, 0]) or matrix[1, 0] != 0:
            raise ValueError(f"K must be 3x3 without skew, given {matrix.tolist()}")
        if tuple(matrix[2]) != (0.0, 0.0, 1.0):
            raise ValueError(f"the last row of K is {matrix[2].tolist()}; it must be [0, 0, 1]")
        k = tuple(float(v) for v in np.ravel(np.asarray(distortion, dtype=float)))
        fx, fy, cx, cy = (float(matrix[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        return cls(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, distortion=k)  # type: ignore[arg-type]

    @property
    def K(self) -> Array:
        """The 3x3 intrinsic matrix, pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def is_distorted(self) -> bool:
        """Whether any distortion coefficient differs from zero."""
        return any(self.distortion)

    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3) in metres; NaN for points not in front of the camera."""
        p = np.asarray(points, dtype=float)
        if p.shape[-1:] != (3,):
            raise ValueError(f"points have shape {p.shape}; they must be (..., 3)")
        z = np.where(p[..., 2] > 0, p[..., 2], np.nan)
        xy = self._distort(p[..., :2] / z[..., None])
        return xy * (self.fx, self.fy) + (self.cx, self.cy)

    def unproject(self, pixels: ArrayLike, depth_m: ArrayLike = 1.0) -> Array:
        """Points (..., 3) at depth z `depth_m` behind pixels (..., 2)."""
        xy = np.asarray(pixels, dtype=float)
        if xy.shape[-1:] != (2,):
            raise ValueError(f"pixels have shape {xy.shape}; they must be (..., 2) as x, y")
        rays = self._undistort((xy - (self.cx, self.cy)) / (self.fx, self.fy))
        z = np.broadcast_to(np.asarray(depth_m, dtype=float), rays.shape[:-1])
        return np.concatenate([rays * z[..., None], z[..., None]], axis=-1)

    def _distort(self, xy: Array) -> Array:
        if not self.is_distorted:
            return xy
        k1, k2, p1, p2, k3 = self.distortion
        x, y = xy[..., 0], xy[..., 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        return np.stack([x * radial + dx, y * radial + dy], axis=-1)

    def _undistort(self, xy: Array, iterations: int = 30) -> Array:
        if not self.is_distorted:
            return xy
        estimate = xy.copy()
        right, up = np.array([1e-6, 0.0]), np.array([0.0, 1e-6])
        for _ in range(iterations):  # Newton on a 2x2 Jacobian by central differences
            residual = self._distort(estimate) - xy
            across = (self._distort(estimate + right) - self._distort(estimate - right)) / 2e-6
            down = (self._distort(estimate + up) - self._distort(estimate - up)) / 2e-6
            det = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
            dx = (residual[..., 0] * down[..., 1] - residual[..., 1] * down[..., 0]) / det
            dy = (residual[..., 1] * across[..., 0] - residual[..., 0] * across[..., 1]) / det
            estimate = estimate - np.stack([dx, dy], axis=-1)
        wrong = np.abs(self._distort(estimate) - xy).max(axis=-1) > 1e-9
        return np.where(wrong[..., None], np.nan, estimate)

    def resize(self, width: int, height: int) -> Camera:
        """The camera of the image resized to width x height: c' = (c + 0.5)·s − 0.5."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            fx=self.fx * sx,
            fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5,
            cy=(self.cy + 0.5) * sy - 0.5,
        )

    def crop(self, x: int, y: int, width: int, height: int) -> Camera:
        """The camera of the crop whose first pixel is (x, y); it may reach beyond the image (padding)."""
        return replace(self, width=width, height=height, cx=self.cx - x, cy=self.cy - y)
