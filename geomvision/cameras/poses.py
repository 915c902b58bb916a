"""Poses: 4x4 rigid transforms that chain by reading, ``T_a_c = T_a_b @ T_b_c``. Lengths are metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._base import Array


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
