"""Textures: tileable patterns made from random numbers, and their anti-aliased lookup.

A pattern is a square of two channels in [0, 1] that a material maps to colour (see `_scene.Material`). Patterns
are made once per process from their kind and variant, so a scene names its textures by two short values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

Array = Any
Pattern = np.ndarray  # (SIZE, SIZE, 2), float32

SIZE = 256
LEVELS = 9  # 256 … 1
VARIANTS = 10


def smooth_noise(rng: np.random.Generator, rows: int, columns: int, size: int = SIZE) -> np.ndarray:
    """Tileable value noise (size, size): a rows x columns grid of random values, interpolated by a cubic."""

    def blend(grid: np.ndarray, count: int) -> np.ndarray:
        at = np.arange(size) * (count / size)
        cell = np.floor(at).astype(np.int64)
        w = at - cell
        w = (w * w * (3.0 - 2.0 * w))[:, None]
        return grid[cell % count] * (1.0 - w) + grid[(cell + 1) % count] * w

    return blend(blend(rng.random((rows, columns)), rows).T, columns).T


def fractal(
    rng: np.random.Generator, first: int = 3, octaves: int = 6, gain: float = 0.6, size: int = SIZE
) -> np.ndarray:
    """Fractal noise in [0, 1]: octaves of `smooth_noise`, each twice as fine and `gain` as strong."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        cells = min(first << octave, size)
        total += gain**octave * (smooth_noise(rng, cells, cells, size) - 0.5)
    return stretch(total)


def stretch(values: np.ndarray) -> np.ndarray:
    """Scaled linearly to [0, 1]."""
    low, high = values.min(), values.max()
    return (values - low) / max(float(high - low), 1e-9)


def _halved(image: np.ndarray) -> np.ndarray:
    """Box-filtered to half the size."""
    return 0.25 * (image[0::2, 0::2] + image[1::2, 0::2] + image[0::2, 1::2] + image[1::2, 1::2])


def _noise(rng: np.random.Generator) -> np.ndarray:
    first, gain = int(rng.integers(2, 7)), float(rng.uniform(0.45, 0.85))
    return np.stack([fractal(rng, first, 7, gain), fractal(rng, first, 5, 0.5)], axis=-1)


def _grain(rng: np.random.Generator) -> np.ndarray:
    """Gravel, asphalt, plaster: fine noise with spots, on faint blotches."""
    fine = fractal(rng, 32, 4, float(rng.uniform(0.7, 1.2)))
    spots = rng.random((SIZE, SIZE)) > rng.uniform(0.9, 0.995)
    a = np.where(spots, rng.random((SIZE, SIZE)), fine * 0.7 + 0.15)
    return np.stack([a, fractal(rng, 3, 5, 0.6)], axis=-1)


def _plain(rng: np.random.Generator) -> np.ndarray:
    """Next to nothing: a gradient's worth of large blotches and a trace of grain."""
    a = 0.5 + 0.25 * (fractal(rng, 1, 2, 0.5) - 0.5) + rng.uniform(0.0, 0.04) * (fractal(rng, 64, 2) - 0.5)
    return np.stack([a, 0.5 + 0.1 * (fractal(rng, 2, 2, 0.5) - 0.5)], axis=-1)


def _leaves(rng: np.random.Generator) -> np.ndarray:
    """Dead leaves: discs, boxes and ellipses of power-law size that hide each other (Lee, Mumford, Huang 2001)."""
    size = 2 * SIZE
    image = np.full((size, size, 2), 0.5)
    smallest, count = float(rng.uniform(3, 14)), 420
    largest = float(rng.uniform(60, 130))
    form = int(rng.integers(0, 3))
    low, high = smallest**-2, largest**-2
    for _ in range(count):
        radius = 1.0 / float(np.sqrt(low + rng.random() * (high - low)))  # density ∝ r⁻³
        aspect = float(rng.uniform(0.25, 1.0)) if form else 1.0
        c, s = _direction(rng)
        reach = int(radius) + 1
        span = np.arange(-reach, reach + 1)
        x, y = span[None, :], span[:, None]
        u, v = (c * x + s * y), (c * y - s * x) / aspect
        inside = (np.maximum(abs(u), abs(v)) <= 0.7 * radius) if form == 2 else (u * u + v * v <= radius * radius)
        at = np.ix_((int(rng.integers(size)) + span) % size, (int(rng.integers(size)) + span) % size)
        shade = rng.random(2) + rng.uniform(-0.15, 0.15) * (u / radius)[..., None]
        image[at] = np.where(inside[..., None], np.clip(shade, 0, 1), image[at])
    return _halved(image)


def _direction(rng: np.random.Generator) -> tuple[float, float]:
    """A random unit vector (rejection: no sine)."""
    while True:
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        length = float(np.sqrt(x * x + y * y))
        if 0.1 < length <= 1.0:
            return float(x / length), float(y / length)


def _bands(rng: np.random.Generator, regular: bool) -> np.ndarray:
    """One random profile along a line of 2·SIZE: equal stripes, or bands of random width and grey."""
    size = 2 * SIZE
    if regular:
        period = int(rng.choice([8, 16, 32, 64]))
        duty = rng.uniform(0.25, 0.75) * period
        return np.where(np.arange(size) % period < duty, 1.0, 0.0)
    edges = np.unique(rng.integers(0, size, int(rng.integers(12, 90))))
    return rng.random(edges.size + 1)[np.searchsorted(edges, np.arange(size))]


def _stripes(rng: np.random.Generator) -> np.ndarray:
    a, b = (_bands(rng, regular=bool(rng.random() < 0.35)) for _ in range(2))
    image = np.stack(np.broadcast_arrays(a[None, :], b[:, None]), axis=-1)
    if rng.random() < 0.5:  # stripes only; else a plaid
        image = np.stack(np.broadcast_arrays(a[None, :], a[None, :] * 0.0 + 0.5, np.zeros((2 * SIZE, 1)))[:2], axis=-1)
    return _halved(image)


def _tiles(rng: np.random.Generator) -> np.ndarray:
    """Bricks, tiles, checkers: cells with joints, each cell of its own shade."""
    size = 2 * SIZE
    rows, columns = int(rng.choice([4, 8, 16, 32])), int(rng.choice([4, 8, 16]))
    y, x = np.arange(size)[:, None] * rows / size, np.arange(size)[None, :] * columns / size
    shift = 0.5 * (np.floor(y) % 2) * (rng.random() < 0.5)
    row, column = np.floor(y).astype(int), np.floor(x + shift).astype(int) % columns
    if rng.random() < 0.3:
        shade = ((row + column) % 2).astype(float)
    else:
        shade = 0.5 + rng.uniform(0.1, 0.9) * (rng.random((rows, columns)) - 0.5)[row, column]
    joint = rng.uniform(0.0, 0.12)
    gap = ((y % 1.0) < joint) | (((x + shift) % 1.0) < joint * rows / columns * rng.uniform(0.3, 1.0))
    a = np.where(gap, rng.choice([0.0, 1.0]), shade) + 0.15 * (fractal(rng, 8, 6, 0.7, size) - 0.5)
    return _halved(np.stack([np.clip(a, 0, 1), fractal(rng, 2, 4, 0.6, size)], axis=-1))


def _print(rng: np.random.Generator) -> np.ndarray:
    """A printed page: lines of glyph-like marks, headings, a picture or two."""
    size = 2 * SIZE
    image = np.zeros((size, size, 2))
    image[..., 1] = 0.35
    unit = int(rng.integers(1, 4))
    glyphs = rng.random((40, 7, 5)) < 0.45
    glyphs[:, :, 0] |= rng.random((40, 7)) < 0.5
    y = unit * 2
    while y + 9 * unit < size:
        big = unit * (2 if rng.random() < 0.08 else 1)
        if y + 9 * big >= size:
            break
        x = unit * int(rng.integers(2, 12))
        stop = size - unit * int(rng.integers(2, 40))
        while x + 6 * big < stop:
            if rng.random() > 0.16:
                glyph = glyphs[int(rng.integers(40))].repeat(big, 0).repeat(big, 1)
                image[y : y + 7 * big, x : x + 5 * big, 0] = glyph
            x += 6 * big
        y += big * int(rng.choice([9, 10, 10, 18]))
    picture = _leaves(rng).repeat(2, 0).repeat(2, 1)
    for _ in range(int(rng.integers(0, 4))):
        h, w = (int(v) for v in rng.integers(60, 260, 2))
        top, left = int(rng.integers(0, size - h)), int(rng.integers(0, size - w))
        image[top : top + h, left : left + w] = picture[:h, :w]
    return _halved(image)


def _wood(rng: np.random.Generator) -> np.ndarray:
    """Grain along one axis: rings bent by slow noise, fibres, now and then a plank's edge."""
    y = np.arange(SIZE)[:, None] / SIZE
    bend = fractal(rng, 2, 3, 0.5)
    rings = (y * int(rng.integers(3, 12)) + bend * rng.uniform(0.5, 3.0)) % 1.0
    fibres = smooth_noise(rng, 128, 4) * 0.6 + smooth_noise(rng, 64, 8) * 0.4
    planks = int(rng.choice([1, 1, 2, 4, 8]))
    which = np.floor(y * planks).astype(int)
    a = 0.4 * rings * rings + 0.4 * fibres + 0.3 * rng.random(planks)[which] * (planks > 1)
    gap = (planks > 1) & ((y * planks) % 1.0 < 0.012 * planks)
    return np.stack([np.where(gap, 1.0, stretch(a)), fractal(rng, 2, 4, 0.6)], axis=-1)


def _cells(rng: np.random.Generator) -> np.ndarray:
    """Cobbles, cracks, leather: distances to scattered points (Worley, SIGGRAPH 1996)."""
    n = int(rng.choice([8, 12, 20, 32]))
    offset, shade = rng.random((n, n, 2)), rng.random((n, n))
    at = (np.arange(SIZE) + 0.5) * (n / SIZE)
    row, column = np.floor(at).astype(int)[:, None], np.floor(at).astype(int)[None, :]
    first = np.full((SIZE, SIZE), 9.0)
    second, owner = first.copy(), np.zeros((SIZE, SIZE))
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            r, c = (row + dy) % n, (column + dx) % n
            ey = row + dy + offset[r, c, 0] - at[:, None]
            ex = column + dx + offset[r, c, 1] - at[None, :]
            d = np.sqrt(ex * ex + ey * ey)
            second = np.minimum(second, np.maximum(first, d))
            owner = np.where(d < first, shade[r, c], owner)
            first = np.minimum(first, d)
    edge = np.clip((second - first) * rng.uniform(2, 8), 0, 1)
    return np.stack([edge * (0.3 + 0.7 * owner), stretch(first) * 0.5 + 0.5 * owner], axis=-1)


def _fabric(rng: np.random.Generator) -> np.ndarray:
    """A weave: a fine strict period under slow noise."""
    period = int(rng.choice([4, 8, 16]))
    cell = smooth_noise(rng, 2, 2, period) if rng.random() < 0.5 else rng.random((period, period))
    repeats = SIZE // period
    a = 0.8 * np.tile(stretch(cell), (repeats, repeats)) + 0.2 * fractal(rng, 4, 6, 0.8)
    return np.stack([a, fractal(rng, 2, 5, 0.6)], axis=-1)


def _facade(rng: np.random.Generator) -> np.ndarray:
    """Rows of windows, some lit, with frames and ledges."""
    size = 2 * SIZE
    n = int(rng.choice([4, 8]))
    y, x = (np.arange(size)[:, None] * n / size), (np.arange(size)[None, :] * n / size)
    shade = rng.random((n, n))[np.floor(y).astype(int), np.floor(x).astype(int)]
    w, h = rng.uniform(0.15, 0.32), rng.uniform(0.2, 0.38)
    u, v = abs(x % 1.0 - 0.5), abs(y % 1.0 - 0.5)
    window, frame = (u < w) & (v < h), (u < w + 0.03) & (v < h + 0.03)
    bars = window & ((u < 0.012) | (abs(v - 0.05) < 0.012))
    wall = 0.35 + 0.25 * fractal(rng, 16, 6, 0.8, size) + 0.15 * ((y % 1.0) > 0.94)
    a = np.where(window & ~bars, 0.75 + 0.25 * shade, np.where(frame, 0.05, wall))
    return _halved(np.stack([a, np.where(window, shade, 0.3 + 0.3 * fractal(rng, 2, 5, 0.6, size))], axis=-1))


def _marks(rng: np.random.Generator) -> np.ndarray:
    """A nearly plain ground with few sparse marks: scratches, spots, a line."""
    image = _plain(rng)
    for _ in range(int(rng.integers(3, 25))):
        span = np.arange(-16, 17)
        c, s = _direction(rng)
        x, y = span[None, :], span[:, None]
        u, v = c * x + s * y, c * y - s * x
        inside = (abs(u) < rng.uniform(2, 14)) & (abs(v) < rng.uniform(0.6, 4))
        at = np.ix_((int(rng.integers(SIZE)) + span) % SIZE, (int(rng.integers(SIZE)) + span) % SIZE)
        image[at] = np.where(inside[..., None], rng.random(2), image[at])
    return image


KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "noise": _noise,
    "grain": _grain,
    "plain": _plain,
    "marks": _marks,
    "leaves": _leaves,
    "stripes": _stripes,
    "tiles": _tiles,
    "print": _print,
    "wood": _wood,
    "cells": _cells,
    "fabric": _fabric,
    "facade": _facade,
}


@lru_cache(maxsize=len(KINDS) * VARIANTS)
def pyramid(kind: str, variant: int) -> np.ndarray:
    """Pattern and its box-filtered halves down to one texel, row after row: float32 (N, 2)."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([list(KINDS).index(kind), variant, 2024])))
    level = np.clip(KINDS[kind](rng), 0.0, 1.0)
    parts = []
    for _ in range(LEVELS):
        parts.append(level.reshape(-1, 2))
        if level.shape[0] > 1:
            level = _halved(level)
    return np.concatenate(parts).astype(np.float32)


_SIZES = np.array([SIZE >> level for level in range(LEVELS)], dtype=np.int64)
_STARTS = np.concatenate([[0], np.cumsum(_SIZES * _SIZES)[:-1]])


def lookup(xp: Any, table: Array, u: Array, v: Array, footprint: Array) -> Array:
    """The pattern at texel coordinates u, v under a pixel `footprint` texels wide (trilinear; Williams 1983).

    All (N,) float32; returns (N, 2). Between levels the weight is linear in the footprint, not its logarithm.
    """
    device = table.device
    wide = xp.clip(footprint, 1.0, float(SIZE) * 0.49)
    mantissa, exponent = xp.frexp(wide)  # wide = mantissa · 2^exponent, mantissa in [0.5, 1)
    level = xp.astype(exponent, xp.int64) - 1
    blend = (2.0 * mantissa - 1.0)[:, None]
    sizes, starts = xp.asarray(_SIZES, device=device), xp.asarray(_STARTS, device=device)
    value = _bilinear(xp, table, u, v, xp.take(sizes, level), xp.take(starts, level))
    at = xp.nonzero(footprint > 1.0)[0]
    if at.shape[0]:
        level = level[at] + 1
        coarse = _bilinear(xp, table, u[at], v[at], xp.take(sizes, level), xp.take(starts, level))
        value[at] = value[at] + (coarse - value[at]) * blend[at]
    return value


def _bilinear(xp: Any, table: Array, u: Array, v: Array, size: Array, start: Array) -> Array:
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
