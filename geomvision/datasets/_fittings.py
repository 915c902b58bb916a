"""What hangs on walls and ceilings. A wall's frame: x along its foot, y down, z out of the room."""

from __future__ import annotations

import numpy as np

from ..cameras import pose
from ._builder import Builder
from ._furniture import CLOTH, Kit, glowing
from ._shapes import Ball, Box, Frustum, Sheet


def wall_board(b: Builder, T: np.ndarray, x: float, half: float) -> None:
    """A board on the wall with things on it."""
    kit, up = Kit(b, "board", T), b.uniform(1.2, 1.8)
    kit.slab((x - half, x + half), (up, up + 0.025), (-0.22, 0), kit.material())
    kit.things((x - half + 0.05, x + half - 0.05), up + 0.025, (-0.18, -0.08), b.whole(1, 4), 0.1)


def radiator(b: Builder, T: np.ndarray, x: float) -> None:
    """A radiator."""
    kit = Kit(b, "radiator", T)
    kit.slab((x - 0.4, x + 0.4), (0.12, 0.7), (-0.1, -0.02), kit.material(("stripes", "stripes", "plain"), 0.2))


def _frame(kit: Kit, x: float, y: float, half: float, tall: float, wide: float, deep: float) -> None:
    """Four bars around a rectangle on the wall."""
    wood = kit.material(("plain", "wood", "plain", "marks"), 0.6)
    for side in (-1, 1):
        kit.put(Box(half + wide, 0.5 * wide, deep), (x, y + side * (tall + 0.5 * wide), 0.0), wood)
        kit.put(Box(0.5 * wide, tall, deep), (x + side * (half + 0.5 * wide), y, 0.0), wood)


def picture(b: Builder, T: np.ndarray, x: float, half: float) -> None:
    """A picture or poster, often in a frame."""
    kit, tall = Kit(b, "picture", T), half * b.uniform(0.6, 1.6)
    y = -b.uniform(1.1, 1.8) - 0.3 * tall
    deep = b.uniform(0.005, 0.02)
    kit.put(
        Sheet(half, tall), (x, y, -0.5 * deep), kit.material(("print", "leaves", "noise", "stripes", "cells", "plain"))
    )
    if b.chance(0.3):  # a mount
        kit.put(Sheet(0.65 * half, 0.65 * tall), (x, y, -0.7 * deep), kit.material(("leaves", "noise", "print")))
    if b.chance(0.75):
        _frame(kit, x, y, half, tall, half * b.uniform(0.05, 0.2), deep)


def window(b: Builder, T: np.ndarray, x: float, half: float, room_high: float) -> None:
    """A window, some with a sill and things on it, some with curtains."""
    kit, low, high = Kit(b, "window", T), b.uniform(0.3, 1.1), min(b.uniform(1.8, 2.3), room_high - 0.1)
    y, tall = -0.5 * (low + high), 0.5 * (high - low)
    kit.put(Sheet(half, tall), (x, y, -0.004), glowing(kit, 2.5, ("leaves", "noise", "facade", "plain", "cells")))
    wide = b.uniform(0.03, 0.08)
    _frame(kit, x, y, half, tall, wide, 0.03)
    bar = kit.material(("plain", "wood"), 0.3)
    for step in range(1, b.whole(1, 3)):
        kit.put(Box(0.02, tall, 0.02), (x + half * (step - 1.0), y, 0.0), bar)
    if b.chance(0.5):
        sill = low - wide
        kit.slab((x - half - 0.1, x + half + 0.1), (sill - 0.02, sill), (-0.2, 0), bar)
        kit.things((x - half, x + half), sill, (-0.15, -0.08), b.whole(0, 3), 0.1)
    if b.chance(0.4):
        cloth = Kit(b, "curtain", T)
        stuff, fold = cloth.material(CLOTH), b.uniform(0.03, 0.07)
        for side in (-1, 1):
            for step in range(b.whole(2, 5)):
                at = x + side * (half + 0.1 - 1.6 * fold * step)
                cloth.put(Ball(fold, 1.4 * tall + 0.3, 0.06), (at, y, -0.1), stuff)


def door(b: Builder, T: np.ndarray, x: float, room_high: float) -> None:
    """A door in its frame."""
    kit, half, high = Kit(b, "door", T), b.uniform(0.36, 0.5), min(b.uniform(1.95, 2.15), room_high - 0.1)
    leaf = kit.material(("plain", "plain", "wood", "marks"), 0.6)
    kit.put(Sheet(half, 0.5 * high), (x, -0.5 * high, -0.006), leaf)
    _frame(kit, x, -0.5 * high, half, 0.5 * high, b.uniform(0.05, 0.1), b.uniform(0.015, 0.04))
    kit.put(Box(0.06, 0.01, 0.03), (x + (half - 0.1) * b.pick((-1, 1)), -1.0, -0.04), kit.material(("plain",), 0.2))
    if b.chance(0.4):
        panel = kit.material(("plain", "print", "noise", "marks"))
        kit.put(Box(0.6 * half, 0.18 * high, 0.008), (x, -0.72 * high, -0.006), panel)


def ceiling(b: Builder, T: np.ndarray, half: tuple[float, float]) -> None:
    """Lamps that hang or lie flat, or beams."""
    kind = b.pick(("hanging", "flat", "spots", "beams", "nothing"))
    width, length = half
    if kind == "beams":
        kit, wood, x = Kit(b, "beam", T), b.material(2.0, ("wood", "plain", "noise")), -width + b.uniform(0.2, 0.6)
        while x < width:
            kit.put(Box(0.07, 0.09, length), (x, 0.09, 0), wood)
            x += b.uniform(0.6, 1.0)
    elif kind != "nothing":
        for _ in range(1 if kind == "hanging" else b.whole(1, 5)):
            x, z = b.uniform(-0.7, 0.7) * width, b.uniform(-0.7, 0.7) * length
            kit = Kit(b, "lamp", T @ pose(translation=(x, 0, z)))
            glow = glowing(kit, 3.0, ("plain",))
            if kind == "hanging":
                drop, wide = b.uniform(0.2, 0.8), b.uniform(0.12, 0.3)
                kit.put(Frustum(0.006, 0.006, 0.5 * drop), (0, 0.5 * drop, 0), kit.material(("plain",), 0.2))
                kit.put(Frustum(0.4 * wide, wide, 0.12, closed=False), (0, drop + 0.1, 0), glow, casts=False)
            elif kind == "flat":
                kit.put(Box(b.uniform(0.1, 0.6), 0.03, b.uniform(0.1, 0.3)), (0, 0.03, 0), glow, casts=False)
            else:
                kit.put(Frustum(0.05, 0.05, 0.01), (0, 0.01, 0), glow, casts=False)
