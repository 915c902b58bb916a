"""From hits to pictures: texture, light, shadow, highlight, reflection; then lens and sensor.

Light is added up in linear RGB. A pixel whose neighbours see other objects is shaded at n x n places and averaged;
elsewhere the texture lookup itself is anti-aliased. The camera's curve is a square root: close to the usual gamma,
exact on every machine, and it makes shot noise even over all greys (Anscombe 1948).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..cameras import Camera, pose
from ._reflections import Seen, blended, labelled, layers, shows_more
from ._render import SKY, Hits, Sight, View, hidden, hits_among
from ._scene import Light, Material
from ._shapes import Array
from ._textures import lookup, pyramid


class Samples(NamedTuple):
    """Where a view is shaded: positions, inverse depth and object (N,) of all pixel centres, then of n x n places in
    each edge pixel, whose flat positions are `edges` (M,).
    """

    sight: Sight
    x: Array
    y: Array
    q: Array
    index: Array
    edges: Array


class Points(NamedTuple):
    """Surface points in their object's frame: position, direction to the camera, width of a pixel there in metres."""

    p: Any
    toward: Any
    pixel: Array


def radiance(xp: Any, sights: list[Sight], hits: list[Hits], supersampling: int = 2) -> list[Array]:
    """Linear RGB (H, W, 3), float32, of what views of one frame see."""
    samples = [_samples(xp, sight, hit, supersampling) for sight, hit in zip(sights, hits, strict=True)]
    beyond = layers(xp, samples) if shows_more(sights[0].scene) else []
    colours = blended(xp, _shade(xp, [*samples, *beyond]), beyond)
    images = []
    for hit, sample, colour in zip(hits, samples, colours, strict=True):
        height, width = hit.index.shape
        image = colour[: height * width]
        if sample.edges.shape[0]:
            fine = xp.reshape(colour[height * width :], (-1, supersampling**2, 3))
            image[sample.edges] = xp.mean(fine, axis=1)
        images.append(xp.reshape(image, (height, width, 3)))
    return images


def _samples(xp: Any, sight: Sight, hits: Hits, n: int) -> Samples:
    height, width = hits.index.shape
    device = hits.q.device
    axes = (xp.arange(size, dtype=xp.float64, device=device) for size in (height, width))
    y, x = (xp.reshape(a, (-1,)) for a in xp.meshgrid(*axes, indexing="ij"))
    q, index = xp.reshape(hits.q, (-1,)), xp.reshape(hits.index, (-1,))
    centres = Samples(sight, x, y, q, index, xp.zeros((0,), dtype=xp.int64, device=device))
    shown = hits.index
    if n > 1 and shows_more(sight.scene):
        shown = xp.reshape(labelled(xp, centres), (height, width))
    edges, around = _edges(xp, hits.index, shown)
    if n == 1 or edges.shape[0] == 0:
        return centres
    steps = (xp.arange(n, dtype=xp.float64, device=device) + 0.5) * (1.0 / n) - 0.5
    dy, dx = (xp.reshape(g, (1, -1)) for g in xp.meshgrid(steps, steps, indexing="ij"))
    fine_x, fine_y = x[edges][:, None] + dx, y[edges][:, None] + dy
    fine = hits_among(xp, sight, fine_x, fine_y, around)
    pairs = ((x, fine_x), (y, fine_y), (q, fine.q), (index, fine.index))
    x, y, q, index = (xp.concat([a, xp.reshape(b, (-1,))]) for a, b in pairs)
    return Samples(sight, x, y, q, index, edges)


def _edges(xp: Any, index: Array, shown: Array) -> tuple[Array, Array]:
    """Flat positions (M,) of pixels that show other things than one of their 8 neighbours, and all 9 objects."""
    nine = _around(xp, shown)
    differs = nine[0] != shown
    for other in nine[1:]:
        differs = differs | (other != shown)
    edges = xp.nonzero(xp.reshape(differs, (-1,)))[0]
    around = nine if shown is index else _around(xp, index)
    return edges, xp.stack([xp.reshape(a, (-1,))[edges] for a in around])


def _around(xp: Any, index: Array) -> list[Array]:
    height, width = index.shape
    rows = xp.concat([index[:1], index, index[-1:]], axis=0)
    padded = xp.concat([rows[:, :1], rows, rows[:, -1:]], axis=1)
    return [padded[j : j + height, i : i + width] for j in range(3) for i in range(3)]


def _shade(xp: Any, samples: Sequence[Seen]) -> list[Array]:
    """Surfaces' own colours (N, 3) at all samples of views and layers: object by object, all of them together; then
    shadows for all at once.
    """
    first = samples[0].sight
    scene, frame = first.scene, first.view.frame
    ends = np.cumsum([0, *(s.x.shape[0] for s in samples)]).tolist()
    device = samples[0].x.device
    colour = xp.zeros((ends[-1], 3), dtype=xp.float32, device=device)  # ambient, to which the lamp's light is added
    direct = xp.zeros((ends[-1], 3), dtype=xp.float32, device=device)
    lamp = Sight(scene, light_view(scene.light, frame))
    seen = xp.zeros((3, ends[-1]), dtype=xp.float64, device=device)  # position and inverse depth seen from the lamp
    for k in range(SKY, len(scene.objects)):
        chosen = [xp.nonzero(s.index == k)[0] for s in samples]
        at = xp.concat([here + start for here, start in zip(chosen, ends[:-1], strict=True)])
        if at.shape[0] == 0:
            continue
        if k == SKY:
            shown = zip(samples, chosen, strict=True)
            colour[at] = xp.concat([_sky(xp, s.sight, s.x[here], s.y[here]) for s, here in shown])
            continue
        points = _points(xp, samples, chosen, k)
        colour[at], direct[at] = _surface(xp, first, k, points)
        if scene.light.shadows:
            seen[:, at] = _from_lamp(xp, lamp, k, points.p)
    if scene.light.shadows:
        lit = xp.nonzero(direct[:, 1] > 0)[0]
        dark = hidden(xp, lamp, *(seen[i][lit] for i in range(3)), shadow=True)
        direct[lit[dark]] = 0.0
    colour = colour + direct
    return [colour[a:b] for a, b in pairwise(ends)]


def _points(xp: Any, samples: Sequence[Seen], chosen: list[Array], k: int) -> Points:
    """The points of object k that the chosen samples of each view see."""
    parts = []
    for sample, at in zip(samples, chosen, strict=True):
        q, sight = sample.q[at], sample.sight
        rays = sight.rays(xp, k, sample.x[at], sample.y[at])
        p = rays.at(q)
        toward = [rays.origin[i] - p[i] for i in range(3)]
        parts.append((*p, *toward, 1.0 / (xp.clip(q, 1e-9, None) * sight.view.camera.fx)))
    merged = [xp.concat([part[i] for part in parts]) for i in range(7)]
    return Points(merged[:3], merged[3:6], merged[6])


def _from_lamp(xp: Any, lamp: Sight, k: int, p: Any) -> Array:
    """Position and inverse depth (3, N) of object k's points for the lamp; 1e-4 nearer, clear of themselves."""
    M = lamp.T_camera_object[k].tolist()
    x, y, z = (M[i][0] * p[0] + M[i][1] * p[1] + M[i][2] * p[2] + M[i][3] for i in range(3))
    q = 1.0 / xp.clip(z, 1e-6, None)
    return xp.stack([x * q, y * q, q * (1.0 + 1e-4)])


def _unit(xp: Any, v: Any) -> list[Array]:
    inverse_length = 1.0 / xp.sqrt(xp.clip(v[0] * v[0] + v[1] * v[1] + v[2] * v[2], 1e-20, None))
    return [c * inverse_length for c in v]


def _dot(a: Any, b: Any) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _surface(xp: Any, sight: Sight, k: int, points: Points) -> tuple[Array, Array]:
    """What ambient light and the lamp, were it unobstructed, make of surface points: colours (N, 3)."""
    scene, thing, (p, toward, pixel) = sight.scene, sight.scene.objects[k], points
    light, T_world = scene.light, thing.T_world_object(sight.view.frame)
    R = T_world[:3, :3]
    source = R.T @ (np.asarray(light.position) - T_world[:3, 3])
    single = xp.float32
    lamp_at = [xp.astype(float(source[i]) - p[i], single) for i in range(3)]
    to_light = _unit(xp, lamp_at)
    view = _unit(xp, [xp.astype(t, single) for t in toward])
    n = _unit(xp, [xp.astype(c, single) for c in thing.shape.normal(xp, p)])
    facing = _dot(n, view)
    n = [xp.where(facing < 0, -c, c) for c in n]
    u, v = thing.shape.uv(xp, p)
    slant = xp.clip(xp.abs(facing), 0.05, 1.0)
    albedo = _albedo(xp, thing.material, u, v, xp.astype(pixel, single) / xp.sqrt(slant))
    direct = xp.clip(_dot(n, to_light), 0.0, 1.0)
    if math.isfinite(light.reach):
        direct = direct / (1.0 + _dot(lamp_at, lamp_at) * light.reach**-2)
    up = xp.clip(0.75 - 0.25 * _dot(n, [float(c) for c in R[1]]), 0.0, 1.0)  # world y points down
    ambient = xp.stack([up * light.ambient[i] for i in range(3)], axis=1)
    lamp = xp.stack([direct * light.colour[i] for i in range(3)], axis=1) * albedo
    if thing.material.gloss > 0:
        half = _unit(xp, [a + b for a, b in zip(to_light, view, strict=True)])
        peak = xp.clip(_dot(n, half), 0.0, 1.0)
        for _ in range(thing.material.sharpness):
            peak = peak * peak
        lamp = lamp + (xp.where(direct > 0, peak, 0.0) * thing.material.gloss)[:, None]
    return albedo * (ambient + thing.material.glow), lamp


def _albedo(xp: Any, material: Material, u: Array, v: Array, pixel: Array) -> Array:
    single, scale = xp.float32, material.texels_per_m
    c, s = material.turn
    tu = xp.astype((u * c + v * s) * scale + material.offset[0], single)
    tv = xp.astype((v * c - u * s) * scale + material.offset[1], single)
    table = xp.asarray(pyramid(material.kind, material.variant), device=u.device)
    ab = lookup(xp, table, tu, tv, pixel * scale * 0.65)
    base, along_a, along_b = (xp.asarray(row.astype(np.float32), device=u.device)[None, :] for row in material.colours)
    albedo = base + ab[:, :1] * along_a + ab[:, 1:] * along_b
    if material.stains > 0:
        slow, table = material.stain_scale, xp.asarray(pyramid("noise", 0), device=u.device)
        stain = lookup(xp, table, tu * slow, tv * slow, pixel * (scale * slow))
        albedo = albedo * (1.0 + material.stains * (stain[:, :1] - 0.5) * 2.0)
    return xp.clip(albedo, 0.003, 0.95)


def light_view(light: Light, frame: int) -> View:
    """The light as a camera."""
    position = np.asarray(light.position, dtype=float)
    forward = np.asarray(light.toward, dtype=float) - position
    forward = forward / np.sqrt((forward * forward).sum())
    right = np.cross([0.0, 1.0, 0.1], forward)
    right = right / np.sqrt((right * right).sum())
    rotation = np.stack([right, np.cross(forward, right), forward])
    camera = Camera(width=1, height=1, fx=1.0, fy=1.0, cx=0.0, cy=0.0)
    return View(camera, pose(rotation, -rotation @ position), frame)


def _sky(xp: Any, sight: Sight, x: Array, y: Array) -> Array:
    """A gradient from the horizon up, with clouds."""
    scene, view = sight.scene, sight.view
    M = view.T_camera_world[:3, :3].T @ np.linalg.inv(view.camera.K)
    d = [xp.astype(float(M[i, 0]) * x + float(M[i, 1]) * y + float(M[i, 2]), xp.float32) for i in range(3)]
    up = xp.clip(-_unit(xp, d)[1], 0.0, 1.0)
    low, high = (xp.asarray(np.asarray(c, dtype=np.float32), device=x.device)[None, :] for c in scene.sky)
    height = xp.clip(up, 0.03, 1.0)
    table = xp.asarray(pyramid("noise", 1), device=x.device)
    cloud = lookup(xp, table, d[0] / height * 8.0, d[2] / height * 8.0, 0.02 / (height * height))[:, :1]
    return low + (high - low) * xp.sqrt(up)[:, None] + 0.35 * (cloud - 0.5) * xp.clip(up * 6.0, 0.0, 1.0)[:, None]


def blurred(xp: Any, image: Array, sigma: float) -> Array:
    """The image (H, W, 3) under a Gaussian lens blur of `sigma` pixels."""
    if sigma <= 0:
        return image
    reach = max(1, math.ceil(2.5 * sigma))
    weights = [round(math.exp(-0.5 * (i / sigma) ** 2), 9) for i in range(-reach, reach + 1)]
    for axis in (0, 1):
        size = image.shape[axis]
        first, last = (image[:1], image[-1:]) if axis == 0 else (image[:, :1], image[:, -1:])
        padded = xp.concat([first] * reach + [image] + [last] * reach, axis=axis)
        image = 0.0
        for i, weight in enumerate(weights):
            part = padded[i : i + size] if axis == 0 else padded[:, i : i + size]
            image = image + part * (weight / sum(weights))
    return image


def exposed(xp: Any, linear: Array, gain: float, grain: Array | None) -> Array:
    """The camera's picture, float32 in whole 8-bit steps 0…255: gain, curve, noise `grain` in grey levels, rounding."""
    levels = xp.sqrt(xp.clip(linear * gain, 0.0, None)) * 255.0
    if grain is not None:
        levels = levels + grain
    return xp.round(xp.clip(levels, 0.0, 255.0))
