"""How AD-census repairs disparities, as readable loops (Mei et al., ICCV Workshops 2011, section 2.4).

Disparities are whole, int16 (H, W) with `NONE` where there is none; every step reads what the step before left.
The C++ core (`csrc/src/stereo/disparity_repair.hpp`) does the same, bit for bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32, Mask
from ._postprocess import NONE, Winners, parabola_offset

Levels = NDArray[np.int64]

#: The ways in which the nearest estimates are looked for, as (dx, dy).
DIRECTIONS = (
    (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1),
    (-2, -1), (2, -1), (-2, 1), (2, 1), (-1, -2), (1, -2), (-1, 2), (1, 2),
)  # fmt: skip


@njit(cache=True)
def vote(disparity: Winners, arms: Levels, count: int, first: int, votes: int, share: int) -> Winners:
    """Pixels without an estimate take the disparity that most of their cross has (the smallest of equals).

    The cross must hold more than `votes` estimates, and more than `share` percent of them must be that one.
    """
    height, width = disparity.shape
    result = disparity.copy()
    histogram = np.zeros(count, np.int64)
    for y in range(height):
        for x in range(width):
            if disparity[y, x] != NONE:
                continue
            histogram[:] = 0
            for v in range(y - arms[y, x, 2], y + arms[y, x, 3] + 1):
                for u in range(x - arms[v, x, 0], x + arms[v, x, 1] + 1):
                    if disparity[v, u] != NONE:
                        histogram[disparity[v, u] - first] += 1
            winner, total = np.argmax(histogram), histogram.sum()
            if total > votes and 100 * histogram[winner] > share * total:
                result[y, x] = first + winner
    return result


@njit(cache=True)
def interpolate(disparity: Winners, occluded: Mask, grey: Levels) -> Winners:
    """Pixels without an estimate take one of those met first in sixteen directions.

    Occluded pixels take the lowest, as they lie on what is behind; others that of the pixel whose level is most like
    their own (the first of equals).
    """
    height, width = disparity.shape
    result = disparity.copy()
    for y in range(height):
        for x in range(width):
            if disparity[y, x] != NONE:
                continue
            least = np.int64(1 << 30)
            for dx, dy in DIRECTIONS:
                u, v = x + dx, y + dy
                while 0 <= u < width and 0 <= v < height and disparity[v, u] == NONE:
                    u, v = u + dx, v + dy
                if not (0 <= u < width and 0 <= v < height):
                    continue
                rank = np.int64(disparity[v, u]) if occluded[y, x] else abs(grey[v, u] - grey[y, x])
                if rank < least:
                    least = rank
                    result[y, x] = disparity[v, u]
    return result


@njit(cache=True)
def adjust_edges(disparity: Winners, sums: NDArray[np.uint16], first: int) -> Winners:
    """Beside a step of more than a pixel in its row a pixel takes its neighbour's disparity where that costs less."""
    height, width = disparity.shape
    result = disparity.copy()
    for y in range(height):
        for x in range(width):
            if disparity[y, x] == NONE:
                continue
            least = sums[y, x, disparity[y, x] - first]
            for u in (x - 1, x + 1):
                if not 0 <= u < width or disparity[y, u] == NONE or abs(disparity[y, u] - disparity[y, x]) <= 1:
                    continue
                if sums[y, x, disparity[y, u] - first] < least:
                    least = sums[y, x, disparity[y, u] - first]
                    result[y, x] = disparity[y, u]
    return result


@njit(cache=True)
def refine(disparity: Winners, sums: NDArray[np.uint16], first: int) -> Float32:
    """Fractions of a pixel: the vertex of a parabola, where the sum is no larger than both its neighbours."""
    height, width, count = sums.shape
    px = np.full((height, width), np.nan, np.float32)
    for y in range(height):
        for x in range(width):
            if disparity[y, x] == NONE:
                continue
            px[y, x] = disparity[y, x]
            k = disparity[y, x] - first
            if not 0 < k < count - 1:
                continue
            before, at, after = np.int64(sums[y, x, k - 1]), np.int64(sums[y, x, k]), np.int64(sums[y, x, k + 1])
            if at <= min(before, after):
                px[y, x] += parabola_offset(before, at, after)
    return px
