"""A rendered road with one object on it whose cues to depth can be set one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..cameras import Array, Camera, pose
from ..results import Depth
from ..samples import DepthSample
from ._builder import RICH, Builder
from ._render import Sight, View, first_hits, namespace
from ._scene import Light, Material, Object, Scene, rotation
from ._shade import blurred, exposed, radiance
from ._shapes import Box, Plane

_FLAT = rotation(rx=90)
_LIGHT = Light(position=(-25.0, -60.0, -10.0), toward=(0.0, 0.0, 20.0), ambient=(0.4, 0.42, 0.45))
_SKY = ((0.8, 0.85, 0.9), (0.35, 0.5, 0.8))
#: Of a car's size, in metres, and on the ground all round: half sides, middle above its foot, which of two materials.
_CAR: tuple[tuple[Box, tuple[float, float, float], int], ...] = (
    (Box(0.85, 0.475, 2.0), (0.0, 0.475, 2.0), 0),
    (Box(0.75, 0.25, 1.1), (0.0, 1.2, 2.1), 1),
)


@dataclass(frozen=True, kw_only=True)
class ProbeScene:
    """What can be set of the scene: a car on a road between houses, whose rear is `distance_m` ahead.

    ``masks["object"]`` of the sample is the car's rear and all else of it that is seen, ``masks["road"]`` the ground.
    """

    seed: int = 0
    height: int = 192
    width: int = 320
    distance_m: float = 12.0
    #: The object floats so high over the road: its image moves up, and keeps its size.
    lift_m: float = 0.0
    #: The object is so many times as large, and stands where it stood.
    scale: float = 1.0
    #: Which paint and texture it has: 0, 1, …
    paint: int = 0
    #: Whether the object throws a shadow.
    shadow: bool = True
    pitch_deg: float = field(default=0.0, metadata={"doc": "downward"})
    roll_deg: float = 0.0
    camera_height_m: float = 1.65

    def sample(self) -> DepthSample:
        """The picture with its truth."""
        camera = Camera(
            width=self.width, height=self.height, fx=0.75 * self.width, fy=0.75 * self.width,
            cx=0.5 * self.width - 0.5, cy=0.5 * self.height - 0.5,
        )  # fmt: skip
        T_camera_world = pose(rotation(rz=self.roll_deg) @ rotation(rx=self.pitch_deg))
        objects = (*self._surroundings(camera), *self._object(camera))
        scene = Scene(objects=objects, light=_LIGHT, sky=_SKY, T_camera_world=T_camera_world)
        xp, sight = namespace("numpy"), Sight(scene, View(camera, T_camera_world))
        hits = first_hits(xp, sight)
        image = exposed(xp, blurred(xp, radiance(xp, [sight], [hits])[0], 0.4), 0.6, None)
        down: Array = T_camera_world[:3, 1]
        names = np.array([*(thing.name for thing in objects), "sky"])[hits.index]  # SKY = -1 is the last
        return DepthSample(
            name=f"probe-{self.seed}",
            image=image.astype(np.uint8),
            camera=camera,
            depth=Depth(m=np.where(hits.q > 0, 1.0 / np.where(hits.q > 0, hits.q, 1.0), np.nan)),
            camera_height_m=self.camera_height_m,
            horizon_px=camera.cy - camera.fy * float(down[2] / down[1]) if self.roll_deg == 0 else None,
            down=(float(down[0]), float(down[1]), float(down[2])),
            masks={name: names == name for name in ("object", "road", "house", "sky") if (names == name).any()},
            things=("object",),
        )

    def _builder(self, camera: Camera, stream: int) -> Builder:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, stream, 31])))
        return Builder(rng, camera, 1.0, {"textureless": 0.0, "repetition": 0.0, "specular": 0.0})

    def _surroundings(self, camera: Camera) -> Iterator[Object]:
        """Road and house fronts: of the seed alone."""
        b = self._builder(camera, 0)
        asphalt = b.material(6.0, ("grain", "grain", "noise"), 0.2)
        yield Object(name="road", shape=Plane(), material=asphalt, T_world=pose(_FLAT, (0, self.camera_height_m, 0)))
        for side in (-1.0, 1.0):
            z = b.uniform(8.0, 14.0)
            while z < 70.0:
                half, high = b.uniform(3.0, 7.0), b.uniform(2.5, 5.0)
                at = (side * (b.uniform(6.0, 8.0) + 3.0), self.camera_height_m - high, z + half)
                face = b.material(20.0, ("facade", "tiles", "noise", "grain"))
                yield Object(name="house", shape=Box(3.0, high, half), material=face, T_world=pose(translation=at))
                z += 2 * half + b.uniform(0.0, 3.0)

    def _object(self, camera: Camera) -> Iterator[Object]:
        b = self._builder(camera, 1 + self.paint)
        paints = (b.material(10.0, RICH), b.material(10.0, ("plain", "noise"), 0.2))
        ground = self.camera_height_m - self.lift_m
        for box, (x, up, z), which in _CAR:
            at = self.scale * np.array([x, -up, z]) + (0.0, ground, self.distance_m)
            yield Object(
                name="object",
                shape=Box(self.scale * box.a, self.scale * box.b, self.scale * box.c),
                material=_finer(paints[which], self.scale),
                T_world=pose(translation=at),
                casts=self.shadow,
            )


def _finer(material: Material, scale: float) -> Material:
    """The texture grows with the object."""
    return replace(material, texels_per_m=material.texels_per_m / scale)
