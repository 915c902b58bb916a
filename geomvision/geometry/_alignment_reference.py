"""Alignment of two sets of points, to be read: least squares, and LO-RANSAC on triples.

Functions answer as the core's do: (found, rotation, translation, scale, number of inliers, samples drawn).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cameras import Array
from ..images import Mask
from ._points import extents
from ._reference_ransac import ransac
from ._rotations import nearest_rotation

_NONE = (False, np.eye(3), np.zeros(3), 1.0, 0, 0)


def align_points(x: Array, y: Array, w: Array, with_scale: bool) -> tuple[Any, ...]:
    """Weighted least squares of y = s R x + t (Kabsch 1976; Umeyama, PAMI 1991)."""
    used = w > 0
    for points in (x[used], y[used]):
        if len(points) < 3 or not extents(points)[1] > 1e-4 * extents(points)[0]:
            return _NONE
    return (True, *umeyama(x[used], y[used], w[used], with_scale), int(used.sum()), 0)


def umeyama(x: Array, y: Array, w: Array, with_scale: bool) -> tuple[Array, Array, float]:
    """Rotation, translation and scale: the weighted means meet, and the rest is one singular value decomposition."""
    share = w / w.sum()
    mean_x, mean_y = share @ x, share @ y
    dx, dy = x - mean_x, y - mean_y
    product = (dy * share[:, None]).T @ dx  # eq. 38
    R = nearest_rotation(product)  # eq. 39, 40
    spread = float(share @ (dx**2).sum(axis=1))
    s = float(np.trace(R.T @ product)) / spread if with_scale and spread > 0 else 1.0  # eq. 42
    return R, mean_y - s * R @ mean_x, s  # eq. 41


def align_points_robust(
    x: Array,
    y: Array,
    limit: Array,
    with_scale: bool,
    confidence: float,
    max_iterations: int,
    seed: int,
    _: int,
) -> tuple[Any, Mask]:
    """Umeyama of triples, scored by the truncated squared distance; the best are refined on their inliers."""

    def squared(model: Any) -> Array:
        R, t, s = model
        return np.asarray(((s * x @ R.T + t - y) ** 2).sum(axis=1) / limit**2)

    def solve(sample: list[int]) -> list[Any]:
        if _on_a_line(x[sample]) or _on_a_line(y[sample]):
            return []
        return [umeyama(x[sample], y[sample], np.ones(3), with_scale)]

    def gain(model: Any) -> float:
        return float(np.maximum(0.0, 1 - squared(model)).sum())

    def refine(model: Any) -> tuple[Any, float, float] | None:
        """Least squares of the inliers, again and again until they stay the same."""
        inside = squared(model) <= 1
        for _ in range(20):
            if inside.sum() < 3:
                return None
            model = umeyama(x[inside], y[inside], 1 / limit[inside] ** 2, with_scale)
            before, inside = inside, squared(model) <= 1
            if (inside == before).all():
                break
        return model, gain(model), float(inside.sum())

    best, _score, drawn = ransac(len(x), 3, solve, gain, refine, confidence=confidence, most=max_iterations, seed=seed)
    if best is None:
        return (*_NONE[:5], drawn), np.zeros(len(x), bool)
    inliers = squared(best) <= 1
    return (True, *best, int(inliers.sum()), drawn), inliers


def _on_a_line(three: Array) -> bool:
    a, b = three[1:] - three[0]
    return not np.linalg.norm(np.cross(a, b)) > 1e-9 * max(a @ a, b @ b)
