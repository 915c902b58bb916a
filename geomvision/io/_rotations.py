"""Rotations as files write them: unit quaternions, and matrices rounded to a few digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
#: Printed to seven digits a rotation is off by 1e-7; what is off by more than this is none.
TOLERANCE = 1e-3


def nearest_rotation(matrix: ArrayLike) -> Array:
    """The rotation nearest to a rounded one (3, 3). Raises ValueError when it is none within 1e-3."""
    given = np.asarray(matrix, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.abs(given @ given.T - np.eye(3)).max())
    if not error <= TOLERANCE:
        raise ValueError(f"the matrix is no rotation: R·Rᵀ differs from I by {error:.2g}")
    if np.linalg.det(given) < 0:
        raise ValueError("the matrix is no rotation but a reflection: its determinant is −1")
    u, _, vt = np.linalg.svd(given)
    return np.asarray(u @ vt)


def rotation_of(wxyz: ArrayLike) -> Array:
    """The rotation (3, 3) of a quaternion w, x, y, z. Raises ValueError unless its length is 1 within 1e-3."""
    q = np.asarray(wxyz, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.sqrt(q @ q))
    if not abs(length - 1) <= TOLERANCE:
        raise ValueError(f"the quaternion has length {length:.6g}; it must be 1")
    w, x, y, z = q / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_of(R: ArrayLike) -> Array:
    """The quaternion w, x, y, z with w ≥ 0 of a rotation (3, 3): Bar-Itzhack's eigenvector, exact near any angle."""
    r = np.asarray(R, dtype=float)
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], 0, 0, 0],
            [r[0, 1] + r[1, 0], r[1, 1] - r[0, 0] - r[2, 2], 0, 0],
            [r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], r[2, 2] - r[0, 0] - r[1, 1], 0],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
        ]
    )
    x, y, z, w = np.linalg.eigh(k)[1][:, -1]  # reads the lower triangle
    q = np.array([w, x, y, z])
    return np.asarray(q if w >= 0 else -q)
