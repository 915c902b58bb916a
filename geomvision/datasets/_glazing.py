"""Mirrors, polished surfaces and panes of glass, put into a scene that is laid out; and the room that mirrors show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cameras import inverse, pose
from ._builder import Builder
from ._layouts import pixel_ray
from ._scene import Material, Object, Scene, rotation
from ._shapes import Box, Plane, Sheet
from ._things import STANDING, floating

#: Flat things that may be polished.
POLISHED = ("table", "road", "poster", "wall", "side wall")
_TURNED = np.diag([-1.0, 1.0, -1.0, 1.0])  # what was before the camera lies behind it


def glazed(b: Builder, scene: Scene, largest: float) -> Scene:
    """The scene, with mirrors and with panes in the shares of scenes that the knobs say; its own things stay."""
    mirrors, panes = (b.chance(b.shares[name]) for name in ("mirrors", "panes"))
    if not (mirrors or panes):
        return scene
    if mirrors:
        _add_mirrors(b, scene, largest)
    if panes:
        _add_panes(b, scene, largest)
    if all(thing.name != "road" for thing in b.objects):  # indoors
        _add_room(b, scene, largest)
    return replace(scene, objects=tuple(b.objects))


def _add_mirrors(b: Builder, scene: Scene, largest: float) -> None:
    """One or two: a mirror on the wall or on a stand, or a flat thing that gets polished."""
    for _ in range(b.whole(1, 2)):
        kind = b.pick(("wall", "stand", "polish", "polish"))
        wall = next((thing for thing in b.objects if thing.name == "wall"), None)
        if kind == "polish" and _polish(b):
            continue
        at = None if wall is None or kind != "wall" else _on_wall(b, scene, wall)
        place, z = _standing(b, scene, largest) if at is None else at
        a, c = (0.5 * b.spread(0.15, 0.6) * b.camera.height * z / b.camera.fx for _ in range(2))
        material = replace(b.material(z, ("plain", "marks")), reflectance=b.uniform(0.8, 0.96), gloss=0.0)
        _framed(b, "mirror", Sheet(a, c), place, material)


def _add_panes(b: Builder, scene: Scene, largest: float) -> None:
    """One to three panes on stands, clear to tinted, with some dust and some reflection."""
    for _ in range(b.whole(1, 3)):
        place, z = _standing(b, scene, largest)
        a, c = (0.5 * b.spread(0.25, 0.9) * b.camera.height * z / b.camera.fx for _ in range(2))
        mirrors, dust = b.uniform(0.04, 0.2), b.uniform(0.0, 0.08)
        tint = np.clip(1.0 - b.uniform(0.0, 0.35) * b.rng.random(3), 0.0, 1.0)
        material = replace(
            b.material(z, ("plain", "marks", "noise", "grain")),
            reflectance=mirrors,
            transmittance=1.0 - mirrors - dust,
            tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        )
        _framed(b, "pane", Sheet(a, c), place, material)


def _add_room(b: Builder, scene: Scene, largest: float) -> None:
    """What is behind the camera and beside the view: walls, a ceiling, posters, things. They throw no shadows."""
    start, far = len(b.objects), max(b.bf / (0.2 * largest), 1.4 * abs(scene.light.position[2]))
    wall = pose(b.turn(y=15), (0.0, 0.0, far))
    b.add("wall behind", Plane(), wall, b.material(far))
    for x, y, turn in ((-1.0, 0.0, rotation(ry=90)), (1.0, 0.0, rotation(ry=90)), (0.0, -0.8, rotation(rx=90))):
        place = pose(turn, far * np.array([x, y, 0.25]))  # to half of `far` before the camera: out of its sight
        b.add("wall beside", Sheet(0.75 * far if x else far, far if x else 0.75 * far), place, b.material(far))
    for _ in range(b.whole(1, 5)):
        shift = (b.uniform(-0.8, 0.8) * far, b.uniform(-0.5, 0.2) * far, -0.01 * far)
        sheet = Sheet(far * b.uniform(0.08, 0.3), far * b.uniform(0.08, 0.3))
        b.add(b.number("poster"), sheet, wall @ pose(translation=shift), b.material(far))
    for _ in range(b.whole(3, 8)):
        z = b.uniform(0.45, 0.85) * far
        size, x = b.uniform(0.05, 0.12) * far, b.uniform(-0.7, 0.7) * z
        if scene.ground_y is None:
            floating(b, np.array([x, b.uniform(-0.4, 0.4) * z, z]), size)
        else:
            b.pick(STANDING)(b, np.array([x, scene.ground_y, z]), size)
    for k in range(start, len(b.objects)):
        thing = b.objects[k]
        b.objects[k] = replace(thing, T_world=_TURNED @ thing.T_world, casts=False)


def _polish(b: Builder) -> bool:
    """Polish one of the flat things, where there is one."""
    names = [thing.name for thing in b.objects if thing.name.startswith(POLISHED) and not thing.material.optics]
    if not names:
        return False
    chosen, reflectance = b.pick(names), b.uniform(0.06, 0.45)
    for k, thing in enumerate(b.objects):
        if thing.name == chosen:
            b.objects[k] = replace(thing, material=replace(thing.material, reflectance=reflectance))
    return True


def _on_wall(b: Builder, scene: Scene, wall: Object) -> tuple[np.ndarray, float] | None:
    """A place on the wall and its depth, or None where the ray that was drawn does not meet it in front."""
    ray = pixel_ray(b.camera, inverse(scene.T_camera_world), b.uniform(0.2, 0.8), b.uniform(0.15, 0.7))
    normal, point = wall.T_world[:3, 2], wall.T_world[:3, 3]
    facing = float((normal * ray).sum())
    if facing < 0.2:
        return None
    z = float((normal * point).sum()) / facing
    clear = 0.012 * float(point[2])  # of posters, which lie on the wall, too
    return pose(wall.T_world[:3, :3], ray * z - normal * clear), z


def _standing(b: Builder, scene: Scene, largest: float) -> tuple[np.ndarray, float]:
    """A place among the things, on the ground if there is one, turned a little; and its depth."""
    behind = max((b.bf / thing.T_world[2, 3] for thing in b.objects if thing.name == "wall"), default=0.0)
    z = b.bf / b.uniform(min(max(0.25 * largest, 1.2 * behind), 0.8 * largest), 0.85 * largest)
    ray = pixel_ray(b.camera, inverse(scene.T_camera_world), b.uniform(0.1, 0.9), b.uniform(0.25, 0.75))
    at, turn = ray * z, b.turn(x=8, y=55)
    if scene.ground_y is not None:
        at[1] = min(at[1], scene.ground_y - 0.15 * z)
    return pose(turn, at), z


def _framed(b: Builder, kind: str, sheet: Sheet, place: np.ndarray, material: Material) -> None:
    """The sheet, most often in a frame of four bars, panes sometimes with a cross."""
    name, pane = b.number(kind), kind == "pane"
    b.add(name, sheet, place, material, casts=not pane)
    if b.chance(0.2):
        return
    wood, z = b.material(max(float(place[2, 3]), 1e-3), ("wood", "plain", "noise", "marks")), 0.5 * (sheet.a + sheet.b)
    wide, deep = z * b.uniform(0.03, 0.12), z * b.uniform(0.02, 0.06)
    bars = [(0.0, side * (sheet.b + wide), sheet.a + 2 * wide, wide) for side in (-1, 1)]
    bars += [(side * (sheet.a + wide), 0.0, wide, sheet.b) for side in (-1, 1)]
    if pane and b.chance(0.3):
        bars += [(0.0, 0.0, 0.5 * wide, sheet.b), (0.0, 0.0, sheet.a, 0.5 * wide)]
    for x, y, half_x, half_y in bars:
        b.add(name, Box(half_x, half_y, deep), place @ pose(translation=(x, y, 0.0)), wood)
