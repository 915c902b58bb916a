"""Rigid and similarity alignment of two sets of points, by least squares and robustly."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import checked, pairs
from ..cameras import Array
from ..results.alignment import Alignment
from ._points import extents

#: Points whose second extent is below this share of the first lie on a line, as far as a rotation is concerned.
COLLINEAR = 1e-4
#: So do those whose noise leaves the rotation less certain than this (standard deviation).
LOOSE_RAD = 0.2
_BATCH = 256
Mask = NDArray[np.bool_]


@checked
def align_points(
    source: ArrayLike, target: ArrayLike, *, weights: ArrayLike | None = None, with_scale: bool = False
) -> Alignment:
    """The rigid motion (or similarity) that takes `source` closest to `target` in the sense of least squares.

    Umeyama, PAMI 1991: proper rotations only. Every pair counts; use `align_points_robust` where some are wrong.

    Args:
        source: points (N, 3), metres.
        target: the same points (N, 3) in the other frame, metres.
        weights: (N,) weights ≥ 0 of the squared distances, best 1/σ² of each pair.
        with_scale: estimate a scale, too.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, negative weights.
    """
    x, y = pairs(source, "source", target, "target", (3, 3))
    w = np.ones(len(x)) if weights is None else _as_weights(weights, len(x))
    return _aligned(x, y, w, w > 0, with_scale, flags=())


@checked
def align_points_robust(
    source: ArrayLike,
    target: ArrayLike,
    *,
    max_error_m: ArrayLike,
    with_scale: bool = False,
    confidence: float = 0.9999,
    max_iterations: int = 10_000,
    seed: int = 0,
) -> Alignment:
    """As `align_points`, of pairs many of which may be wrong: RANSAC on triples, then least squares on the inliers.

    Fischler & Bolles 1981, scored by the truncated squared distance (Torr & Zisserman 2000), refined by repeated
    least squares on the inliers (Lebeda et al., BMVC 2012). ``"no_consensus"`` is flagged where chance explains the
    inliers as well: that many random pairs would be expected to fit (Moisan & Stival 2004, NFA > 1e-3). The result
    depends on the seed alone.

    Args:
        source: points (N, 3), metres.
        target: points (N, 3) of the other frame, metres.
        max_error_m: pairs up to this far apart after alignment are inliers; about 3 times the noise. One, or (N,) where
            the noise differs: least squares then weigh each pair by 1 / threshold².
        with_scale: estimate a scale, too.
        confidence: chance wanted that one triple was free of outliers.
        max_iterations: triples tried at most.
        seed: of the triples.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, a threshold or confidence that is not allowed.
    """
    x, y = pairs(source, "source", target, "target", (3, 3))
    limit = _as_limits(max_error_m, len(x))
    if not 0 < confidence < 1 or max_iterations < 1 or seed < 0:
        given = f"confidence is {confidence}, max_iterations {max_iterations}, seed {seed}"
        raise ValueError(f"{given}; allowed are (0, 1), 1 or more, and 0 or more")
    if len(x) < 3:
        return _unknown(np.zeros(len(x), bool), with_scale, ("too_few_points",))
    inliers, tried = _consensus(x, y, limit, with_scale, confidence, max_iterations, seed)
    w = (limit.min() / limit) ** 2
    for _ in range(20 if inliers.sum() >= 3 else 0):
        rotation, translation, scale = _umeyama(x[None, inliers], y[None, inliers], w[None, inliers], with_scale)
        closer = _squared_distances(x, y, rotation, translation, scale)[0] <= limit**2
        if (closer == inliers).all() or closer.sum() < 3:
            break
        inliers = closer
    flags = () if _is_meaningful(inliers, y, float(np.median(limit)), tried) else ("no_consensus",)
    return _aligned(x, y, w, inliers, with_scale, flags)


def _as_weights(weights: ArrayLike, count: int) -> Array:
    w = np.array(weights, dtype=float)
    if w.shape != (count,) or not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError(f"weights has shape {w.shape}; it must be ({count},), finite and not negative")
    return w


def _as_limits(max_error_m: ArrayLike, count: int) -> Array:
    limit = np.array(max_error_m, dtype=float)
    if limit.shape not in ((), (count,)) or not (np.isfinite(limit) & (limit > 0)).all():
        raise ValueError(f"max_error_m is {limit}; it must be one positive number of metres, or {count} of them")
    return np.array(np.broadcast_to(limit, count))


def _aligned(x: Array, y: Array, w: Array, inliers: Mask, with_scale: bool, flags: tuple[str, ...]) -> Alignment:
    """Least squares on the inliers, with everything there is to say about it."""
    used, seen, weight = x[inliers], y[inliers], w[inliers]
    flags = flags or _degeneracy(used, seen)
    if flags:
        return _unknown(inliers, with_scale, flags)
    rotations, translations, scales = _umeyama(used[None], seen[None], weight[None], with_scale)
    rotation, translation, scale = rotations[0], translations[0], float(scales[0])
    distances = _squared_distances(used, seen, rotations, translations, scales)[0]
    cost = float(weight @ distances)
    covariance = _covariance(scale * used @ rotation.T + translation, weight, cost, with_scale)
    if np.nan_to_num(np.linalg.norm(covariance[:3, :3], "fro")) > LOOSE_RAD**2:
        return _unknown(inliers, with_scale, ("collinear",))
    return Alignment(
        rotation=rotation,
        translation_m=translation,
        scale=scale,
        rms_m=math.sqrt(cost / float(weight.sum())),
        inliers=inliers,
        covariance=covariance,
        flags=("mirrored",) if _is_mirrored(used, seen, weight, cost, with_scale) else (),
    )


def _unknown(inliers: Mask, with_scale: bool, flags: tuple[str, ...]) -> Alignment:
    size = 7 if with_scale else 6
    return Alignment(
        rotation=np.full((3, 3), np.nan),
        translation_m=np.full(3, np.nan),
        scale=math.nan,
        rms_m=math.nan,
        inliers=inliers,
        covariance=np.full((size, size), np.nan),
        flags=flags,
    )


def _degeneracy(x: Array, y: Array) -> tuple[str, ...]:
    """Why no rotation can be known from these pairs, or nothing."""
    if len(x) < 3:
        return ("too_few_points",)
    for points in (x, y):
        along, across, _ = extents(points)
        if along <= 1e-12 * (1.0 + float(np.abs(points).max())):
            return ("coincident",)
        if across < COLLINEAR * along:
            return ("collinear",)
    return ()


def _umeyama(x: Array, y: Array, w: Array | None, with_scale: bool) -> tuple[Array, Array, Array]:
    """Rotations (B, 3, 3), translations (B, 3), scales (B,) of B problems of points (B, N, 3)."""
    share = np.full(x.shape[:2], 1.0 / x.shape[1]) if w is None else w / w.sum(axis=1, keepdims=True)
    centre_x, centre_y = (np.einsum("bn,bnk->bk", share, p) for p in (x, y))
    dx, dy = x - centre_x[:, None], y - centre_y[:, None]
    u, d, vt = np.linalg.svd(np.swapaxes(dy * share[..., None], 1, 2) @ dx)
    sign = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
    u[:, :, 2] *= sign[:, None]
    rotation = u @ vt
    scale = np.ones(len(x))
    if with_scale:
        spread = np.einsum("bn,bnk,bnk->b", share, dx, dx)
        scale = (d[:, 0] + d[:, 1] + sign * d[:, 2]) / np.where(spread > 0, spread, np.nan)
    translation = centre_y - scale[:, None] * np.einsum("bij,bj->bi", rotation, centre_x)
    return rotation, translation, scale


def _squared_distances(x: Array, y: Array, rotation: Array, translation: Array, scale: Array) -> Array:
    """(B, N) squared distances of N pairs after each of B alignments."""
    moved = np.swapaxes((scale[:, None, None] * rotation) @ x.T, 1, 2) + translation[:, None]
    return np.asarray(((moved - y) ** 2).sum(axis=2))


def _consensus(
    x: Array, y: Array, limit: Array, with_scale: bool, confidence: float, most: int, seed: int
) -> tuple[Mask, int]:
    """Inliers of the best of the triples tried, and how many were."""
    random = np.random.default_rng(seed)
    batch = max(16, min(_BATCH, 2_000_000 // len(x)))
    best, inliers, tried, needed = math.inf, np.zeros(len(x), bool), 0, most
    while tried < needed:
        triples = _triples(random, batch, len(x))
        rotation, translation, scale = _umeyama(x[triples], y[triples], None, with_scale)
        squared = _squared_distances(x, y, rotation, translation, scale)
        costs = np.nan_to_num(np.minimum(squared / limit**2, 1.0), nan=1.0).sum(axis=1)
        tried += batch
        first = int(costs.argmin())
        if costs[first] < best:
            best, inliers = float(costs[first]), squared[first] <= limit**2
            needed = min(most, _needed(inliers.mean(), confidence))
    return inliers, tried


def _triples(random: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """(count, 3) indices below `size`, distinct within each row, all triples equally likely."""
    a, b, c = (random.integers(0, size - k, count) for k in range(3))
    b = b + (b >= a)
    low, high = np.minimum(a, b), np.maximum(a, b)
    c = c + (c >= low)
    return np.stack([a, b, c + (c >= high)], axis=1)


def _needed(share: float, confidence: float) -> int:
    clean = share**3
    if clean >= 1:
        return 1
    return math.ceil(math.log1p(-confidence) / math.log1p(-clean)) if clean > 1e-12 else 2**31


def _is_meaningful(inliers: Mask, y: Array, threshold: float, tried: int) -> bool:
    """Whether fewer than 1e-3 such sets would be expected of random pairs: a ball in the box around the points."""
    count, total = int(inliers.sum()), len(inliers)
    sides = np.maximum(np.ptp(y, axis=0), 2 * threshold)
    chance = min(1.0, max(1e-300, 4.0 / 3.0 * math.pi * float(np.prod(threshold / sides))))
    if total == 3:  # nothing is left to disagree: three pairs are taken at their word
        return count == 3
    logs = math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)
    return math.log(tried) + logs + (count - 3) * math.log(chance) < math.log(1e-3)


def _covariance(moved: Array, w: Array, cost: float, with_scale: bool) -> Array:
    """First-order covariance about the centroid; the noise of unit weight from the residuals."""
    size = 7 if with_scale else 6
    freedom = 3 * len(moved) - size
    if freedom <= 0:
        return np.full((size, size), np.nan)
    d = moved - (w @ moved) / w.sum()
    information = np.zeros((size, size))
    information[:3, :3] = float(w @ (d**2).sum(axis=1)) * np.eye(3) - d.T @ (w[:, None] * d)
    information[3:6, 3:6] = w.sum() * np.eye(3)
    if with_scale:
        information[6, 6] = float(w @ (d**2).sum(axis=1))
    return np.asarray(np.linalg.inv(information) * (cost / freedom))


def _is_mirrored(x: Array, y: Array, w: Array, cost: float, with_scale: bool) -> bool:
    """Whether a reflection fits decidedly better: a tenth of the squared error, and not by rounding alone."""
    image = x * (-1.0, 1.0, 1.0)
    mirrored = float(w @ _squared_distances(image, y, *_umeyama(image[None], y[None], w[None], with_scale))[0])
    spread = float(w @ ((y - (w @ y) / w.sum()) ** 2).sum(axis=1))
    return mirrored < 0.1 * cost and cost > 1e-6 * spread
