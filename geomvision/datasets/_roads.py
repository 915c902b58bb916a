"""Roads in metres: lanes and marks, kerbs and pavements, traffic, what stands beside, house fronts, hills."""

from __future__ import annotations

import numpy as np

from ..cameras import inverse, pose
from ._builder import Builder
from ._furniture import Kit
from ._scene import Light, Scene, rotation
from ._shapes import Ball, Box, Frustum, Plane, Sheet
from ._things import UP, bush, crate, fence, person, pole, tree

_ASPHALT = ("grain", "grain", "noise", "plain", "marks", "cells")
_FLAT = rotation(rx=90)
#: A road is laid out so far ahead.
END = 100.0


class Road:
    """Half the carriageway, and the road's frame in the world: x to the right of its middle, y = 0 on it, z along."""

    def __init__(self, b: Builder) -> None:
        self.half, self.eye = b.uniform(2.6, 7.5), b.uniform(1.2, 2.0)
        lane = 0.5 * self.half if self.half > 4.0 else 0.0
        at = b.pick((-1.0, 1.0)) * lane + b.uniform(-0.7, 0.7)
        heading = b.turn(y=9)
        self.at = at
        self.T = pose(heading, heading @ np.array([-at, 0.0, 0.0]) + (0.0, self.eye, 0.0))

    def place(self, x: float, z: float, up: float = 0.0) -> np.ndarray:
        """The pose of a foot at x, z of the road."""
        return self.T @ pose(translation=(x, -up, z))


def road(b: Builder, max_disparity: float) -> Scene:  # noqa: ARG001 - a road has the size it has
    """A road seen from a car: the camera 1.2 to 2 m over it."""
    way = Road(b)
    T_world_camera = pose(rotation(rx=b.uniform(-6, 4)))
    b.add("road", Plane(), pose(_FLAT, (0, way.eye, 0)), b.material(6.0, _ASPHALT, 0.25), casts=False)
    _marks(b, way)
    built = b.chance(0.65)
    for side in (-1.0, 1.0):
        level = _beside(b, way, side, built)
        _standing(b, way, side, level)
        _parked(b, way, side)
        if built:
            _houses(b, way, side)
        else:
            _growth(b, way, side)
    _traffic(b, way)
    if b.chance(0.35):
        _end(b, way, b.uniform(25.0, 80.0))
    if b.chance(0.6):
        hill = Sheet(700.0, b.uniform(10.0, 60.0), b.outline("blob"))
        b.add("hill", hill, way.place(b.uniform(-200, 200), 260.0), b.material(260.0, ("noise", "leaves", "cells")))
    return _lit(b, way, T_world_camera)


def _lit(b: Builder, way: Road, T_world_camera: np.ndarray) -> Scene:
    high, warm = b.spread(0.25, 0.9), b.uniform(0.6, 1.0)
    strength, fill = b.uniform(0.2, 1.3), b.uniform(0.15, 0.6)
    light = Light(
        position=(b.uniform(-60, 60), -b.uniform(25, 70), b.uniform(-50, 40)),
        toward=(0.0, 0.0, 20.0),
        colour=(strength, strength * 0.95, strength * 0.85),
        ambient=(fill * 0.9, fill * 0.95, fill),
        shadows=b.chance(0.75),  # else the sky is overcast
    )
    sky = ((high * 1.2, high * 1.25, high * 1.3), (high * warm * 0.6, high * warm * 0.8, high * 1.1))
    T_camera_world = inverse(T_world_camera)
    return Scene(objects=tuple(b.objects), light=light, sky=sky, T_camera_world=T_camera_world, ground_y=way.eye)


def _marks(b: Builder, way: Road) -> None:
    """Lines at the edges and between lanes, arrows' worth of dashes, a crossing, patches and covers."""
    if b.chance(0.85):
        paint = b.material(8.0, ("plain", "plain", "marks", "grain"), 0.2)
        wide, lift = b.uniform(0.05, 0.09), 0.006
        if b.chance(0.6):
            for side in (-1.0, 1.0):
                line = way.place(side * (way.half - 0.3), 0.5 * END, lift) @ pose(_FLAT)
                b.add("marking", Sheet(wide, 0.5 * END), line, paint, casts=False)
        dash, gap, z = b.uniform(0.75, 3.0), b.uniform(1.5, 6.0), b.uniform(1.0, 5.0)
        solid = b.chance(0.2)
        while z < 60.0:
            half = 30.0 if solid else dash
            b.add("marking", Sheet(wide, half), way.place(0.0, z + half, lift) @ pose(_FLAT), paint, casts=False)
            z += 2 * half + gap
        if b.chance(0.2):
            z, x = b.uniform(6.0, 20.0), -way.half + 0.5
            while x < way.half - 0.4:
                b.add("marking", Sheet(0.25, 1.5), way.place(x, z, lift) @ pose(_FLAT), paint, casts=False)
                x += 1.0
    for _ in range(b.whole(0, 4)):
        patch = Sheet(b.spread(0.25, 2.0), b.spread(0.25, 3.0), b.outline("disc") if b.chance(0.3) else None)
        at = way.place(b.uniform(-1, 1) * way.half, b.spread(3.0, 30.0), 0.003)
        b.add("marking", patch, at @ pose(_FLAT), b.material(5.0, _ASPHALT, 0.2), casts=False)


def _beside(b: Builder, way: Road, side: float, built: bool) -> float:
    """Kerb and pavement, or a verge; how high it lies."""
    wide = 100.0
    if built or b.chance(0.3):
        high, stone = b.uniform(0.06, 0.16), b.uniform(0.08, 0.2)
        edge = way.place(side * (way.half + stone), 0.5 * END, 0.5 * high)
        b.add(
            "kerb", Box(stone, 0.5 * high, 0.7 * END), edge, b.material(5.0, ("plain", "grain", "tiles", "noise"), 0.2)
        )
        ground = b.material(5.0, ("tiles", "tiles", "grain", "noise", "cells", "plain"), 0.4)
        top = way.place(side * (way.half + 2 * stone + wide), 0.5 * END, 0.5 * high)
    else:
        high, ground = b.uniform(0.02, 0.3), b.material(6.0, ("noise", "leaves", "grain", "cells"))
        top = way.place(side * (way.half + b.uniform(0.0, 0.6) + wide), 0.5 * END, 0.5 * high)
    b.add("verge", Box(wide, 0.5 * high, 0.8 * END), top, ground, casts=False)
    return high


def _standing(b: Builder, way: Road, side: float, level: float) -> None:
    """Poles, signs, trees, bushes, people, fences and crates beside the road."""
    z = b.uniform(2.5, 9.0)
    row = b.pick((None, None, tree, pole))  # some roads have one kind at even distances
    step = b.uniform(6.0, 14.0)
    while z < 65.0:
        thing = row or b.pick((pole, pole, tree, bush, person, person, fence, crate, _bin))
        x = side * (way.half + (0.9 if row else b.uniform(0.5, 4.0)))
        thing(b, way.place(x, z, level)[:3, 3], b.uniform(0.85, 1.15))
        z += step if row else b.uniform(0.15, 0.6) * z + 1.5


def _bin(b: Builder, at: np.ndarray, unit: float) -> None:
    """A bin or bollard."""
    wide, half = b.uniform(0.08, 0.3) * unit, b.uniform(0.4, 0.6) * unit
    b.add(b.number("bin"), Frustum(wide, wide, half), pose(translation=at + UP * half), b.material(8.0))


def _parked(b: Builder, way: Road, side: float) -> None:
    """A row of parked vehicles with gaps."""
    if way.half < 3.6 or b.chance(0.35):
        return
    z = b.uniform(3.0, 14.0)
    while z < 60.0:
        half = vehicle(b, way.place(side * (way.half - 1.1), z + 2.4) @ pose(b.turn(y=2)))
        z += 2 * half + b.uniform(0.6, 2.0) + (b.uniform(4, 20) if b.chance(0.35) else 0.0)


def _traffic(b: Builder, way: Road) -> None:
    """Vehicles in the lanes, ahead and oncoming, and cyclists."""
    lane, taken = (0.5 * way.half if way.half > 4.0 else 0.0), 0.0
    for _ in range(b.whole(0, 3)):
        z = max(b.spread(7.0, 60.0), taken + 6.0)
        taken = z + 2.0
        side = b.pick((-1.0, 1.0))
        vehicle(b, way.place(side * lane + b.uniform(-0.4, 0.4), z + 2.0) @ pose(b.turn(y=4)))
    if b.chance(0.35):
        at = way.place(b.uniform(-0.9, 0.9) * way.half, b.spread(5.0, 30.0))[:3, 3]
        person(b, at, b.uniform(0.9, 1.05))


def vehicle(b: Builder, T: np.ndarray) -> float:
    """A car, van, lorry or bus along z; half its length in metres."""
    kind, kit = b.pick(("car", "car", "car", "car", "van", "lorry", "bus")), Kit(b, "car", T)
    paint, glass = kit.material(("plain", "plain", "plain", "marks", "noise")), kit.material(("plain", "marks"), 0.2)
    black = kit.material(("plain",), 0.1)
    if kind == "car":
        half, wide, waist, roof = b.uniform(1.8, 2.4), b.uniform(0.8, 0.92), b.uniform(0.85, 1.0), b.uniform(1.35, 1.75)
        kit.slab((-wide, wide), (0.2, waist), (-half, half), paint)
        front, back = b.uniform(0.1, 0.5) * half, b.uniform(0.55, 0.98) * half
        kit.slab((-0.88 * wide, 0.88 * wide), (waist, roof - 0.06), (-back, front), glass)
        kit.slab((-0.84 * wide, 0.84 * wide), (roof - 0.06, roof), (0.05 - back, front - 0.15), paint)
        if b.chance(0.6):  # a slanted screen and rear
            kit.put(Ball(0.9 * wide, roof - waist, 0.62 * (front + back)), (0, -waist, 0.5 * (front - back)), glass)
    else:
        half, wide = {"van": (2.4, 0.95), "lorry": (4.0, 1.2), "bus": (5.5, 1.25)}[kind]
        roof = b.uniform(2.6, 3.8) if kind != "van" else b.uniform(1.9, 2.4)
        kit.slab(
            (-wide, wide), (0.35, roof), (-half, half), kit.material(("plain", "print", "stripes", "marks", "noise"))
        )
        band = 0.35 * (roof - 0.35) if kind == "bus" else 0.3
        kit.slab((-wide - 0.01, wide + 0.01), (0.58 * roof, 0.58 * roof + band), (-half - 0.01, half + 0.01), glass)
    for end in (-1.0, 1.0):
        low = 0.55 if kind == "car" else 0.45
        for x in (0.72 * wide, -0.72 * wide):
            kit.slab((x - 0.12, x + 0.12), (low, low + 0.14), (end * half - 0.02, end * half + 0.02), black)
        plate = kit.material(("print", "plain"), 0.4)
        kit.slab((-0.25, 0.25), (0.38, 0.5), (end * half - 0.015, end * half + 0.015), plate)
    for x in (-1.0, 1.0):
        for end in (-1.0, 1.0):
            wheel = Frustum(0.33, 0.33, 0.12)
            kit.put(wheel, (x * (wide - 0.1), -0.33, end * 0.62 * half), black, rotation(rz=90))
    return half


def _houses(b: Builder, way: Road, side: float) -> None:
    """House fronts along the pavement, gardens and gaps between; some with roofs and doors."""
    z, front = b.uniform(-8.0, 8.0), way.half + b.uniform(1.8, 9.0)
    while z < END:
        half, high = b.uniform(3.0, 12.0), b.uniform(2.8, 16.0)
        at, deep = front + (b.uniform(0.0, 3.0) if b.chance(0.4) else 0.0), 5.0
        kit = Kit(b, "house", way.place(side * (at + deep), z + half))
        far = max(abs(z) + half, 10.0)
        face = b.material(far, ("facade", "facade", "facade", "tiles", "wood", "grain", "noise", "plain"), 0.7)
        kit.slab((-deep, deep), (0.0, high), (-half, half), face)
        if b.chance(0.5):  # a square bar on edge, half sunk: a gable roof
            roof = b.material(far, ("tiles", "stripes", "plain", "noise"))
            kit.put(Box(0.72 * deep, 0.72 * deep, half - 0.01), (0, -high, 0), roof, rotation(rz=45))
        if b.chance(0.4):
            kit.put(Box(0.05, 1.05, 0.5), (-side * (deep + 0.02), -1.05, b.uniform(-0.7, 0.7) * half), b.material(10.0))
        z += 2 * half + (b.uniform(1.0, 14.0) if b.chance(0.4) else 0.0)


def _growth(b: Builder, way: Road, side: float) -> None:
    """Outside towns: a hedge, wall or rail, and trees behind."""
    if b.chance(0.6):
        high, x = b.uniform(0.5, 2.5), way.half + b.uniform(1.0, 6.0)
        kit = Kit(b, "fence", way.place(side * x, 0.5 * END))
        kinds = b.pick((("leaves", "cells", "grain"), ("tiles", "cells", "grain"), ("plain", "stripes")))
        kit.slab((-0.2, 0.2), (0.0, high), (-0.5 * END, 0.5 * END), b.material(10.0, kinds))
    for _ in range(b.whole(2, 10)):
        at = way.place(side * (way.half + b.uniform(4.0, 25.0)), b.spread(8.0, 90.0), 0.1)[:3, 3]
        b.pick((tree, tree, bush))(b, at, b.uniform(1.0, 2.5))


def _end(b: Builder, way: Road, z: float) -> None:
    """A house front across: the road bends or ends there."""
    kit = Kit(b, "house", way.place(b.uniform(-4.0, 4.0), z))
    face = b.material(z, ("facade", "facade", "tiles", "noise", "leaves", "plain"))
    kit.slab((-b.uniform(5, 30), b.uniform(5, 30)), (0.0, b.uniform(3.0, 15.0)), (0.0, 8.0), face)
