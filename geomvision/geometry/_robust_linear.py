"""Few coefficients from many equations, some of which are wrong, with errors that may grow along the line.

Least quantile of squares over drawn minimal sets (Rousseeuw, JASA 1984) finds where to begin; least squares on what
lies within 3 standard deviations end it (reweighted least squares: Rousseeuw & Leroy 1987, chapter 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from ..cameras import Array
from ..images import Mask

#: Minimal sets drawn, and equations on which each is judged.
SETS, JUDGES = 500, 1000
#: Standard deviations within which an equation is an inlier, and the share of a Gaussian's variance that lies there.
GATE = 3.0
KEPT = 1 - 2 * GATE * math.exp(-(GATE**2) / 2) / math.sqrt(2 * math.pi) / math.erf(GATE / math.sqrt(2))
#: Errors below this share of what is fitted are rounding.
ROUNDING = 2e-7
ROUNDS, FEW_ROUNDS = 50, 5
#: Columns whose Gram matrix, scaled to a diagonal of 1, has a smaller eigenvalue leave coefficients open.
OPEN = 1e-13
#: So many equations tell how their errors grow.
ENOUGH = 16
MANY = 20_000

#: Of fitted values: how large their errors are against one another (N,).
Spread = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class LinearFit:
    """`coefficients` (k,), their covariance (k, k), the equations they rest on, each one's standard deviation (N,)."""

    coefficients: Array
    covariance: Array
    inliers: Mask
    sigma: Array


def robust_linear(
    rows: Array,
    target: Array,
    *,
    spreads: Sequence[Spread] = (np.ones_like,),
    known: Array | None = None,
    robust: bool = True,
    most_wrong: float = 0.5,
    seed: int = 0,
) -> LinearFit | None:
    """Coefficients c of rows (N, k) with rows · c ≈ target (N,); None where the rows leave them open.

    Args:
        rows, target: the equations, at least k.
        spreads: how errors may grow; the likeliest is taken where there are equations enough to tell.
        known: standard deviations (N,) that the equations have beside an unknown one that all share.
        robust: whether some may be wrong.
        most_wrong: share that may be.
        seed: of the minimal sets.
    """
    if robust and len(target) > rows.shape[1]:
        start = _least_quantile(rows, target, 1 - most_wrong, seed)
    else:
        start = _solved(rows, target, np.ones(len(target)))
    if start is None:
        return None
    if known is not None or len(target) < ENOUGH or not robust:
        return _refined(rows, target, start, spreads[0], known, robust)[0]
    some: Any = slice(None)
    if len(target) > MANY:  # as good to find which errors are likeliest, and where the rest begins
        some = np.sort(np.random.default_rng(seed).permutation(len(target))[:MANY])
    found = [_refined(rows[some], target[some], start, spread, None, robust) for spread in spreads]
    best = min(range(len(found)), key=lambda i: found[i][1])
    fit = found[best][0]
    if fit is None or len(target) <= MANY:
        return fit
    return _refined(rows, target, fit.coefficients, spreads[best], None, robust)[0]


def _least_quantile(rows: Array, target: Array, share: float, seed: int) -> Array | None:
    """Of coefficients that drawn minimal sets give, those whose `share` of smallest residuals ends lowest."""
    random = np.random.default_rng(seed)
    count, k = rows.shape
    drawn = random.integers(0, count, (SETS, k))
    size = np.linalg.norm(rows, axis=1).max()
    sets = rows[drawn]
    independent = np.abs(np.linalg.det(sets)) > 1e-9 * max(size, 1e-300) ** k
    if not independent.any():
        return _solved(rows, target, np.ones(count))
    tried = np.linalg.solve(sets[independent], target[drawn[independent]][..., None])[..., 0]
    judges = np.arange(count) if count <= JUDGES else random.permutation(count)[:JUDGES]
    residuals = np.abs(tried @ rows[judges].T - target[judges])
    rank = min(len(judges) - 1, math.ceil(share * (len(judges) + k + 1)) - 1)
    ends = np.partition(residuals, rank, axis=1)[:, rank]
    return np.asarray(tried[ends.argmin()])


def _solved(rows: Array, target: Array, weight: Array) -> Array | None:
    """Weighted least squares; None where the rows do not span."""
    size = np.sqrt(weight @ rows**2)
    if not (size > 0).all():
        return None
    scaled = rows / size
    weighted = scaled * weight[:, None]
    gram = weighted.T @ scaled
    if np.linalg.eigvalsh(gram)[0] < OPEN:
        return None
    found = np.linalg.solve(gram, weighted.T @ target)
    found += np.linalg.solve(gram, weighted.T @ (target - scaled @ found))  # what the squared condition lost
    return np.asarray(found / size)


def _refined(
    rows: Array, target: Array, start: Array, spread: Spread, known: Array | None, robust: bool
) -> tuple[LinearFit | None, float]:
    """Least squares on the inliers until they stay, and how unlikely the equations are then."""
    found, k = start, rows.shape[1]
    floor = ROUNDING * float(np.median(np.abs(target)) + np.abs(target).max() * 1e-3) + 1e-300
    inliers: Mask = np.ones(len(target), bool)
    sigma = np.zeros(len(target))
    for turn in range(ROUNDS if len(target) <= MANY else FEW_ROUNDS):
        residual = target - rows @ found
        shape = spread(rows @ found)
        if robust and turn == 0:
            unit = float(np.median(np.abs(residual) / shape)) / ndtri(0.75) * (1 + 5 / max(1, len(target) - k))
            sigma = _whole(unit * shape, known, floor)
        else:
            sigma = _scales(residual, shape, inliers, known, k, robust, floor)
        near = np.abs(residual) <= GATE * sigma if robust else inliers
        if near.sum() < k:
            return None, math.inf
        after = _solved(rows[near], target[near], sigma[near].min() ** 2 / sigma[near] ** 2)
        if after is None:
            return None, math.inf
        settled = turn > 0 and (near == inliers).all() and np.allclose(after, found, rtol=1e-9, atol=0)
        found, inliers = after, near
        if settled:
            break
    residual = target - rows @ found
    sigma = _scales(residual, spread(rows @ found), inliers, known, k, robust, floor)
    weighted = rows[inliers] / sigma[inliers, None]
    covariance = np.full((k, k), np.nan)
    if inliers.sum() > k or known is not None:
        covariance = np.linalg.pinv(weighted.T @ weighted)
    return LinearFit(found, covariance, inliers, sigma), _surprise(residual, sigma, target)


def _whole(sigma: Array, known: Array | None, floor: float) -> Array:
    return np.maximum(np.hypot(sigma, 0.0 if known is None else known), floor)


def _scales(
    residual: Array, shape: Array, inliers: Mask, known: Array | None, k: int, robust: bool, floor: float
) -> Array:
    """Each equation's standard deviation from the residuals of the inliers."""
    r, g = residual[inliers], shape[inliers]
    freedom = max(1, len(r) - k) * (KEPT if robust and len(r) > k + 2 else 1.0)
    if known is None:
        return _whole(math.sqrt(float(((r / g) ** 2).sum()) / freedom) * shape, None, floor)
    own = known[inliers]
    low, high = 0.0, float((r**2).sum()) / freedom
    for _ in range(60):  # the shared variance that makes the residuals as large as they should be
        middle = (low + high) / 2
        explained = float((r**2 / np.maximum(middle + own**2, floor**2)).sum()) <= freedom
        low, high = (low, middle) if explained else (middle, high)
    return _whole(np.full(len(residual), math.sqrt(high)), known, floor)


def _surprise(residual: Array, sigma: Array, target: Array) -> float:
    """Negative logarithm of the likelihood, where a tenth of the equations may be anything in the range."""
    around = np.exp(-0.5 * np.minimum((residual / sigma) ** 2, 1400)) / (math.sqrt(2 * math.pi) * sigma)
    anything = 1 / max(float(np.ptp(target)), 1e-300)
    return float(-np.log(0.9 * around + 0.1 * anything).sum())
