"""Semi-global matching to be read top to bottom (Hirschmüller, TPAMI 2008).

1. Census: each pixel becomes the word of which neighbours are darker than it. Gain and offset do not matter.
2. Cost: the Hamming distance of a left word and the right word d pixels to the left, for every d.
3. Paths: along straight lines through the image, the cheapest way to reach a pixel with a disparity, where a step of
   one pixel costs P1 and a larger one P2. The sums over all paths rate each disparity of each pixel.
4. Winner (`_winners`): the disparity with the smallest sum; once for the left view, once for the right one from
   the same sums.
5. What follows (`_postprocess`): sub-pixel fit, left–right check, median, speckle filter, filling.

The C++ core does the same in the same integers and float32 operations: results are equal bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32, Image
from ..results import Disparity
from ..trace import Trace
from . import _postprocess as post
from ._winners import left_winners, refine, right_winners

if TYPE_CHECKING:
    from .sgm import SGM

Words = NDArray[np.uint64]
Costs = NDArray[np.uint8]
Sums = NDArray[np.uint16]
Guide = NDArray[np.int32]

#: (radius in x, radius in y) of the census windows.
WINDOWS = {"5x5": (2, 2), "7x7": (3, 3), "9x7": (4, 3)}
#: Directions in which paths run, as (dx, dy).
ALONG_ROWS = ((1, 0), (-1, 0))
DOWN, UP = ((0, 1),), ((0, -1),)
DIAGONALLY_DOWN, DIAGONALLY_UP = ((1, 1), (-1, 1)), ((1, -1), (-1, -1))
KNIGHTS_MOVES = tuple((dx, dy) for dx in (-2, -1, 1, 2) for dy in (-2, -1, 1, 2) if abs(dx) != abs(dy))
#: Those of `SGM.paths`; the five need nothing from below, so that one pass over the rows will do.
DIRECTIONS = {
    4: ALONG_ROWS + DOWN + UP,
    5: ALONG_ROWS + DOWN + DIAGONALLY_DOWN,
    8: ALONG_ROWS + DOWN + UP + DIAGONALLY_DOWN + DIAGONALLY_UP,
    16: ALONG_ROWS + DOWN + UP + DIAGONALLY_DOWN + DIAGONALLY_UP + KNIGHTS_MOVES,
}
#: Units of the guide that the mean difference of neighbours is worth.
MEAN_CHANGE = 8
#: Above every sum.
NOTHING = 65535


@njit(cache=True)
def census(image: Image, radius_x: int, radius_y: int) -> Words:
    """Bit i is set where the i-th neighbour, row by row and without the centre, is darker than the centre.

    Zabih & Woodfill, ECCV 1994. Beyond the border the border repeats.
    """
    height, width = image.shape
    words = np.zeros((height, width), np.uint64)
    for y in range(height):
        for x in range(width):
            bit = 0
            for dy in range(-radius_y, radius_y + 1):
                for dx in range(-radius_x, radius_x + 1):
                    if dx == 0 and dy == 0:
                        continue
                    neighbour = image[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)]
                    if neighbour < image[y, x]:
                        words[y, x] |= np.uint64(1) << np.uint64(bit)
                    bit += 1
    return words


@njit(cache=True)
def set_bits(word: np.uint64) -> int:
    """Number of set bits: each step clears the lowest one (Kernighan)."""
    count = 0
    while word != np.uint64(0):
        word &= word - np.uint64(1)
        count += 1
    return count


@njit(cache=True)
def matching_cost(left: Words, right: Words, first: int, count: int, bits: int) -> Costs:
    """(H, W, count): Hamming distance of left (x, y) and right (x − d, y), d = first … first + count − 1.

    A candidate outside the right image costs a third of the bits: more than a good match, less than a wrong one, which
    costs half. So the border is neither preferred nor lost. It never costs more than the mean of those inside: where
    nothing has texture, the border must not decide.
    """
    height, width = left.shape
    cost = np.empty((height, width, count), np.uint8)
    for y in range(height):
        for x in range(width):
            total, inside = 0, 0
            for i in range(count):
                match = x - (first + i)
                if 0 <= match < width:
                    cost[y, x, i] = set_bits(left[y, x] ^ right[y, match])
                    total += cost[y, x, i]
                    inside += 1
            neutral = min(bits // 3, total // inside) if inside > 0 else bits // 3
            for i in range(count):
                if not 0 <= x - (first + i) < width:
                    cost[y, x, i] = neutral
    return cost


@njit(cache=True)
def guide_image(image: Image) -> Guide:
    """The image, so scaled that its mean absolute difference between neighbours is `MEAN_CHANGE`, as integers.

    What counts as a strong change then does not depend on the image's type, gain and offset.
    """
    height, width = image.shape
    total = 0.0
    least = np.float64(image[0, 0])
    for y in range(height):
        row_total = 0.0
        for x in range(width):
            here = np.float64(image[y, x])
            if x > 0:
                row_total += abs(here - np.float64(image[y, x - 1]))
            if y > 0:
                row_total += abs(here - np.float64(image[y - 1, x]))
            least = min(least, here)
        total += row_total
    neighbours = float(width - 1) * height + float(height - 1) * width
    units = MEAN_CHANGE * neighbours / total if total > 0.0 else 0.0
    guide = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            guide[y, x] = int(min((np.float64(image[y, x]) - least) * units, 65535.0))
    return guide


def jump_penalties(p1: int, p2: int, adaptive: bool) -> NDArray[np.int64]:
    """P2 of a step across which the guide changes by 0 … 255 (and more).

    Depth jumps where brightness does: where the change is above the mean one, P2 is divided by their ratio, yet never
    below P1 (P2 = P2′ / |ΔI|, section 2.3).
    """
    change = np.arange(256)
    return np.maximum(p1, p2 * MEAN_CHANGE // np.maximum(MEAN_CHANGE, change) if adaptive else p2 + 0 * change)


@njit(cache=True)
def path_costs(cost: Costs, guide: Guide, direction: tuple[int, int], p1: int, jumps: NDArray[np.int64]) -> Costs:
    """L_r of eq. 13, (H, W, count), for paths that run in `direction` r = (dx, dy).

    L_r(p, d) = C(p, d) + min(L_r(p−r, d), L_r(p−r, d±1) + P1, min L_r(p−r) + P2) − min L_r(p−r), so that
    L_r ≤ C + P2 and fits a byte. A path begins with its cost alone.
    """
    height, width, count = cost.shape
    dx, dy = direction
    paths = np.empty_like(cost)
    for step_y in range(height):
        y = step_y if dy >= 0 else height - 1 - step_y
        for step_x in range(width):
            x = step_x if dx >= 0 else width - 1 - step_x
            from_x, from_y = x - dx, y - dy
            if not (0 <= from_x < width and 0 <= from_y < height):
                paths[y, x] = cost[y, x]
                continue
            before = paths[from_y, from_x].astype(np.int64)
            before -= before.min()
            change = int(abs(guide[y, x] - guide[from_y, from_x]))
            p2 = jumps[min(255, change)]
            for i in range(count):
                best = min(before[i], p2)
                if i > 0:
                    best = min(best, before[i - 1] + p1)
                if i + 1 < count:
                    best = min(best, before[i + 1] + p1)
                paths[y, x, i] = cost[y, x, i] + best
    return paths


@njit(cache=True)
def weigh(margin: Float32, left: post.Winners, right: post.Winners) -> Float32:
    """Confidence: the margin, divided by 1 + |d_left − d_right|; 0 where the match lies outside the right image."""
    height, width = left.shape
    confidence = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            match = x - left[y, x]
            if left[y, x] != post.NONE and 0 <= match < width and right[y, match] != post.NONE:
                confidence[y, x] = margin[y, x] / np.float32(1 + abs(left[y, x] - right[y, match]))
    return confidence


def wide(image: Image) -> Image:
    """8 bits as 16, so that loops are compiled for fewer types."""
    return image.astype(np.uint16) if image.dtype == np.uint8 else image


def run(sgm: SGM, left: Image, right: Image, trace: Trace) -> Disparity:
    """Match a grey pair, recording every stage."""
    disparities = sgm.searched(left.shape[1])
    cost = census_costs(sgm, left, right, disparities, trace) if sgm.cost == "census" else sgm.costs(left, right)
    names = f"at disparities {disparities.start} … {disparities.stop - 1}"
    trace.record("cost", cost, "bits", f"{'Hamming distance' if sgm.cost == 'census' else sgm.cost} {names}")
    return aggregate(sgm, cost, left, disparities.start, trace)


def census_costs(sgm: SGM, left: Image, right: Image, disparities: range, trace: Trace) -> Costs:
    """Hamming distances of the census words of both views."""
    radius_x, radius_y = WINDOWS[sgm.census]
    words = [census(wide(view), radius_x, radius_y) for view in (left, right)]
    trace.record("census_left", words[0], doc="which neighbours are darker, one bit each")
    trace.record("census_right", words[1], doc="which neighbours are darker, one bit each")
    bits = (2 * radius_x + 1) * (2 * radius_y + 1) - 1
    found: Costs = matching_cost(words[0], words[1], disparities.start, len(disparities), bits)
    return found


def aggregate(sgm: SGM, cost: Costs, left: Image, first: int, trace: Trace) -> Disparity:
    """From costs to sums over paths, and from those to disparities."""
    sums = np.zeros(cost.shape, np.uint16)
    guide = guide_image(wide(left))
    jumps = jump_penalties(sgm.p1, sgm.p2, sgm.adaptive_p2)
    for dx, dy in DIRECTIONS[sgm.paths]:
        path = path_costs(cost, guide, (dx, dy), sgm.p1, jumps)
        trace.record(f"path({dx:+d},{dy:+d})", path, "bits", f"cheapest way here in steps of ({dx}, {dy})")
        sums += path
    trace.record("sums", sums, "bits", f"sum over the {sgm.paths} paths")
    return choose(sgm, sums, first, trace)


def choose(sgm: SGM, sums: Sums, first: int, trace: Trace) -> Disparity:
    """From sums to disparities."""
    winners, margin = left_winners(sums, first, sgm.uniqueness, NOTHING)
    right = right_winners(sums, first, NOTHING)
    trace.record("winner", np.where(winners == post.NONE, np.nan, winners), "px", "smallest sum, left view")
    trace.record("winner_right", np.where(right == post.NONE, np.nan, right), "px", "smallest sum, right view")
    px = np.where(winners == post.NONE, np.nan, winners).astype(np.float32)
    if sgm.subpixel != "none":
        px = refine(winners, sums, first, sgm.subpixel == "parabola", NOTHING)
    trace.record("subpixel", px, "px", f"fit through three sums: {sgm.subpixel}")
    confidence = weigh(margin, winners, right)
    px = post.median_filter(px, sgm.median)
    trace.record("median", px, "px", f"median of {sgm.median} x {sgm.median}")

    occluded = np.zeros(px.shape, np.bool_)
    if sgm.left_right >= 0:
        codes = post.left_right_check(winners, right, sgm.left_right)
        trace.record("agreement", codes, doc="0 agrees, 1 mismatched, 2 occluded, 3 no estimate but visible")
        occluded = codes == post.OCCLUDED
        px[(codes == post.OCCLUDED) | (codes == post.MISMATCHED)] = np.nan
    trace.record("left_right", px, "px", "what the right view confirms")
    px = post.speckle_filter(px, sgm.speckle_size, sgm.speckle_range)
    trace.record("speckle", px, "px", "without small regions")
    confidence[np.isnan(px)] = 0
    trace.record("confidence", confidence, doc="0 … 1")
    if sgm.fill == "background":
        px = post.background_fill(px, occluded)
        trace.record("fill", px, "px", "gaps filled from what lies behind")
    elif sgm.fill == "row":
        px = post.row_fill(px)
        trace.record("fill", px, "px", "gaps filled from their row, by the farther side")
    return Disparity(px=px, confidence=confidence, occluded=occluded if sgm.left_right >= 0 else None)
