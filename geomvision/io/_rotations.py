"""Rotations as files write them: unit quaternions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array
from ..cameras.poses import FILE_TOLERANCE


def rotation_of(wxyz: ArrayLike) -> Array:
    """The rotation (3, 3) of a quaternion w, x, y, z. Raises ValueError unless its length is 1 within 1e-3."""
    q = np.asarray(wxyz, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.sqrt(q @ q))
    if not abs(length - 1) <= FILE_TOLERANCE:
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
