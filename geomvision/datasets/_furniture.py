"""Furniture in metres. Each piece stands in a frame of its own: x along it, y down from the floor, z to its back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..cameras import pose
from ._builder import Builder
from ._scene import Material, rotation
from ._shapes import Ball, Box, Frustum, Shape, Sheet
from ._things import ball, board, books, box, can, cone, cushion, figure, plant, pot, rocks

#: Fills a stretch of a wall: (builder, pose of the foot of the wall at its middle, half width).
Piece = Callable[[Builder, np.ndarray, float], None]
SMALL = (box, box, books, books, books, can, can, pot, cone, ball, plant, figure, rocks, board)
CLOTH = ("fabric", "fabric", "noise", "plain", "stripes", "leaves", "cells")
BOARDS = ("wood", "wood", "plain", "plain", "marks", "noise", "grain")


class Kit:
    """Puts the parts of one piece of furniture into the scene; `T` is its frame in the world."""

    def __init__(self, b: Builder, kind: str, T: np.ndarray) -> None:
        self.b, self.T, self.name = b, T, b.number(kind)

    @property
    def far(self) -> float:
        """Metres from the camera, which stands at the world's origin; 0.6 at least."""
        return max(float(np.sqrt((self.T[:3, 3] ** 2).sum())), 0.6)

    def material(self, kinds: tuple[str, ...] = BOARDS, vivid: float = 1.0) -> Material:
        """A random material for this distance."""
        return self.b.material(self.far, kinds, vivid)

    def put(
        self,
        shape: Shape,
        at: tuple[float, float, float],
        material: Material,
        R: np.ndarray | None = None,
        *,
        casts: bool = True,
    ) -> None:
        """Add a part at a point of the frame, turned by R."""
        self.b.add(self.name, shape, self.T @ pose(np.eye(3) if R is None else R, at), material, casts=casts)

    def slab(self, x: tuple[float, float], up: tuple[float, float], z: tuple[float, float], m: Material) -> None:
        """Add a box from its limits: along, above the floor, and to the back."""
        half = [0.5 * (high - low) for low, high in (x, up, z)]
        self.put(Box(*half), (0.5 * (x[0] + x[1]), -0.5 * (up[0] + up[1]), 0.5 * (z[0] + z[1])), m)

    def things(self, x: tuple[float, float], up: float, z: tuple[float, float], count: int, size: float) -> None:
        """Stand small things on a level of this height."""
        b = self.b
        for _ in range(count):
            at = self.T @ np.array([b.uniform(*x), -up, b.uniform(*z), 1.0])
            if b.chance(0.25):
                paper = Sheet(b.uniform(0.07, 0.16), b.uniform(0.1, 0.22))
                flat = pose(b.turn(y=180) @ rotation(rx=90), at[:3] - (0, 0.003 + 0.002 * b.rng.random(), 0))
                b.add(b.number("paper"), paper, flat, b.material(self.far, ("print", "print", "leaves", "plain")))
            else:
                b.pick(SMALL)(b, at[:3], size * b.uniform(0.4, 1.0))


def cupboard(b: Builder, T: np.ndarray, half: float) -> None:
    """A cupboard or chest with doors or drawers, handles and a plinth; things on low ones."""
    kit, high, deep = Kit(b, "cupboard", T), b.uniform(0.5, 2.2), b.uniform(0.3, 0.6)
    body, front = kit.material(), kit.material()
    kit.slab((-half, half), (0.06, high), (-deep, 0), body)
    kit.slab((-half + 0.03, half - 0.03), (0, 0.06), (0.03 - deep, 0), kit.material(("plain",)))
    if b.chance(0.8):
        _fronts(kit, half, (0.08, high - 0.02), deep, front if b.chance(0.6) else body)
    if high < 1.4:
        kit.things((-half, half), high, (-0.8 * deep, -0.2 * deep), b.whole(0, 4), 0.15)


def _fronts(kit: Kit, half: float, up: tuple[float, float], deep: float, m: Material) -> None:
    """Doors or drawers with gaps between them, and handles."""
    b = kit.b
    columns, rows = max(1, round(half / b.uniform(0.2, 0.35))), b.whole(1, 4) if up[1] < 1.2 else b.whole(1, 2)
    width, tall = 2 * half / columns, (up[1] - up[0]) / rows
    metal, wide = kit.material(("plain",), 0.2), b.chance(0.6)
    for column in range(columns):
        for row in range(rows):
            x, y = -half + (column + 0.5) * width, up[0] + (row + 0.5) * tall
            kit.put(Box(0.5 * width - 0.006, 0.5 * tall - 0.006, 0.01), (x, -y, -deep - 0.008), m)
            grip = Box(0.3 * width, 0.008, 0.012) if wide else Box(0.008, min(0.08, 0.4 * tall), 0.012)
            kit.put(grip, (x, -y - 0.35 * tall * wide, -deep - 0.03), metal)


def counter(b: Builder, T: np.ndarray, half: float) -> None:
    """A kitchen's counter: fronts, worktop, tiles above it, things on it, and often cabinets over it."""
    kit, high, deep = Kit(b, "counter", T), b.uniform(0.8, 0.95), b.uniform(0.5, 0.65)
    front = kit.material(("plain", "plain", "marks", "wood"))
    kit.slab((-half, half), (0.1, high - 0.03), (-deep, 0), front)
    kit.slab((-half, half), (0, 0.1), (0.05 - deep, 0), kit.material(("plain",), 0.3))
    kit.slab(
        (-half, half), (high - 0.03, high + 0.01), (-deep - 0.03, 0), kit.material(("plain", "grain", "wood", "noise"))
    )
    _fronts(kit, half, (0.12, high - 0.05), deep, front)
    if b.chance(0.6):
        kit.put(Sheet(half, 0.3), (0, -high - 0.31, -0.004), kit.material(("tiles", "tiles", "plain", "cells")))
    if b.chance(0.5):
        low, above = b.uniform(1.35, 1.5), b.uniform(1.9, 2.2)
        kit.slab((-half, half), (low, above), (-0.32, 0), front)
        _fronts(kit, half, (low, above), 0.32, front)
    kit.things((-half, half), high + 0.01, (-0.85 * deep, -0.2), b.whole(1, 5), 0.16)


def bookcase(b: Builder, T: np.ndarray, half: float) -> None:
    """Boards with rows of books and things on them."""
    kit, high, deep = Kit(b, "bookcase", T), b.uniform(0.8, 2.2), b.uniform(0.22, 0.4)
    wood = kit.material()
    rows = max(2, round(high / b.uniform(0.28, 0.45)))
    for x in (-half, half):
        kit.slab((x - 0.012, x + 0.012), (0, high), (-deep, 0), wood)
    if b.chance(0.7):
        kit.put(Sheet(half, 0.5 * high), (0, -0.5 * high, -0.005), wood)
    spines = [b.material(kit.far, ("stripes", "stripes", "print", "plain")) for _ in range(4)]
    tall = (high - 0.05) / rows
    for row in range(rows + 1):
        up = 0.05 + row * tall
        kit.slab((-half, half), (up - 0.02, up), (-deep, 0), wood)
        x = -half + 0.03
        while row < rows and x < half - 0.1:
            width = min(b.uniform(0.04, 0.35), half - 0.03 - x)
            if b.chance(0.7):
                kit.slab(
                    (x, x + width),
                    (up, up + tall * b.uniform(0.5, 0.85)),
                    (-deep * b.uniform(0.6, 0.95), -0.02),
                    b.pick(spines),
                )
            x += width + b.uniform(0.0, 0.1)


def sofa(b: Builder, T: np.ndarray, half: float) -> None:
    """A sofa or armchair with cushions."""
    kit, deep, seat = Kit(b, "sofa", T), b.uniform(0.75, 0.95), b.uniform(0.35, 0.45)
    cloth, back, arm = kit.material(CLOTH), b.uniform(0.7, 0.95), b.uniform(0.1, 0.2)
    leg = b.uniform(0.0, 0.12)
    kit.slab((-half, half), (leg, seat - 0.12), (-deep, 0), cloth)
    seats = max(1, round(half / 0.35))
    width = 2 * (half - arm) / seats
    for k in range(seats):
        x = -half + arm + k * width
        kit.slab((x + 0.01, x + width - 0.01), (seat - 0.12, seat), (-deep - 0.01, -0.15), cloth)
    kit.slab((-half, half), (leg, back), (-0.2, -0.02), cloth)
    for x in (-half, half - arm):
        kit.slab((x, x + arm), (leg, seat + b.uniform(0.1, 0.25)), (-deep, 0), cloth)
    for _ in range(b.whole(0, 3)):
        x, lean = b.uniform(arm - half, half - arm), rotation(rx=b.uniform(-40, -10)) @ b.turn(z=20)
        kit.put(Ball(0.22, 0.22, 0.09), (x, -seat - 0.18, -0.34), kit.material(CLOTH), lean)


def bed(b: Builder, T: np.ndarray, half: float) -> None:
    """A bed with its side to the wall."""
    kit, deep, high = Kit(b, "bed", T), b.uniform(0.8, 1.6), b.uniform(0.35, 0.6)
    kit.slab((-half, half), (0.12, high - 0.15), (-deep, 0), kit.material())
    kit.slab((-half + 0.02, half - 0.02), (high - 0.15, high), (0.02 - deep, -0.02), kit.material(CLOTH))
    kit.slab((-half - 0.04, -half), (0, high + b.uniform(0.1, 0.6)), (-deep, 0), kit.material())
    for z in (-0.25, 0.25 - deep):
        kit.put(Ball(0.2, 0.1, 0.32), (-half + 0.3, -high - 0.06, z), kit.material(CLOTH))


def desk(b: Builder, T: np.ndarray, half: float) -> None:
    """A desk with a screen and things on it, and a chair before it."""
    kit, deep, high = Kit(b, "desk", T), b.uniform(0.55, 0.8), b.uniform(0.68, 0.78)
    table(b, T @ pose(translation=(0, 0, -0.5 * deep)), half, 0.5 * deep, high, laden=b.whole(1, 6))
    for _ in range(b.whole(0, 2)):
        at, turn = b.uniform(-0.6, 0.6) * half, rotation(ry=b.uniform(-25, 25))
        wide, tall, dark = b.uniform(0.2, 0.35), b.uniform(0.13, 0.2), kit.material(("plain",), 0.1)
        kit.put(Box(wide + 0.015, tall + 0.015, 0.012), (at, -high - 0.1 - tall, -0.25), dark, turn)
        front = np.array([at, -high - 0.1 - tall, -0.25]) - 0.014 * turn[:, 2]
        kit.put(Sheet(wide, tall), (front[0], front[1], front[2]), glowing(kit, 1.0), turn)
        kit.put(Frustum(0.02, 0.02, 0.06), (at, -high - 0.06, -0.24), dark)
    if b.chance(0.6):
        chair(b, T @ pose(b.turn(y=60), (b.uniform(-0.5, 0.5) * half, 0, -deep - 0.2)))


def table(b: Builder, T: np.ndarray, half: float, half_deep: float, high: float, *, laden: int) -> None:
    """A table, with four legs or round on one foot, and so many things on it."""
    kit, thick, leg = Kit(b, "desk", T), b.uniform(0.015, 0.05), b.uniform(0.015, 0.05)
    top, legs = kit.material(), kit.material(("plain", "wood", "noise"))
    if b.chance(0.2):
        radius = min(half, half_deep)
        kit.put(Frustum(radius, radius, 0.5 * thick), (0, 0.5 * thick - high, 0), top)
        kit.put(Frustum(leg, leg, 0.5 * high), (0, -0.5 * high, 0), legs)
        kit.put(Frustum(0.1 * radius, 0.6 * radius, 0.02), (0, -0.02, 0), legs)
        half = half_deep = 0.7 * radius
    else:
        kit.slab((-half, half), (high - thick, high), (-half_deep, half_deep), top)
        for x in (leg - half, half - leg):
            for z in (leg - half_deep, half_deep - leg):
                kit.slab((x - leg, x + leg), (0, high - thick), (z - leg, z + leg), legs)
    kit.things((-0.85 * half, 0.85 * half), high, (-0.85 * half_deep, 0.85 * half_deep), laden, 0.16)


def chair(b: Builder, T: np.ndarray) -> None:
    """Four legs, a seat and a back of boards; or a stool."""
    kit, half, seat, leg = Kit(b, "chair", T), b.uniform(0.18, 0.24), b.uniform(0.42, 0.5), b.uniform(0.012, 0.025)
    wood, back = kit.material(), b.uniform(0.75, 1.05) if b.chance(0.85) else 0.0
    kit.slab((-half, half), (seat - 0.03, seat), (-half, half), kit.material(CLOTH) if b.chance(0.5) else wood)
    for x in (leg - half, half - leg):
        kit.slab((x - leg, x + leg), (0, seat - 0.03), (-half, 2 * leg - half), wood)
        kit.slab((x - leg, x + leg), (0, max(back, seat - 0.03)), (half - 2 * leg, half), wood)
    if not back:
        return
    bars = b.whole(1, 4)
    tall = (back - seat) / (bars + 0.5)
    for k in range(bars):
        up = seat + (k + 0.7) * tall
        kit.slab((2 * leg - half, half - 2 * leg), (up, up + 0.6 * tall), (half - 0.03, half - 0.01), wood)


def lamp(b: Builder, T: np.ndarray, half: float) -> None:  # noqa: ARG001 - a piece that needs no width
    """A floor lamp whose shade glows."""
    kit, high, z = Kit(b, "lamp", T), b.uniform(1.2, 1.8), -b.uniform(0.25, 0.4)
    metal, wide, tall = kit.material(("plain",), 0.3), b.uniform(0.12, 0.25), b.uniform(0.1, 0.2)
    kit.put(Frustum(0.012, 0.012, 0.5 * high), (0, -0.5 * high, z), metal)
    kit.put(Frustum(0.08, 0.15, 0.015), (0, -0.015, z), metal)
    shade = Frustum(wide * b.uniform(0.5, 1.0), wide, tall, closed=False)
    kit.put(shade, (0, -high, z), glowing(kit, 2.0, ("plain", "fabric")), casts=False)


def greenery(b: Builder, T: np.ndarray, half: float) -> None:
    """A plant in a pot on the floor."""
    kit, wide, high = Kit(b, "planter", T), min(half, b.uniform(0.1, 0.2)), b.uniform(0.1, 0.25)
    kit.put(Frustum(wide, 0.7 * wide, high), (0, -high, -0.25), kit.material(("plain", "noise", "grain", "tiles")))
    plant(b, (T @ np.array([0, -2 * high, -0.25, 1.0]))[:3], b.uniform(0.3, 0.7))


def heap(b: Builder, T: np.ndarray, half: float) -> None:
    """Boxes, bags and balls on the floor."""
    for _ in range(b.whole(1, 4)):
        at = (T @ np.array([b.uniform(-half, half), 0, -b.uniform(0.25, 0.5), 1.0]))[:3]
        b.pick((box, box, can, cushion, ball, rocks))(b, at, b.uniform(0.1, 0.3))


def glowing(kit: Kit, most: float, kinds: tuple[str, ...] = ("print", "leaves", "noise", "plain")) -> Material:
    """A material that may shine by itself: screens, lampshades, daylight in windows."""
    return replace(kit.material(kinds, 0.6), glow=kit.b.uniform(0.2, most) if kit.b.chance(0.7) else 0.0)


FURNITURE: tuple[tuple[Piece, float, float], ...] = (
    (cupboard, 0.4, 1.6),
    (cupboard, 0.4, 1.6),
    (counter, 1.2, 3.0),
    (bookcase, 0.5, 1.8),
    (sofa, 0.8, 2.2),
    (bed, 1.9, 2.1),
    (desk, 1.0, 1.8),
    (lamp, 0.3, 0.6),
    (greenery, 0.3, 0.6),
    (heap, 0.3, 1.0),
)
