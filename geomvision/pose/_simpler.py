"""Simpler models of two views than a pose with depths, and how far matches lie from them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ._views import View, unmirrored

#: Matches that simpler models are fitted to: more tell no better whether one holds.
SAMPLE = 300
#: An error of two coordinates, squared and in units of its variance, that noise exceeds in 1 of 1,000 matches (χ², 2).
FAR, BEYOND = 13.8, 0.001


def log10_chance(count: int, agreeing: int, sample: int, solutions: int, share: float) -> float:
    """log10 of how often chance gives a model with that many agreeing matches (Moisan & Stival, IJCV 2004).

    `share`: of wrong matches that agree with a model by chance. Above 0, the model means nothing.
    """
    if agreeing <= sample + 2:  # errors of a refined model hardly tell whether the few others agree
        return math.inf
    tries = math.log10(solutions * (count - sample)) + _log10_choose(count, agreeing) + _log10_choose(agreeing, sample)
    return tries + (agreeing - sample) * math.log10(max(share, 1e-300))


def _log10_choose(n: int, k: int) -> float:
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(10)


def far_by(count: int) -> float:
    """`FAR` where the noise is known by so many matches' errors alone (F of 2 and n − 5)."""
    from scipy.special import fdtri

    return max(FAR, 2 * float(fdtri(2, max(count - 5, 1), 1 - BEYOND)))


def off_rotation(R: Array, view0: View, view1: View, noise: float) -> Array:
    """Squared distances (N,) of matches from where a camera that only turns sees them, in variances of their noise."""
    fx, fy, cx, cy = view1.intrinsics
    x0, y0 = view0.rays.T
    x, y, z = (row[0] * x0 + row[1] * y0 + row[2] for row in R)
    z = np.where(z > 1e-9, z, np.nan)
    if view1.spread is None or view1.camera is None:
        u1, v1 = view1.ideal.T
        off = np.square(x / z * fx + (cx - u1)) + np.square(y / z * fy + (cy - v1))
    else:  # where the lens stretches the ideal image, only its own pixels have noise that is alike in all directions
        off = np.square(view1.camera.project(np.column_stack([x, y, z])) - view1.points).sum(axis=1)
    # Noise of both views, that of view 0 magnified like the image (exactly so for equal focal lengths and small turns).
    spread0 = 1.0 if view0.spread is None else view0.spread
    spread1 = 1.0 if view1.spread is None else view1.spread
    scale = math.sqrt(abs(fx * fy / (view0.intrinsics[0] * view0.intrinsics[1])))
    magnified = np.square(spread0 / spread1 * scale) / np.abs(z * z * z)
    squared = off / (noise**2 * (1 + magnified))
    return np.where(np.isfinite(squared), squared, np.inf)


def rotation_of(view0: View, view1: View, inliers: NDArray[np.bool_], noise: float, seed: int) -> Array:
    """The rotation that most of a sample of the inliers agree on: Kabsch (1976) on directions, then those near it."""
    sample = _sample(inliers, seed)
    view0, view1 = view0.only(sample), view1.only(sample)
    first, second = (
        np.column_stack([v.rays, np.ones(len(v.rays))])
        / np.sqrt(1 + np.square(v.rays[:, :1]) + np.square(v.rays[:, 1:]))
        for v in (view0, view1)
    )
    chosen = np.ones(len(sample), bool)
    R = np.eye(3)
    for _ in range(5):
        if np.count_nonzero(chosen) < 3:
            break
        U, _, Vt = np.linalg.svd(second.T @ (first * chosen[:, None]))
        if np.linalg.det(U @ Vt) < 0:
            U[:, 2] *= -1
        R = U @ Vt
        far = off_rotation(R, view0, view1, noise)
        near = far < max(9.21, 2.0 * float(np.partition(far, len(far) // 2)[len(far) // 2]))
        if (near == chosen).all():
            break
        chosen = near
    return np.asarray(R)


def plane_of(view0: View, view1: View, inliers: NDArray[np.bool_], noise: float, seed: int) -> Array | None:
    """The homography of ideal pixels that most of a sample of the inliers agree on; None where there is none."""
    from .. import _core

    chosen = _sample(inliers, seed)
    if len(chosen) < 4:
        return None
    reach = max(4.0 * noise, 0.05)
    turned, back = unmirrored(view0, view1)
    found = _core.estimate_homography(view0.ideal[chosen], turned.ideal[chosen], reach, 0.999, 64, seed, 1)
    return back @ found["matrix"] if found["found"] else None


def is_line(points: Array, noise: float) -> bool:
    """Whether points (N, 2) lie on one line, within their noise, or are fewer than three."""
    if len(points) < 3:
        return True
    return bool(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] < 3 * noise * math.sqrt(len(points)))


def _sample(inliers: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    chosen = np.flatnonzero(inliers)
    return (
        chosen if len(chosen) <= SAMPLE else np.sort(np.random.default_rng(seed).choice(chosen, SAMPLE, replace=False))
    )


def off_homography(H: Array, view0: View, view1: View, noise: float) -> Array:
    """Squared Sampson errors (N,) of matches from a homography, in variances of their noise (H & Z 2004, 4.2.6)."""
    (x0, y0), (x1, y1) = view0.ideal.T, view1.ideal.T
    h = H.ravel()
    depth = h[6] * x0 + h[7] * y0 + h[8]
    first = h[0] * x0 + h[1] * y0 + h[2] - depth * x1
    second = h[3] * x0 + h[4] * y0 + h[5] - depth * y1
    # Slopes of both errors by the point of view 0; by that of view 1 they are `depth`.
    u0, u1, v0, v1 = h[0] - x1 * h[6], h[1] - x1 * h[7], h[3] - y1 * h[6], h[4] - y1 * h[7]
    spread0 = 1.0 if view0.spread is None else view0.spread**2
    own = np.square(depth if view1.spread is None else depth * view1.spread)
    a, b, d = (u0 * u0 + u1 * u1) * spread0 + own, (u0 * v0 + u1 * v1) * spread0, (v0 * v0 + v1 * v1) * spread0 + own
    with np.errstate(all="ignore"):
        squared = d * first**2 - 2 * b * first * second + a * second**2
        result = squared / (a * d - b * b) / noise**2
    return np.where(np.isfinite(result), result, np.inf)
