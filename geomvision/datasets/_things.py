"""Things to put into a scene, each built of a few shapes around a foot point; up is −y."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cameras import pose
from ._builder import Builder
from ._scene import Material, rotation
from ._shapes import Ball, Box, Frustum, Shape, Sheet

UP = np.array([0.0, -1.0, 0.0])
Thing = Callable[[Builder, np.ndarray, float], None]


def _depth(at: np.ndarray) -> float:
    return max(float(at[2]), 1e-3)


def box(b: Builder, at: np.ndarray, size: float) -> None:
    """A box, each side its own size."""
    half = Box(size * b.uniform(0.3, 1.2), size * b.uniform(0.3, 1.2), size * b.uniform(0.3, 1.2))
    b.add(b.number("box"), half, pose(b.turn(y=180), at + UP * half.b), b.material(_depth(at)))


def books(b: Builder, at: np.ndarray, size: float) -> None:
    """A pile of books."""
    name, top, yaw = b.number("books"), at, b.turn(y=180)
    for _ in range(b.whole(2, 6)):
        book = Box(size * b.uniform(0.6, 1.0), size * b.uniform(0.06, 0.2), size * b.uniform(0.4, 0.8))
        b.add(name, book, pose(yaw @ b.turn(y=25), top + UP * book.b), b.material(_depth(at)))
        top = top + UP * (2 * book.b)


def shelf(b: Builder, at: np.ndarray, size: float) -> None:
    """Books side by side, upright or leaning."""
    name, yaw, x = b.number("shelf"), b.turn(y=50), -size
    while x < size:
        book = Box(size * b.uniform(0.05, 0.16), size * b.uniform(0.5, 0.9), size * b.uniform(0.3, 0.5))
        lean = b.turn(z=6)
        place = pose(yaw, at) @ pose(lean, (x + book.a, -book.b, 0))
        b.add(name, book, place, b.material(_depth(at), ("print", "plain", "stripes", "noise", "leaves")))
        x += 2 * book.a


def cone(b: Builder, at: np.ndarray, size: float) -> None:
    """A cone."""
    wide = size * b.uniform(0.3, 0.7)
    body = Frustum(0.03 * wide, wide, size * b.uniform(0.6, 1.2))
    b.add(b.number("cone"), body, pose(b.turn(y=180), at + UP * body.half), b.material(_depth(at)))


def can(b: Builder, at: np.ndarray, size: float) -> None:
    """A cylinder, standing or lying."""
    wide = size * b.uniform(0.25, 0.7)
    body, lying = Frustum(wide, wide, size * b.uniform(0.4, 1.3)), b.chance(0.3)
    turn = b.turn(y=180) @ (rotation(rx=90) if lying else np.eye(3))
    b.add(b.number("can"), body, pose(turn, at + UP * (wide if lying else body.half)), b.material(_depth(at)))


def pot(b: Builder, at: np.ndarray, size: float) -> None:
    """An open pot or lampshade; often with a plant in it."""
    wide = size * b.uniform(0.3, 0.8)
    body = Frustum(wide * b.uniform(0.7, 1.4), wide, size * b.uniform(0.4, 1.0), closed=False)
    b.add(b.number("pot"), body, pose(b.turn(y=180), at + UP * body.half), b.material(_depth(at)))
    if b.chance(0.5):
        plant(b, at + UP * (1.6 * body.half), size)


def ball(b: Builder, at: np.ndarray, size: float) -> None:
    """A ball."""
    radius = 0.7 * size
    b.add(b.number("ball"), Ball(radius, radius, radius), pose(b.turn(y=180), at + UP * radius), b.material(_depth(at)))


def plant(b: Builder, at: np.ndarray, size: float) -> None:
    """A bunch of leaves that grow from one root."""
    name, kind = b.number("plant"), b.pick(("leaf", "leaf", "blob"))
    materials = [b.material(_depth(at), ("noise", "grain", "plain", "leaves", "wood")) for _ in range(2)]
    for _ in range(b.whole(5, 15)):
        length = size * b.uniform(0.5, 1.2)
        stalk = pose(translation=(0, -length * b.uniform(1.0, 1.5), 0))
        sheet = Sheet(length * b.uniform(0.12, 0.5), length, b.outline(kind))
        b.add(name, sheet, pose(b.turn(60, 70, 75), at) @ stalk, b.pick(materials))


def board(b: Builder, at: np.ndarray, size: float) -> None:
    """A sheet that leans."""
    turn = b.turn(y=60) @ rotation(rx=b.uniform(-35, 10))
    b.add(b.number("board"), Sheet(size, 0.8 * size), pose(turn, at + UP * 0.7 * size), b.material(_depth(at)))


def figure(b: Builder, at: np.ndarray, size: float) -> None:
    """Three balls, one on the other."""
    name, material, yaw = b.number("figure"), b.material(_depth(at)), b.turn(y=180)
    for level, wide in ((0.45, 0.5), (1.0, 0.32), (1.38, 0.2)):
        body = Ball(size * wide * b.uniform(0.7, 1.3), size * wide * 1.2, size * wide)
        b.add(name, body, pose(yaw, at + UP * size * level), material)


def rocks(b: Builder, at: np.ndarray, size: float) -> None:
    """A heap of ellipsoids of one material: a bumpy body."""
    name, material = b.number("rocks"), b.material(_depth(at))
    for _ in range(b.whole(4, 9)):
        shift = size * np.array([b.uniform(-0.8, 0.8), b.uniform(-0.7, 0.0), b.uniform(-0.5, 0.5)])
        body = Ball(size * b.uniform(0.2, 0.6), size * b.uniform(0.2, 0.5), size * b.uniform(0.2, 0.6))
        b.add(name, body, pose(b.turn(180, 180, 180), at + shift), material)


def cushion(b: Builder, at: np.ndarray, size: float) -> None:
    """A flat ellipsoid that leans."""
    body = Ball(size * b.uniform(0.6, 1.2), size * b.uniform(0.5, 0.9), size * b.uniform(0.15, 0.4))
    turn = b.turn(y=60) @ rotation(rx=b.uniform(-60, 10))
    b.add(b.number("cushion"), body, pose(turn, at + UP * 0.6 * body.b), b.material(_depth(at)))


def rack(b: Builder, at: np.ndarray, size: float) -> None:
    """A table, chair or rack: four legs and boards."""
    name, material = b.number("rack"), b.material(_depth(at), ("wood", "plain", "marks", "noise"))
    size = 1.2 * size
    wide, deep = size * b.uniform(0.5, 1.0), size * b.uniform(0.4, 0.8)
    high, leg = size * b.uniform(0.6, 1.3), size * b.uniform(0.02, 0.07)
    T = pose(b.turn(y=180), at)
    for x in (leg - wide, wide - leg):
        for z in (leg - deep, deep - leg):
            b.add(name, Box(leg, high, leg), T @ pose(translation=(x, -high, z)), material)
    for level in np.linspace(1.0, 0.15, b.whole(1, 4)):
        b.add(name, Box(wide, 1.2 * leg, deep), T @ pose(translation=(0, -2 * high * float(level), 0)), material)


STANDING: tuple[Thing, ...] = (box, box, books, shelf, cone, can, pot, ball, plant, board, figure, rocks, cushion, rack)


def floating(b: Builder, at: np.ndarray, size: float) -> None:
    """Something turned anyhow: sheets and cut-outs, boxes, ellipsoids, drums, bunches of leaves."""
    kind = b.pick(("sheet", "sheet", "blob", "blob", "box", "ball", "can", "pot", "lattice", "ring", "plant", "rocks"))
    if kind in ("plant", "rocks"):
        (plant if kind == "plant" else rocks)(b, at, size)
        return
    a, c, d = (size * b.uniform(0.35, 1.2) for _ in range(3))
    solids: dict[str, Shape] = {"box": Box(a, c, d), "ball": Ball(a, c, d), "can": Frustum(a, c, d)}
    solids["pot"] = Frustum(a, c, d, closed=False)
    flat = kind not in solids
    shape: Shape = Sheet(a, c, None if kind == "sheet" else b.outline(kind)) if flat else solids[kind]
    turn = b.turn(45, 55, 180) if flat else b.turn(180, 180, 180)
    b.add(b.number(kind), shape, pose(turn, at), b.material(_depth(at)))


def rod(b: Builder, at: np.ndarray, radius: float, half: float) -> None:
    """A thin rod."""
    turn = rotation(rx=b.uniform(-40, 40), rz=b.uniform(-90, 90))
    b.add(b.number("rod"), Frustum(radius, radius, half), pose(turn, at), b.material(_depth(at)))


def car(b: Builder, at: np.ndarray, unit: float) -> None:
    """Body, cabin and wheels; `unit` is a metre."""
    z, name = _depth(at), b.number("car")
    paint, glass = b.material(z, ("plain", "plain", "marks", "noise")), b.material(z, ("plain", "marks", "noise"), 0.3)
    T = pose(rotation(ry=b.uniform(-8, 8) + 90 * b.chance(0.1)), at)

    def put(shape: Box | Ball | Frustum, at: tuple[float, float, float], material: Material, rz: float = 0) -> None:
        b.add(name, shape, T @ pose(rotation(rz=rz), unit * np.array(at)), material)

    put(Box(0.85 * unit, 0.32 * unit, 2.0 * unit), (0, -0.62, 0), paint)
    put(Ball(0.8 * unit, 0.75 * unit, 1.5 * unit), (0, -0.85, 0.1), glass)
    for x in (-0.75, 0.75):
        for along in (-1.3, 1.3):
            put(Frustum(0.33 * unit, 0.33 * unit, 0.12 * unit), (x, -0.33, along), glass, 90)


def pole(b: Builder, at: np.ndarray, unit: float) -> None:
    """A lamp post, or a shorter post with a sign."""
    sign = b.chance(0.5)
    half, thick, z = b.uniform(1.0, 3.5) * (0.5 if sign else 1.0) * unit, b.uniform(0.03, 0.12) * unit, _depth(at)
    name = b.number("pole")
    post = Frustum(thick, thick, half)
    b.add(name, post, pose(translation=at + UP * half), b.material(z, ("plain", "noise", "stripes")))
    if sign:
        plate = Sheet(0.4 * unit, 0.4 * unit, b.outline("disc") if b.chance(0.5) else None)
        place = at + UP * (2 * half) - (0, 0, 1.5 * thick)
        b.add(name, plate, pose(translation=place), b.material(z, ("print", "stripes", "marks")))


def _crown(b: Builder, centre: np.ndarray, size: float) -> None:
    """Foliage: a body with ragged sheets around it."""
    name, green = b.number("foliage"), b.material(_depth(centre), ("leaves", "cells", "grain"))
    b.add(name, Ball(0.6 * size, 0.6 * size, 0.6 * size), pose(translation=centre), green)
    for _ in range(b.whole(2, 5)):
        extent = size * b.uniform(0.4, 0.9)
        shift = size * np.array([b.uniform(-0.5, 0.5) for _ in range(3)])
        b.add(name, Sheet(extent, extent, b.outline("crown")), pose(b.turn(50, 50, 180), centre + shift), green)


def tree(b: Builder, at: np.ndarray, unit: float) -> None:
    """Trunk and crown."""
    half = b.uniform(0.8, 1.6) * unit
    trunk = Frustum(0.1 * unit, 0.2 * unit, half)
    b.add(b.number("trunk"), trunk, pose(translation=at + UP * half), b.material(_depth(at), ("wood", "cells")))
    _crown(b, at + UP * (2 * half + 0.8 * unit), b.uniform(1.0, 2.2) * unit)


def bush(b: Builder, at: np.ndarray, unit: float) -> None:
    """Foliage near the ground."""
    _crown(b, at + UP * 0.4 * unit, b.uniform(0.5, 1.2) * unit)


def person(b: Builder, at: np.ndarray, unit: float) -> None:
    """Legs, trunk and head."""
    name = b.number("person")
    for level, wide, tall in ((0.4, 0.14, 0.45), (1.1, 0.22, 0.38), (1.6, 0.11, 0.14)):
        body = Ball(wide * unit, tall * unit, wide * unit)
        b.add(name, body, pose(translation=at + UP * level * unit), b.material(_depth(at)))


def fence(b: Builder, at: np.ndarray, unit: float) -> None:
    """Bars along the road."""
    bars = Sheet(2.0 * unit, 0.6 * unit, b.outline("lattice"))
    b.add(b.number("fence"), bars, pose(rotation(ry=b.uniform(30, 90)), at + UP * 0.6 * unit), b.material(_depth(at)))


def crate(b: Builder, at: np.ndarray, unit: float) -> None:
    """A box by the road."""
    box(b, at, 0.6 * unit)


BESIDE_ROAD: tuple[Thing, ...] = (car, car, car, pole, pole, tree, bush, person, fence, crate)
