"""What follows the choice of a disparity, as readable loops: sub-pixel fit, left–right check, filters, filling.

The C++ core (`geomvision/stereo/postprocess.hpp`) does the same, bit for bit. Disparity maps are float32 (H, W)
with NaN where there is no estimate; whole-pixel winners are int16 with `NONE` there.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32, Mask

Winners = NDArray[np.int16]
Codes = NDArray[np.uint8]

NONE = -32768
AGREES, MISMATCHED, OCCLUDED, UNKNOWN = 0, 1, 2, 3


@njit(cache=True)
def parabola_offset(before: np.int64, at: np.int64, after: np.int64) -> np.float32:
    """How far beside the winner the vertex of the parabola through its cost and its neighbours' lies (−½ … ½)."""
    curvature = before - 2 * at + after
    if curvature == 0:
        return np.float32(0)
    return np.float32(before - after) / np.float32(2 * curvature)


@njit(cache=True)
def equiangular_offset(before: np.int64, at: np.int64, after: np.int64) -> np.float32:
    """The same with two lines of equal and opposite slope (Shimizu & Okutomi, ICCV 2001)."""
    rise = max(before, after) - at
    if rise == 0:
        return np.float32(0)
    return np.float32(before - after) / np.float32(2 * rise)


@njit(cache=True)
def left_right_check(left: Winners, right: Winners, tolerance: int) -> Codes:
    """What became of each left pixel: AGREES, MISMATCHED, OCCLUDED or UNKNOWN (no estimate, but visible).

    A pixel fails when its match lies outside the right image, or when its match forms a pair with another left pixel,
    each being the other's winner, whose disparity differs by more than `tolerance`: pairs that agree exclude others.
    A failed pixel is mismatched when some right pixel points at it, as it is visible then, and occluded when none does
    (Hirschmüller 2008, section 2.6.2).
    """
    height, width = left.shape
    codes = np.full((height, width), OCCLUDED, np.uint8)
    for y in range(height):
        for x in range(width):
            seen = x + right[y, x]
            if right[y, x] != NONE and 0 <= seen < width:
                codes[y, seen] = MISMATCHED
        for x in range(width):
            if left[y, x] == NONE:
                if codes[y, x] == MISMATCHED:
                    codes[y, x] = UNKNOWN
                continue
            match = x - left[y, x]
            if not 0 <= match < width:
                continue
            rival = match + right[y, match]
            taken = right[y, match] != NONE and 0 <= rival < width and left[y, rival] == right[y, match]
            if not taken or abs(left[y, x] - right[y, match]) <= tolerance:
                codes[y, x] = AGREES
    return codes


@njit(cache=True)
def median_filter(disparity: Float32, size: int) -> Float32:
    """Median of the estimates in a `size` × `size` window around each estimate; of an even number the lower one."""
    height, width = disparity.shape
    radius = size // 2
    result = disparity.copy()
    for y in range(height):
        for x in range(width):
            if np.isnan(disparity[y, x]):
                continue
            window = disparity[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].copy().ravel()
            estimates = np.sort(window[~np.isnan(window)])
            result[y, x] = estimates[(estimates.size - 1) // 2]
    return result


@njit(cache=True)
def speckle_filter(disparity: Float32, size: int, range_px: float) -> Float32:
    """Without connected regions of fewer than `size` pixels; neighbours of one differ by at most `range_px`."""
    height, width = disparity.shape
    result = disparity.copy()
    visited = np.isnan(disparity)
    region = np.empty((height * width, 2), np.int32)
    limit = np.float32(range_px)
    for start_y in range(height):
        for start_x in range(width):
            if visited[start_y, start_x]:
                continue
            visited[start_y, start_x] = True
            region[0, 0], region[0, 1] = start_y, start_x
            found, grown = 1, 0
            while grown < found:
                y, x = region[grown]
                grown += 1
                for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                    u, v = x + dx, y + dy
                    if not (0 <= v < height and 0 <= u < width) or visited[v, u]:
                        continue
                    if abs(disparity[v, u] - disparity[y, x]) <= limit:
                        visited[v, u] = True
                        region[found, 0], region[found, 1] = v, u
                        found += 1
            if found < size:
                for y, x in region[:found]:
                    result[y, x] = np.nan
    return result


@njit(cache=True)
def background_fill(disparity: Float32, occluded: Mask) -> Float32:
    """NaN filled from the estimates met first in the eight directions (Hirschmüller 2008, section 2.6.3).

    Occluded pixels lie on what is behind and take the second lowest; others take the median, of an even number the
    lower one. Where there is no estimate at all NaN remains.
    """
    height, width = disparity.shape
    result = disparity.copy()
    for y in range(height):
        for x in range(width):
            if not np.isnan(disparity[y, x]):
                continue
            met = np.empty(8, np.float32)
            count = 0
            for dx, dy in ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)):
                u, v = x + dx, y + dy
                while 0 <= u < width and 0 <= v < height and np.isnan(disparity[v, u]):
                    u, v = u + dx, v + dy
                if 0 <= u < width and 0 <= v < height:
                    met[count] = disparity[v, u]
                    count += 1
            if count > 0:
                rank = min(1, count - 1) if occluded[y, x] else (count - 1) // 2
                result[y, x] = np.sort(met[:count])[rank]
    return result


#: Of each side of a gap so many estimates have a say in `row_fill`.
ROW_VOTES = 9


@njit(cache=True)
def row_fill(disparity: Float32) -> Float32:
    """NaN filled from the row, along which rectified views hide.

    Each gap takes the lower, farther one of what lies to its left and right, each the median, of an even number the
    lower one, of its `ROW_VOTES` nearest estimates. Rows without any take the nearest row that has some, the upper one
    of two. Where there is no estimate at all NaN remains.
    """
    height, width = disparity.shape
    result = disparity.copy()
    known_rows = np.zeros(height, np.bool_)
    for y in range(height):
        places = np.flatnonzero(~np.isnan(disparity[y]))
        known_rows[y] = places.size > 0
        for x in range(width):
            if not known_rows[y] or not np.isnan(disparity[y, x]):
                continue
            after = np.searchsorted(places, x)
            result[y, x] = np.inf
            for side in (places[max(0, after - ROW_VOTES) : after], places[after : after + ROW_VOTES]):
                if side.size > 0:
                    level = np.sort(disparity[y][side])[(side.size - 1) // 2]
                    result[y, x] = min(result[y, x], level)
    rows = np.flatnonzero(known_rows)
    for y in range(height):
        if not known_rows[y] and rows.size > 0:
            result[y] = result[rows[np.argmin(np.abs(rows - y))]]
    return result
