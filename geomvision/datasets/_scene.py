"""What a scene is made of: materials, objects and a light."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..cameras import Camera, inverse, pose
from ._shapes import Plane, Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """A pattern laid on a surface and mapped to colour: albedo = colours[0] + a·colours[1] + b·colours[2]."""

    kind: str
    variant: int
    texels_per_m: float
    turn: tuple[float, float] = (1.0, 0.0)
    offset: tuple[float, float] = (0.0, 0.0)
    colours: np.ndarray = field(default_factory=lambda: np.array([[0.1] * 3, [0.5] * 3, [0.2] * 3]))
    #: Strength and size (in pattern texels per texel) of slow stains over the pattern, 0 for none.
    stains: float = 0.0
    stain_scale: float = 0.1
    #: Strength and sharpness (doublings of the exponent) of the highlight.
    gloss: float = 0.0
    sharpness: int = 5
    #: Shares of the light that a flat surface mirrors and, in the colours of `tint`, lets through; the rest is its own.
    reflectance: float = 0.0
    transmittance: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    #: Light that the surface gives by itself, as a multiple of its albedo.
    glow: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.reflectance, self.transmittance)
        if not (min(shares) >= 0 and sum(shares) <= 1 + 1e-9):
            raise ValueError(f"reflectance and transmittance are {shares}; they must be from 0 to 1, and so their sum")

    @property
    def optics(self) -> str:
        """ "glass" of what lets light through, "mirror" of what mirrors most of it, "polished" of less, else ""."""
        if self.transmittance > 0:
            return "glass"
        return ("mirror" if self.reflectance >= 0.5 else "polished") if self.reflectance > 0 else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Object:
    """A shape in the world, at frame 0 and frame 1."""

    name: str
    shape: Shape
    material: Material
    T_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    T_world_later: np.ndarray | None = None
    casts: bool = True

    def __post_init__(self) -> None:
        if self.material.optics and not isinstance(self.shape, Plane):
            kind = type(self.shape).__name__
            raise ValueError(f"{self.name} is a {kind} of {self.material.optics}; only planes and sheets can be that")

    def T_world_object(self, frame: int) -> np.ndarray:
        """Its pose at frame 0 or 1."""
        return self.T_world if frame == 0 or self.T_world_later is None else self.T_world_later


@dataclass(frozen=True, kw_only=True, eq=False)
class Light:
    """A point light in the world that casts shadows, and the ambient light around it."""

    position: tuple[float, float, float]
    colour: tuple[float, float, float] = (0.7, 0.7, 0.7)
    ambient: tuple[float, float, float] = (0.35, 0.35, 0.35)
    shadows: bool = True
    #: Metres at which a lamp's light has fallen to half; infinite for the sun.
    reach: float = math.inf
    #: Where it is turned to. What lies behind it is lit too, but in no shadow.
    toward: tuple[float, float, float] = (0.0, 0.0, 3.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Objects, light and sky. World: x right, y down, z forward, metres."""

    objects: tuple[Object, ...]
    light: Light
    sky: tuple[tuple[float, float, float], tuple[float, float, float]] = ((0.9, 0.95, 1.0), (0.35, 0.55, 0.9))
    T_camera_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    #: World y of the ground plane, when the layout has one.
    ground_y: float | None = None


def rotation(rx: float = 0.0, ry: float = 0.0, rz: float = 0.0) -> np.ndarray:
    """Rotation about z, then x, then y, in degrees.

    Cosine and sine come from a rounded tangent of half the angle, so that every machine finds the same matrix.
    """
    t = np.round(np.tan(np.radians([rx, ry, rz]) / 2.0), 9)
    (cx, cy, cz), (sx, sy, sz) = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    result: np.ndarray = about_y @ about_x @ about_z
    return result


_OUTSIDE = ("house", "hill", "poster", "curtain", "trunk", "foliage", "fence", "pole", "mirror", "pane")
_FURNISHED = ("cupboard", "counter", "bookcase", "sofa", "bed", "desk", "door", "window", "picture", "radiator")
_LAID = ("rug", "beam", "skirting", "kerb", "marking", "verge")
STILL = (*_OUTSIDE, *_FURNISHED, *_LAID)


def with_motion(scene: Scene, rng: np.random.Generator, pixels: float, camera: Camera) -> Scene:
    """The scene with some objects moved at frame 1, by up to about `pixels` at their depth."""
    moves: dict[str, np.ndarray] = {}
    moving = []
    for thing in scene.objects:
        if thing.shape.half_extents() is None:
            moving.append(thing)
            continue
        if thing.name not in moves:
            centre = (scene.T_camera_world @ thing.T_world)[:3, 3]
            step = pixels * max(float(centre[2]), 0.1) / camera.fx
            shift = step * rng.uniform(-1, 1, 3) * (1.0, 0.4, 1.0)
            turn = rotation(*(float(v) for v in rng.uniform(-8, 8, 3)))
            about = pose(translation=thing.T_world[:3, 3])
            still = rng.random() < 0.5 or thing.name.startswith(STILL)
            moves[thing.name] = np.eye(4) if still else pose(translation=shift) @ about @ pose(turn) @ inverse(about)
        moving.append(replace(thing, T_world_later=moves[thing.name] @ thing.T_world))
    return replace(scene, objects=tuple(moving))
