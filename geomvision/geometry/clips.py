"""Poses of clips as files have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array


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
        raise ValueError(f"{name} is no rigid transform: R·Rᵀ differs from I by {error:.2g} (allowed: {tolerance})")
    left, _, right = np.linalg.svd(rotation)
    nearest = np.eye(4)
    nearest[:3, :3], nearest[:3, 3] = left @ right, matrix[:3, 3]
    return nearest
