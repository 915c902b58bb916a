"""Textures: patterns with their halves, and the anti-aliased lookup.

A pattern is made once per process from its kind and variant, so a scene names its textures by two short values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ._noise import SIZE, halved
from ._patterns import KINDS

Array = Any
LEVELS = 9  # 256 … 1
VARIANTS = 10


@lru_cache(maxsize=len(KINDS) * VARIANTS)
def pyramid(kind: str, variant: int) -> np.ndarray:
    """Pattern and its box-filtered halves down to one texel, row after row: float32 (N, 2)."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([list(KINDS).index(kind), variant, 2024])))
    level = np.clip(KINDS[kind](rng), 0.0, 1.0)
    parts = []
    for _ in range(LEVELS):
        parts.append(level.reshape(-1, 2))
        if level.shape[0] > 1:
            level = halved(level)
    return np.concatenate(parts).astype(np.float32)


_SIZES = np.array([SIZE >> level for level in range(LEVELS)], dtype=np.int64)
_STARTS = np.concatenate([[0], np.cumsum(_SIZES * _SIZES)[:-1]])


def lookup(xp: Any, table: Array, u: Array, v: Array, footprint: Array) -> Array:
    """The pattern at texel coordinates u, v under a pixel `footprint` texels wide (trilinear; Williams 1983).

    All (N,) float32; returns (N, 2). Between levels the weight is linear in the footprint, not its logarithm.
    """
    wide = xp.clip(footprint, 1.0, float(SIZE) * 0.49)
    mantissa, exponent = xp.frexp(wide)  # wide = mantissa · 2^exponent, mantissa in [0.5, 1)
    level = xp.astype(exponent, xp.int64) - 1
    value = _bilinear(xp, table, u, v, level)
    at = xp.nonzero(footprint > 1.0)[0]
    if at.shape[0]:
        coarse = _bilinear(xp, table, u[at], v[at], level[at] + 1)
        value[at] = value[at] + (coarse - value[at]) * (2.0 * mantissa[at] - 1.0)[:, None]
    return value


def _bilinear(xp: Any, table: Array, u: Array, v: Array, level: Array) -> Array:
    size = xp.take(xp.asarray(_SIZES, device=table.device), level)
    start = xp.take(xp.asarray(_STARTS, device=table.device), level)
    scale = xp.astype(size, u.dtype) * (1.0 / SIZE)
    x, y = u * scale - 0.5, v * scale - 0.5
    i, j = xp.floor(x), xp.floor(y)
    fx, fy = (x - i)[:, None], (y - j)[:, None]
    mask = size - 1
    left, top = xp.astype(i, xp.int64) & mask, xp.astype(j, xp.int64) & mask
    right, row, below = (left + 1) & mask, start + top * size, start + ((top + 1) & mask) * size
    upper = xp.take(table, row + left, axis=0)
    upper = upper + (xp.take(table, row + right, axis=0) - upper) * fx
    lower = xp.take(table, below + left, axis=0)
    lower = lower + (xp.take(table, below + right, axis=0) - lower) * fx
    return upper + (lower - upper) * fy
