"""Poses of clips as files have them, and cameras as plane geometry wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array, Camera, CameraModel


def nearest_pose(T: ArrayLike, name: str = "pose", tolerance: float = 1e-3) -> Array:
    """The rigid transform nearest to a 4x4 matrix whose rotation is one to within `tolerance`.

    Files hold rotations rounded, or as a tracker let them drift; 6 digits are not enough to be orthonormal.

    Raises:
        ValueError: when it is no finite 4x4 matrix, its last row is not (0, 0, 0, 1), or its rotation is none.
    """
    matrix = np.asarray(T, dtype=float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be a finite 4x4 matrix, given shape {matrix.shape} with {matrix.tolist()}")
    rotation = matrix[:3, :3]
    error = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    if error > tolerance or np.linalg.det(rotation) < 0 or not np.allclose(matrix[3], (0, 0, 0, 1)):
        raise ValueError(
            f"{name} is no rigid transform: R·Rᵀ differs from I by {error:.2g} (allowed: {tolerance}), the last row is "
            f"{matrix[3].tolist()}"
        )
    left, _, right = np.linalg.svd(rotation)
    nearest = np.eye(4)
    nearest[:3, :3], nearest[:3, 3] = left @ right, matrix[:3, 3]
    return nearest


def pinhole_of(camera: CameraModel) -> Camera:
    """The camera itself where it is one without distortion, else one of its size and central focal length."""
    if isinstance(camera, Camera) and not camera.is_distorted:
        return camera
    if isinstance(camera, Camera):
        fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    else:
        cx, cy = (camera.width - 1) / 2, (camera.height - 1) / 2
        here, right, below = camera.unproject(np.array([[cx, cy], [cx + 1, cy], [cx, cy + 1]]))[:, :2]
        fx, fy = float(1 / (right - here)[0]), float(1 / (below - here)[1])
        cx, cy = cx - fx * float(here[0]), cy - fy * float(here[1])
    return Camera(width=camera.width, height=camera.height, fx=fx, fy=fy, cx=cx, cy=cy)
