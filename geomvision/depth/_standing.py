"""Vertical surfaces that stand on the ground, and what lies between them.

The picture is cut and popped up along the foot line (Hoiem, Efros and Hebert, SIGGRAPH 2005): the slope of a vertical
plane's foot is linear in the azimuth, so a foot line of straight pieces is a row of planes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import ops
from ..cameras import Array
from ..images import Image, Mask
from ._ground import Level, feet

#: A piece of the foot line may miss its feet by so many pixels.
TOLERANCE_PX = 2.5
#: Feet that a plane needs.
FEW = 4
#: Feet that tell how a plane is turned.
SURE = 10
#: A foot tells the depth of what stands over it, less and less up to this share of the image's height.
REACH = 0.2
#: Weight of what stands far over its foot.
FAR = 0.005
#: Smoothness of what is completed, and the step between colours that cuts it, in grey levels of 255.
LAMBDA, SIGMA = 3000.0, 8.0


def foot_line(slopes: Array, focal: float) -> tuple[Array, Array]:
    """The foot line in straight pieces that miss feet by `TOLERANCE_PX`: its slopes, and what they change per azimuth.

    NaN where there are no feet.
    """
    line, tilt = np.full(slopes.shape, np.nan), np.full(slopes.shape, np.nan)
    known = np.flatnonzero(~np.isnan(slopes))
    if known.size:
        fitted, tilts = _pieces(known.astype(np.float64), slopes[known] * focal)
        line[known], tilt[known] = fitted / focal, tilts / focal
    return line, tilt


def _pieces(x: Array, y: Array) -> tuple[Array, Array]:
    """Split at jumps, then where two lines do better than one, as long as a line misses by too much."""
    fitted, tilts = np.empty_like(y), np.empty_like(y)
    parts = [(0, x.size)]
    while parts:
        start, end = parts.pop()
        here, there = x[start:end], y[start:end]
        line, tilt = _line(here, there)
        if end - start < 2 * FEW or np.abs(line - there).max() <= TOLERANCE_PX:
            fitted[start:end], tilts[start:end] = line, tilt
            continue
        jump = np.abs(np.diff(there))[FEW - 1 : end - start - FEW]
        at = int(jump.argmax()) if jump.max(initial=0.0) > 2 * TOLERANCE_PX else _best_split(here, there)
        parts += [(start, start + FEW + at), (start + FEW + at, end)]
    return fitted, tilts


def _line(x: Array, y: Array) -> tuple[Array, float]:
    """The line of least squares and its tilt; level where there are too few points to tell one."""
    centred = x - x.mean()
    tilt = float(centred @ y) / float(centred @ centred) if x.size >= SURE else 0.0
    return np.asarray(y.mean() + centred * tilt), tilt


def _best_split(x: Array, y: Array) -> int:
    """Where two lines miss least in squares: places from FEW on; running sums make it one pass."""
    n = np.arange(1, x.size + 1, dtype=np.float64)

    def squares(x: Array, y: Array) -> Array:
        sx, sy, sxx, sxy, syy = (np.cumsum(v) for v in (x, y, x * x, x * y, y * y))
        vx, vxy, vy = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
        return np.asarray(vy - np.where(vx > 1e-9, vxy * vxy / np.where(vx > 1e-9, vx, 1.0), 0.0))

    x, y = x - x.mean(), y - y.mean()
    total = squares(x, y)[:-1] + squares(x[::-1], y[::-1])[::-1][1:]
    return int(total[FEW - 1 : x.size - FEW].argmin())


def plane_feet(level: Level, thing: Mask, ground: Mask) -> tuple[float, float] | None:
    """Slope at the foot of a vertical plane at azimuth 0, and its change per azimuth; None where no foot is in view.

    A foot is in view where ground lies right below. The line has the least absolute misses of 64 pairs' lines.
    """
    shown = feet(level, thing & _beside(level, ground))
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(shown >= feet(level, thing) - 2.0 / level.focal)
    if at.size < FEW:
        return None
    rows, across = shown[at] + 0.5 / level.focal, at.astype(np.float64)
    tilt = np.zeros(1)
    if at.size >= SURE:
        first, second = np.random.default_rng(0).integers(0, at.size, (2, 64))
        apart = np.abs(across[first] - across[second]) >= 0.2 * (across[-1] - across[0])
        first, second = first[apart], second[apart]
        tilt = np.concatenate([tilt, (rows[second] - rows[first]) / (across[second] - across[first])])
    straight = rows[None] - tilt[:, None] * across[None]
    middle = np.median(straight, axis=1)
    best = int(np.abs(straight - middle[:, None]).sum(axis=1).argmin())
    return float(middle[best]), float(tilt[best])


def _beside(level: Level, ground: Mask) -> Mask:
    """Pixels that have ground right below them."""
    step = 1 if level.fall[-1].sum() >= level.fall[0].sum() else -1
    found = np.zeros_like(ground)
    for offset in (step, 2 * step):
        if step > 0:
            found[:-offset] |= ground[offset:]
        else:
            found[-offset:] |= ground[:offset]
    return found


def completed(
    image: Image, level: Level, ground: Mask, things: Sequence[Mask], sky: Mask | None
) -> tuple[Array, Array]:
    """Slope of the foot (H, W) under which each pixel that is no ground stands, and how sure it is, 0 … 1.

    Feet tell most about what is right over them; the rest belongs to the planes which the image's edges leave together
    with it (`ops.fast_global_smoothing` of the planes). NaN where nothing tells anything.
    """
    line, turn = foot_line(feet(level, ~ground & level.below) + 0.5 / level.focal, level.focal)
    foot, tilt = (np.where(ground, np.nan, profile[level.azimuth]) for profile in (line, turn))
    over = (foot - np.where(np.isnan(level.slope), np.inf, level.slope)) * level.focal / (REACH * ground.shape[0])
    weight: Array = np.where(np.isnan(foot), 0.0, np.maximum(np.exp(-np.maximum(np.nan_to_num(over), 0.0)), FAR))
    start = foot - tilt * level.azimuth
    for thing in things:
        plane, chosen = plane_feet(level, thing, ground), thing & ~ground
        start[chosen], tilt[chosen] = (np.nan, np.nan) if plane is None else plane
        weight[chosen] = 0.0 if plane is None else 1.0
    if sky is not None:
        weight[sky] = 0.0
    if not (weight > 0).any():
        return np.full(ground.shape, np.nan), np.zeros(ground.shape)
    filled = [
        _filled(image, np.asarray(values, np.float64), np.asarray(weight, np.float64)) for values in (start, tilt)
    ]
    slope = filled[0] + filled[1] * level.azimuth
    told = np.logical_or.reduce([np.zeros_like(ground), *things]) & (weight > 0)
    slope = np.where(told, start + tilt * level.azimuth, slope)
    with np.errstate(invalid="ignore"):  # nothing that is seen lies under the ground
        slope = np.where(level.slope > 0, np.maximum(slope, level.slope), slope)
    return slope, weight


def _filled(image: Image, values: Array, weight: Array) -> Array:
    span = 255.0 if image.dtype == np.uint8 else max(float(np.ptp(image)), 1e-12)
    guide = image.astype(np.float64) * (255.0 / span)
    known = np.where(weight > 0, values, np.nan)
    return ops.fast_global_smoothing(known, guide, lambda_=LAMBDA, sigma=SIGMA, confidence=weight)
