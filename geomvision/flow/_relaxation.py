"""Loops of `HornSchunck`. Every operation is one of float32; the C++ core does the same in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..images import Float32

ONE = np.float32(1)
ZERO = np.float32(0)
SIXTH = np.float32(1 / 6)
TWELFTH = np.float32(1 / 12)


@njit(cache=True)
def linearise(
    frame0: Float32, warped: Float32, gx: Float32, gy: Float32, u: Float32, v: Float32, alpha: float
) -> tuple[Float32, Float32, Float32, Float32]:
    """The constraint gx u + gy v + rest = 0 on the whole flow: gx, gy, rest, and 1/(α² + |∇I|²).

    Pixels that flow out of the image have no constraint: their gradient and rest are 0.
    """
    height, width = frame0.shape
    kept_x, kept_y = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    rest, inverse = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    alpha2 = np.float32(alpha * alpha)
    for y in range(height):
        for x in range(width):
            px, py = np.float32(x) + u[y, x], np.float32(y) + v[y, x]
            inside = px >= ZERO and px <= np.float32(width - 1) and py >= ZERO and py <= np.float32(height - 1)
            weight = ONE if inside else ZERO
            ix, iy = weight * gx[y, x], weight * gy[y, x]
            energy = ix * ix + iy * iy
            kept_x[y, x], kept_y[y, x] = ix, iy
            rest[y, x] = weight * ((warped[y, x] - frame0[y, x]) - (gx[y, x] * u[y, x] + gy[y, x] * v[y, x]))
            inverse[y, x] = ONE / (alpha2 + energy)
    return kept_x, kept_y, rest, inverse


@njit(cache=True)
def around(flow: Float32, x: int, y: int) -> Any:
    """Local average: a sixth of each direct neighbour, a twelfth of each diagonal one (section 8 of the paper)."""
    height, width = flow.shape
    left, right, up, down = max(x - 1, 0), min(x + 1, width - 1), max(y - 1, 0), min(y + 1, height - 1)
    direct = (flow[up, x] + flow[down, x]) + (flow[y, left] + flow[y, right])
    diagonal = (flow[up, left] + flow[up, right]) + (flow[down, left] + flow[down, right])
    return SIXTH * direct + TWELFTH * diagonal


@njit(cache=True)
def relax(u: Float32, v: Float32, gx: Float32, gy: Float32, rest: Float32, inverse: Float32) -> tuple[Float32, Float32]:
    """One Jacobi iteration (section 12 of the paper): every pixel from the averages of the last one."""
    height, width = u.shape
    new_u, new_v = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            mean_u, mean_v = around(u, x, y), around(v, x, y)
            step = ((gx[y, x] * mean_u + gy[y, x] * mean_v) + rest[y, x]) * inverse[y, x]
            new_u[y, x] = mean_u - gx[y, x] * step
            new_v[y, x] = mean_v - gy[y, x] * step
    return new_u, new_v
