"""Block matching to be read top to bottom: the reference that the C++ core equals on every pixel.

1. Levels: the images as integers, filtered for costs that light would mislead. All costs are integers too: sums are
   exact in whatever order they are taken.
2. Cost: for every disparity d, how unlike the windows around left x and right x − d are.
3. Winner (`_winners`): the disparity with the smallest cost; once for the left view, once for the right one from
   the same costs.
4. Tests: is the winner better than all others, has the window texture, do the two views agree?
5. What follows (`_postprocess`): sub-pixel fit, speckle filter, filling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Image
from ..results import Disparity
from ..trace import Trace
from . import _postprocess as post
from ._winners import left_winners, refine, right_winners

if TYPE_CHECKING:
    from .block_matching import BlockMatching

Levels = NDArray[np.int64]
Costs = NDArray[np.int32]

#: The cost of a candidate that is none, above every other.
NO_COST = np.iinfo(np.int32).max
#: Correlation costs (1 − r) are counted in 2⁻²⁷; sums of squares keep 28 bits: the fits through three costs fit int32.
CORRELATION_STEPS = 2.0**27
COST_BITS = 28
#: Filtered images are gradients clipped to ± this.
XSOBEL_CAP = 31
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


def xsobel(left: Image, right: Image) -> Pair:
    """Both images as clipped horizontal Sobel gradients of 8 bits; others than bytes span their joint range."""
    low = min(left.min(), right.min())
    spread = float(max(left.max(), right.max())) - float(low)
    steps = 255.0 / spread if spread > 0 else 0.0

    def filtered(image: Image) -> Levels:
        levels = image.astype(np.int64)
        if image.dtype != np.uint8:
            levels = ((image.astype(np.float64) - float(low)) * steps + 0.5).astype(np.int64)
        around = np.pad(levels, 1, mode="edge")
        across = around[:, 2:] - around[:, :-2]
        gradient: Levels = across[:-2] + 2 * across[1:-1] + across[2:]
        return gradient.clip(-XSOBEL_CAP, XSOBEL_CAP) + XSOBEL_CAP

    return Pair(filtered(left), filtered(right), 1, 2 * XSOBEL_CAP)


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
    """Costs (H, W, disparities) of all candidates, `NO_COST` where there is none."""
    height, width = pair.left.shape
    left, right = (pair.left, pair.right) if cost != "census" else (census(pair.left), census(pair.right))
    volume = np.full((height, width, len(disparities)), NO_COST, np.int32)
    around = continued(left, window // 2)
    for k, disparity in enumerate(disparities):
        candidates = continued(right, window // 2, disparity)
        inside = slice(max(0, disparity), min(width, width + disparity))  # right x − d lies in the image
        volume[:, inside, k] = window_costs(around, candidates, cost, window, pair.spread)[:, inside]
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


def agreement_of_views(margin: Float32, left: post.Winners, right: post.Winners) -> Float32:
    """Confidence: the margin, divided by 1 + |d_left − d_right|; 0 where there is no winner."""
    known = left != post.NONE
    match = np.arange(left.shape[1]) - np.where(known, left, 0).astype(np.int64)
    there = np.take_along_axis(right, match, axis=1).astype(np.int64)
    distance = np.where(known, np.abs(left - there), 0)
    return np.where(known, margin / (1 + distance).astype(np.float32), np.float32(0.0))


def run(method: BlockMatching, left: Image, right: Image, trace: Trace) -> Disparity:
    """Match a grey pair, recording every stage."""
    disparities = method.searched(left.shape[1])
    pair = quantised(left, right)
    trace.record("left", pair.left, "levels", "grey levels as integers")
    trace.record("right", pair.right, "levels", "grey levels as integers")
    matched = pair
    if method.cost in ("sad", "ssd") and method.prefilter == "xsobel":
        matched = xsobel(left, right)
        trace.record("filtered", matched.left, "levels", "clipped horizontal gradient of the left image")
        trace.record("filtered_right", matched.right, "levels", "the same of the right image")
    volume = cost_volume(matched, method.cost, method.window, disparities)
    trace.record("cost", volume, "", f"{method.cost} over the window at disparities {disparities}")

    winners, margin = left_winners(volume, disparities.start, method.uniqueness, NO_COST)
    from_right = right_winners(volume, disparities.start, NO_COST)
    trace.record("winner", winners, "px", f"disparity of the smallest cost, {post.NONE} where it is not unique")
    trace.record("winner_right", from_right, "px", "the same for the right view")
    gradient = texture(pair, method.window)
    trace.record("texture", gradient, "levels/px", "mean horizontal gradient of the window")
    winners[gradient < method.texture] = post.NONE
    confidence = agreement_of_views(margin, winners, from_right)
    whole = winners.astype(np.float32)
    whole[winners == post.NONE] = np.nan
    disparity = (
        whole
        if method.subpixel == "none"
        else refine(winners, volume, disparities.start, method.subpixel == "parabola", NO_COST)
    )
    trace.record("subpixel", disparity, "px", f"{method.subpixel} fit through the winner's and its neighbours' costs")

    occluded = np.zeros(winners.shape, np.bool_)
    if method.left_right >= 0:
        codes = post.left_right_check(winners, from_right, method.left_right)
        occluded = codes == post.OCCLUDED
        disparity[occluded | (codes == post.MISMATCHED)] = np.nan
        trace.record("agreement", codes, "", "0 agrees, 1 mismatched, 2 occluded, 3 no estimate")
    trace.record("left_right", disparity, "px", "without what the right view contradicts")
    disparity = post.speckle_filter(disparity, method.speckle_size, method.speckle_range)
    trace.record("speckle", disparity, "px", f"without regions of fewer than {method.speckle_size} px")
    confidence[np.isnan(disparity)] = 0.0
    trace.record("confidence", confidence, "", "margin of the winner, divided by 1 + difference of the views")
    if method.fill == "background":
        disparity = post.background_fill(disparity, occluded)
        trace.record("fill", disparity, "px", "gaps filled from what surrounds them, occlusions from behind")
    elif method.fill == "row":
        disparity = post.row_fill(disparity)
        trace.record("fill", disparity, "px", "gaps filled from their row, by the farther side")
    return Disparity(px=disparity, confidence=confidence, occluded=occluded if method.left_right >= 0 else None)
