"""Loops of `TVL1`. Every operation is one of float32; the C++ core does the same in the same order."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..images import Float32

ONE = np.float32(1)
ZERO = np.float32(0)


@njit(cache=True)
def primal(
    flow: Float32,
    dual: Float32,
    gx: Float32,
    gy: Float32,
    rest: Float32,
    inverse: Float32,
    theta: float,
    data_weight: float,
) -> Float32:
    """The flow (2, H, W) after a step to the data and one to smoothness: u − step ∇I + θ div p.

    `dual` is (2, 2, H, W): the fields x and y of u, then of v; their divergence is taken backwards (Chambolle 2004).
    The step that cancels the difference, ρ/|∇I|², is cut at ±λθ (Zach et al. 2007, eq. 15).
    """
    height, width = rest.shape
    result = np.empty((2, height, width), np.float32)
    weight, farthest = np.float32(theta), np.float32(data_weight * theta)
    for y in range(height):
        for x in range(width):
            wanted = (rest[y, x] + (gx[y, x] * flow[0, y, x] + gy[y, x] * flow[1, y, x])) * inverse[y, x]
            step = min(max(wanted, -farthest), farthest)
            for c in range(2):
                left = dual[c, 0, y, x - 1] if x > 0 else ZERO
                above = dual[c, 1, y - 1, x] if y > 0 else ZERO
                spread = (dual[c, 0, y, x] - left) + (dual[c, 1, y, x] - above)
                gradient = gx[y, x] if c == 0 else gy[y, x]
                result[c, y, x] = (flow[c, y, x] - step * gradient) + weight * spread
    return result


@njit(cache=True)
def dual_step(flow: Float32, dual: Float32, rate: float) -> Float32:
    """The dual after a step along the flow's gradient: (p + r ∇u) / (1 + r |∇u|) with r = τ/θ."""
    height, width = flow.shape[1:]
    result = np.empty_like(dual)
    r = np.float32(rate)
    for c in range(2):
        for y in range(height):
            for x in range(width):
                dx = flow[c, y, min(x + 1, width - 1)] - flow[c, y, x]
                dy = flow[c, min(y + 1, height - 1), x] - flow[c, y, x]
                shrink = ONE / (ONE + r * np.float32(math.sqrt(dx * dx + dy * dy)))
                result[c, 0, y, x] = (dual[c, 0, y, x] + r * dx) * shrink
                result[c, 1, y, x] = (dual[c, 1, y, x] + r * dy) * shrink
    return result
