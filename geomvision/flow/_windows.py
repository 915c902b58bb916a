"""Loops of `LucasKanade`: products of derivatives, their sums over windows, and the 2 x 2 systems.

Every operation is one of float32; the C++ core does the same in the same order.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..images import Float32

HALF = np.float32(0.5)
ONE = np.float32(1)
ZERO = np.float32(0)


def window_weights(window: int, weighting: str) -> Float32:
    """Weights of a window in one direction, of sum 1: a Gaussian of a fifth of its side, or equal ones."""
    radius, sigma = window // 2, window / 5.0
    weights = []
    total = 0.0
    for k in range(-radius, radius + 1):
        weights.append(1.0 if weighting == "box" else math.exp(-0.5 * ((k / sigma) * (k / sigma))))
        total += weights[-1]
    return np.array([weight / total for weight in weights], np.float32)


@njit(cache=True)
def products(
    frame0: Float32, warped: Float32, gx: Float32, gy: Float32, u: Float32, v: Float32, robust: float
) -> tuple[Float32, Float32, Float32, Float32, Float32]:
    """Each pixel's part of the normal equations: w gx², w gx gy, w gy², w gx q, w gy q.

    Linearised where the pixel's own flow points, brightness constancy says gx u + gy v = q for the whole flow, not
    only for its change. The weight w = 1/(1 + (t/robust)²) discounts pixels that differ by more than `robust` grey
    levels after warping (Black & Anandan 1996); pixels that flow out of the image have none.
    """
    height, width = frame0.shape
    xx, xy, yy = np.empty((height, width), np.float32), np.empty((height, width), np.float32), np.empty_like(gx)
    xq, yq = np.empty_like(gx), np.empty_like(gx)
    inverse = np.float32(min(1.0 / robust, 1e6)) if robust > 0 else ZERO
    for y in range(height):
        for x in range(width):
            px, py = np.float32(x) + u[y, x], np.float32(y) + v[y, x]
            inside = px >= ZERO and px <= np.float32(width - 1) and py >= ZERO and py <= np.float32(height - 1)
            t = warped[y, x] - frame0[y, x]
            scaled = t * inverse
            weight = (ONE if inside else ZERO) * (ONE / (ONE + scaled * scaled))
            q = gx[y, x] * u[y, x] + gy[y, x] * v[y, x] - t
            wx, wy = weight * gx[y, x], weight * gy[y, x]
            xx[y, x], xy[y, x], yy[y, x] = wx * gx[y, x], wx * gy[y, x], wy * gy[y, x]
            xq[y, x], yq[y, x] = wx * q, wy * q
    return xx, xy, yy, xq, yq


@njit(cache=True)
def over_windows(values: Float32, weights: Float32) -> Float32:
    """Weighted mean over each pixel's window, first along x, then along y."""
    height, width = values.shape
    radius = len(weights) // 2
    rows, result = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            total = weights[radius] * values[y, x]
            for k in range(1, radius + 1):
                total += weights[radius + k] * (values[y, max(x - k, 0)] + values[y, min(x + k, width - 1)])
            rows[y, x] = total
    for y in range(height):
        for x in range(width):
            total = weights[radius] * rows[y, x]
            for k in range(1, radius + 1):
                total += weights[radius + k] * (rows[max(y - k, 0), x] + rows[min(y + k, height - 1), x])
            result[y, x] = total
    return result


@njit(cache=True)
def solve(
    xx: Float32, xy: Float32, yy: Float32, xq: Float32, yq: Float32, mean_u: Float32, mean_v: Float32, prior: float
) -> tuple[Float32, Float32]:
    """Flow that minimises the window's error plus `prior` times its squared distance from the mean flow around.

    It is kept within the image's size: what moves farther has left the image.
    """
    height, width = xx.shape
    u, v = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    weight, far_x, far_y = np.float32(prior), np.float32(width), np.float32(height)
    for y in range(height):
        for x in range(width):
            a, b, c = xx[y, x] + weight, xy[y, x], yy[y, x] + weight
            p, q = xq[y, x] + weight * mean_u[y, x], yq[y, x] + weight * mean_v[y, x]
            determinant = a * c - b * b
            if determinant > ZERO:
                inverse = ONE / determinant
                u[y, x] = min(max((c * p - b * q) * inverse, -far_x), far_x)
                v[y, x] = min(max((a * q - b * p) * inverse, -far_y), far_y)
            else:  # only by rounding, with a prior that is tiny beside the gradients
                u[y, x], v[y, x] = mean_u[y, x], mean_v[y, x]
    return u, v


@njit(cache=True)
def smaller_eigenvalue(xx: Float32, xy: Float32, yy: Float32) -> Float32:
    """Smaller eigenvalue of each pixel's structure tensor (xx xy; xy yy), squared grey levels per squared pixel."""
    height, width = xx.shape
    result = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            half = HALF * (xx[y, x] - yy[y, x])
            radius = math.sqrt(half * half + xy[y, x] * xy[y, x])
            result[y, x] = max(HALF * (xx[y, x] + yy[y, x]) - np.float32(radius), ZERO)
    return result
