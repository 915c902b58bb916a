"""Winner-take-all over a volume of costs or sums, as readable loops: both views' disparities and the sub-pixel fit.

A volume is integer (H, W, disparities); its last axis starts at the disparity `first`. `nothing` is the value of a
candidate that is none, above every cost. The C++ core chooses the same winners, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..images import Float32
from . import _postprocess as post

Volume = NDArray[np.integer[Any]]


@njit(cache=True)
def left_winners(volume: Volume, first: int, uniqueness: int, nothing: int) -> tuple[post.Winners, Float32]:
    """Disparity with the smallest cost (the smallest of equal ones) and its margin (c₂ − c₁) / c₂.

    c₂ is the smallest cost more than one pixel away. The winner must beat it by `uniqueness` percent; a tie has no
    winner. Where there is no c₂ the margin is 0.
    """
    height, width, count = volume.shape
    winners = np.full((height, width), post.NONE, np.int16)
    margin = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            winner = np.argmin(volume[y, x])
            least, second = np.int64(volume[y, x, winner]), np.int64(nothing)
            if least == nothing:
                continue
            for k in range(count):
                if abs(k - winner) > 1:
                    second = min(second, np.int64(volume[y, x, k]))
            if second == nothing:
                winners[y, x] = first + winner
            elif 100 * least < (100 - uniqueness) * second:
                winners[y, x] = first + winner
                margin[y, x] = np.float32(second - least) / np.float32(second)
    return winners, margin


@njit(cache=True)
def right_winners(volume: Volume, first: int, nothing: int) -> post.Winners:
    """The right view's disparities from the same costs: right pixel x has the candidates left x + d."""
    height, width, count = volume.shape
    winners = np.full((height, width), post.NONE, np.int16)
    for y in range(height):
        for x in range(width):
            least = np.int64(nothing)
            for k in range(count):
                source = x + first + k
                if 0 <= source < width and np.int64(volume[y, source, k]) < least:
                    least = np.int64(volume[y, source, k])
                    winners[y, x] = first + k
    return winners


@njit(cache=True)
def refine(winners: post.Winners, volume: Volume, first: int, parabola: bool, nothing: int) -> Float32:
    """Sub-pixel disparities: a fit through the winner's cost and its two neighbours', where both are candidates."""
    height, width, count = volume.shape
    disparity = np.full((height, width), np.nan, np.float32)
    for y in range(height):
        for x in range(width):
            if winners[y, x] == post.NONE:
                continue
            disparity[y, x] = winners[y, x]
            k = winners[y, x] - first
            if not 0 < k < count - 1:
                continue
            before, at, after = np.int64(volume[y, x, k - 1]), np.int64(volume[y, x, k]), np.int64(volume[y, x, k + 1])
            if max(before, after) == nothing:
                continue
            if parabola:
                disparity[y, x] += post.parabola_offset(before, at, after)
            else:
                disparity[y, x] += post.equiangular_offset(before, at, after)
    return disparity
