"""PatchMatch stereo to be read top to bottom (Bleyer, Rhemann & Rother, BMVC 2011).

1. Levels: both views in 64ths of 0 … 255.
2. Search (`_plane_search`): every pixel of both views holds a slanted plane; it tries those of its neighbours, of the
   other view, and random changes, and keeps what costs less.
3. Check: what the other view confirms, and what is clearly better than two pixels beside it.
4. Filling (`_postprocess`): pixels without an estimate take what lies behind, of the estimates around them.

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
from ._postprocess import background_fill

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
    px = in_pixels(disparity)
    trace.record("left_right", px, "px", "what the right view confirms")
    trace.record("confidence", confidence, doc="0 … 1")
    if method.fill == "background":
        px = background_fill(px, occluded)
        trace.record("fill", px, "px", "gaps filled from what lies behind")
    return Disparity(px=px, confidence=confidence, occluded=occluded if method.left_right >= 0 else None)
