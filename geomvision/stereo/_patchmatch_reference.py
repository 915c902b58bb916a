"""PatchMatch stereo to be read top to bottom (Bleyer, Rhemann & Rother, BMVC 2011).

1. Levels: both views in 64ths of 0 … 255.
2. Search (`_plane_search`): every pixel of both views holds a slanted plane; it tries those of its neighbours, of the
   other view, and random changes, and keeps what costs less.
3. Check: what the other view confirms, and what is clearly better than two pixels beside it.
4. Filling: pixels without an estimate continue the plane of a neighbour, the one that lies further back, and take the
   median of their window, weighted by support.

The C++ core does the same in the same integers: results are equal bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32, Image, Mask
from ..results import Disparity
from ..trace import Trace
from . import _plane_search as search
from ._levels import levels
from ._plane_search import ONE, Integers, Rules, View

if TYPE_CHECKING:
    from .patchmatch import PatchMatch

#: No disparity.
NONE = -(2**31)


@njit(cache=True)
def partner(x: int, d: int) -> int:
    """The column that a disparity leads to, rounded."""
    return x + ((ONE // 2 - d) >> 16)


@njit(cache=True)
def examine(rules: Rules, left: View, right: View, tolerance: int) -> tuple[Integers, Float32, Mask]:
    """Disparities that are confirmed and clear (others NONE), their confidence, and what only this view sees."""
    height, width = left.costs.shape
    disparity = np.full((height, width), NONE, np.int64)
    confidence = np.zeros((height, width), np.float32)
    occluded = np.full((height, width), tolerance >= 0)
    for y in range(height):
        for x in range(width):
            seen = partner(x, right.planes[y, x, 2])
            if 0 <= seen < width:
                occluded[y, seen] = False
        for x in range(width):
            a, b, d = left.planes[y, x]
            cost = left.costs[y, x]
            before = search.plane_cost(rules, left, right, x, y, a, b, d - 2 * ONE, search.UNKNOWN)
            after = search.plane_cost(rules, left, right, x, y, a, b, d + 2 * ONE, search.UNKNOWN)
            beside = min(before, after)
            match = partner(x, d)
            inside = 0 <= match < width
            apart = abs(d + right.planes[y, match, 2]) if inside else 0
            agrees = tolerance < 0 or (inside and apart <= tolerance * ONE)
            if agrees and cost < beside:
                disparity[y, x] = d
                occluded[y, x] = False
                if inside:
                    margin = np.float32(beside - cost) / np.float32(beside)
                    confidence[y, x] = margin / (np.float32(1) + np.float32(apart) / np.float32(ONE))
    return disparity, confidence, occluded


@njit(cache=True)
def fill(disparity: Integers, own: View) -> Integers:
    """Pixels without an estimate continue the plane of the next one in their row, left or right: the one behind."""
    height, width = disparity.shape
    filled = np.full((height, width), NONE, np.int64)
    for y in range(height):
        for step in (1, -1):
            last = -1
            for x in range(width) if step > 0 else range(width - 1, -1, -1):
                if disparity[y, x] != NONE:
                    last = x
                if last >= 0:
                    continued = own.planes[y, last, 2] + own.planes[y, last, 0] * (x - last)
                    continued = min(max(continued, own.least), own.most)
                    filled[y, x] = continued if filled[y, x] == NONE else min(filled[y, x], continued)
    return filled


@njit(cache=True)
def smooth(filled: Integers, disparity: Integers, rules: Rules, own: View) -> Integers:
    """Filled pixels take the median of the window, weighted by support: half of the weight lies at or below it."""
    height, width = filled.shape
    reach = rules.radius // rules.step * rules.step
    result = filled.copy()
    for y in range(height):
        for x in range(width):
            if disparity[y, x] != NONE or filled[y, x] == NONE:
                continue
            votes, weights = [0 for _ in range(0)], [0 for _ in range(0)]
            for v in range(y - reach, y + reach + 1, rules.step):
                for u in range(x - reach, x + reach + 1, rules.step):
                    if 0 <= v < height and 0 <= u < width and filled[v, u] != NONE:
                        votes.append(filled[v, u])
                        weights.append(search.support_weight(rules, own, x, y, u, v))
            weight = np.array(weights)
            total, below = weight.sum(), 0
            for i in np.argsort(np.array(votes)):
                if 2 * below < total and weight[i] > 0:
                    below += weight[i]
                    result[y, x] = votes[i]
    return result


def in_pixels(disparity: Integers) -> Float32:
    """float32 pixels, NaN where there is none."""
    px: NDArray[np.float32] = disparity.astype(np.float32) / np.float32(ONE)
    return np.where(disparity == NONE, np.float32(np.nan), px)


def run(patchmatch: PatchMatch, left: Image, right: Image, trace: Trace) -> Disparity:
    """Match a grey pair, recording every stage."""
    method = patchmatch
    rules = search.rules(
        window=method.window,
        step=method.step,
        gamma=method.gamma,
        alpha=method.alpha,
        tau_colour=method.tau_colour,
        tau_gradient=method.tau_gradient,
        max_slope=method.max_slope,
    )
    disparities = method.searched(left.shape[1])
    least, most = disparities.start * ONE, (disparities.stop - 1) * ONE
    both = levels(left, right)
    views = (search.view(both[0], least, most), search.view(both[1], -most, -least))
    trace.record("levels_left", both[0] / 64, "levels", "the left view in 0 … 255")
    trace.record("levels_right", both[1] / 64, "levels", "the right view in 0 … 255")
    for side in range(2):
        search.randomise(rules, views[side], search.key(method.seed, -1, side))
    for side in range(2):
        search.rate(rules, views[side], views[1 - side])
    trace.record("random", views[0].planes[..., 2] / ONE, "px", "random planes, at their own pixel")
    for iteration in range(method.iterations):
        search.iterate(rules, views, method.seed, iteration)
        trace.record(f"iteration({iteration})", views[0].planes[..., 2] / ONE, "px", "planes that cost least so far")
    trace.record("right", -views[1].planes[..., 2] / ONE, "px", "planes of the right view")

    disparity, confidence, occluded = examine(rules, *views, method.left_right)
    trace.record("left_right", in_pixels(disparity), "px", "what the right view confirms")
    trace.record("confidence", confidence, doc="0 … 1")
    if method.fill == "background":
        filled = fill(disparity, views[0])
        trace.record("fill", in_pixels(filled), "px", "gaps filled with planes from their row")
        disparity = smooth(filled, disparity, rules, views[0])
        trace.record("median", in_pixels(disparity), "px", "median of the filled pixels' windows, weighted by support")
    return Disparity(
        px=in_pixels(disparity), confidence=confidence, occluded=occluded if method.left_right >= 0 else None
    )
