"""Loops that both dense methods share: pyramid, warp, gradients, median. Every operation is one of float32.

The C++ core does the same operations in the same order, so results are equal in every bit. Outside an image its
border pixels repeat.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..images import Float32, Mask

HALF = np.float32(0.5)
ONE = np.float32(1)
ONE_AND_A_HALF = np.float32(1.5)
TWO = np.float32(2)
TWO_AND_A_HALF = np.float32(2.5)
FOUR = np.float32(4)
SIX = np.float32(6)
EIGHT = np.float32(8)
SIXTEENTH = np.float32(1 / 16)
TWELFTH = np.float32(1 / 12)
ZERO = np.float32(0)


@njit(cache=True)
def shrink(image: Float32) -> Float32:
    """Half the size: blurred by (1 4 6 4 1)/16 in x and y (Burt & Adelson 1983), every second pixel kept."""
    height, width = image.shape
    narrow = np.empty((height, (width + 1) // 2), np.float32)
    for y in range(height):
        for x in range(narrow.shape[1]):
            far = image[y, max(2 * x - 2, 0)] + image[y, min(2 * x + 2, width - 1)]
            near = image[y, max(2 * x - 1, 0)] + image[y, min(2 * x + 1, width - 1)]
            narrow[y, x] = (far + FOUR * near + SIX * image[y, 2 * x]) * SIXTEENTH
    small = np.empty(((height + 1) // 2, narrow.shape[1]), np.float32)
    for y in range(small.shape[0]):
        for x in range(small.shape[1]):
            far = narrow[max(2 * y - 2, 0), x] + narrow[min(2 * y + 2, height - 1), x]
            near = narrow[max(2 * y - 1, 0), x] + narrow[min(2 * y + 1, height - 1), x]
            small[y, x] = (far + FOUR * near + SIX * narrow[2 * y, x]) * SIXTEENTH
    return small


@njit(cache=True)
def enlarge(flow: Float32, height: int, width: int) -> Float32:
    """One component of the next finer level's flow: pixel (x, y) is (x/2, y/2) here, and moves twice as far."""
    rows, columns = flow.shape
    fine = np.empty((height, width), np.float32)
    for y in range(height):
        y0, y1 = y // 2, min((y + 1) // 2, rows - 1)
        for x in range(width):
            x0, x1 = x // 2, min((x + 1) // 2, columns - 1)
            fine[y, x] = HALF * ((flow[y0, x0] + flow[y1, x0]) + (flow[y0, x1] + flow[y1, x1]))
    return fine


@njit(cache=True)
def cubic_weights(t: Any) -> tuple[Any, Any, Any, Any]:
    """Weights of four neighbours for a place t from the second to the third: cubic convolution, a = −½ (Keys 1981)."""
    before = ((ONE - HALF * t) * t - HALF) * t
    first = (ONE_AND_A_HALF * t - TWO_AND_A_HALF) * t * t + ONE
    second = ((TWO - ONE_AND_A_HALF * t) * t + HALF) * t
    after = (HALF * t - HALF) * t * t
    return before, first, second, after


@njit(cache=True)
def warp(image: Float32, u: Float32, v: Float32) -> Float32:
    """The image at (x + u, y + v), bicubic; places outside it take the nearest place inside."""
    height, width = image.shape
    warped = np.empty((height, width), np.float32)
    column = np.empty(4, np.float32)
    for y in range(height):
        for x in range(width):
            px = min(max(np.float32(x) + u[y, x], ZERO), np.float32(width - 1))
            py = min(max(np.float32(y) + v[y, x], ZERO), np.float32(height - 1))
            ix, iy = int(px), int(py)
            a, b, c, d = cubic_weights(py - np.float32(iy))
            y0, y2, y3 = max(iy - 1, 0), min(iy + 1, height - 1), min(iy + 2, height - 1)
            for k in range(4):
                at = min(max(ix + k - 1, 0), width - 1)
                column[k] = (a * image[y0, at] + b * image[iy, at]) + (c * image[y2, at] + d * image[y3, at])
            a, b, c, d = cubic_weights(px - np.float32(ix))
            warped[y, x] = (a * column[0] + b * column[1]) + (c * column[2] + d * column[3])
    return warped


@njit(cache=True)
def gradients(frame0: Float32, warped: Float32) -> tuple[Float32, Float32]:
    """Derivatives in x and y of the mean of both images, by (1 −8 0 8 −1)/12 (Barron et al. 1994)."""
    height, width = frame0.shape
    mean = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            mean[y, x] = HALF * (frame0[y, x] + warped[y, x])
    gx, gy = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for y in range(height):
        up2, up1, down1, down2 = max(y - 2, 0), max(y - 1, 0), min(y + 1, height - 1), min(y + 2, height - 1)
        for x in range(width):
            near = mean[y, min(x + 1, width - 1)] - mean[y, max(x - 1, 0)]
            far = mean[y, min(x + 2, width - 1)] - mean[y, max(x - 2, 0)]
            gx[y, x] = (EIGHT * near - far) * TWELFTH
            near, far = mean[down1, x] - mean[up1, x], mean[down2, x] - mean[up2, x]
            gy[y, x] = (EIGHT * near - far) * TWELFTH
    return gx, gy


@njit(cache=True)
def median(values: Float32, size: int) -> Float32:
    """Medians of `size` pixels along x, then along y: nearly the median of the square, at a tenth of the work.

    A separable median (Narendra, IEEE PAMI 1981).
    """
    return medians_along(medians_along(values, size).T, size).T.copy()


@njit(cache=True)
def medians_along(values: Float32, size: int) -> Float32:
    """Median of `size` pixels along each row."""
    height, width = values.shape
    radius = size // 2
    result = np.empty((height, width), np.float32)
    window = np.empty(size, np.float32)
    for y in range(height):
        for x in range(width):
            for k in range(size):
                window[k] = values[y, min(max(x + k - radius, 0), width - 1)]
            result[y, x] = np.sort(window)[radius] + ZERO  # −0 becomes 0: which of two equal zeros is taken is open
    return result


@njit(cache=True)
def occluded(forward: Float32, backward: Float32) -> Mask:
    """Where following the flow and coming back does not end near the start, or leaves the area of the image.

    |f + b|² ≥ 0.01 (|f|² + |b|²) + 0.5 with b the backward flow where f points (Sundaram et al., ECCV 2010, eq. 5).
    """
    height, width = forward.shape[:2]
    mask = np.empty((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            fx, fy = forward[y, x, 0], forward[y, x, 1]
            px, py = np.float32(x) + fx, np.float32(y) + fy
            inside = px >= -HALF and px <= np.float32(width) - HALF and py >= -HALF and py <= np.float32(height) - HALF
            if not inside:
                mask[y, x] = True
                continue
            px, py = min(max(px, ZERO), np.float32(width - 1)), min(max(py, ZERO), np.float32(height - 1))
            ix, iy = int(px), int(py)
            x1, y1 = min(ix + 1, width - 1), min(iy + 1, height - 1)
            tx, ty = px - np.float32(ix), py - np.float32(iy)
            bx, by = ZERO, ZERO
            for c in range(2):
                top = backward[iy, ix, c] + tx * (backward[iy, x1, c] - backward[iy, ix, c])
                bottom = backward[y1, ix, c] + tx * (backward[y1, x1, c] - backward[y1, ix, c])
                value = top + ty * (bottom - top)
                if c == 0:
                    bx = value
                else:
                    by = value
            gap = (fx + bx) * (fx + bx) + (fy + by) * (fy + by)
            length = (fx * fx + fy * fy) + (bx * bx + by * by)
            mask[y, x] = gap >= np.float32(0.01) * length + HALF
    return mask
