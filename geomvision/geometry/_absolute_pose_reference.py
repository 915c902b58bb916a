"""Least squares and LO-RANSAC of a camera among known points, to be read; the solvers are in `_pnp_reference`.

Functions answer as the core's do: (found, T, noise in pixels, covariance, number of inliers, samples drawn).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Array, pose
from ..images import Mask
from ._pnp_reference import epnp, p3p, sqpnp
from ._points import distinct, extents
from ._reference_ransac import random_bits, ransac
from ._rotations import rotation_of

#: Observations that are enough to tell one consensus from another; all are fitted in the end.
ENOUGH = 512
#: Rayleigh: the median length of errors is this many standard deviations of a coordinate.
MEDIAN_LENGTH = math.sqrt(2 * math.log(2))
_NONE = (False, np.full((4, 4), np.nan), math.nan, np.full((6, 6), np.nan), 0, 0)


def perspective_n_point(points: Array, charts: Array, solver: int, refine: bool) -> tuple[Any, ...]:
    """The pose of all points: by SQPnP (0) or EPnP (1), then least squares in pixels."""
    if distinct(points) < 4 or extents(points)[1] < 1e-4 * extents(points)[0]:
        return _NONE
    origin = points.mean(axis=0)
    T = (sqpnp, epnp)[solver](points - origin, charts)
    if T is None:
        return _NONE
    T = least_squares(T, points - origin, charts) if refine else T
    return _measured(T, points - origin, charts, origin)


def refine_absolute_pose(points: Array, charts: Array, T: Array, max_error_px: float) -> tuple[Any, ...]:
    """Least squares of those observations that are within the threshold of a pose."""
    origin = np.median(points, axis=0)
    T = pose(T[:3, :3], T[:3, 3] + T[:3, :3] @ origin)
    used = errors(T, points - origin, charts) <= max_error_px
    if used.sum() < 3:
        return _NONE
    near, seen = points[used] - origin, charts[used]
    return _measured(least_squares(T, near, seen), near, seen, origin)


def absolute_pose(
    points: Array, charts: Array, max_error_px: float, confidence: float, max_iterations: int, seed: int, _: int
) -> tuple[Any, Mask]:
    """LO-RANSAC (Chum, Matas & Kittler 2003) on P3P, scored by the truncated squared error; inliers besides."""
    nobody = np.zeros(len(points), bool)
    if len(points) < 3:
        return _NONE, nobody
    origin = np.sort(points, axis=0)[len(points) // 2]
    order = _shuffled(len(points))
    X, C = (points - origin)[order], charts[order]
    regular = np.abs(np.linalg.det(C)) > 0
    rays = np.zeros_like(X)
    rays[regular] = np.linalg.inv(C[regular])[:, :, 2]

    def gain(T: Array, count: int | None = None) -> float:
        squared = (errors(T, X[:count], C[:count]) / max_error_px) ** 2
        return float(np.maximum(0.0, 1 - squared).sum())

    def solve(sample: list[int]) -> list[Array]:
        return p3p(rays[sample], X[sample]) if rays[sample].any(axis=1).all() else []

    def refine(T: Array) -> tuple[Array, float, float] | None:
        """Gauss-Newton on whatever is within the threshold, as long as that gains."""
        best, support, kept = -1.0, -1.0, T
        part = min(len(X), ENOUGH)
        for _ in range(6):
            found = gain(T, part)
            if not found > best * 1.001:
                break
            near = errors(T, X[:part], C[:part]) <= max_error_px
            best, kept, support = found, T, float(near.sum()) * len(X) / part
            e, J = _slopes(T, X[:part][near], C[:part][near])
            normal = J.T @ J
            if near.sum() < 4 or not np.linalg.cond(normal) < 1e14:
                break
            T = _moved(T, -np.linalg.solve(normal, J.T @ e))
        return (kept, gain(kept), support) if support >= 0 else None

    best, _score, drawn = ransac(len(X), 3, solve, gain, refine, confidence=confidence, most=max_iterations, seed=seed)
    T, fitted = (None, nobody) if best is None else _fitted_to_inliers(best, X, C, max_error_px)
    if T is None:
        return (*_NONE[:5], drawn), nobody
    inliers = errors(T, points - origin, charts) <= max_error_px
    told = _measured(T, X[fitted], C[fitted], origin)
    return (*told[:4], int(inliers.sum()), drawn), inliers


def errors(T: Array, points: Array, charts: Array) -> Array:
    """Distances (N,) in pixels from where the points were seen; infinite where they are not in front."""
    q = np.einsum("nij,nj->ni", charts, points @ T[:3, :3].T + T[:3, 3])
    seen = q[:, 2] > 0
    depth = np.where(seen, q[:, 2], 1.0)
    return np.where(seen, np.hypot(q[:, 0] / depth, q[:, 1] / depth), np.inf)


def least_squares(T: Array, points: Array, charts: Array) -> Array:
    """Levenberg-Marquardt on the errors in pixels of all points, which are in front at the start."""
    e, J = _slopes(T, points, charts)
    damping = 1e-6
    for _ in range(100):
        normal = J.T @ J
        damped = normal + damping * np.diag(np.diag(normal))
        if not np.linalg.cond(damped) < 1e16:
            damping = max(damping, 1e-6) * 100
            if damping > 1e12:
                break
            continue
        there = _moved(T, -np.linalg.solve(damped, J.T @ e))
        if np.isfinite(errors(there, points, charts)).all():
            e1, J1 = _slopes(there, points, charts)
            before, after = float(e @ e), float(e1 @ e1)
            if after < before:
                T, e, J, damping = there, e1, J1, 0.1 * damping
                if before - after <= 1e-13 * before:
                    break
                continue
        damping = max(damping, 1e-9) * 10
        if damping > 1e12:
            break
    return T


def _slopes(T: Array, points: Array, charts: Array) -> tuple[Array, Array]:
    """Errors (2N,), and by a small rotation and translation in the camera's frame, p' = p + w x p + v: (2N, 6)."""
    p = points @ T[:3, :3].T + T[:3, 3]
    q = np.einsum("nij,nj->ni", charts, p)
    e = q[:, :2] / q[:, 2:]
    by_point = (charts[:, :2] - e[:, :, None] * charts[:, None, 2]) / q[:, 2, None, None]
    return e.ravel(), np.concatenate([np.cross(p[:, None], by_point), by_point], axis=2).reshape(-1, 6)


def _moved(T: Array, step: ArrayLike) -> Array:
    step = np.asarray(step, dtype=float)
    turn = rotation_of(step[:3])
    return pose(turn @ T[:3, :3], turn @ T[:3, 3] + step[3:])


def _measured(T: Array, points: Array, charts: Array, origin: Array) -> tuple[Any, ...]:
    """With noise and covariance; found where the observations determine all six directions."""
    e, J = _slopes(T, points, charts)
    noise = math.sqrt(float(e @ e) / (len(e) - 6)) if len(e) > 6 else math.nan
    sizes = np.linalg.norm(J, axis=0)
    found, covariance = False, np.full((6, 6), np.nan)
    if (sizes > 0).all():
        scaled = (J / sizes).T @ (J / sizes)
        values = np.linalg.eigvalsh(scaled)
        found = bool(values[0] > 1e-12 * values[5])
        covariance = noise**2 * np.linalg.inv(scaled) / np.outer(sizes, sizes) if found else covariance
    return found, pose(T[:3, :3], T[:3, 3] - T[:3, :3] @ origin), noise, covariance, len(points), 0


def _shuffled(count: int) -> NDArray[np.int64]:
    """An order that is the same every time: outliers often come in a row."""
    order = np.arange(count, dtype=np.int64)
    for i in range(count, 1, -1):
        j = random_bits(0, i) % i
        order[[i - 1, j]] = order[[j, i - 1]]
    return order


def _fitted_to_inliers(T: Array, points: Array, charts: Array, max_error_px: float) -> tuple[Array | None, Mask]:
    """Fits to those within the threshold as long as that gains; then to those within 3.5 deviations of their noise."""

    def gain(pose: Array) -> float:
        return float(np.maximum(0.0, 1 - (errors(pose, points, charts) / max_error_px) ** 2).sum())

    fitted, best = errors(T, points, charts) <= max_error_px, gain(T)
    for _ in range(10):
        if fitted.sum() < 4:
            return None, fitted
        there = least_squares(T, points[fitted], charts[fitted])
        found = gain(there)
        if not found > best:
            break
        settled, T, best = found < best + 1e-4, there, found
        if settled:
            break
        fitted = errors(T, points, charts) <= max_error_px
    lengths = np.sort(errors(T, points[fitted], charts[fitted]))
    narrow = max(3.5 * float(lengths[len(lengths) // 2]) / MEDIAN_LENGTH, 1e-6)
    there, narrowly = T, fitted
    for _ in range(3 if narrow < max_error_px else 0):
        narrowly = errors(there, points, charts) <= narrow
        if 2 * narrowly.sum() < fitted.sum() or narrowly.sum() < 6:
            return T, fitted
        there = least_squares(there, points[narrowly], charts[narrowly])
    return there, narrowly
