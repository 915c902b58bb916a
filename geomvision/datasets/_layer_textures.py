"""Coloured textures and outlines that layers are cut from; made once per process, the same everywhere.

Most textures are dead leaves: opaque shapes whose radii have density r⁻³ hide one another, which gives the scaling,
the edges and the statistics of natural images (Lee, Mumford & Huang, IJCV 41, 2001).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..packages import needed_by
from ._builder import OUTLINES, outline
from ._noise import fractal, halved
from ._patterns import KINDS

#: Side of a texture of leaves, texels; textures are tiles: they repeat.
SIDE = 768
#: Texels that are repeated around a tile, so that interpolation needs no modulo.
RIM = 2
#: Cells of an outline's map, and the kinds of outlines.
CELLS = 97
SHAPES = ("blob", "disc", "leaf", "crown", "ring", "lattice", "polygon", "bar")
LEAVES, PATTERNS = 24, 24
SHARE_OF_LEAVES = 0.65

Texture = NDArray[np.uint8]


@lru_cache(maxsize=LEAVES + PATTERNS)
def texture(index: int) -> Texture:
    """Texture `index` of `LEAVES` + `PATTERNS`: uint8 (side + 2 RIM, side + 2 RIM, 3), a tile with its rim."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([index, 31])))
    colours = _leaves(rng) if index < LEAVES else _pattern(rng, index)
    levels = np.clip(np.rint(255.0 * colours), 0, 255).astype(np.uint8)
    return np.pad(levels, ((RIM, RIM), (RIM, RIM), (0, 0)), mode="wrap")


def _palette(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Colours that belong together: a few hues, from dark to light, greyish more often than vivid."""
    hues = rng.random((int(rng.integers(2, 8)), 3))
    value = rng.beta(1.2, 1.4, (count, 1))
    vivid = rng.uniform(0.0, 0.9) * rng.random((count, 1))
    chosen = hues[rng.integers(len(hues), size=count)]
    colours: NDArray[np.float64] = value * (1 + vivid * (chosen / chosen.max(axis=1, keepdims=True) - 1))
    return colours


def _leaves(rng: np.random.Generator) -> NDArray[np.floating]:
    """Leaves by number, then each leaf its colour, its slope of light and its share of a fine grain."""
    number, count = _leaf_numbers(rng)
    base = _palette(rng, count)
    side = number.shape[0]
    along = np.arange(side, dtype=np.float32) / np.float32(side)
    slope = rng.normal(0, 0.08, (2, count)).astype(np.float32)
    phase = rng.random((2, count), dtype=np.float32)
    shade = 1 + slope[0][number] * _wave(along - phase[0][number])
    shade += slope[1][number] * _wave(along[:, None] - phase[1][number])
    rough = (2 * rng.uniform(0.0, 0.5) * rng.random(count) ** 2).astype(np.float32)
    grain = fractal(rng, 48, 3, float(rng.uniform(0.6, 1.0)), SIDE).astype(np.float32) - np.float32(0.5)
    shade += rough[number] * grain.repeat(2, 0).repeat(2, 1)
    colours = np.take(base.astype(np.float32), number, axis=0)
    colours *= shade[..., None]
    return np.asarray(halved(np.clip(colours, 0, 1, out=colours)))


def _wave(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """A triangle of period 1 between −1 and 1: a slope that is at home on a tile."""
    x = x - np.floor(x)
    x -= np.float32(0.5)
    np.abs(x, out=x)
    x *= 4
    x -= 1
    return x


def _leaf_numbers(rng: np.random.Generator) -> tuple[NDArray[np.intp], int]:
    """Which leaf is seen, (2 SIDE, 2 SIDE), and how many there are."""
    with needed_by("drawing layers"):
        import cv2

    side, count = 2 * SIDE, int(rng.integers(1500, 5000))
    smallest, largest = float(np.exp(rng.uniform(np.log(4), np.log(20)))), float(rng.uniform(150, 500))
    radii = (largest**-2 + rng.random(count) * (smallest**-2 - largest**-2)) ** -0.5
    radii[:60] = rng.uniform(40, largest, 60)  # the ground is hidden, too
    corners = rng.integers(3, 9, count)
    number = np.zeros((side, side), np.int32)
    aspect, turn, *centre = rng.random((count - 1, 4)).T
    aspect, turn, centres = np.exp(0.9 * aspect - 0.9), 2 * np.pi * turn, side * np.stack(centre, axis=1)
    c, s = np.cos(turn), np.sin(turn)
    for leaf in range(1, count):
        x, y = radii[leaf] * _circle(int(corners[leaf]))
        y *= aspect[leaf - 1]
        centre = centres[leaf - 1]
        points = np.stack([c[leaf - 1] * x - s[leaf - 1] * y, s[leaf - 1] * x + c[leaf - 1] * y], axis=1)
        for shift in _shifts(centre, radii[leaf], side):
            cv2.fillPoly(number, [np.rint(points + centre + shift).astype(np.int32)], leaf)
    return number.astype(np.intp), count


@lru_cache
def _circle(corners: int) -> NDArray[np.float64]:
    """Corners of a leaf before it is stretched and turned, (2, corners); those of many are round."""
    around = np.linspace(0, 2 * np.pi, 24 if corners > 5 else corners, endpoint=False)
    return np.stack([np.cos(around), np.sin(around)])


def _shifts(centre: NDArray[np.float64], radius: float, side: int) -> list[tuple[int, int]]:
    """Where else a leaf that crosses the border appears, since the tile repeats."""
    along = [[0] + [s for s in (side, -side) if -radius < c + s < side + radius] for c in centre]
    return [(dx, dy) for dx in along[0] for dy in along[1]]


def _pattern(rng: np.random.Generator, index: int) -> NDArray[np.floating]:
    """One of the patterns of the rendered scenes, coloured."""
    kinds = list(KINDS)
    channels = np.clip(KINDS[kinds[index % len(kinds)]](rng), 0, 1)
    dark, light, third = _palette(rng, 3)
    if np.abs(light - dark).sum() < 0.4:
        light = np.clip(1 - dark, 0, 1)
    colours: NDArray[np.float64] = dark + (light - dark) * channels[..., :1] + 0.5 * (third - dark) * channels[..., 1:]
    return colours


@lru_cache(maxsize=len(SHAPES) * OUTLINES)
def shape(kind: str, variant: int) -> NDArray[np.float32]:
    """About the distance from an outline in cells, positive inside, float32 (CELLS, CELLS), −3 at the rim."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([SHAPES.index(kind), variant, 37])))
    if kind == "polygon":
        signed = _polygon(rng)
    elif kind == "bar":
        at = np.abs(np.linspace(-1, 1, CELLS))
        signed = 0.9 - np.maximum(at[:, None], at[None, :])
    else:
        signed = outline(kind, variant)
    steep = np.hypot(*np.gradient(signed))
    distance = np.clip(signed / np.maximum(steep, 0.3 * max(float(steep.mean()), 1e-9)), -3, 3)
    distance[[0, -1]] = distance[:, [0, -1]] = -3
    return np.ascontiguousarray(distance, np.float32)


def _polygon(rng: np.random.Generator) -> NDArray[np.float64]:
    """A star-shaped polygon with 3 to 9 corners."""
    with needed_by("drawing layers"):
        import cv2

    corners = int(rng.integers(3, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.35, 0.95, corners) * CELLS / 2
    points = np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1) + CELLS / 2
    mask = np.zeros((CELLS, CELLS), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    inside, outside = (cv2.distanceTransform(m, cv2.DIST_L2, 5) for m in (mask, 1 - mask))
    signed: NDArray[np.float64] = (inside - outside).astype(np.float64)
    return signed
