"""Random arrangements: a table or room before a wall, a street, and free clutter.

Things are placed by pixel and disparity, so that a layout fills the disparity range it is asked for at any size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cameras import Camera, inverse, pose
from ._scene import Builder, Light, Scene, log_uniform, outline, rotation
from ._shapes import Ball, Box, Frustum, Plane, Sheet


def tabletop(b: Builder, max_disparity: float) -> Scene:
    """Middlebury-like: books, boxes, cones, balls, pots and plants on a table or floor before slanted walls."""
    rng = b.rng
    pitch = float(rng.uniform(-2, 24))
    T_world_camera = pose(rotation(rx=-pitch, rz=float(rng.uniform(-2, 2))))
    far = max_disparity * float(rng.uniform(0.1, 0.55))
    depth = b.bf / far
    has_table = rng.random() < 0.8
    bottom = _ray(b.camera, T_world_camera, b.camera.width / 2, b.camera.height - 1)
    table_y = float(bottom[1]) * b.bf / (max_disparity * float(rng.uniform(0.7, 0.97))) if has_table else None
    _walls(b, T_world_camera, depth)
    if table_y is not None:
        b.add("table", Plane(), pose(rotation(rx=90), (0, table_y, 0)), b.material(0.6 * depth), casts=False)
    for _ in range(int(rng.integers(7, 24))):
        disparity = float(rng.uniform(far * 1.08, max_disparity * 0.88))
        z = b.bf / disparity
        x, y = float(rng.uniform(-0.05, 1.05)) * b.camera.width, float(rng.uniform(0.1, 0.9)) * b.camera.height
        size = 0.5 * log_uniform(rng, 0.06, 0.5) * b.camera.height * z / b.camera.fx
        direction = _ray(b.camera, T_world_camera, x, y)
        at = direction * (z / float((T_world_camera[:3, :3].T @ direction)[2]))
        if table_y is not None and rng.random() < 0.9:
            at = np.array([at[0], table_y, z])
            _standing(b, at, size)
        else:
            _floating(b, at, size)
    add_rods(b, T_world_camera, int(rng.integers(0, 5)), far, max_disparity)
    light = _lamp(rng, depth)
    return Scene(objects=tuple(b.objects), light=light, T_camera_world=inverse(T_world_camera), ground_y=table_y)


def clutter(b: Builder, max_disparity: float) -> Scene:
    """Shapes of all kinds, sizes and depths before a slanted or curved background."""
    rng = b.rng
    T_world_camera = pose(rotation(rx=float(rng.uniform(-15, 15)), rz=float(rng.uniform(-10, 10))))
    far = max_disparity * log_uniform(rng, 0.05, 0.4)
    depth = b.bf / far
    _walls(b, T_world_camera, depth)
    for _ in range(int(rng.integers(15, 45))):
        disparity = log_uniform(rng, far * 1.05, max_disparity * 0.9)
        z = b.bf / disparity
        size = 0.5 * log_uniform(rng, 0.03, 0.6) * b.camera.height * z / b.camera.fx
        x, y = rng.uniform(-0.05, 1.05, 2) * (b.camera.width, b.camera.height)
        _floating(b, _ray(b.camera, T_world_camera, float(x), float(y)) * z, size)
    add_rods(b, T_world_camera, int(rng.integers(0, 8)), far, max_disparity)
    return Scene(objects=tuple(b.objects), light=_lamp(rng, depth), T_camera_world=inverse(T_world_camera))


def street(b: Builder, max_disparity: float) -> Scene:
    """KITTI-like: a road to the horizon, house fronts, cars, poles, trees, people under a sky."""
    rng = b.rng
    T_world_camera = pose(rotation(rx=float(rng.uniform(-5, 5))))
    bottom = _ray(b.camera, T_world_camera, b.camera.width / 2, b.camera.height - 1)
    ground = float(bottom[1]) * b.bf / (max_disparity * float(rng.uniform(0.5, 0.95)))
    unit = ground / 1.65  # metres as a driver would count them
    b.add(
        "road",
        Plane(),
        pose(rotation(rx=90), (0, ground, 0)),
        b.material(6 * unit, ("grain", "noise", "grain", "cells")),
        casts=False,
    )
    for side in (-1, 1):
        _houses(b, side, ground, unit)
        z = float(rng.uniform(3, 9)) * unit
        while z < 70 * unit:
            x = side * float(rng.uniform(2.2, 6.0)) * unit
            _beside_road(b, np.array([x, ground, z]), unit)
            z += float(rng.uniform(2.5, 10)) * unit
    if rng.random() < 0.6:
        z = float(rng.uniform(8, 40)) * unit
        _car(b, np.array([float(rng.uniform(-1.5, 1.5)) * unit, ground, z]), unit)
    if rng.random() < 0.5:
        far = 150 * unit
        hill = Sheet(3 * far, 0.2 * far, outline("blob", int(rng.integers(12))))
        b.add("hill", hill, pose(translation=(0, ground, far)), b.material(far, ("noise", "leaves", "cells")))
    high = log_uniform(rng, 0.25, 0.9)
    warm = float(rng.uniform(0.6, 1.0))
    sun = (float(rng.uniform(-60, 60)) * unit, -60 * unit, float(rng.uniform(-40, 20)) * unit)
    strength, fill = float(rng.uniform(0.3, 1.1)), float(rng.uniform(0.2, 0.5))
    light = Light(
        position=sun, colour=(strength, strength * 0.95, strength * 0.85), ambient=(fill * 0.9, fill * 0.95, fill)
    )
    sky = ((high * 1.2, high * 1.25, high * 1.3), (high * warm * 0.6, high * warm * 0.8, high * 1.1))
    return Scene(
        objects=tuple(b.objects), light=light, sky=sky, T_camera_world=inverse(T_world_camera), ground_y=ground
    )


LAYOUTS: dict[str, Callable[[Builder, float], Scene]] = {"tabletop": tabletop, "clutter": clutter, "street": street}


def _ray(camera: Camera, T_world_camera: np.ndarray, x: float, y: float) -> np.ndarray:
    """World direction of a pixel's ray, depth 1 along the optical axis."""
    direction: np.ndarray = T_world_camera[:3, :3] @ camera.unproject((x, y))
    return direction


def _lamp(rng: np.random.Generator, depth: float) -> Light:
    """A lamp up and behind the camera, warm to cold, hard to mostly ambient."""
    position = (
        float(rng.uniform(-1.2, 1.2)) * depth,
        -float(rng.uniform(0.5, 1.5)) * depth,
        -float(rng.uniform(0, 0.8)) * depth,
    )
    strength, fill, warm = float(rng.uniform(0.2, 1.1)), float(rng.uniform(0.25, 0.7)), float(rng.uniform(0.75, 1.1))
    colour = (strength, strength * (0.5 + 0.5 * warm), strength * warm)
    return Light(position=position, colour=colour, ambient=(fill, fill, fill * warm), shadows=bool(rng.random() < 0.7))


def _walls(b: Builder, T_world_camera: np.ndarray, depth: float) -> None:
    """One to three walls about `depth` away, slanted; now and then the whole background is a curved screen."""
    rng = b.rng
    if rng.random() < 0.15:
        radius = depth * float(rng.uniform(1.0, 3.0))
        at = T_world_camera[:3, :3] @ np.array([0, 0, depth * 0.85 + radius])
        turn = rotation(rx=float(rng.uniform(-30, 30)), rz=float(rng.uniform(0, 180)))
        b.add(
            "screen", Frustum(radius, radius, 40 * depth, closed=False), pose(turn, at), b.material(depth), casts=False
        )
        b.add("backdrop", Plane(), pose(translation=(0, 0, depth * 1.6)), b.material(depth), casts=False)
        return
    yaw = float(rng.uniform(-38, 38))
    at = T_world_camera[:3, :3] @ np.array([0, 0, depth])
    b.add("wall", Plane(), pose(rotation(ry=yaw, rx=float(rng.uniform(-8, 8))), at), b.material(depth), casts=False)
    if rng.random() < 0.45:
        side = 1.0 if yaw < 0 else -1.0  # closes the corner on the side that recedes
        turn = rotation(ry=yaw + side * 90)
        at = at + T_world_camera[:3, :3] @ np.array([-side * depth * float(rng.uniform(0.05, 0.35)), 0, 0])
        b.add("side wall", Plane(), pose(turn, at), b.material(depth), casts=False)
    for _ in range(int(rng.integers(0, 4))):  # posters
        wall = b.objects[0].T_world
        size = depth * rng.uniform(0.05, 0.22, 2)
        shift = (float(rng.uniform(-0.4, 0.4)) * depth, float(rng.uniform(-0.35, 0.2)) * depth, -0.003 * depth)
        b.add(
            b.number("poster"), Sheet(float(size[0]), float(size[1])), wall @ pose(translation=shift), b.material(depth)
        )


def _standing(b: Builder, at: np.ndarray, size: float) -> None:
    """Something that stands on the ground at `at`."""
    rng, z = b.rng, max(float(at[2]), 1e-3)
    kind = rng.choice(["box", "books", "cone", "can", "pot", "ball", "plant", "board", "figure", "rack"])
    up = np.array([0.0, -1.0, 0.0])
    yaw = rotation(ry=float(rng.uniform(0, 360)))
    if kind == "box":
        a, h, c = (size * float(rng.uniform(0.3, 1.2)) for _ in range(3))
        b.add(b.number("box"), Box(a, h, c), pose(yaw, at + up * h), b.material(z))
    elif kind == "books":
        top = at
        name = b.number("books")
        for _ in range(int(rng.integers(2, 7))):
            h = size * float(rng.uniform(0.06, 0.2))
            turn = yaw @ rotation(ry=float(rng.uniform(-25, 25)))
            shape = Box(size * float(rng.uniform(0.6, 1.0)), h, size * float(rng.uniform(0.4, 0.8)))
            b.add(name, shape, pose(turn, top + up * h), b.material(z))
            top = top + up * (2 * h)
    elif kind in ("cone", "can", "pot"):
        h, wide = size * float(rng.uniform(0.5, 1.3)), size * float(rng.uniform(0.3, 0.8))
        top = {"cone": 0.02, "can": 1.0, "pot": float(rng.uniform(0.7, 1.4))}[str(kind)]
        shape = Frustum(wide * top, wide, h, closed=kind != "pot")
        lean = rotation(rx=90) if kind == "can" and rng.random() < 0.25 else np.eye(3)
        lift = wide if lean[1, 1] < 0.5 else h
        b.add(b.number(str(kind)), shape, pose(yaw @ lean, at + up * lift), b.material(z))
        if kind == "pot" and rng.random() < 0.5:
            b.plant(at + up * (1.6 * h), 2.0 * size, int(rng.integers(5, 14)))
    elif kind == "ball":
        b.add(
            b.number("ball"), Ball(size * 0.7, size * 0.7, size * 0.7), pose(yaw, at + up * size * 0.7), b.material(z)
        )
    elif kind == "plant":
        b.plant(at, 2.2 * size, int(rng.integers(6, 16)))
    elif kind == "board":
        turn = rotation(ry=float(rng.uniform(-60, 60))) @ rotation(rx=float(rng.uniform(-35, 10)))
        b.add(b.number("board"), Sheet(size, size * 0.8), pose(turn, at + up * size * 0.7), b.material(z))
    elif kind == "figure":
        name, material = b.number("figure"), b.material(z)
        for level, wide in ((0.45, 0.5), (1.0, 0.32), (1.38, 0.2)):
            shape = Ball(size * wide * float(rng.uniform(0.7, 1.3)), size * wide * 1.2, size * wide)
            b.add(name, shape, pose(yaw, at + up * size * level), material)
    else:
        _rack(b, at, size * 1.2, yaw)


def _rack(b: Builder, at: np.ndarray, size: float, yaw: np.ndarray) -> None:
    """A table, chair or shelf: four legs and boards."""
    rng, name = b.rng, b.number("rack")
    material = b.material(max(float(at[2]), 1e-3), ("wood", "plain", "marks", "noise"))
    wide, deep = size * float(rng.uniform(0.5, 1.0)), size * float(rng.uniform(0.4, 0.8))
    high, leg = size * float(rng.uniform(0.6, 1.3)), size * float(rng.uniform(0.02, 0.07))
    T = pose(yaw, at)
    for x in (-1, 1):
        for z in (-1, 1):
            b.add(
                name, Box(leg, high, leg), T @ pose(translation=(x * (wide - leg), -high, z * (deep - leg))), material
            )
    for level in np.linspace(1.0, 0.15, int(rng.integers(1, 5))):
        b.add(name, Box(wide, 1.2 * leg, deep), T @ pose(translation=(0, -2 * high * float(level), 0)), material)


def _floating(b: Builder, at: np.ndarray, size: float) -> None:
    """Something turned anyhow."""
    rng, z = b.rng, max(float(at[2]), 1e-3)
    kind = rng.choice(["sheet", "sheet", "blob", "blob", "box", "ball", "can", "pot", "lattice", "ring", "plant"])
    turn = rotation(*(float(v) for v in rng.uniform(-180, 180, 3)))
    facing = rotation(rx=float(rng.uniform(-45, 45)), ry=float(rng.uniform(-55, 55)), rz=float(rng.uniform(0, 360)))
    a, c, d = (size * float(rng.uniform(0.35, 1.2)) for _ in range(3))
    if kind in ("sheet", "blob", "lattice", "ring"):
        cut = None if kind == "sheet" else outline(str(kind), int(rng.integers(12)))
        b.add(b.number(str(kind)), Sheet(a, c, cut), pose(facing, at), b.material(z))
    elif kind == "box":
        b.add(b.number("box"), Box(a, c, d), pose(turn, at), b.material(z))
    elif kind == "ball":
        b.add(b.number("ball"), Ball(a, c, d), pose(turn, at), b.material(z))
    elif kind in ("can", "pot"):
        b.add(b.number(str(kind)), Frustum(a, c, d, closed=kind == "can"), pose(turn, at), b.material(z))
    else:
        b.plant(at, 2 * size, int(rng.integers(4, 12)))


def add_rods(b: Builder, T_world_camera: np.ndarray, count: int, far: float, max_disparity: float) -> None:
    """Thin rods, 1 to 8 pixels wide, in any direction."""
    rng = b.rng
    for _ in range(count):
        z = b.bf / float(rng.uniform(1.1 * far, 0.9 * max_disparity))
        x, y = rng.uniform(0, 1, 2) * (b.camera.width, b.camera.height)
        radius = 0.5 * log_uniform(rng, 1.2, 8.0) * z / b.camera.fx
        half = float(rng.uniform(0.1, 0.6)) * b.camera.height * z / b.camera.fx
        at = _ray(b.camera, T_world_camera, float(x), float(y)) * z
        turn = rotation(rx=float(rng.uniform(-40, 40)), rz=float(rng.uniform(-90, 90)))
        b.add(b.number("rod"), Frustum(radius, radius, half), pose(turn, at), b.material(z))


def _houses(b: Builder, side: int, ground: float, unit: float) -> None:
    """A row of house fronts with gaps."""
    rng, z = b.rng, float(b.rng.uniform(-6, 12)) * unit
    front = float(rng.uniform(6, 14)) * unit
    while z < 90 * unit:
        length, height = float(rng.uniform(4, 14)) * unit, float(rng.uniform(2, 9)) * unit
        centre = (side * (front + 5 * unit), ground - height, z + length)
        kinds = ("facade", "facade", "tiles", "wood", "grain", "noise")
        b.add(
            b.number("house"),
            Box(5 * unit, height, length),
            pose(translation=centre),
            b.material(12 * unit, kinds, 0.8),
        )
        z += 2 * length + (float(rng.uniform(0, 12)) if rng.random() < 0.4 else 0.0) * unit


def _beside_road(b: Builder, at: np.ndarray, unit: float) -> None:
    rng, z = b.rng, float(at[2])
    kind = rng.choice(["car", "car", "pole", "tree", "bush", "person", "sign", "fence", "box"])
    up = np.array([0.0, -unit, 0.0])
    if kind == "car":
        _car(b, at, unit)
    elif kind in ("pole", "sign"):
        h = float(rng.uniform(1.0, 3.5)) * (1.0 if kind == "pole" else 0.5)
        name, thick = b.number(str(kind)), float(rng.uniform(0.03, 0.12)) * unit
        b.add(
            name,
            Frustum(thick, thick, h * unit),
            pose(translation=at + up * h),
            b.material(z, ("plain", "noise", "stripes")),
        )
        if kind == "sign":
            shape = Sheet(0.4 * unit, 0.4 * unit, outline("disc", 0) if rng.random() < 0.5 else None)
            b.add(
                name,
                shape,
                pose(translation=at + up * (2 * h) - (0, 0, 1.5 * thick)),
                b.material(z, ("print", "stripes", "marks")),
            )
    elif kind == "tree":
        h = float(rng.uniform(0.8, 1.6))
        name = b.number("trunk")
        b.add(
            name,
            Frustum(0.1 * unit, 0.2 * unit, h * unit),
            pose(translation=at + up * h),
            b.material(z, ("wood", "cells")),
        )
        b.crown(at + up * (2 * h + 0.8), float(rng.uniform(1.0, 2.2)) * unit, int(rng.integers(2, 6)))
    elif kind == "bush":
        b.crown(at + up * 0.4, float(rng.uniform(0.5, 1.2)) * unit, int(rng.integers(2, 4)))
    elif kind == "person":
        name = b.number("person")
        for level, wide, tall in ((0.4, 0.14, 0.45), (1.1, 0.22, 0.38), (1.6, 0.11, 0.14)):
            b.add(name, Ball(wide * unit, tall * unit, wide * unit), pose(translation=at + up * level), b.material(z))
    elif kind == "fence":
        shape = Sheet(2.0 * unit, 0.6 * unit, outline("lattice", int(rng.integers(12))))
        b.add(b.number("fence"), shape, pose(rotation(ry=float(rng.uniform(30, 90))), at + up * 0.6), b.material(z))
    else:
        a, h, c = (float(rng.uniform(0.2, 0.8)) for _ in range(3))
        turn = rotation(ry=float(rng.uniform(0, 90)))
        b.add(b.number("box"), Box(a * unit, h * unit, c * unit), pose(turn, at + up * h), b.material(z))


def _car(b: Builder, at: np.ndarray, unit: float) -> None:
    """Body, cabin and wheels."""
    rng, z, name = b.rng, float(at[2]), b.number("car")
    paint, glass = b.material(z, ("plain", "plain", "marks", "noise")), b.material(z, ("plain", "marks", "noise"), 0.3)
    T = pose(rotation(ry=float(rng.uniform(-8, 8)) + (90 if rng.random() < 0.1 else 0)), at)

    def put(
        shape: Box | Ball | Frustum, x: float, y: float, z: float, material: object, turn: np.ndarray | None = None
    ) -> None:
        b.add(name, shape, T @ pose(turn, (x * unit, -y * unit, z * unit)), material)  # type: ignore[arg-type]

    put(Box(0.85 * unit, 0.32 * unit, 2.0 * unit), 0, 0.62, 0, paint)
    put(Ball(0.8 * unit, 0.75 * unit, 1.5 * unit), 0, 0.85, 0.1, glass)
    for x in (-0.75, 0.75):
        for along in (-1.3, 1.3):
            put(Frustum(0.33 * unit, 0.33 * unit, 0.12 * unit), x, 0.33, along, glass, rotation(rz=90))
