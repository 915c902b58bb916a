"""What random layouts draw from: numbers, colours, materials and outlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

from ..cameras import Camera
from ._noise import fractal
from ._scene import Material, Object, rotation
from ._shapes import Shape
from ._textures import VARIANTS

RICH = ("noise", "grain", "leaves", "stripes", "tiles", "print", "wood", "cells", "fabric")
POOR = ("plain", "plain", "marks")
PERIODIC = ("tiles", "stripes", "fabric", "facade")
OUTLINES = 12

Item = TypeVar("Item")


class Dice:
    """Random draws of the kinds that layouts need."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def uniform(self, low: float, high: float) -> float:
        """A random number between low and high."""
        return float(self.rng.uniform(low, high))

    def spread(self, low: float, high: float) -> float:
        """A random number whose logarithm is uniform; rounded, so that every machine's exponential agrees."""
        return float(np.round(np.exp(self.rng.uniform(np.log(low), np.log(high))), 9))

    def whole(self, low: int, high: int) -> int:
        """A random integer from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[int(self.rng.integers(len(items)))]

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return bool(self.rng.random() < share)

    def turn(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
        """A random rotation by at most so many degrees about each axis."""
        return rotation(self.uniform(-x, x), self.uniform(-y, y), self.uniform(-z, z))

    def colour(self, vivid: float = 1.0) -> np.ndarray:
        """A linear RGB albedo: brightness broad, hue anywhere but often warm, grey to saturated."""
        value = self.uniform(0.15, 0.97) ** 2
        hue = self.rng.random(3)
        if self.chance(0.6):
            hue = np.sort(hue)[::-1]  # red > green > blue: wood, skin, brick, paper
        saturation = vivid * (0.95 if self.chance(0.35) else 0.75 * self.rng.random())
        mixed = 1.0 + saturation * (hue / max(float(hue.max()), 0.05) - 1.0)
        result: np.ndarray = np.clip(value * mixed, 0.004, 0.9)
        return result


class Builder(Dice):
    """Collects the objects of one random scene.

    `bf` is f·B in px·m: it turns disparities into depths. `shares` are the knobs' values. A `level` scene has a
    ground and a camera that does not roll.
    """

    def __init__(
        self, rng: np.random.Generator, camera: Camera, bf: float, shares: Mapping[str, float], *, level: bool = False
    ) -> None:
        super().__init__(rng)
        self.camera, self.bf, self.shares, self.level = camera, bf, shares, level
        self.objects: list[Object] = []
        self._named = 0

    def material(self, z: float, kinds: Sequence[str] = RICH, vivid: float = 1.0) -> Material:
        """A random material whose texels suit a surface z metres away; the failure knobs may take its texture away.

        It has dice of its own, so that the knobs change materials and leave the layout as it is.
        """
        d = Dice(np.random.Generator(np.random.PCG64(self.whole(0, 2**62))))
        textureless, periodic = d.rng.random(), d.rng.random()
        glossy = d.chance(self.shares["specular"])
        base, third = d.colour(vivid), d.colour(vivid)
        candidates = [d.colour(vivid) for _ in range(3)]  # the one that differs most from the base
        other = max(candidates, key=lambda c: float(np.abs(np.sqrt(c) - np.sqrt(base)).sum()))
        scale, gloss, sharpness = d.spread(0.35, 2.0), d.uniform(0.2, 1.2), d.whole(3, 7)
        poor = textureless < self.shares["textureless"]
        if poor:
            kinds = POOR
        elif periodic < self.shares["repetition"]:
            kinds = PERIODIC
        kind, contrast = d.pick(kinds), d.spread(0.05, 0.5) if poor else d.uniform(0.4, 1.3)
        c, s = (1.0, 0.0) if kind in ("facade", "print", "tiles") else d.turn(z=180)[0, :2]
        return Material(
            kind=kind,
            variant=d.whole(0, VARIANTS - 1),
            texels_per_m=scale * self.camera.fx / z,
            turn=(float(c), float(s)),
            offset=(d.uniform(0, 256), d.uniform(0, 256)),
            colours=np.stack([base, contrast * (other - base), 0.8 * contrast * (third - base)]),
            stains=d.uniform(0.1, 0.9) if d.chance(0.85) and not poor else 0.0,
            stain_scale=d.spread(0.08, 3.0),
            gloss=gloss if glossy else 0.0,
            sharpness=sharpness,
        )

    def add(self, name: str, shape: Shape, T_world: np.ndarray, material: Material, *, casts: bool = True) -> None:
        """Put an object into the scene."""
        self.objects.append(Object(name=name, shape=shape, material=material, T_world=T_world, casts=casts))

    def number(self, kind: str) -> str:
        """The name of the next thing of its kind."""
        self._named += 1
        return f"{kind} {self._named}"

    def outline(self, kind: str) -> np.ndarray:
        """One of the outlines of this kind."""
        return outline(kind, self.whole(0, OUTLINES - 1))


@lru_cache(maxsize=6 * OUTLINES)
def outline(kind: str, variant: int) -> np.ndarray:
    """A signed map (97, 97), positive inside: "blob", "leaf", "lattice", "ring", "crown" or "disc"."""
    n = 97
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([variant, 7])))
    axis = np.linspace(-1.0, 1.0, n)
    x, y = axis[None, :], axis[:, None]
    r2 = x * x + y * y
    signed: np.ndarray
    if kind == "blob":
        signed = 0.55 - r2 + 1.3 * (fractal(rng, 2, 5, 0.5, 128)[:n, :n] - 0.5)
    elif kind == "crown":  # foliage: many small gaps
        signed = 0.75 - r2 + 3.5 * (fractal(rng, 6, 4, 0.7, 128)[:n, :n] - 0.5)
    elif kind == "leaf":
        wide = rng.uniform(0.35, 0.9) * (1.0 - y * y) * (1.0 + rng.uniform(-0.6, 0.6) * y)
        signed = wide - abs(x - rng.uniform(-0.4, 0.4) * y * y)
    elif kind == "lattice":
        bars, width, skew = int(rng.integers(2, 6)), rng.uniform(0.1, 0.35), variant % 2
        grid = [abs((a + skew * b) * bars % 2.0 - 1.0) for a, b in ((x, y), (y, -x))]
        signed = np.maximum(np.maximum(*grid) - (1.0 - width), np.maximum(abs(x), abs(y)) - 0.97)
    elif kind == "ring":
        signed = np.minimum(0.97 - r2, r2 - rng.uniform(0.3, 0.8) ** 2)
    else:
        signed = 0.97 - r2
    return np.array(np.broadcast_to(signed, (n, n)), dtype=np.float64)
