"""Poses: 4x4 rigid transforms that chain by reading, ``T_a_c = T_a_b @ T_b_c``. Lengths are metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import matrix, numbers, real, text
from ._base import Array

#: How far R·Rᵀ may differ from I, at most. Functions take what five decimals or chains of float32 leave (2e-5), and
#: five times that: a rotation off by half of it moves no pixel by 0.1, at a focal length of 1000. Files may be rounded
#: to four decimals, or hold what a tracker let drift.
TOLERANCE, FILE_TOLERANCE, MOST_TOLERANCE = 1e-4, 1e-3, 0.1
#: What stands below rotation and translation, and how far it may differ.
LAST_ROW, LAST_ROW_TOLERANCE = np.array([0.0, 0.0, 0.0, 1.0]), np.array([1e-8, 1e-8, 1e-8, 1.001e-5])
#: Products of rotations in float64 are off by less, and stay as they are.
ROUNDING = 1e-12


def pose(rotation: ArrayLike | None = None, translation: ArrayLike = (0.0, 0.0, 0.0)) -> Array:
    """A 4x4 pose from a 3x3 rotation (identity when None) and a translation in metres.

    Raises ValueError when the rotation is none to within 1e-4, see `check_pose`, or the translation has not three
    finite numbers.
    """
    T = np.eye(4)
    if rotation is not None:
        T[:3, :3] = matrix(rotation, "rotation", 3, 3)
    t = numbers("", "translation", translation)
    if t.size != 3 or t.shape[:1] != (3,) or not np.isfinite(t).all():
        raise ValueError(f"translation has shape {t.shape}; it must be 3 finite numbers, metres: {t.tolist()}")
    T[:3, 3] = t.ravel()
    return check_pose(T)


def check_pose(T: ArrayLike, name: str = "pose", tolerance: float = TOLERANCE) -> Array:
    """`T` as a 4x4 rigid transform, or ValueError saying why it is none.

    R·Rᵀ may differ from I by `tolerance` in any entry. Beyond rounding, the rotation becomes the nearest one.
    """
    name, tolerance = text("check_pose", "name", name), real("check_pose", "tolerance", tolerance)
    if not 0 < tolerance <= MOST_TOLERANCE:
        raise ValueError(f"tolerance is {tolerance}; allowed is above 0, to {MOST_TOLERANCE}: beyond is no rotation")
    found = matrix(T, name, 4, 4)
    if not (np.abs(found[3] - LAST_ROW) <= LAST_ROW_TOLERANCE).all():
        raise ValueError(f"{name} is no rigid transform: its last row is {found[3].tolist()}; it must be [0, 0, 0, 1]")
    try:
        found[:3, :3] = nearest_rotation(found[:3, :3], "its rotation", tolerance)
    except ValueError as error:
        raise ValueError(f"{name} is no rigid transform: {error}") from None
    return found


def nearest_rotation(R: ArrayLike, name: str = "the matrix", tolerance: float = FILE_TOLERANCE) -> Array:
    """The rotation nearest to a 3x3 matrix (Frobenius) that is one to within `tolerance`; ValueError else."""
    found = numbers("", name, R).astype(np.float64)
    if found.shape != (3, 3) or not np.isfinite(found).all():
        raise ValueError(f"{name} is no rotation: it has shape {found.shape}; it must be a finite 3x3 matrix")
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.abs(found @ found.T - np.eye(3)).max())
    if not error <= tolerance:
        hint = "; geometry.nearest_pose takes it" if error <= FILE_TOLERANCE else ""
        raise ValueError(f"{name} is no rotation: R·Rᵀ differs from I by {error:.2g}; allowed is {tolerance:g}{hint}")
    if np.linalg.det(found) < 0:
        raise ValueError(f"{name} is no rotation but a reflection: its determinant is −1; it must be 1")
    if error <= ROUNDING:
        return found
    u, _, vt = np.linalg.svd(found)
    return np.asarray(u @ vt)


def inverse(T_a_b: ArrayLike) -> Array:
    """T_b_a from T_a_b, both (4, 4), exactly rigid. Raises ValueError for what is no pose."""
    T = check_pose(T_a_b, "T_a_b")
    rotation = T[:3, :3].T
    return pose(rotation, -rotation @ T[:3, 3])
