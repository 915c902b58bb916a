"""AD-census stereo to be read top to bottom (Mei, Sun, Zhou, Jiao, Wang & Zhang, ICCV Workshops 2011).

1. Cost: Hamming distance of census words and absolute difference of levels, each made robust, added.
2. Aggregation: averages over crosses of like grey, four times.
3. Scans: along rows and columns, small penalties where the images change.
4. Winner (`_winners`): the disparity with the smallest sum, for both views from the same sums.
5. Repair (`_repair`): left–right check, region voting, interpolation, edges; then sub-pixel fit and median.

Costs are integers, 2⁻¹⁰; averages are float32 operations. The C++ core does the same: results are equal bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Image
from ..results import Disparity
from ..trace import Trace
from . import _postprocess as post
from . import _repair
from ._levels import PARTS, levels
from ._sgm_reference import census, set_bits, weigh
from ._winners import left_winners, right_winners

if TYPE_CHECKING:
    from .ad_census import ADCensus

Costs = NDArray[np.uint16]
Levels = NDArray[np.int64]
Arms = NDArray[np.int64]
Table = NDArray[np.int64]

#: What 1 is in costs and penalties.
UNIT = 1024
#: The most that a candidate outside the right image costs: a third of the largest cost.
NEUTRAL = 2 * UNIT // 3
#: Above every sum of four scans.
NOTHING = 65535
#: Of the arms: how far a cross reaches to each side.
LEFT, RIGHT, UP, DOWN = range(4)


def robust(largest: int, scale: float) -> Table:
    """ρ(c, λ) = 1 − exp(−c / λ) of 0 … largest (eq. 3)."""
    return np.floor(UNIT * (1 - np.exp(-np.arange(largest + 1) / scale)) + 0.5).astype(np.int64)


@njit(cache=True)
def matching_cost(
    words: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    grey: tuple[Levels, Levels],
    tables: tuple[Table, Table],
    first: int,
    count: int,
) -> Costs:
    """(H, W, count): ρ_census + ρ_AD of left (x, y) and right (x − d, y).

    A candidate outside the right image costs the mean of those inside, but at most a third of the largest cost.
    """
    height, width = grey[0].shape
    cost = np.empty((height, width, count), np.uint16)
    for y in range(height):
        for x in range(width):
            total, inside = 0, 0
            for i in range(count):
                match = x - (first + i)
                if 0 <= match < width:
                    bits = set_bits(words[0][y, x] ^ words[1][y, match])
                    cost[y, x, i] = tables[0][bits] + tables[1][abs(grey[0][y, x] - grey[1][y, match])]
                    total += np.int64(cost[y, x, i])
                    inside += 1
            neutral = min(NEUTRAL, total // inside) if inside > 0 else NEUTRAL
            for i in range(count):
                if not 0 <= x - (first + i) < width:
                    cost[y, x, i] = neutral
    return cost


@njit(cache=True)
def crosses(grey: Levels, arm: int, near: int, tau: int, tau_far: int) -> Arms:
    """(H, W, 4): how far each pixel's cross reaches to the left, right, up and down.

    An arm ends before the first pixel that differs by `tau` from the centre or from the pixel before it, or, more than
    `near` pixels away, by `tau_far` from the centre (section 2.2).
    """
    height, width = grey.shape
    arms = np.zeros((height, width, 4), np.int64)
    for y in range(height):
        for x in range(width):
            for side, (dx, dy) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
                for length in range(1, arm + 1):
                    u, v = x + length * dx, y + length * dy
                    if not (0 <= u < width and 0 <= v < height):
                        break
                    away = abs(grey[v, u] - grey[y, x])
                    if away >= tau or abs(grey[v, u] - grey[v - dy, u - dx]) >= tau:
                        break
                    if length > near and away >= tau_far:
                        break
                    arms[y, x, side] = length
    return arms


@njit(cache=True)
def sums_along(values: NDArray[np.int64], arms: Arms, rows: bool) -> NDArray[np.int64]:
    """(H, W, …): sums over the arms along the row, or along the column."""
    height, width = values.shape[:2]
    sums = np.zeros_like(values)
    for y in range(height):
        for x in range(width):
            if rows:
                for u in range(x - arms[y, x, LEFT], x + arms[y, x, RIGHT] + 1):
                    sums[y, x] += values[y, u]
            else:
                for v in range(y - arms[y, x, UP], y + arms[y, x, DOWN] + 1):
                    sums[y, x] += values[v, x]
    return sums


@njit(cache=True)
def aggregate(cost: Costs, arms: Arms, rows_first: bool) -> Costs:
    """Averages over crosses: sums along the arms of one direction, then sums of those along the other."""
    height, width, count = cost.shape
    sums = sums_along(sums_along(cost.astype(np.int64), arms, rows_first), arms, not rows_first)
    ones = np.ones((height, width, 1), np.int64)
    pixels = sums_along(sums_along(ones, arms, rows_first), arms, not rows_first)
    result = np.empty_like(cost)
    for y in range(height):
        for x in range(width):
            factor = np.float32(1) / np.float32(pixels[y, x, 0])
            for i in range(count):
                result[y, x, i] = np.uint16(np.float32(sums[y, x, i]) * factor + np.float32(0.5))
    return result


def penalties(pi: float) -> Table:
    """π, π / 4 and π / 10: where neither, one or both views change (section 2.3)."""
    return np.floor(UNIT * pi / np.array([1, 4, 10]) + 0.5).astype(np.int64)


@njit(cache=True)
def changes(grey: Levels, dx: int, dy: int, tau: int) -> NDArray[np.int64]:
    """1 where levels differ by at least `tau` from the pixel before, in direction (dx, dy)."""
    height, width = grey.shape
    found = np.zeros((height, width), np.int64)
    for y in range(height):
        for x in range(width):
            if 0 <= x - dx < width and 0 <= y - dy < height:
                found[y, x] = abs(grey[y, x] - grey[y - dy, x - dx]) >= tau
    return found


@njit(cache=True)
def scan(
    cost: Costs, changed: tuple[Levels, Levels], direction: tuple[int, int], first: int, steps: tuple[Table, Table]
) -> Costs:
    """C_r of eq. 7, (H, W, count), of one direction (dx, dy). A scan begins with its cost alone."""
    height, width, count = cost.shape
    dx, dy = direction
    scans = np.empty_like(cost)
    for step_y in range(height):
        y = step_y if dy >= 0 else height - 1 - step_y
        for step_x in range(width):
            x = step_x if dx >= 0 else width - 1 - step_x
            from_x, from_y = x - dx, y - dy
            if not (0 <= from_x < width and 0 <= from_y < height):
                scans[y, x] = cost[y, x]
                continue
            before = scans[from_y, from_x].astype(np.int64)
            before -= before.min()
            for i in range(count):
                match = x - (first + i)
                number = changed[0][y, x] + (changed[1][y, match] if 0 <= match < width else 0)
                best = min(before[i], steps[1][number])
                if i > 0:
                    best = min(best, before[i - 1] + steps[0][number])
                if i + 1 < count:
                    best = min(best, before[i + 1] + steps[0][number])
                scans[y, x, i] = cost[y, x, i] + best
    return scans


def run(method: ADCensus, left: Image, right: Image, trace: Trace) -> Disparity:
    """Match a grey pair, recording every stage."""
    disparities = method.searched(left.shape[1])
    first, count = disparities.start, len(disparities)
    fine = levels(left, right)
    grey = (fine[0] + PARTS // 2) // PARTS, (fine[1] + PARTS // 2) // PARTS
    trace.record("left", grey[0], "levels", "the left view in 0 … 255")
    trace.record("right", grey[1], "levels", "the right view in 0 … 255")
    words = census(fine[0], 4, 3), census(fine[1], 4, 3)
    tables = robust(62, method.lambda_census), robust(255, method.lambda_ad)
    cost = matching_cost(words, grey, tables, first, count)
    trace.record("cost", cost, "2⁻¹⁰", f"census and absolute difference at disparities {first} … {first + count - 1}")
    arms = crosses(grey[0], method.arm, method.arm_near, method.tau, method.tau_far)
    trace.record("arms", arms, "px", "how far crosses reach to the left, right, up and down")
    for iteration in range(method.aggregations):
        cost = aggregate(cost, arms, iteration % 2 == 0)
    trace.record("aggregated", cost, "2⁻¹⁰", f"averaged {method.aggregations} times over crosses")

    sums = np.zeros(cost.shape, np.uint16)
    steps = penalties(method.pi1), penalties(method.pi2)
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        changed = changes(grey[0], dx, dy, method.tau_scan), changes(grey[1], dx, dy, method.tau_scan)
        sums += scan(cost, changed, (dx, dy), first, steps)
    trace.record("sums", sums, "2⁻¹⁰", "sum over the four scans")
    return choose(method, sums, first, grey[0], arms, trace)


def choose(method: ADCensus, sums: Costs, first: int, grey: Levels, arms: Arms, trace: Trace) -> Disparity:
    """From sums to disparities."""
    winners, margin = left_winners(sums, first, 0, NOTHING)
    right = right_winners(sums, first, NOTHING)
    trace.record("winner", np.where(winners == post.NONE, np.nan, winners), "px", "smallest sum, left view")
    trace.record("winner_right", np.where(right == post.NONE, np.nan, right), "px", "smallest sum, right view")
    confidence = weigh(margin, winners, right)
    occluded = np.zeros(winners.shape, np.bool_)
    if method.left_right >= 0:
        codes = post.left_right_check(winners, right, method.left_right)
        trace.record("agreement", codes, doc="0 agrees, 1 mismatched, 2 occluded, 3 no estimate but visible")
        occluded = codes == post.OCCLUDED
        winners[(codes == post.OCCLUDED) | (codes == post.MISMATCHED)] = post.NONE
        trace.record("left_right", np.where(winners == post.NONE, np.nan, winners), "px", "what the right confirms")
    confidence[winners == post.NONE] = 0
    if method.fill == "background":
        for _ in range(method.votings):
            winners = _repair.vote(winners, arms, sums.shape[2], first, method.votes, method.share)
        trace.record("voting", np.where(winners == post.NONE, np.nan, winners), "px", "voted on by regions")
        winners = _repair.interpolate(winners, occluded, grey)
        trace.record("interpolation", np.where(winners == post.NONE, np.nan, winners), "px", "from 16 directions")
        winners = _repair.adjust_edges(winners, sums, first)
    trace.record("edges", np.where(winners == post.NONE, np.nan, winners), "px", "edges on the side that costs less")
    px = _repair.refine(winners, sums, first)
    trace.record("subpixel", px, "px", "parabola through three sums")
    px = post.median_filter(px, method.median)
    trace.record("median", px, "px", f"median of {method.median} x {method.median}")
    trace.record("confidence", confidence, doc="0 … 1")
    return Disparity(px=px, confidence=confidence, occluded=occluded if method.left_right >= 0 else None)
