"""Epipolar geometry of two views: x1ᵀ F x0 = 0. HZ is Hartley & Zisserman, Multiple View Geometry, 2nd edition.

View 0 is the first (or left) one. ``T_1_0`` takes coordinates in camera 0 to camera 1; pixels are (N, 2), with
centres at integers. A row that holds NaN or infinity gives NaN, never an error: one bad match spoils itself alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, numbers, pairs
from ..arguments import points as as_points
from ..cameras import Array, Camera, CameraModel, check_camera, check_pose
from ._observations import is_plain
from ._rotations import cross_matrix


@checked
def skew(v: ArrayLike) -> Array:
    """The 3x3 matrix [v]× of v (3,) with [v]× w = v × w (HZ A4.5). Raises ValueError for another shape."""
    values = np.asarray(v, dtype=float)
    if values.shape != (3,):
        raise ValueError(f"v has shape {values.shape}; it must be (3,)")
    return cross_matrix(values)


def essential(T_1_0: ArrayLike) -> Array:
    """E = [t]× R (3, 3) of a pose (4, 4) (HZ 9.12), scaled so that its two equal singular values are 1.

    Raises:
        ValueError: when `T_1_0` is no rigid transform, or has no translation: then there is no epipolar geometry.
    """
    T = check_pose(T_1_0, "T_1_0")
    length = float(np.linalg.norm(T[:3, 3]))
    if length == 0:
        raise ValueError("T_1_0 has no translation; it must have one: one centre has no epipolar geometry")
    return skew(T[:3, 3] / length) @ T[:3, :3]


def fundamental(camera0: CameraModel, camera1: CameraModel, T_1_0: ArrayLike) -> Array:
    """F = K1⁻ᵀ E K0⁻¹ (3, 3) (HZ 9.12), of Frobenius norm 1, so that x1ᵀ F x0 = 0 in pixels.

    Raises:
        ValueError: for a camera that is no pinhole or has distortion (its epipolar lines are curves: undistort the
            points and take the camera without distortion), or a pose that `essential` refuses.
    """
    inverses = []
    for name, camera in (("camera0", camera0), ("camera1", camera1)):
        check_camera(camera, name)
        if not is_plain(camera):
            kind = "has distortion" if isinstance(camera, Camera) else f"is a {type(camera).__name__}"
            raise ValueError(f"{name} {kind}: its epipolar lines are curves; undistort points and camera first")
        inverses.append(np.linalg.inv(camera.K))
    F = inverses[1].T @ essential(T_1_0) @ inverses[0]
    return np.asarray(F / np.linalg.norm(F))


def epipoles(F: ArrayLike) -> tuple[Array, Array]:
    """Homogeneous epipoles (e0, e1), each (3,), of unit length with F e0 = 0 and e1ᵀ F = 0 (HZ table 9.1).

    A third component of 0 is an epipole at infinity, as in a rectified pair. An F of full rank is taken as the
    nearest one of rank 2 (HZ 11.1.1). Raises ValueError for what is no finite 3x3 matrix, or all zero.
    """
    u, _, vt = np.linalg.svd(as_fundamental(F))
    return vt[2].copy(), u[:, 2].copy()


def epipolar_lines(F: ArrayLike, points: ArrayLike) -> Array:
    """Lines (N, 3) in view 1 of points (N, 2) of view 0: l1 = F x0 (HZ 9.4), scaled so that a² + b² = 1.

    Then a·x + b·y + c is the signed distance in pixels. For lines in view 0 of points of view 1, give F.T. The line
    of an epipole is NaN: every line is one.
    """
    lines = _homogeneous(as_points(points, "points", finite=False)) @ as_fundamental(F).T
    length = np.hypot(lines[:, :1], lines[:, 1:2])  # which squares no number away
    return np.asarray(lines / np.where(length > 0, length, np.nan))


def epipolar_distances(F: ArrayLike, points0: ArrayLike, points1: ArrayLike) -> Array:
    """Distances (N, 2) in pixels of each point from the epipolar line of its partner, in view 0 and in view 1."""
    first, second = pairs(points0, "points0", points1, "points1", finite=False)
    lines0, lines1 = epipolar_lines(as_fundamental(F).T, second), epipolar_lines(F, first)
    both = ((lines0, first), (lines1, second))
    return np.stack([np.abs((lines * _homogeneous(points)).sum(axis=1)) for lines, points in both], axis=1)


def symmetric_epipolar_distance(F: ArrayLike, points0: ArrayLike, points1: ArrayLike) -> Array:
    """Pixels (N,): the root of the sum of both squared distances from the lines, which is HZ 11.10."""
    return np.asarray(np.linalg.norm(epipolar_distances(F, points0, points1), axis=1))


def sampson_distance(F: ArrayLike, points0: ArrayLike, points1: ArrayLike) -> Array:
    """Pixels (N,): the root of HZ 11.9, how far both points must move together, to first order, to fit F."""
    first, second = pairs(points0, "points0", points1, "points1", finite=False)
    x0, x1, matrix = _homogeneous(first), _homogeneous(second), as_fundamental(F)
    lines1, lines0 = x0 @ matrix.T, x1 @ matrix
    weight = np.linalg.norm(np.concatenate([lines0[:, :2], lines1[:, :2]], axis=1), axis=1)
    return np.asarray(np.abs((x1 * lines1).sum(axis=1)) / np.where(weight > 0, weight, np.nan))


def _homogeneous(points: Array) -> Array:
    finite = np.isfinite(points).all(axis=1, keepdims=True)
    return np.concatenate([np.where(finite, points, np.nan), np.ones((len(points), 1))], axis=1)


def as_fundamental(F: ArrayLike) -> Array:
    """F as a 3x3 matrix whose largest entry is 0.5 to 1; ValueError where it is none, or all zero.

    Its scale means nothing and changes by a power of two: no digit is lost, and no square overflows or vanishes.
    """
    matrix = numbers("", "F", F).astype(np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or not matrix.any():
        given = matrix.tolist() if matrix.shape == (3, 3) else f"shape {matrix.shape}"
        raise ValueError(f"F must be a finite 3x3 matrix, not all zero; given {given}")
    return np.ascontiguousarray(np.ldexp(matrix, -np.frexp(np.abs(matrix).max())[1]))
