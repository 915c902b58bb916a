"""Poses that a matrix allows, and which of them see the matches in front of both cameras."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ..geometry.two_view_solvers import plane_motions
from ._views import View


def essential_candidates(matrix: Array, relation: str, view0: View, view1: View) -> Array:
    """The four poses (4, 4, 4) of an essential matrix, or of a fundamental one and the cameras' intrinsics."""
    from .. import _core

    E = matrix if relation == "essential" else view1.K.T @ matrix @ view0.K
    rotations, translations, _ = _core.decompose_essential(np.ascontiguousarray(E / np.linalg.norm(E)))
    return _stacked(rotations, translations)


def in_front(
    candidates: Array, rays0: Array, rays1: Array, min_angle_rad: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which matches lie in front of both cameras (M, N), by candidate, and which have parallax enough to tell (M, N).

    The depths z0, z1 are those of the rays' closest points: z0·a − z1·b ≈ −t, with a = R·x0 and b = x1. A match tells
    when its rays meet at `min_angle_rad` or more for the candidate's rotation.
    """
    (x0, y0), (x1, y1) = rays0.T, rays1.T
    bb = x1 * x1 + y1 * y1 + 1.0
    front = np.zeros((len(candidates), len(bb)), bool)
    tells = np.zeros_like(front)
    least = math.sin(min_angle_rad) ** 2
    before: Array | None = None
    for k, T in enumerate(candidates):
        R, t = T[:3, :3], T[:3, 3]
        if before is None or not np.array_equal(R, before):  # two and two of an essential matrix share it
            before = R
            ax, ay, az = (row[0] * x0 + row[1] * y0 + row[2] for row in R)
            aa, ab = ax * ax + ay * ay + az * az, ax * x1 + ay * y1 + az
            both = aa * bb
            telling = both - ab * ab > least * both
        at, bt = t[0] * ax + t[1] * ay + t[2] * az, t[0] * x1 + t[1] * y1 + t[2]
        tells[k] = telling
        front[k] = telling & (ab * bt > bb * at) & (aa * bt > ab * at)
    return front, tells


def homography_candidates(
    matrix: Array, view0: View, view1: View, inliers: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.int64]]:
    """Poses (M, 4, 4) with translations of length 1 whose plane lies in front of the first camera, and their votes.

    A match votes for a pose when n·x0 > 0, so that the plane is met before the camera.
    """
    rotations, translations, normals = plane_motions(np.linalg.inv(view1.K) @ matrix @ view0.K)
    first = np.column_stack([view0.rays, np.ones(len(view0.rays))])[inliers]
    votes = np.array([int((first @ n > 0).sum()) for n in normals], dtype=np.int64)
    if len(normals) == 1:  # a rotation
        votes[:] = len(first)
    lengths = np.linalg.norm(translations, axis=1, keepdims=True)
    candidates = _stacked(rotations, translations / np.maximum(lengths, 1e-300))
    kept = votes * 2 > len(first)
    return candidates[kept], votes[kept]


def _stacked(rotations: Array, translations: Array) -> Array:
    poses = np.tile(np.eye(4), (len(rotations), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = rotations, translations
    return poses
