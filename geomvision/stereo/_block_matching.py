"""Block matching in numpy, to be read from top to bottom: the reference that the C++ core equals on every pixel.

All costs are whole numbers, so sums are exact and the order of adding does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Image, Mask

Levels = NDArray[np.int64]
Costs = NDArray[np.int32]

#: The cost of a candidate that is none, above every other.
NO_COST = np.iinfo(np.int32).max
#: Correlation costs (1 − r) are counted in 2⁻²⁷; sums of squares keep 28 bits: the fits through three costs fit int32.
CORRELATION_STEPS = 2.0**27
COST_BITS = 28
#: How many bits are set in each byte.
BITS_OF_BYTE = np.array([value.bit_count() for value in range(256)], np.int64)
#: Neighbourhood of the census words, (x, y).
CENSUS_RADIUS = (4, 3)


@dataclass(frozen=True)
class Pair:
    """Both images as integers; `step` of their levels make one of 255; levels differ by at most `spread`."""

    left: Levels
    right: Levels
    step: int
    spread: int


def quantised(left: Image, right: Image) -> Pair:
    """Integers stay as they are. Floats: the pair's joint range becomes 0 … 65535, rounded."""
    low, high = min(left.min(), right.min()), max(left.max(), right.max())
    if left.dtype.kind == "u":
        step = 1 if left.dtype == np.uint8 else 257
        return Pair(left.astype(np.int64), right.astype(np.int64), step, int(high) - int(low))
    spread = float(high) - float(low)
    steps = 65535.0 / spread if spread > 0 else 0.0

    def levels(image: Image) -> Levels:
        return ((image.astype(np.float64) - float(low)) * steps + 0.5).astype(np.int64)

    return Pair(levels(left), levels(right), 257, 65535)


def continued(image: Levels, radius: int, disparity: int = 0) -> Levels:
    """The image seen `disparity` pixels further left, from `radius` before its first pixel; borders are repeated."""
    height, width = image.shape
    rows = np.clip(np.arange(-radius, height + radius), 0, height - 1)
    columns = np.clip(np.arange(-radius, width + radius) - disparity, 0, width - 1)
    around: Levels = image[np.ix_(rows, columns)]
    return around


def window_sums(terms: Levels, window: int) -> Levels:
    """Sums over all `window` x `window` squares inside `terms`."""
    sums = np.pad(terms.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside: Levels = (
        sums[window:, window:] - sums[:-window, window:] - sums[window:, :-window] + sums[:-window, :-window]
    )
    return inside


def census(image: Levels) -> Levels:
    """Words of 62 bits: which pixels of the neighbourhood, row by row without the centre, are darker than it."""
    height, width = image.shape
    radius_x, radius_y = CENSUS_RADIUS
    around = np.pad(image, ((radius_y, radius_y), (radius_x, radius_x)), mode="edge")
    words = np.zeros((height, width), np.int64)
    bit = 0
    for y in range(2 * radius_y + 1):
        for x in range(2 * radius_x + 1):
            if (x, y) == CENSUS_RADIUS:
                continue
            darker = around[y : y + height, x : x + width] < image
            words |= darker.astype(np.int64) << bit
            bit += 1
    return words


def texture(pair: Pair, window: int) -> NDArray[np.float64]:
    """Mean horizontal gradient |I(x + 1) − I(x − 1)| / 2 over the window, in levels of 255 per pixel."""
    ends = np.pad(pair.left, ((0, 0), (1, 1)), mode="edge")
    gradient = np.abs(ends[:, 2:] - ends[:, :-2])
    sums = window_sums(continued(gradient, window // 2), window)
    return sums / (2.0 * window * window * pair.step)


def cost_volume(pair: Pair, cost: str, window: int, disparities: range) -> Costs:
    """Costs (D, H, W) of all candidates, `NO_COST` where there is none."""
    height, width = pair.left.shape
    left, right = (pair.left, pair.right) if cost != "census" else (census(pair.left), census(pair.right))
    volume = np.full((len(disparities), height, width), NO_COST, np.int32)
    around = continued(left, window // 2)
    x = np.arange(width)
    for costs, disparity in zip(volume, disparities, strict=True):
        inside = (x - disparity >= 0) & (x - disparity < width)
        candidates = continued(right, window // 2, disparity)
        costs[:, inside] = window_costs(around, candidates, cost, window, pair.spread)[:, inside]
    return volume


def window_costs(a: Levels, b: Levels, cost: str, window: int, spread: int) -> Costs:
    """How unlike the windows of two images (census: of words) are, at every place where a window fits."""
    if cost == "sad":
        return window_sums(np.abs(a - b), window).astype(np.int32)
    if cost == "ssd":
        shift = max(0, (window * window * spread * spread).bit_length() - COST_BITS)
        return (window_sums((a - b) ** 2, window) >> shift).astype(np.int32)
    if cost == "census":
        different_bits = BITS_OF_BYTE[(a ^ b).view(np.uint8).reshape(*a.shape, 8)].sum(axis=2)
        return window_sums(different_bits, window).astype(np.int32)
    return correlation_costs(a, b, window, means=cost == "zncc")


def correlation_costs(a: Levels, b: Levels, window: int, *, means: bool) -> Costs:
    """(1 − r)·2²⁷ with r = (N·Σab − Σa·Σb) / √(N·Σa² − (Σa)²) / √(N·Σb² − (Σb)²); without means N = 1, Σa = Σb = 0."""
    area = window * window if means else 1
    sum_a, sum_b = (window_sums(image if means else 0 * image, window) for image in (a, b))
    covariance = area * window_sums(a * b, window) - sum_a * sum_b
    scale_a = _inverse_root(area * window_sums(a * a, window) - sum_a * sum_a)
    scale_b = _inverse_root(area * window_sums(b * b, window) - sum_b * sum_b)
    r = covariance.astype(np.float64) * scale_a * scale_b
    steps = ((1.0 - r) * CORRELATION_STEPS + 0.5).astype(np.int32)
    return np.where((scale_a == 0) | (scale_b == 0), np.int32(NO_COST), steps)


def _inverse_root(spread: Levels) -> NDArray[np.float64]:
    """1 / √spread, 0 where the window has no spread."""
    with np.errstate(divide="ignore"):
        return np.where(spread > 0, 1.0 / np.sqrt(spread.astype(np.float64)), 0.0)


@dataclass(frozen=True)
class Winners:
    """The best disparity of every pixel: its index (−1: none), its cost, the best cost more than one place away."""

    index: NDArray[np.int64]
    cost: Costs
    second: Costs


def winners(volume: Costs) -> Winners:
    """The first of the smallest costs; the second best shows how sure that is."""
    index = volume.argmin(axis=0)
    cost = volume.min(axis=0)
    near = np.abs(np.arange(len(volume))[:, None, None] - index) <= 1
    second = np.where(near, np.int32(NO_COST), volume).min(axis=0)
    return Winners(np.where(cost == NO_COST, -1, index), cost, second)


def unique(found: Winners, percent: int) -> Mask:
    """Whether the winner's cost is lower by `percent` than every cost more than one place away. Ties never pass."""
    beats = 100 * found.cost.astype(np.int64) < (100 - percent) * found.second.astype(np.int64)
    return np.asarray((found.index >= 0) & (beats | (found.second == NO_COST)))


def distinctness(found: Winners) -> Float32:
    """(c₂ − c₁) / c₂, 0 where there is no winner or no second."""
    known = (found.second != NO_COST) & (found.second > 0)
    second = np.where(known, found.second, 1).astype(np.float32)
    return np.where(known, (found.second - found.cost).astype(np.float32) / second, np.float32(0.0))


def right_winners(volume: Costs, disparities: range) -> NDArray[np.int64]:
    """Indices of the right view's disparities from the same costs: right pixel x meets left pixels x + d. −1: none."""
    _, height, width = volume.shape
    cost = np.full((height, width), NO_COST, np.int32)
    index = np.full((height, width), -1)
    for k, disparity in enumerate(disparities):
        x = np.arange(max(0, -disparity), min(width, width - disparity))
        offered = volume[k][:, x + disparity]
        better = offered < cost[:, x]
        cost[:, x] = np.where(better, offered, cost[:, x])
        index[:, x] = np.where(better, k, index[:, x])
    return index
