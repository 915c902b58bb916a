"""Rooms in metres: walls, ceiling, doors, windows, furniture along the walls and tables before the camera."""

from __future__ import annotations

import math

import numpy as np

from ..cameras import inverse, pose
from ._builder import Builder
from ._fittings import ceiling, door, picture, radiator, wall_board, window
from ._furniture import CLOTH, FURNITURE, Kit, chair, heap, sofa, table
from ._scene import Light, Object, Scene, rotation
from ._shapes import Box, Plane, Sheet

#: Nothing stands nearer to the camera than this, in metres along the floor.
CLEAR = 0.45
_PAINT = ("plain", "plain", "plain", "marks", "marks", "noise", "grain", "stripes", "tiles", "fabric", "wood", "leaves")
_FLOOR = ("wood", "wood", "tiles", "tiles", "stripes", "fabric", "noise", "grain", "plain", "cells", "marks")
#: The walls as turns of the room: ahead, right, behind and left of its own z.
_TURNS = tuple(rotation(ry=float(angle)) for angle in (0, 90, 180, -90))


class Room:
    """The room's half sides and height, where the camera is in it, and its frame in the world (y = 0 is the floor)."""

    def __init__(self, b: Builder, near: float) -> None:
        """`near` is the least distance in metres to the wall ahead, where the room is so long."""
        self.b = b
        self.half = (0.5 * b.uniform(2.4, 6.5), 0.5 * b.uniform(2.6, 8.0))
        self.high, self.eye = b.uniform(2.25, 3.2), b.uniform(0.8, 1.8)
        for _ in range(30):
            self.at = tuple(b.uniform(-1.0, 1.0) * (half - CLEAR) for half in self.half)
            heading = rotation(ry=b.uniform(-180, 180))
            self.ahead = self._reach(heading[0, 2], heading[2, 2])
            if near < self.ahead < 7.0:
                break
        self.T = pose(heading.T, heading.T @ -np.array([self.at[0], -self.eye, self.at[1]]))

    def _reach(self, x: float, z: float) -> float:
        """Metres to the wall in a level direction."""
        pairs = zip((x, z), self.at, self.half, strict=True)
        return min((math.copysign(half, d) - at) / d for d, at, half in pairs if abs(d) > 1e-6)

    def wall(self, k: int) -> tuple[np.ndarray, float]:
        """The frame of wall k in the world, at the middle of its foot, z outwards; and half its length."""
        R, along = _TURNS[k], self.half[k % 2]
        depth = self.half[1 - k % 2]
        return self.T @ pose(R, R @ np.array([0.0, 0.0, depth])), along

    def shows(self, at: np.ndarray, half: np.ndarray) -> bool:
        """Whether the camera may see a box of these half sides now, in a mirror, or after a step to the side.

        What it cannot see is left out; it would only throw shadows.
        """
        x, z = max(abs(float(at[0])) - float(half[0]), 0.0), float(at[2] + half[2])
        beside = 0.6 * max(z, 0.0) * self.b.camera.width / self.b.camera.fx + 0.6
        return bool(self.b.shares["mirrors"]) or (z > -0.3 and x < beside)

    def camera_at(self, T: np.ndarray) -> np.ndarray:
        """The camera, which is the world's origin, in a frame."""
        seen: np.ndarray = inverse(T)[:3, 3]
        return seen


def room(b: Builder, max_disparity: float) -> Scene:  # noqa: ARG001 - a room has the size it has
    """A furnished room seen by a camera that is held 0.8 to 1.8 m above its floor."""
    view = b.pick(("across", "across", "across", "down", "down", "wall"))
    *pitch, near = {"across": (-22.0, 8.0, 2.4), "down": (-35.0, -12.0, 1.6), "wall": (-12.0, 15.0, 1.0)}[view]
    room = Room(b, near)
    T_world_camera = pose(rotation(rx=b.uniform(*pitch)))
    _shell(b, room)
    crowded = b.uniform(0.15, 0.6) if view == "wall" else b.uniform(0.5, 1.0)
    for k in range(4):
        _furnish(b, room, k, crowded)
        _hang(b, room, k)
    ceiling(b, room.T @ pose(translation=(0, -room.high, 0)), room.half)
    if view == "down" or b.chance(0.45):
        _before(b, room, b.uniform(0.75, 1.5) if view == "down" else b.uniform(1.2, 3.0))
    _scatter(b, room)
    b.objects[:] = [thing for thing in b.objects if _seen(room, thing)]
    light = _light(b, room)
    return Scene(objects=tuple(b.objects), light=light, T_camera_world=inverse(T_world_camera), ground_y=room.eye)


def _seen(room: Room, thing: Object) -> bool:
    half = thing.shape.half_extents()
    return half is None or room.shows(thing.T_world[:3, 3], np.abs(thing.T_world[:3, :3]) @ np.asarray(half))


def _shell(b: Builder, room: Room) -> None:
    """Floor, ceiling, four walls, skirting."""
    far = max(room.half)
    b.add("floor", Plane(), room.T @ pose(rotation(rx=90)), b.material(0.8 * far, _FLOOR), casts=False)
    ceiling = b.material(far, ("plain", "plain", "plain", "marks", "grain", "tiles", "wood"), 0.2)
    b.add("ceiling", Plane(), room.T @ pose(rotation(rx=90), (0, -room.high, 0)), ceiling, casts=False)
    paint, trim = b.material(far, _PAINT, 0.7), b.material(far, ("plain", "plain", "wood"), 0.3)
    accent = b.material(far, _PAINT)
    tall, deep, trimmed = b.uniform(0.04, 0.16), b.uniform(0.008, 0.025), b.chance(0.75)
    halves, ahead = b.chance(0.12), room.ahead
    for k in range(4):
        T, along = room.wall(k)
        at = room.camera_at(T)
        facing = abs(at[2]) < ahead * 1.0001 and float(T[2, 2]) > 0.7
        colour = accent if b.chance(0.2) else paint
        foot = T @ pose(translation=(float(np.clip(at[0], -along, along)), -room.eye, 0.0))
        b.add("wall" if facing else "side wall", Plane(), foot, colour, casts=False)
        if halves:
            b.add("side wall", Sheet(along, 0.5), T @ pose(translation=(0, -0.5, -0.003)), accent, casts=False)
        if trimmed:
            b.add(
                "skirting", Box(along, 0.5 * tall, deep), T @ pose(translation=(0, -0.5 * tall, 0)), trim, casts=False
            )


def _furnish(b: Builder, room: Room, k: int, crowded: float) -> None:
    """Furniture side by side along wall k, with gaps, a door or radiator among it."""
    T, along = room.wall(k)
    end = along - (0.05 if k % 2 == 0 else 0.75)
    x, at = -end + b.uniform(0.0, 0.6), room.camera_at(T)
    while x < end - 0.3:
        piece, low, high = b.pick(FURNITURE)
        half = 0.5 * b.uniform(low, high)
        if x + 2 * half > end or not b.chance(crowded):
            x += b.uniform(0.3, 1.0)
            continue
        middle = x + half
        near = abs(at[0] - middle) < half + CLEAR and at[2] > -(1.1 + CLEAR)
        foot = T @ pose(translation=(middle, 0, -0.002))
        if not near and room.shows(foot[:3, 3], np.full(3, half + 1.0)):
            piece(b, foot, half)
        x += 2 * half + (b.uniform(0.0, 0.4) if b.chance(0.6) else 0.01)


def _hang(b: Builder, room: Room, k: int) -> None:
    """Windows, pictures, shelves on wall k; sometimes a door or a radiator; each with its frame."""
    T, along = room.wall(k)
    if b.chance(0.3):
        door(b, T, b.uniform(0.5 - along, along - 0.5), room.high)
    if b.chance(0.25):
        radiator(b, T, b.uniform(-along, along))
    x = -along + b.uniform(0.1, 1.2)
    while x < along - 0.3:
        half = b.spread(0.12, 0.8)
        if x + 2 * half > along:
            break
        kind = b.pick(("picture", "picture", "picture", "window", "board", "nothing"))
        if not room.shows((T @ (x + half, 0, 0, 1))[:3], np.full(3, half + 0.3)):
            kind = "nothing"
        if kind == "window" or (kind == "picture" and half > 0.6):
            window(b, T, x + half, half, room.high)
        elif kind == "picture":
            picture(b, T, x + half, half)
        elif kind == "board":
            wall_board(b, T, x + half, half)
        x += 2 * half + b.uniform(0.1, 1.5)


def _before(b: Builder, room: Room, metres: float) -> None:
    """A table with things on it before the camera, chairs at it."""
    metres = min(metres, room.ahead - 0.4)
    half, half_deep = b.uniform(0.4, 0.9), b.uniform(0.3, 0.5)
    if metres < half_deep + 0.3:
        return
    T = pose(b.turn(y=40), (b.uniform(-0.5, 0.5), room.eye, metres + 0.3 * half_deep))
    high = min(b.pick((0.4, 0.72, 0.75, 0.9)) * b.uniform(0.95, 1.05), room.eye - 0.25)
    table(b, T, half, half_deep, high, laden=b.whole(2, 9))
    for _ in range(b.whole(0, 4)):
        side = b.pick((-1.0, 1.0))
        place = T @ pose(
            b.turn(y=30) @ rotation(ry=90 - 90 * side),
            (b.uniform(-half, half), 0, side * (half_deep + b.uniform(0, 0.3))),
        )
        if float(place[0, 3] ** 2 + place[2, 3] ** 2) > (0.55 + CLEAR) ** 2:
            chair(b, place)


def _scatter(b: Builder, room: Room) -> None:
    """A rug, and what stands free on the floor."""
    if b.chance(0.4):
        at = (b.uniform(-0.5, 0.5) * room.half[0], -0.004, b.uniform(-0.5, 0.5) * room.half[1])
        outline = b.outline("disc") if b.chance(0.2) else None
        rug = Sheet(b.uniform(0.5, 1.5), b.uniform(0.4, 1.2), outline)
        b.add(b.number("rug"), rug, room.T @ pose(rotation(rx=90), at), b.material(2.5, (*CLOTH, "print")), casts=False)
    for _ in range(b.whole(0, 4)):
        x, z = (b.uniform(-1, 1) * max(half - 0.6, 0.1) for half in room.half)
        if (x - room.at[0]) ** 2 + (z - room.at[1]) ** 2 < (0.7 + CLEAR) ** 2:
            continue
        T = room.T @ pose(b.turn(y=180), (x, 0, z))
        kind = b.pick(("chair", "heap", "armchair", "column"))
        if kind == "chair":
            chair(b, T)
        elif kind == "heap":
            heap(b, T, 0.3)
        elif kind == "armchair":
            sofa(b, T, b.uniform(0.35, 0.5))
        else:
            kit = Kit(b, "beam", T)
            kit.slab((-0.15, 0.15), (0, room.high), (-0.15, 0.15), kit.material(_PAINT))


def _light(b: Builder, room: Room) -> Light:
    """A lamp under the ceiling or daylight from one side, which no wall stops; often soft."""
    fill, warm, daylight = b.uniform(0.3, 0.8), b.uniform(0.65, 1.1), b.chance(0.4)
    if daylight:
        T, along = room.wall(b.whole(0, 3))
        at, aim = T @ (b.uniform(-along, along), -b.uniform(1.5, 4.0), b.uniform(0.5, 3.0), 1.0), room.T[:3, 3]
        strength, reach = b.uniform(0.4, 1.4), 20.0
    else:
        x, z = (b.uniform(-0.8, 0.8) * half for half in room.half)
        at = room.T @ (x, -b.uniform(1.7, room.high - 0.15), z, 1.0)
        aim, strength, reach = at[:3] + np.array([0.0, 1.0, 0.0]), b.uniform(0.5, 2.5), b.uniform(1.0, 4.0)
    return Light(
        position=(float(at[0]), float(at[1]), float(at[2])),
        toward=(float(aim[0]), float(aim[1]), float(aim[2])),
        colour=(strength, strength * (0.5 + 0.5 * warm), strength * warm),
        ambient=(fill, fill * (0.7 + 0.3 * warm), fill * (0.4 + 0.6 * warm)),
        shadows=b.chance(0.75),
        reach=reach,
    )
