"""What a scene is made of: materials, objects and a light; and the builder that random layouts use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from ..cameras import Camera, inverse, pose
from ._shapes import Ball, Shape, Sheet
from ._textures import KINDS, VARIANTS, fractal

RICH = ("noise", "grain", "leaves", "stripes", "tiles", "print", "wood", "cells", "fabric")
POOR = ("plain", "plain", "marks")
PERIODIC = ("tiles", "stripes", "fabric", "facade")


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Object:
    """A shape in the world, at frame 0 and frame 1."""

    name: str
    shape: Shape
    material: Material
    T_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    T_world_later: np.ndarray | None = None
    casts: bool = True

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
    """Rotation about z, then x, then y, in degrees; rounded so that every machine's sine gives the same matrix."""
    (cx, cy, cz), (sx, sy, sz) = (np.round(f(np.radians([rx, ry, rz])), 12) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    result: np.ndarray = about_y @ about_x @ about_z
    return result


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A random number whose logarithm is uniform between those of low and high."""
    return float(np.round(np.exp(rng.uniform(np.log(low), np.log(high))), 9))


def colour(rng: np.random.Generator, vivid: float = 1.0) -> np.ndarray:
    """A random linear RGB albedo: brightness broad, saturation mostly low, hue anywhere but often warm."""
    value = log_uniform(rng, 0.03, 0.85)
    hue = rng.random(3)
    if rng.random() < 0.5:
        hue = np.sort(hue)[::-1]  # red > green > blue: wood, skin, brick, paper
    saturation = vivid * (0.9 if rng.random() < 0.2 else 0.5 * rng.random())
    mixed = 1.0 + saturation * (hue / max(float(hue.max()), 0.05) - 1.0)
    return np.clip(value * mixed, 0.004, 0.9)


@lru_cache(maxsize=64)
def outline(kind: str, variant: int) -> np.ndarray:
    """A signed map (97, 97), positive inside: "blob", "leaf", "lattice", "ring", "disc", "crown"."""
    n = 97
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([variant, 7])))
    axis = np.linspace(-1.0, 1.0, n)
    x, y = axis[None, :], axis[:, None]
    r2 = x * x + y * y
    rough = fractal(rng, 2, 5, 0.5, 128)[:n, :n] - 0.5
    if kind == "blob":
        signed = 0.55 - r2 + 1.3 * rough
    elif kind == "leaf":
        width = rng.uniform(0.35, 0.9) * (1.0 - y * y) * (1.0 + rng.uniform(-0.6, 0.6) * y)
        signed = width - abs(x - rng.uniform(-0.4, 0.4) * y * y) + 0.05 * rough
    elif kind == "lattice":
        bars = int(rng.integers(2, 6))
        width = rng.uniform(0.1, 0.35)
        across = abs((x + (y if variant % 2 else 0 * y)) * bars % 2.0 - 1.0)
        along = abs((y - (x if variant % 2 else 0 * x)) * bars % 2.0 - 1.0)
        signed = np.maximum(np.maximum(across, along) - (1.0 - width), np.maximum(abs(x), abs(y)) - 0.97)
    elif kind == "ring":
        inner = rng.uniform(0.3, 0.8)
        signed = np.minimum(0.97 - r2, r2 - inner * inner)
    elif kind == "crown":  # foliage: many small gaps
        signed = 0.75 - r2 + 3.5 * (fractal(rng, 6, 4, 0.7, 128)[:n, :n] - 0.5)
    else:
        signed = 0.97 - r2
    return np.ascontiguousarray(np.broadcast_to(signed, (n, n)), dtype=np.float64)


class Builder:
    """Collects the objects of one random scene. `focal` and `bf` (f·B, px·m) turn disparities into metres."""

    def __init__(self, rng: np.random.Generator, camera: Camera, bf: float, shares: dict[str, float]) -> None:
        self.rng, self.camera, self.bf, self.shares = rng, camera, bf, shares
        self.objects: list[Object] = []
        self.count = 0

    def material(self, z: float, kinds: tuple[str, ...] = RICH, vivid: float = 1.0) -> Material:
        """A random material whose texels suit a surface z metres away; the failure knobs may take its texture away."""
        rng, dice = self.rng, self.rng.random()
        if dice < self.shares["textureless"]:
            kinds = POOR
        elif dice > 1.0 - self.shares["repetition"]:
            kinds = PERIODIC
        kind = kinds[int(rng.integers(len(kinds)))]
        base, contrast = colour(rng, vivid), log_uniform(rng, 0.08, 1.0)
        palette = np.stack([base, contrast * (colour(rng, vivid) - base), 0.7 * contrast * (colour(rng, vivid) - base)])
        c, s = (1.0, 0.0) if kind in ("facade", "print", "tiles") else rotation(rz=float(rng.uniform(0, 360)))[0, :2]
        glossy = rng.random() < self.shares["specular"]
        per_pixel = log_uniform(rng, 0.5, 2.5)
        return Material(
            kind=kind,
            variant=int(rng.integers(VARIANTS)),
            texels_per_m=per_pixel * self.camera.fx / z,
            turn=(float(c), float(s)),
            offset=(float(rng.uniform(0, 256)), float(rng.uniform(0, 256))),
            colours=palette,
            stains=float(rng.uniform(0.0, 0.6)) if rng.random() < 0.5 and kind not in POOR else 0.0,
            stain_scale=log_uniform(rng, 0.05, 0.3),
            gloss=float(rng.uniform(0.2, 1.2)) if glossy else 0.0,
            sharpness=int(rng.integers(3, 8)),
        )

    def add(self, name: str, shape: Shape, T_world: np.ndarray, material: Material, *, casts: bool = True) -> Object:
        """Put an object into the scene; `name` gets a number unless it is the only one of its kind."""
        self.objects.append(Object(name=name, shape=shape, material=material, T_world=T_world, casts=casts))
        return self.objects[-1]

    def number(self, kind: str) -> str:
        """The next object's name."""
        self.count += 1
        return f"{kind} {self.count}"

    def plant(self, root: np.ndarray, size: float, leaves: int) -> None:
        """A bunch of leaf-shaped sheets around a root, growing up (−y)."""
        rng, name = self.rng, self.number("plant")
        z = float(root[2])
        kind = ("leaf", "leaf", "blob")[int(rng.integers(3))]
        materials = [self.material(z, ("noise", "grain", "plain", "leaves", "wood")) for _ in range(2)]
        for _ in range(leaves):
            length = size * float(rng.uniform(0.25, 0.55))
            tilt = rotation(
                rx=float(rng.uniform(-60, 60)), ry=float(rng.uniform(-70, 70)), rz=float(rng.uniform(-75, 75))
            )
            T = pose(tilt, root) @ pose(translation=(0, -length * float(rng.uniform(1.0, 1.5)), 0))
            sheet = Sheet(length * float(rng.uniform(0.15, 0.5)), length, outline(kind, int(rng.integers(12))))
            self.add(name, sheet, T, materials[int(rng.integers(2))])

    def crown(self, centre: np.ndarray, size: float, pieces: int) -> None:
        """The top of a tree or bush: a body with ragged sheets around it."""
        rng, name = self.rng, self.number("foliage")
        green = self.material(float(centre[2]), ("leaves", "cells", "grain"))
        self.add(name, Ball(0.6 * size, 0.6 * size, 0.6 * size), pose(translation=centre), green)
        for _ in range(pieces):
            shift = centre + size * rng.uniform(-0.5, 0.5, 3)
            turn = rotation(
                rx=float(rng.uniform(-50, 50)), ry=float(rng.uniform(-50, 50)), rz=float(rng.uniform(0, 360))
            )
            extent = size * float(rng.uniform(0.4, 0.9))
            sheet = Sheet(extent, extent, outline("crown", int(rng.integers(12))))
            self.add(name, sheet, pose(turn, shift), green)


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
            still = rng.random() < 0.5
            moves[thing.name] = np.eye(4) if still else pose(translation=shift) @ about @ pose(turn) @ inverse(about)
        moving.append(replace(thing, T_world_later=moves[thing.name] @ thing.T_world))
    return replace(scene, objects=tuple(moving))


assert set(RICH + POOR + PERIODIC) <= set(KINDS)
