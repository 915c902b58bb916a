"""Loops of `InverseSearch`: patches that descend, and the flow they agree on. The C++ core does the same in the same
order; sums run in eight lanes, which are added pairwise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from ..images import Float32

ONE = np.float32(1)
HALF = np.float32(0.5)
QUARTER = np.float32(0.25)
ZERO = np.float32(0)
LANES = 8
#: Keeps the 2 × 2 system of a patch without texture solvable: (grey levels/px)².
FLAT = np.float32(1)
#: Squared step, px², below which a patch has arrived.
ARRIVED = np.float32(1e-4)
#: A neighbour's displacement is taken where it leaves less than this share of a patch's own error.
BETTER = np.float32(0.5)
#: Squared distance, px², of a neighbour's displacement that is worth trying: a nearer one the descent has passed.
ELSEWHERE = np.float32(0.25)


@njit(cache=True)
def total(lanes: Float32) -> Any:
    """The sum of eight lanes."""
    first = (lanes[0] + lanes[4]) + (lanes[2] + lanes[6])
    second = (lanes[1] + lanes[5]) + (lanes[3] + lanes[7])
    return first + second


@njit(cache=True)
def added(values: Float32) -> Any:
    """The sum over a square patch: lane x % 8, column of lanes after column of lanes, each row by row."""
    lanes = np.zeros(LANES, np.float32)
    for column in range(0, values.shape[1], LANES):
        for row in range(values.shape[0]):
            for k in range(LANES):
                lanes[k] += values[row, column + k]
    return total(lanes)


@njit(cache=True)
def product(one: Float32, other: Float32) -> Any:
    """The sum over two square patches of their products."""
    return added(one * other)


@njit(cache=True)
def place(corner: int, shift: Any, size: int, side: int) -> tuple[int, Any]:
    """Where a patch's upper left pixel goes along one axis: pixel and way from it; farther out is all border."""
    position = min(max(np.float32(corner) + shift, np.float32(-size)), np.float32(side))
    pixel = math.floor(position)
    return pixel, position - np.float32(pixel)


@njit(cache=True)
def looked_up(frame1: Float32, x: int, y: int, u: Any, v: Any, size: int, width: int, height: int) -> Float32:
    """Frame 1, padded by `size` before and one more after, where a patch points; bilinear."""
    px, tx = place(x, u, size, width)
    py, ty = place(y, v, size, height)
    px, py = px + size, py + size
    patch = np.empty((size, size), np.float32)
    for r in range(size):
        for c in range(size):
            top = frame1[py + r, px + c] + tx * (frame1[py + r, px + c + 1] - frame1[py + r, px + c])
            bottom = frame1[py + r + 1, px + c] + tx * (frame1[py + r + 1, px + c + 1] - frame1[py + r + 1, px + c])
            patch[r, c] = top + ty * (bottom - top)
    return patch


@njit(cache=True)
def compared(
    frame1: Float32, grey: Float32, x: int, y: int, u: Any, v: Any, width: int, height: int
) -> tuple[Float32, Any]:
    """What remains between frame 1 where a patch points and the patch, and its square about its mean."""
    size = grey.shape[0]
    rest = looked_up(frame1, x, y, u, v, size, width, height) - grey
    return rest, product(rest, rest) - added(rest) * added(rest) * (ONE / np.float32(size * size))


@njit(cache=True)
def descend(
    frame0: Float32, frame1: Float32, u: Any, v: Any, x: int, y: int, size: int, descents: int
) -> tuple[Any, Any]:
    """A patch's displacement after Gauss–Newton steps, as long as they help (inverse compositional, eq. 3).

    What is minimised is the squared difference about its mean, so that an even change of light has no say.
    """
    height, width = frame0.shape[0] - 2, frame0.shape[1] - 2
    grey = frame0[y + 1 : y + 1 + size, x + 1 : x + 1 + size]
    gx = HALF * (frame0[y + 1 : y + 1 + size, x + 2 : x + 2 + size] - frame0[y + 1 : y + 1 + size, x : x + size])
    gy = HALF * (frame0[y + 2 : y + 2 + size, x + 1 : x + 1 + size] - frame0[y : y + size, x + 1 : x + 1 + size])
    share = ONE / np.float32(size * size)
    gx, gy = gx - added(gx) * share, gy - added(gy) * share
    a, b, c = product(gx, gx) + FLAT, product(gx, gy), product(gy, gy) + FLAT
    inverse = ONE / (a * c - b * b)
    xx, xy, yy = c * inverse, b * inverse, a * inverse
    rest, error = compared(frame1, grey, x, y, u, v, width, height)
    for _ in range(descents):
        along_x, along_y = product(gx, rest), product(gy, rest)
        du, dv = xx * along_x - xy * along_y, yy * along_y - xy * along_x
        step = du * du + dv * dv
        if not (step >= ARRIVED and step <= QUARTER * np.float32(size * size)):
            break
        next_rest, next_error = compared(frame1, grey, x, y, u - du, v - dv, width, height)
        if not next_error < error:
            break
        rest, error, u, v = next_rest, next_error, u - du, v - dv
    return u, v


@njit(cache=True)
def patch_flow(
    frame0: Float32, frame1: Float32, u: Float32, v: Float32, size: int, step: int, descents: int
) -> Float32:
    """Displacements (rows, columns, 2) of patches `step` px apart; each begins at the flow of its centre."""
    height, width = u.shape
    rows, columns = (height - size + step - 1) // step + 1, (width - size + step - 1) // step + 1
    patches = np.empty((rows, columns, 2), np.float32)
    half = size // 2
    for j in range(rows):
        for i in range(columns):
            y, x = min(j * step, height - size), min(i * step, width - size)
            start = u[y + half, x + half], v[y + half, x + half]
            found = descend(frame0, frame1, start[0], start[1], x, y, size, descents)
            patches[j, i, 0], patches[j, i, 1] = found
    return patches


@njit(cache=True)
def propagated(frame0: Float32, frame1: Float32, patches: Float32, size: int, step: int, descents: int) -> Float32:
    """Displacements once each patch has tried those of the four beside it, and gone on from the best that is better.

    All look at `patches` as they were, so that the order does not matter.
    """
    height, width = frame0.shape[0] - 2, frame0.shape[1] - 2
    rows, columns = patches.shape[:2]
    found = patches.copy()
    for j in range(rows):
        for i in range(columns):
            y, x = min(j * step, height - size), min(i * step, width - size)
            grey = frame0[y + 1 : y + 1 + size, x + 1 : x + 1 + size]
            own = patches[j, i]
            error = compared(frame1, grey, x, y, own[0], own[1], width, height)[1] * BETTER
            start, moves = own, False
            for b, a in ((j - 1, i), (j, i - 1), (j, i + 1), (j + 1, i)):
                if a < 0 or b < 0 or a >= columns or b >= rows:
                    continue
                other = patches[b, a]
                du, dv = other[0] - own[0], other[1] - own[1]
                if not du * du + dv * dv > ELSEWHERE:
                    continue
                others_error = compared(frame1, grey, x, y, other[0], other[1], width, height)[1]
                if others_error < error:
                    error, start, moves = others_error, other, True
            if moves:
                found[j, i, 0], found[j, i, 1] = descend(frame0, frame1, start[0], start[1], x, y, size, descents)
    return found


@njit(cache=True)
def blended(frame0: Float32, frame1: Float32, patches: Float32, size: int, step: int) -> tuple[Float32, Float32]:
    """The mean of the patches that cover a pixel, weighted by 1 / max(1, |difference|) there (eq. 4)."""
    height, width = frame0.shape[0] - 2, frame0.shape[1] - 2
    u, v = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    weights = np.zeros((height, width), np.float32)
    for j in range(patches.shape[0]):
        for i in range(patches.shape[1]):
            y, x = min(j * step, height - size), min(i * step, width - size)
            du, dv = patches[j, i]
            found = looked_up(frame1, x, y, du, dv, size, width, height)
            for r in range(size):
                for c in range(size):
                    weight = ONE / max(abs(found[r, c] - frame0[y + r + 1, x + c + 1]), ONE)
                    weights[y + r, x + c] += weight
                    u[y + r, x + c] += weight * du
                    v[y + r, x + c] += weight * dv
    return np.divide(u, weights, u), np.divide(v, weights, v)
