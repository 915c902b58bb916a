"""Block matching to be read: the search as numpy has it, and what follows it for every backend.

1. Levels: both frames as integers of 10 bits, quarters of a grey level; sums of them are exact in whatever order.
2. Search: the mean cost over the window for every displacement; the least wins (`search`, or the core's own).
3. Sub-pixel: the minimum of a curve through the winner's cost and its neighbours', along x and along y.
4. Coarse to fine: frame 1 is warped by the coarser flow, and what is left is searched for. At the end once more within
   a pixel: fits along x and along y are wrong where texture runs askew, the less so the less is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..images import Float32, Image
from ..results import Flow
from ..trace import Trace
from ._coarse_to_fine import COARSEST
from ._grey import grey_levels

if TYPE_CHECKING:
    from .block_matching import BlockMatching

Levels = NDArray[np.uint16]
#: Levels to a grey level, of 255.
STEPS = 4
NONE = np.float32(np.inf)


class Found(NamedTuple):
    """Displacement (2, H, W) of least cost; costs (6, H, W): least, best elsewhere, left, right, above, below."""

    displacement: NDArray[np.int32]
    costs: Float32


Search = Callable[[Any, Any, int, int, bool, int], tuple[NDArray[np.int32], Float32]]


def search(
    frame0: Any, frame1: Any, radius: int, window: int, squared: bool, _num_threads: int
) -> tuple[NDArray[np.int32], Float32]:
    """The search as the core does it: on levels (uint16), or census words (int64), whose differing bits are summed."""
    best = np.zeros((2, *frame0.shape), np.int32)
    costs = np.full((6, *frame0.shape), NONE, np.float32)
    for dx, dy, cost in _each(frame0, frame1, radius, window, squared):
        better = cost < costs[0]
        costs[0][better] = cost[better]
        best[0][better], best[1][better] = dx, dy
    for dx, dy, cost in _each(frame0, frame1, radius, window, squared):
        x, y = dx - best[0], dy - best[1]
        away = np.maximum(np.abs(x), np.abs(y)) > 1
        costs[1] = np.where(away, np.minimum(costs[1], cost), costs[1])
        for plane, beside in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1)), start=2):
            here = (x == beside[0]) & (y == beside[1])
            costs[plane][here] = cost[here]
    return best, costs


def _each(frame0: Any, frame1: Any, radius: int, window: int, squared: bool) -> Iterator[tuple[int, int, Float32]]:
    """Every displacement and its costs (H, W), infinite where it leads out of frame 1."""
    height, width = frame0.shape
    for dy in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        for dx in range(-min(radius, width - 1), min(radius, width - 1) + 1):
            rows, columns = (slice(max(0, -d), min(n, n - d)) for d, n in ((dy, height), (dx, width)))
            a = frame0[rows, columns]
            b = frame1[rows.start + dy : rows.stop + dy, columns.start + dx : columns.stop + dx]
            if a.dtype == np.int64:
                terms = np.bitwise_count(a ^ b).astype(np.int64)
            else:
                terms = np.abs(a.astype(np.int64) - b)
                terms = terms * terms if squared else terms
            cost = np.full(frame0.shape, NONE, np.float32)
            cost[rows, columns] = _window_means(terms, window)
            yield dx, dy, cost


def _window_means(terms: NDArray[np.int64], window: int) -> Float32:
    """Mean over the part of each pixel's window that lies inside."""
    sums, counts = terms, np.ones((1, 1), np.int64)
    for axis in (0, 1):
        count = sums.shape[axis]
        first, last = (np.clip(np.arange(count) + end, 0, count) for end in (-(window // 2), window // 2 + 1))
        upto = np.insert(sums.cumsum(axis=axis), 0, 0, axis=axis)
        sums = np.take(upto, last, axis) - np.take(upto, first, axis)
        counts = counts * (last - first).reshape((-1, 1) if axis == 0 else (1, -1))
    means: Float32 = np.divide(sums.astype(np.float32), counts.astype(np.float32), dtype=np.float32)
    return means


def run(method: BlockMatching, frame0: Image, frame1: Image, trace: Trace, find: Search) -> Flow:
    """Match two frames, recording every stage."""
    pyramid = [grey_levels(frame0, frame1)]
    while len(pyramid) < method.levels and min(pyramid[-1][0].shape) >= 2 * COARSEST:
        pyramid.append((halved(pyramid[-1][0]), halved(pyramid[-1][1])))
    px, confidence = np.zeros((*pyramid[-1][0].shape, 2), np.float32), np.zeros(pyramid[-1][0].shape, np.float32)
    for level, greys in reversed(list(enumerate(pyramid))):
        stage = f"level {level}: "
        pair = [np.rint(np.float32(STEPS) * grey).astype(np.uint16) for grey in greys]
        trace.record(stage + "frame0", pair[0], "quarter grey levels", f"frame 0, each side divided by {2**level}")
        base = px if level == len(pyramid) - 1 else enlarged(_filled(px), *greys[0].shape)
        found = _searched(method, pair, base, method.radius, find)
        trace.record(
            stage + "winner", found.displacement, "px", "displacement of the least cost beyond the coarser flow"
        )
        trace.record(stage + "least cost", found.costs[0], "", f"mean {method.cost} over its window")
        rest, confidence = _chosen(found, method.subpixel)
        px = _moved_on(method, base, rest)
        trace.record(stage + "flow", px, "px", "the level's flow, in its own pixels")
    if method.subpixel != "none":
        for k in range(method.refinements):
            base = _filled(px)
            rest, _ = _chosen(_searched(method, pair, base, 1, find), method.subpixel)
            refined = _moved_on(method, base, np.nan_to_num(rest))
            refined[np.isnan(px)] = np.nan
            px = refined
            trace.record(f"refinement {k + 1}", px, "px", "after a search of one pixel around the flow")
    return Flow(px=px, confidence=confidence)


def _searched(method: BlockMatching, pair: list[Levels], base: Float32, radius: int, find: Search) -> Found:
    """The search for what is left once frame 1 has been moved back by `base`."""
    frame0, frame1, threads = *pair, method.num_threads
    if base.any():
        frame1 = ops.warp(frame1, base, outside="border", dtype=np.uint16, num_threads=threads)
    if method.cost == "census":
        words = [ops.census_transform(each, num_threads=threads).view(np.int64) for each in (frame0, frame1)]
        return Found(*find(words[0], words[1], radius, method.window, False, threads))
    return Found(*find(frame0, frame1, radius, method.window, method.cost == "ssd", threads))


def _moved_on(method: BlockMatching, base: Float32, rest: Float32) -> Float32:
    """The flow of which `base` warped frame 1 and `rest` is left, smoothed by the median."""
    threads = method.num_threads
    px = rest + ops.warp(base, np.nan_to_num(rest), outside="border", num_threads=threads)
    if method.median == 1:
        return np.asarray(px)
    components = (np.ascontiguousarray(px[..., axis]) for axis in (0, 1))
    return np.stack([ops.median(each, size=method.median, num_threads=threads) for each in components], axis=-1)


def _chosen(found: Found, fit: str) -> tuple[Float32, Float32]:
    """Displacement (H, W, 2) between pixels, NaN where two apart are equally good; and how clear it is."""
    least, second, *beside = found.costs
    px = np.moveaxis(found.displacement, 0, -1).astype(np.float32)
    if fit != "none":
        for axis in (0, 1):
            px[..., axis] += _offset(beside[2 * axis], least, beside[2 * axis + 1], fit)
    with np.errstate(invalid="ignore", divide="ignore"):
        margin = np.where(np.isfinite(second), (second - least) / second, np.float32(0))
    px[second <= least] = np.nan
    return px, np.where(second > least, margin, np.float32(0))


def _offset(before: Float32, at: Float32, after: Float32, fit: str) -> Float32:
    """Where the minimum lies beside the winner, −½ … ½ pixel; 0 where a neighbour is missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bend = before - 2 * at + after if fit == "parabola" else np.maximum(before, after) - at
        offset = (before - after) / (2 * bend)
    return np.where(np.isfinite(offset) & (bend > 0), np.clip(offset, -0.5, 0.5), np.float32(0)).astype(np.float32)


def halved(image: Float32) -> Float32:
    """Half the size: blurred by (1 4 6 4 1)/16 in x and y (Burt & Adelson 1983), every second pixel kept."""
    for axis in (0, 1):
        around = np.pad(image, [(2, 2) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
        end = image.shape[axis]
        a, b, c, d, e = (np.take(around, np.arange(k, k + end, 2), axis) for k in range(5))
        image = ((a + e) + 4 * (b + d) + 6 * c) / np.float32(16)
    return image


def enlarged(px: Float32, height: int, width: int) -> Float32:
    """The next finer level's flow: pixel (x, y) is (x/2, y/2) here, and moves twice as far."""
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    places = np.stack(np.broadcast_arrays(columns / 2 - columns, rows / 2 - rows), axis=-1)
    return np.float32(2) * np.asarray(ops.warp(px, places, outside="border"), np.float32)


def _filled(px: Float32) -> Float32:
    """Gaps take the nearest estimate, 0 where there is none at all."""
    gaps = np.isnan(px).any(axis=2)
    if not gaps.any():
        return px
    if gaps.all():
        return np.zeros_like(px)
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(gaps, return_distances=False, return_indices=True)
    return np.ascontiguousarray(px[tuple(nearest)])
