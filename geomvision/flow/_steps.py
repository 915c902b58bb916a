"""Loops of `track_points`: one window, and the steps that move it.

Pixels are float32 and places float64; the C++ core does the same operations in the same order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32

Array = NDArray[np.float64]
ZERO = np.float32(0)
#: A window whose determinant is below this share of its squared trace: rounding decides where it moves.
LEAST_DETERMINANT = 1e-6


@njit(cache=True)
def is_inside(image: Float32, x: float, y: float) -> bool:
    """Whether (x, y) lies between the centres of the border pixels; NaN does not."""
    return x >= 0.0 and y >= 0.0 and x <= image.shape[1] - 1.0 and y <= image.shape[0] - 1.0


@njit(cache=True)
def lie_inside(first: int, fraction: Any, window: int, size: int) -> tuple[int, int]:
    """Which of `window` columns (or rows) from first + fraction on lie in an image of `size`: begin and end."""
    begin = min(max(-first, 0), window)
    return begin, min(max(size - (1 if fraction > ZERO else 0) - first, begin), window)


@njit(cache=True)
def cut(image: Float32, x: float, y: float, window: int) -> tuple[Float32, Float32]:
    """The window around (x, y), bilinear, and 1 where it lies in the image; elsewhere both are 0."""
    height, width = image.shape
    values, known = np.zeros((window, window), np.float32), np.zeros((window, window), np.float32)
    radius = window // 2
    if not (x + radius >= 0.0 and y + radius >= 0.0 and x - radius <= width - 1.0 and y - radius <= height - 1.0):
        return values, known
    left, top = math.floor(x) - radius, math.floor(y) - radius
    fx, fy = np.float32(x - math.floor(x)), np.float32(y - math.floor(y))
    first_column, last_column = lie_inside(left, fx, window, width)
    first_row, last_row = lie_inside(top, fy, window, height)
    for row in range(first_row, last_row):
        y0, y1 = top + row, min(top + row + 1, height - 1)
        for column in range(first_column, last_column):
            x0, x1 = left + column, min(left + column + 1, width - 1)
            upper = image[y0, x0] + fx * (image[y0, x1] - image[y0, x0])
            lower = image[y1, x0] + fx * (image[y1, x1] - image[y1, x0])
            values[row, column] = upper + fy * (lower - upper)
            known[row, column] = 1
    return values, known


@njit(cache=True)
def total(a: Float32, b: Float32) -> Any:
    """Sum of a b over a window: down each column, then the second half of the columns is added to the first until
    one is left."""
    power = 8
    while power < a.shape[1]:
        power *= 2
    sums = np.zeros(power, np.float32)
    for row in range(a.shape[0]):
        for column in range(a.shape[1]):
            sums[column] += a[row, column] * b[row, column]
    while power > 1:
        power //= 2
        for column in range(power):
            sums[column] += sums[column + power]
    return np.float64(sums[0])


@njit(cache=True)
def smaller_eigenvalue(gx: Float32, gy: Float32, count: float) -> Any:
    """Smaller eigenvalue of a window's mean structure tensor."""
    xx, xy, yy = total(gx, gx), total(gx, gy), total(gy, gy)
    half = 0.5 * (xx - yy)
    smaller: float = max(0.5 * (xx + yy) - math.sqrt(half * half + xy * xy), 0.0) / max(count, 1.0)
    return smaller


@njit(cache=True)
def descend(
    template: Float32, gx: Float32, gy: Float32, image: Float32, start: Array, move: Array, steps: int, accuracy: float
) -> Array:
    """Gauss–Newton steps from `move`.

    Window pixels that leave frame 1 are left out of a step; a step that is not determined ends the search.
    """
    move_x, move_y = move[0], move[1]
    for _ in range(steps):
        values, known = cut(image, start[0] + move_x, start[1] + move_y, template.shape[0])
        kept_x, kept_y, t = gx * known, gy * known, (values - template) * known
        xx, xy, yy = total(kept_x, kept_x), total(kept_x, kept_y), total(kept_y, kept_y)
        xt, yt = total(kept_x, t), total(kept_y, t)
        determinant = xx * yy - xy * xy
        if not determinant > LEAST_DETERMINANT * ((xx + yy) * (xx + yy)):
            break
        step_x, step_y = (xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant
        move_x, move_y = move_x + step_x, move_y + step_y
        if step_x * step_x + step_y * step_y <= accuracy * accuracy:
            break
    return np.array([move_x, move_y])
