"""Slow changes of brightness between frames. Every operation is one of float32; the C++ core does the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..images import Float32

ONE = np.float32(1)
HALF = np.float32(0.5)
ZERO = np.float32(0)
#: Grey levels of difference at which a pixel counts half: what moved differently is no change of light.
TYPICAL = np.float32(10)
#: Every second pixel of every second row says enough.
EVERY = 2
#: Pixels that say nothing of a cell leave it at zero.
LEAST = np.float32(1e-3)


@njit(cache=True)
def between(a: Any, b: Any, t: Any) -> Any:
    """Linear interpolation."""
    return a + t * (b - a)


@njit(cache=True)
def cell_sums(frame0: Float32, frame1: Float32, u: Float32, v: Float32, cell: int) -> tuple[Float32, Float32]:
    """Over cells: sums of weighted differences after the flow, and of weights 1 / (1 + (difference / 10)²)."""
    height, width = frame0.shape
    rows, columns = max((height + cell // 2) // cell, 1), max((width + cell // 2) // cell, 1)
    sums, weights = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    for y in range(0, height, EVERY):
        for x in range(0, width, EVERY):
            px, py = np.float32(x) + u[y, x], np.float32(y) + v[y, x]
            if not (px >= ZERO and py >= ZERO and px <= np.float32(width - 1) and py <= np.float32(height - 1)):
                continue
            ix, iy = int(px), int(py)
            x1, y1 = min(ix + 1, width - 1), min(iy + 1, height - 1)
            tx, ty = px - np.float32(ix), py - np.float32(iy)
            top = between(frame1[iy, ix], frame1[iy, x1], tx)
            bottom = between(frame1[y1, ix], frame1[y1, x1], tx)
            difference = between(top, bottom, ty) - frame0[y, x]
            far = difference * (ONE / TYPICAL)
            weight = ONE / (ONE + far * far)
            j, i = min(y // cell, rows - 1), min(x // cell, columns - 1)
            sums[j, i] += weight * difference
            weights[j, i] += weight
    return sums, weights


@njit(cache=True)
def smoothed(sums: Float32, weights: Float32) -> Float32:
    """Weighted means over three by three cells, (1 2 1) in x and y."""
    rows, columns = sums.shape
    grid = np.empty((rows, columns), np.float32)
    for j in range(rows):
        for i in range(columns):
            total, weight = ZERO, LEAST
            for dj in range(-1, 2):
                for di in range(-1, 2):
                    share = np.float32((2 - abs(dj)) * (2 - abs(di)))
                    y, x = min(max(j + dj, 0), rows - 1), min(max(i + di, 0), columns - 1)
                    total += share * sums[y, x]
                    weight += share * weights[y, x]
            grid[j, i] = total / weight
    return grid


@njit(cache=True)
def relit(frame0: Float32, grid: Float32, cell: int) -> Float32:
    """Frame 0 plus the grid's change, linear between the centres of cells."""
    height, width = frame0.shape
    rows, columns = grid.shape
    scale = ONE / np.float32(cell)
    result = np.empty((height, width), np.float32)
    for y in range(height):
        py = min(max((np.float32(y) + HALF) * scale - HALF, ZERO), np.float32(rows - 1))
        iy = int(py)
        y1, ty = min(iy + 1, rows - 1), py - np.float32(iy)
        for x in range(width):
            px = min(max((np.float32(x) + HALF) * scale - HALF, ZERO), np.float32(columns - 1))
            ix = int(px)
            x1, tx = min(ix + 1, columns - 1), px - np.float32(ix)
            left, right = between(grid[iy, ix], grid[y1, ix], ty), between(grid[iy, x1], grid[y1, x1], ty)
            result[y, x] = frame0[y, x] + between(left, right, tx)
    return result


def in_the_light_of(frame0: Float32, frame1: Float32, u: Float32, v: Float32, cell: int) -> Float32:
    """Frame 0 with the brightness of frame 1, as far as the flow (u, v) tells.

    The change is an additive field (Negahdaripour, IEEE PAMI 1998, without his multiplier): means of what the flow
    leaves over cells of `cell` pixels, robust against what moved differently.
    """
    return np.asarray(relit(frame0, smoothed(*cell_sums(frame0, frame1, u, v, cell)), cell))
