"""Random arrangements: a table or room before a wall, a street, and free clutter.

Things are placed by pixel and disparity, so that a layout fills the disparity range it is asked for at any size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cameras import Camera, inverse, pose
from ._builder import RICH, Builder
from ._roads import road
from ._rooms import room
from ._scene import Light, Scene, rotation
from ._shapes import Ball, Box, Frustum, Plane, Sheet
from ._things import BESIDE_ROAD, STANDING, car, floating, rod


def tabletop(b: Builder, max_disparity: float) -> Scene:
    """Middlebury-like: books, boxes, cones, balls, pots and plants on a table or floor before slanted walls."""
    T_world_camera = pose(rotation(rx=-b.uniform(-2, 24), rz=b.uniform(-2, 2) * (not b.level)))
    far = max_disparity * b.uniform(0.1, 0.55)
    depth = b.bf / far
    table_y = None
    _walls(b, T_world_camera, depth)
    if b.chance(0.8) or b.level:
        table_y = _ground_y(b, T_world_camera, max_disparity * b.uniform(0.7, 0.97))
        b.add("table", Plane(), pose(rotation(rx=90), (0, table_y, 0)), b.material(0.6 * depth), casts=False)
    for _ in range(b.whole(8, 26)):
        z = b.bf / b.uniform(far * 1.08, max_disparity * 0.88)
        size = 0.5 * b.spread(0.08, 0.6) * b.camera.height * z / b.camera.fx
        ray = pixel_ray(b.camera, T_world_camera, b.uniform(-0.05, 1.05), b.uniform(0.1, 0.9))
        if table_y is not None and b.chance(0.9):
            b.pick(STANDING)(b, np.array([ray[0] * z, table_y, z]), size)
        else:
            floating(b, ray * z, size)
    add_rods(b, T_world_camera, b.whole(0, 4), far, max_disparity)
    light = _lamp(b, depth)
    return Scene(objects=tuple(b.objects), light=light, T_camera_world=inverse(T_world_camera), ground_y=table_y)


def clutter(b: Builder, max_disparity: float) -> Scene:
    """Shapes of all kinds, sizes and depths before a slanted or curved background."""
    T_world_camera = pose(rotation(rx=b.uniform(-15, 15), rz=b.uniform(-10, 10)))
    far = max_disparity * b.spread(0.05, 0.4)
    depth = b.bf / far
    _walls(b, T_world_camera, depth)
    for _ in range(b.whole(15, 40)):
        z = b.bf / b.spread(far * 1.05, max_disparity * 0.9)
        size = 0.5 * b.spread(0.04, 0.7) * b.camera.height * z / b.camera.fx
        ray = pixel_ray(b.camera, T_world_camera, b.uniform(-0.05, 1.05), b.uniform(-0.05, 1.05))
        floating(b, ray * z, size)
    add_rods(b, T_world_camera, b.whole(0, 7), far, max_disparity)
    return Scene(objects=tuple(b.objects), light=_lamp(b, depth), T_camera_world=inverse(T_world_camera))


def street(b: Builder, max_disparity: float) -> Scene:
    """KITTI-like: a road to the horizon, house fronts, cars, poles, trees, people under a sky."""
    T_world_camera = pose(rotation(rx=b.uniform(-5, 5)))
    ground = _ground_y(b, T_world_camera, max_disparity * b.uniform(0.5, 0.95))
    unit = ground / 1.65  # metres as a driver would count them
    asphalt = b.material(6 * unit, ("grain", "grain", "noise", "cells"), 0.3)
    b.add("road", Plane(), pose(rotation(rx=90), (0, ground, 0)), asphalt, casts=False)
    for side in (-1, 1):
        _houses(b, side, ground, unit)
        z = b.uniform(3, 9) * unit
        while z < 60 * unit:
            b.pick(BESIDE_ROAD)(b, np.array([side * b.uniform(2.2, 6.0) * unit, ground, z]), unit)
            z += b.uniform(0.15, 0.6) * z + unit
    if b.chance(0.6):
        car(b, np.array([b.uniform(-1.5, 1.5) * unit, ground, b.uniform(8, 40) * unit]), unit)
    if b.chance(0.5):
        far = 150 * unit
        hill = Sheet(3 * far, 0.2 * far, b.outline("blob"))
        b.add("hill", hill, pose(translation=(0, ground, far)), b.material(far, ("noise", "leaves", "cells")))
    high, warm = b.spread(0.25, 0.9), b.uniform(0.6, 1.0)
    strength, fill = b.uniform(0.3, 1.3), b.uniform(0.15, 0.5)
    light = Light(
        position=(b.uniform(-60, 60) * unit, -60 * unit, b.uniform(-40, 20) * unit),
        colour=(strength, strength * 0.95, strength * 0.85),
        ambient=(fill * 0.9, fill * 0.95, fill),
    )
    sky = ((high * 1.2, high * 1.25, high * 1.3), (high * warm * 0.6, high * warm * 0.8, high * 1.1))
    scene = tuple(b.objects)
    return Scene(objects=scene, light=light, sky=sky, T_camera_world=inverse(T_world_camera), ground_y=ground)


Layout = Callable[[Builder, float], Scene]
LAYOUTS: dict[str, Layout] = {"tabletop": tabletop, "clutter": clutter, "street": street, "room": room, "road": road}
#: What "mixed" is made of.
SHARES = {"tabletop": 0.45, "clutter": 0.25, "street": 0.3}


def add_rods(b: Builder, T_world_camera: np.ndarray, count: int, far: float, max_disparity: float) -> None:
    """Thin rods, 1 to 8 pixels wide, in any direction."""
    for _ in range(count):
        z = b.bf / b.uniform(1.1 * far, 0.9 * max_disparity)
        metres = z / b.camera.fx
        ray = pixel_ray(b.camera, T_world_camera, b.uniform(0, 1), b.uniform(0, 1))
        rod(b, ray * z, 0.5 * b.spread(1.2, 8.0) * metres, b.uniform(0.1, 0.6) * b.camera.height * metres)


def pixel_ray(camera: Camera, T_world_camera: np.ndarray, x: float, y: float) -> np.ndarray:
    """World direction, of world depth 1, of the ray through a point given in shares of the image's sides."""
    direction: np.ndarray = T_world_camera[:3, :3] @ camera.unproject((x * camera.width, y * camera.height))
    return direction / max(float(direction[2]), 0.2)


def _ground_y(b: Builder, T_world_camera: np.ndarray, disparity: float) -> float:
    """World y of the level plane that has this disparity in the middle of the bottom row."""
    bottom = T_world_camera[:3, :3] @ b.camera.unproject((0.5 * b.camera.width, b.camera.height - 1.0))
    return max(float(bottom[1]), 0.05) * b.bf / disparity


def _lamp(b: Builder, depth: float) -> Light:
    """A lamp up and behind the camera, warm to cold, hard to mostly ambient."""
    position = (b.uniform(-1.2, 1.2) * depth, -b.uniform(0.5, 1.5) * depth, -b.uniform(0, 0.8) * depth)
    strength, fill, warm = b.uniform(0.3, 1.4), b.uniform(0.2, 0.6), b.uniform(0.7, 1.1)
    colour = (strength, strength * (0.5 + 0.5 * warm), strength * warm)
    return Light(position=position, colour=colour, ambient=(fill, fill, fill * warm), shadows=b.chance(0.7))


def _walls(b: Builder, T_world_camera: np.ndarray, depth: float) -> None:
    """A slanted wall about `depth` away, often with a second in a corner, posters, folds; or a curved screen."""
    R = T_world_camera[:3, :3]
    if b.chance(0.15):
        radius = depth * b.uniform(1.0, 3.0)
        screen = Frustum(radius, radius, 40 * depth, closed=False)
        T = pose(rotation(rx=b.uniform(-30, 30), rz=b.uniform(0, 180)), R @ np.array([0, 0, 0.85 * depth + radius]))
        b.add("screen", screen, T, b.material(depth), casts=False)
        b.add("backdrop", Plane(), pose(translation=(0, 0, depth * 1.6)), b.material(depth), casts=False)
        return
    yaw, at = b.uniform(-38, 38), R @ np.array([0, 0, depth])
    wall = pose(rotation(ry=yaw, rx=b.uniform(-8, 8)), at)
    b.add("wall", Plane(), wall, b.material(depth, (*RICH, "facade")), casts=False)
    if b.chance(0.45):
        side = 1.0 if yaw < 0 else -1.0  # closes the corner on the side that recedes
        shift = R @ np.array([side * depth * b.uniform(0.0, 0.5), 0, 0])
        b.add("side wall", Plane(), pose(rotation(ry=yaw + side * 90), at + shift), b.material(depth), casts=False)
    for _ in range(b.whole(0, 5)):
        poster = Sheet(depth * b.uniform(0.05, 0.25), depth * b.uniform(0.05, 0.25))
        shift = (b.uniform(-0.5, 0.5) * depth, b.uniform(-0.4, 0.25) * depth, -0.003 * depth * b.uniform(0.5, 2))
        b.add(b.number("poster"), poster, wall @ pose(translation=shift), b.material(depth))
    if b.chance(0.25):
        _folds(b, wall, depth)


def _folds(b: Builder, wall: np.ndarray, depth: float) -> None:
    """A curtain: long ellipsoids side by side, half sunk in the wall."""
    name, cloth = b.number("curtain"), b.material(depth)
    x, end, wide = -b.uniform(0.1, 0.7) * depth, b.uniform(0.1, 0.7) * depth, b.uniform(0.02, 0.1) * depth
    while x < end:
        half = wide * b.uniform(0.6, 1.4)
        body = Ball(half, depth * b.uniform(2.0, 4.0), half * b.uniform(0.3, 1.0))
        b.add(name, body, wall @ pose(b.turn(z=3), (x, 0, 0)), cloth)
        x += 1.6 * half


def _houses(b: Builder, side: int, ground: float, unit: float) -> None:
    """A row of house fronts with gaps."""
    z, front = b.uniform(-6, 12) * unit, b.uniform(6, 14) * unit
    while z < 90 * unit:
        length, height = b.uniform(4, 14) * unit, b.uniform(2, 9) * unit
        place = pose(translation=(side * (front + 5 * unit), ground - height, z + length))
        face = b.material(14 * unit, ("facade", "facade", "tiles", "wood", "grain", "noise"), 0.7)
        b.add(b.number("house"), Box(5 * unit, height, length), place, face)
        z += 2 * length + (b.uniform(0, 12) * unit if b.chance(0.4) else 0.0)
