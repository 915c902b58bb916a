"""Loops of `track_points`: one window, and the steps that move it. In float64; the C++ core does the same in order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32

Array = NDArray[np.float64]


@njit(cache=True)
def is_inside(image: Float32, x: float, y: float) -> bool:
    """Whether (x, y) lies between the centres of the border pixels; NaN does not."""
    return x >= 0.0 and y >= 0.0 and x <= image.shape[1] - 1.0 and y <= image.shape[0] - 1.0


@njit(cache=True)
def sample(image: Float32, x: float, y: float) -> float:
    """Bilinear interpolation at a place inside the image."""
    ix, iy = int(x), int(y)
    x1, y1 = min(ix + 1, image.shape[1] - 1), min(iy + 1, image.shape[0] - 1)
    fx, fy = x - ix, y - iy
    a, b = np.float64(image[iy, ix]), np.float64(image[iy, x1])
    c, d = np.float64(image[y1, ix]), np.float64(image[y1, x1])
    top, bottom = a + fx * (b - a), c + fx * (d - c)
    return top + fy * (bottom - top)


@njit(cache=True)
def cut(image: Float32, gx: Float32, gy: Float32, x: float, y: float, window: int) -> Array:
    """The window around (x, y), row by row: offset x, offset y, grey level, its derivatives; only what is inside."""
    radius = window // 2
    rows = np.empty((window * window, 5))
    count = 0
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            px, py = x + dx, y + dy
            if is_inside(image, px, py):
                rows[count, 0], rows[count, 1] = dx, dy
                rows[count, 2] = sample(image, px, py)
                rows[count, 3], rows[count, 4] = sample(gx, px, py), sample(gy, px, py)
                count += 1
    return rows[:count]


@njit(cache=True)
def descend(
    template: Array, image: Float32, start: Array, move: Array, iterations: int, accuracy: float
) -> tuple[Any, float]:
    """Gauss–Newton steps from `move`, and the smaller eigenvalue of the window's mean structure tensor.

    Window pixels that leave frame 1 are left out of a step; a step that is not determined ends the search.
    """
    xx, xy, yy = 0.0, 0.0, 0.0
    for k in range(len(template)):
        gx, gy = template[k, 3], template[k, 4]
        xx, xy, yy = xx + gx * gx, xy + gx * gy, yy + gy * gy
    count = max(len(template), 1)
    half = 0.5 * (xx - yy)
    eigenvalue = max(0.5 * (xx + yy) - math.sqrt(half * half + xy * xy), 0.0) / count
    move_x, move_y = move[0], move[1]
    for _ in range(iterations):
        xx, xy, yy, xt, yt = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(len(template)):
            px, py = start[0] + template[k, 0] + move_x, start[1] + template[k, 1] + move_y
            if is_inside(image, px, py):
                gx, gy = template[k, 3], template[k, 4]
                t = sample(image, px, py) - template[k, 2]
                xx, xy, yy = xx + gx * gx, xy + gx * gy, yy + gy * gy
                xt, yt = xt + gx * t, yt + gy * t
        determinant = xx * yy - xy * xy
        if not determinant > 1e-9 * ((xx + yy) * (xx + yy)):
            break
        step_x, step_y = (xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant
        move_x, move_y = move_x + step_x, move_y + step_y
        if step_x * step_x + step_y * step_y <= accuracy * accuracy:
            break
    return np.array([move_x, move_y]), eigenvalue
