"""Cameras, rigs and poses.

Conventions: x right, y down, z forward; pixel centres at integers, so an image of width w covers
[-0.5, w - 0.5]. A pose ``T_a_b`` is the 4x4 matrix that takes coordinates in b to coordinates in a, and
poses chain by reading: ``T_a_c = T_a_b @ T_b_c``. Lengths are metres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def pose(rotation: ArrayLike | None = None, translation: ArrayLike = (0.0, 0.0, 0.0)) -> Array:
    """A 4x4 pose from a 3x3 rotation (identity when None) and a translation in metres.

    Raises ValueError when the rotation is not orthonormal with determinant +1 (to 1e-6).
    """
    T = np.eye(4)
    T[:3, :3] = np.eye(3) if rotation is None else np.asarray(rotation, dtype=float)
    T[:3, 3] = np.asarray(translation, dtype=float)
    return check_pose(T)


def check_pose(T: ArrayLike, name: str = "pose") -> Array:
    """Return `T` as a 4x4 rigid transform, or raise ValueError saying why it is none."""
    matrix = np.asarray(T, dtype=float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be a finite 4x4 matrix, not shape {matrix.shape}")
    rotation = matrix[:3, :3]
    error = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    if error > 1e-6 or np.linalg.det(rotation) < 0 or not np.allclose(matrix[3], (0, 0, 0, 1)):
        raise ValueError(f"{name} is no rigid transform: R·Rᵀ differs from I by {error:.2g}")
    return matrix


def inverse(T_a_b: Array) -> Array:
    """T_b_a from T_a_b, exactly rigid."""
    rotation = T_a_b[:3, :3].T
    return pose(rotation, -rotation @ T_a_b[:3, 3])


@dataclass(frozen=True, kw_only=True)
class Camera:
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

    def pixel_grid(self) -> Array:
        """Pixel coordinates (height, width, 2) of the image."""
        x, y = np.meshgrid(np.arange(self.width, dtype=float), np.arange(self.height, dtype=float))
        return np.stack([x, y], axis=-1)

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


@dataclass(frozen=True, kw_only=True, eq=False)
class StereoRig:
    """Two cameras and the pose between them: ``X_right = T_right_left · X_left``."""

    left: Camera
    right: Camera
    T_right_left: Array = field(default_factory=lambda: np.eye(4))

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_right_left", check_pose(self.T_right_left, "T_right_left"))

    @classmethod
    def rectified(cls, camera: Camera, baseline_m: float, doffs_px: float = 0.0) -> StereoRig:
        """A rectified rig: equal cameras, the right one `baseline_m` to the right, cx_right = cx_left + doffs."""
        if not (np.isfinite(baseline_m) and baseline_m > 0):
            raise ValueError(f"baseline is {baseline_m} m; it must be positive (swapped views?)")
        right = replace(camera, cx=camera.cx + doffs_px)
        return cls(left=camera, right=right, T_right_left=pose(translation=(-baseline_m, 0.0, 0.0)))

    @property
    def baseline_m(self) -> float:
        """Distance of the camera centres, metres."""
        return float(np.linalg.norm(self.T_right_left[:3, 3]))

    @property
    def doffs_px(self) -> float:
        """cx_right − cx_left (Middlebury's doffs): Z = f·B / (d + doffs)."""
        return self.right.cx - self.left.cx

    @property
    def is_rectified(self) -> bool:
        """Whether equal rows of the two images see the same scene line."""
        a, b, t = self.left, self.right, self.T_right_left
        same = np.allclose((a.fx, a.fy, a.cy), (b.fx, b.fy, b.cy), rtol=1e-9)
        along_x = t[0, 3] < 0 and np.allclose(t[1:3, 3], 0.0, atol=1e-9 * self.baseline_m)
        return bool(
            same and along_x and np.allclose(t[:3, :3], np.eye(3), atol=1e-9) and not (a.is_distorted or b.is_distorted)
        )

    def require_rectified(self) -> None:
        """Raise ValueError unless the rig is rectified: only then is depth a function of disparity."""
        if not self.is_rectified:
            raise ValueError("the rig is not rectified: depth needs equal, parallel, row-aligned cameras")

    def resize(self, width: int, height: int) -> StereoRig:
        """Both cameras resized; disparities scale with the width."""
        return replace(self, left=self.left.resize(width, height), right=self.right.resize(width, height))

    def crop(self, x: int, y: int, width: int, height: int) -> StereoRig:
        """Both cameras cropped alike; disparities do not change."""
        args = (x, y, width, height)
        return replace(self, left=self.left.crop(*args), right=self.right.crop(*args))
