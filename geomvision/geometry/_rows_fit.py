"""Which small change of a rig makes the rows of matches agree: a robust fit with a stated doubt.

Each parameter has a prior of mean zero, which says how large a drift is expected; what the matches do not show stays
there. Mismatches lose their weight by degrees (graduated non-convexity with Geman and McClure's function; Black and
Rangarajan, IJCV 1996), so no random sample is drawn and the result is the same on every machine. A mismatch that lies
on its row by chance mostly has a shift along the row that no right match has, and then more say than all of them: where
mismatches are as likely as right matches, by their shifts, they lose it (`_plausible`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..cameras import Array, CameraModel, StereoRig
from ..images import Mask
from ._rig_changes import Changed, Parameter, Rays, changed, rows
from .rectification_residual import DENSEST, DENSEST_SIGMAS

#: Geman and McClure's scale, from coarse to fine, in robust standard deviations of the residuals.
SCALES = (6.0, 4.0, 3.0, 3.0)
#: Localising a feature is not better than this, pixels.
LEAST_NOISE_PX = 0.05
STEPS, ACCEPTED_STEP = 12, 1e-4
#: Residuals beyond so many standard deviations are mismatches'.
MISMATCHED = 6.0
#: Shifts closer than this share of the image are neighbours; how many may be by chance; what a match alone counts as.
NEIGHBOURS, BY_CHANCE, ALONE = 0.03, 3.0, 0.003


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Parameters with their covariance, both in the parameters' units, and which matches are kept."""

    rig: StereoRig
    values: Array
    covariance: Array
    kept: Mask
    noise_px: float
    #: Largest standard deviation of the rows' agreement anywhere in the image that the covariance leaves, pixels.
    doubt_px: float


def fit_rows(rig: StereoRig, left: Array, right: Array, looked_for: tuple[Parameter, ...]) -> Fit:
    """Fit the parameters to matches (N, 2) so that rows agree, by the distance that both points must move (Sampson)."""
    names = tuple(p.name for p in looked_for)
    units = np.array([p.unit for p in looked_for])
    precision = np.diag([1 / (p.prior * p.unit) ** 2 for p in looked_for])
    values = np.zeros(len(looked_for))
    rays, after = (Rays(left), Rays(right)), Changed(rig, names)
    trust = np.ones(len(left))
    for stage, scale in enumerate(SCALES):
        size = _row_slope(changed(rig, names, values), left, right)

        def residual(v: Array, size: Array = size) -> Array:
            y = after.heights(v, *rays)
            return np.asarray((y[:, 0] - y[:, 1]) / size)

        now = residual(values)
        noise = _noise(now - np.nanmedian(now) if stage == 0 else now)
        if stage > 0:
            trust = _plausible((left - right)[:, 0] / rig.left.width, now, noise)
        values = _descend(residual, values, precision, noise, scale * noise, trust)
    now = residual(values)
    noise = _noise(now)
    deviations = np.sqrt(1 / np.diag(precision))
    jacobian = _derivative(residual, values, deviations)
    covariance = _covariance(now, jacobian, trust, precision, noise)
    kept = (np.abs(np.nan_to_num(now, nan=np.inf)) <= SCALES[-1] * noise) & (trust > 0.5)
    found = changed(rig, names, values)

    grid = _grid(rig.left)
    there = grid - np.median((left - right)[kept], axis=0) if kept.any() else grid
    size, rays_there = _row_slope(found, grid, there) / np.sqrt(2), (Rays(grid), Rays(there))

    def elsewhere(v: Array) -> Array:
        y = after.heights(v, *rays_there)
        return np.asarray((y[:, 0] - y[:, 1]) / size)

    spread = _derivative(elsewhere, values, deviations)
    doubt = np.sqrt(np.einsum("ij,jk,ik->i", spread, covariance, spread))
    return Fit(
        rig=found,
        values=values / units,
        covariance=covariance / np.outer(units, units),
        kept=kept,
        noise_px=noise,
        doubt_px=float(doubt.max()),
    )


def _grid(camera: CameraModel) -> Array:
    """35 pixels (N, 2) all over an image, its corners among them."""
    x, y = np.meshgrid(np.linspace(0, camera.width - 1, 7), np.linspace(0, camera.height - 1, 5))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _row_slope(rig: StereoRig, left: Array, right: Array) -> Array:
    """How much the difference of rows changes (N,) for a pixel that both points move; HZ 11.9's denominator."""
    step, squares = 0.5, np.zeros(len(left))
    for axis in np.eye(2) * step:
        after, before = (rows(rig, Rays(left + move), Rays(right + move)) for move in (axis, -axis))
        squares += np.square(after - before).sum(axis=1)
    return np.sqrt(squares)


def _noise(residual: Array) -> float:
    """Standard deviation of right matches' residuals, by the size below which two fifths of these lie.

    More than half may be mismatches at first; those far off are then left out.
    """
    size = np.abs(residual)
    noise = float(np.nanquantile(size, DENSEST)) * 2 / DENSEST_SIGMAS
    for _ in range(3):
        near = size[size <= MISMATCHED * max(noise, LEAST_NOISE_PX)]
        noise = float(np.quantile(near, DENSEST)) * 2 / DENSEST_SIGMAS if len(near) else noise
    return max(LEAST_NOISE_PX, noise)


def _plausible(shift: Array, residual: Array, noise: float) -> Array:
    """How likely it is (N,) that matches near their row are right, by how many have such shifts; 0 where unlikely.

    Mismatches far from their rows say how many lie near them by chance.
    """
    size = np.nan_to_num(np.abs(residual), nan=np.inf)
    near, far = size <= 3 * noise, size > MISMATCHED * noise
    reach = float(np.quantile(size[far & np.isfinite(size)], 0.9)) if (far & np.isfinite(size)).any() else 1.0
    chance = 3 * noise / max(reach / 0.9, MISMATCHED * noise)  # mismatches are spread evenly over their residuals

    def around(among: Mask) -> Array:
        ordered = np.sort(shift[among])
        bounds = (np.searchsorted(ordered, shift + side) for side in (-NEIGHBOURS, NEIGHBOURS))
        return -np.subtract(*bounds).astype(float)

    chosen = BY_CHANCE * min(1.0, chance * float(far.sum()))  # mismatches near their rows draw the fit to themselves
    right = np.maximum(around(near) - near - chosen, 0.0) + ALONE
    wrong = chance * np.maximum(around(far), NEIGHBOURS * far.sum())  # evenly over shifts, where fewer were seen
    return np.where(right > wrong, right / (right + wrong), 0.0)


def _covariance(residual: Array, jacobian: Array, trust: Array, precision: Array, noise: float) -> Array:
    """A⁻¹ V A⁻¹ of the weighted fit and its prior (Huber 1981, 7.6), each match as if it had been left out of it.

    The residuals themselves say how noisy the gradient is: their tails are heavier than a Gaussian's.
    """
    square = np.nan_to_num(np.square(residual / (SCALES[-1] * noise)), nan=np.inf)
    weights = _weights(residual, SCALES[-1] * noise) * trust
    slope = np.where(np.isfinite(square), (1 - 3 * square) / (1 + square) ** 3, 0.0) * trust  # of ψ = r·w
    share = max(0.3, float(slope.sum()) / max(float(weights.sum()), 1e-12))
    normal = jacobian.T @ (weights[:, None] * jacobian) / noise**2
    inverse = np.linalg.inv(share * normal + precision)
    leverage = np.minimum(weights * np.einsum("ni,ij,nj->n", jacobian, inverse, jacobian) / noise**2, 0.9)
    gradient = jacobian * (weights * np.nan_to_num(residual) / (1 - leverage) / noise**2)[:, None]
    least = normal if noise <= LEAST_NOISE_PX else 0.0  # matches without noise are not surer than that
    return np.asarray(inverse @ (gradient.T @ gradient + least + precision) @ inverse)


def _weights(residual: Array, scale: float) -> Array:
    w = 1 / (1 + np.square(residual / scale)) ** 2
    return np.where(np.isfinite(w), w, 0.0)


def _cost(residual: Array, values: Array, precision: Array, noise: float, scale: float, trust: Array) -> float:
    square = np.square(residual / scale)
    saturating = trust * np.where(np.isfinite(square), square / (1 + square), 1.0)
    return float((scale / noise) ** 2 * saturating.sum() + values @ precision @ values)


def _descend(
    residual: Callable[[Array], Array], values: Array, precision: Array, noise: float, scale: float, trust: Array
) -> Array:
    """Reweighted Gauss–Newton, with Levenberg's damping where a step does not pay."""
    damping = 1e-6
    deviations = np.sqrt(1 / np.diag(precision))
    r = residual(values)
    cost = _cost(r, values, precision, noise, scale, trust)
    for _ in range(STEPS):
        jacobian = _derivative(residual, values, deviations)
        weights = _weights(r, scale) * trust / noise**2
        information = jacobian.T @ (weights[:, None] * jacobian) + precision
        gradient = jacobian.T @ (weights * np.nan_to_num(r)) + precision @ values
        while damping < 1e6:
            step = np.linalg.solve(information + damping * np.diag(np.diag(information)), -gradient)
            tried = residual(values + step)
            if (better := _cost(tried, values + step, precision, noise, scale, trust)) < cost:
                break
            damping = max(damping, 1e-4) * 10
        else:
            break
        values, r, cost, damping = values + step, tried, better, damping / 10
        if float(np.abs(step / deviations).max()) < ACCEPTED_STEP:
            break
    return values


def _derivative(residual: Callable[[Array], Array], values: Array, deviations: Array) -> Array:
    """(N, P) by forward differences; rows of unseen points are 0."""
    start = residual(values)
    steps = 1e-5 * deviations
    columns = [
        (residual(values + step * axis) - start) / step for step, axis in zip(steps, np.eye(len(steps)), strict=True)
    ]
    return np.asarray(np.nan_to_num(np.stack(columns, axis=1)))
