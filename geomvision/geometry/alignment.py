"""Rigid and similarity alignment of two sets of points, by least squares and robustly."""

from __future__ import annotations

import math
from typing import Any, Literal

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
Backend = Literal["cpp", "reference"]
Mask = NDArray[np.bool_]


@checked
def align_points(
    source: ArrayLike,
    target: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    with_scale: bool = False,
    backend: Backend = "cpp",
) -> Alignment:
    """The rigid motion (or similarity) that takes `source` closest to `target` in the sense of least squares.

    Umeyama, PAMI 1991: proper rotations only. Every pair counts; use `align_points_robust` where some are wrong.

    Args:
        source: points (N, 3), metres.
        target: the same points (N, 3) in the other frame, metres.
        weights: (N,) weights ≥ 0 of the squared distances, best 1/σ² of each pair.
        with_scale: estimate a scale, too.
        backend: ``"cpp"``, or ``"reference"``: the same in numpy.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, negative weights.
    """
    core = _core(backend)
    x, y = pairs(source, "source", target, "target", (3, 3))
    w = np.ones(len(x)) if weights is None else _as_weights(weights, len(x))
    return _aligned(x, y, w, w > 0, with_scale, (), core)


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
    num_threads: int = 0,
    backend: Backend = "cpp",
) -> Alignment:
    """As `align_points`, of pairs many of which may be wrong: LO-RANSAC on triples.

    Chum, Matas & Kittler 2003, scored by the truncated squared distance (Torr & Zisserman 2000), refined by repeated
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
        num_threads: threads; 0 takes every core.
        backend: ``"cpp"``, or ``"reference"``: the same triples and scores in numpy, by one thread.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, a threshold or confidence that is not allowed.
    """
    core = _core(backend)
    x, y = pairs(source, "source", target, "target", (3, 3))
    limit = _as_limits(max_error_m, len(x))
    if not 0 < confidence < 1 or max_iterations < 1 or seed < 0:
        given = f"confidence is {confidence}, max_iterations {max_iterations}, seed {seed}"
        raise ValueError(f"{given}; allowed are (0, 1), 1 or more, and 0 or more")
    if len(x) < 3:
        return unknown_alignment(np.zeros(len(x), bool), with_scale, ("too_few_points",))
    told, inside = core.align_points_robust(
        x, y, limit, bool(with_scale), float(confidence), max_iterations, seed, num_threads
    )
    inliers = inside.astype(bool)
    meant = told[0] and _is_meaningful(inliers, y, float(np.median(limit)), told[5])
    return _aligned(x, y, (limit.min() / limit) ** 2, inliers, with_scale, () if meant else ("no_consensus",), core)


def _core(backend: str) -> Any:
    """What does the work."""
    if backend == "cpp":
        from .. import _core as core
    else:
        from . import _alignment_reference as core  # type: ignore[no-redef]
    return core


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


def _aligned(
    x: Array, y: Array, w: Array, inliers: Mask, with_scale: bool, flags: tuple[str, ...], core: Any
) -> Alignment:
    """Least squares on the inliers, with everything there is to say about it."""
    used, seen, weight = x[inliers], y[inliers], w[inliers]
    flags = flags or _degeneracy(used, seen)
    if flags:
        return unknown_alignment(inliers, with_scale, flags)
    found, rotation, translation, scale, *_ = told = core.align_points(used, seen, weight, bool(with_scale))
    if not found:
        return unknown_alignment(inliers, with_scale, ("collinear",))
    cost = float(weight @ _squared_distances(used, seen, told))
    covariance = _covariance(scale * used @ rotation.T + translation, weight, cost, with_scale)
    if _is_loose(covariance):
        flag = _why_loose(covariance, used, seen, weight, with_scale, core)
        return unknown_alignment(inliers, with_scale, (flag,))
    return Alignment(
        rotation=rotation,
        translation_m=translation,
        scale=scale,
        rms_m=math.sqrt(cost / float(weight.sum())),
        inliers=inliers,
        covariance=covariance,
        flags=("mirrored",) if _is_mirrored(used, seen, weight, cost, with_scale, core) else (),
    )


def _is_loose(covariance: Array) -> bool:
    """Whether the residuals leave the rotation open."""
    return bool(np.nan_to_num(np.linalg.norm(covariance[:3, :3], "fro")) > LOOSE_RAD**2)


def _why_loose(covariance: Array, x: Array, y: Array, w: Array, with_scale: bool, core: Any) -> str:
    """Points of another scale, points near a line (about which alone the turn is open), or pairs that do not belong."""
    if not with_scale:
        found, rotation, translation, scale, *_ = told = core.align_points(x, y, w, True)
        moved = scale * x @ rotation.T + translation
        cost = float(w @ _squared_distances(x, y, told))
        if found and scale > 0 and not _is_loose(_covariance(moved, w, cost, True)):
            return "other_scale"
    return "collinear" if np.linalg.eigvalsh(covariance[:3, :3])[1] <= LOOSE_RAD**2 else "no_consensus"


def unknown_alignment(inliers: Mask, with_scale: bool, flags: tuple[str, ...]) -> Alignment:
    """What is returned where no alignment can be known."""
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


def _squared_distances(x: Array, y: Array, told: Any) -> Array:
    """(N,) squared distances of pairs after an alignment as the core tells it."""
    _, rotation, translation, scale, *_ = told
    return np.asarray(((scale * x @ rotation.T + translation - y) ** 2).sum(axis=1))


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


def _is_mirrored(x: Array, y: Array, w: Array, cost: float, with_scale: bool, core: Any) -> bool:
    """Whether a reflection fits decidedly better: a tenth of the squared error, and not by rounding alone."""
    image = x * (-1.0, 1.0, 1.0)
    told = core.align_points(image, y, w, bool(with_scale))
    spread = float(w @ ((y - (w @ y) / w.sum()) ** 2).sum(axis=1))
    return bool(told[0] and w @ _squared_distances(image, y, told) < 0.1 * cost and cost > 1e-6 * spread)
