"""From hits to pictures: texture, light, shadow, highlight; then lens and sensor.

Light is added up in linear RGB. A pixel whose neighbours see other objects is shaded at n x n places and averaged;
elsewhere the texture lookup itself is anti-aliased. The camera's curve is a square root: close to the usual gamma,
exact on every machine, and it makes shot noise even over all greys (Anscombe 1948).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..cameras import Camera, pose
from ._render import SKY, Hits, View, hidden
from ._scene import Light, Material, Object, Scene
from ._shapes import Array
from ._textures import lookup, pyramid


def radiance(xp: Any, scene: Scene, views: list[View], hits: list[Hits], supersampling: int = 3) -> list[Array]:
    """Linear RGB (H, W, 3), float32, of what each view sees."""
    samples = [_samples(xp, scene, view, hit, supersampling) for view, hit in zip(views, hits, strict=True)]
    colours = _shade(xp, scene, views, samples)
    images = []
    for view, sample, colour in zip(views, samples, colours, strict=True):
        height, width = view.camera.height, view.camera.width
        image = colour[: height * width]
        if sample["edges"].shape[0]:
            fine = xp.reshape(colour[height * width :], (-1, supersampling**2, 3))
            image[sample["edges"]] = xp.mean(fine, axis=1)
        images.append(xp.reshape(image, (height, width, 3)))
    return images


def _samples(xp: Any, scene: Scene, view: View, hits: Hits, n: int) -> dict[str, Array]:
    """Positions, inverse depth, object and width in pixels of every shading sample: centres, then edge samples."""
    height, width = hits.index.shape
    device = hits.q.device
    row, column = xp.meshgrid(
        xp.arange(height, dtype=xp.float64, device=device),
        xp.arange(width, dtype=xp.float64, device=device),
        indexing="ij",
    )
    x, y = xp.reshape(column, (-1,)), xp.reshape(row, (-1,))
    q, index = xp.reshape(hits.q, (-1,)), xp.reshape(hits.index, (-1,))
    edges, neighbours = _edges(xp, hits.index)
    if n > 1 and edges.shape[0]:
        steps = (xp.arange(n, dtype=xp.float64, device=device) + 0.5) * (1.0 / n) - 0.5
        dy, dx = (xp.reshape(g, (1, -1)) for g in xp.meshgrid(steps, steps, indexing="ij"))
        fine_x, fine_y = x[edges][:, None] + dx, y[edges][:, None] + dy
        fine = _edge_hits(xp, scene, view, fine_x, fine_y, neighbours)
        parts = [(x, fine_x), (y, fine_y), (q, fine.q), (index, fine.index)]
        x, y, q, index = (xp.concat([a, xp.reshape(b, (-1,))]) for a, b in parts)
    else:
        edges = edges[:0]
    return {"x": x, "y": y, "q": q, "index": index, "edges": edges}


def _edges(xp: Any, index: Array) -> tuple[Array, Array]:
    """Flat positions (M,) of pixels that have another object among their 8 neighbours, and all 9 objects (M, 9)."""
    height, width = index.shape
    rows = xp.concat([index[:1], index, index[-1:]], axis=0)
    padded = xp.concat([rows[:, :1], rows, rows[:, -1:]], axis=1)
    around = [padded[j : j + height, i : i + width] for j in range(3) for i in range(3)]
    differs = around[0] != index
    for other in around[1:]:
        differs = differs | (other != index)
    edges = xp.nonzero(xp.reshape(differs, (-1,)))[0]
    return edges, xp.stack([xp.reshape(a, (-1,))[edges] for a in around], axis=1)


def _edge_hits(xp: Any, scene: Scene, view: View, x: Array, y: Array, neighbours: Array) -> Hits:
    """Rays through x, y (M, S), tested against the objects seen around their pixel, (M, 9)."""
    best = xp.zeros_like(x)
    index = xp.full(x.shape, SKY, dtype=xp.int64, device=x.device)
    for k, thing in enumerate(scene.objects):
        at = xp.nonzero(xp.any(neighbours == k, axis=1))[0]
        if at.shape[0] == 0:
            continue
        q = thing.shape.hit(view.rays(xp, thing, x[at], y[at]))
        nearer = q > best[at]
        best[at] = xp.where(nearer, q, best[at])
        index[at] = xp.where(nearer, k, index[at])
    return Hits(index, best)


def _shade(xp: Any, scene: Scene, views: list[View], samples: list[dict[str, Array]]) -> list[Array]:
    """Colours (N, 3) of all samples, object by object, all views of an object together."""
    device = samples[0]["x"].device
    colours = [xp.zeros((s["x"].shape[0], 3), dtype=xp.float32, device=device) for s in samples]
    for view, sample, colour in zip(views, samples, colours, strict=True):
        at = xp.nonzero(sample["index"] == SKY)[0]
        colour[at] = _sky(xp, scene, view, sample["x"][at], sample["y"][at])
    for k, thing in enumerate(scene.objects):
        chosen = [xp.nonzero(s["index"] == k)[0] for s in samples]
        if not any(at.shape[0] for at in chosen):
            continue
        parts = [_local(xp, thing, v, s, at) for v, s, at in zip(views, samples, chosen, strict=True)]
        p, toward, pixel = (
            [xp.concat([part[j][i] for part in parts]) for i in range(3 if j < 2 else 1)] for j in range(3)
        )
        lit = _surface(xp, scene, views[0].frame, thing, p, toward, pixel[0])
        start = 0
        for colour, at in zip(colours, chosen, strict=True):
            colour[at] = lit[start : start + at.shape[0]]
            start += at.shape[0]
    return colours


def _local(xp: Any, thing: Object, view: View, sample: dict[str, Array], at: Array) -> tuple[Any, Any, Any]:
    """In the object's frame: points, directions to the camera, and the width of a pixel there in metres."""
    q = sample["q"][at]
    rays = view.rays(xp, thing, sample["x"][at], sample["y"][at])
    p = rays.at(q)
    toward = [rays.origin[i] - p[i] for i in range(3)]
    return p, toward, [1.0 / (xp.clip(q, 1e-9, None) * view.camera.fx)]


def _unit(xp: Any, v: Any) -> list[Array]:
    inverse_length = 1.0 / xp.sqrt(xp.clip(v[0] * v[0] + v[1] * v[1] + v[2] * v[2], 1e-20, None))
    return [c * inverse_length for c in v]


def _dot(a: Any, b: Any) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _surface(xp: Any, scene: Scene, frame: int, thing: Object, p: Any, toward: Any, pixel: Array) -> Array:
    """Colour (N, 3) of surface points."""
    light, T_world = scene.light, thing.T_world_object(frame)
    R = T_world[:3, :3]
    source = R.T @ (np.asarray(light.position) - T_world[:3, 3])
    single = xp.float32
    to_light = _unit(xp, [xp.astype(float(source[i]) - p[i], single) for i in range(3)])
    view = _unit(xp, [xp.astype(t, single) for t in toward])
    n = _unit(xp, [xp.astype(c, single) for c in thing.shape.normal(xp, p)])
    facing = _dot(n, view)
    n = [xp.where(facing < 0, -c, c) for c in n]
    u, v = thing.shape.uv(xp, p)
    slant = xp.clip(xp.abs(facing), 0.05, 1.0)
    albedo = _albedo(xp, thing.material, u, v, xp.astype(pixel, single) / xp.sqrt(slant))
    direct = xp.clip(_dot(n, to_light), 0.0, 1.0)
    if light.shadows:
        lit = xp.nonzero(direct > 0)[0]
        dark = _shadowed(xp, scene, frame, T_world, [c[lit] for c in p])
        direct[lit] = xp.where(dark, 0.0, direct[lit])
    up = xp.clip(0.75 - 0.25 * _dot(n, [float(c) for c in R[1]]), 0.0, 1.0)  # world y points down
    glow = [direct * light.colour[i] + up * light.ambient[i] for i in range(3)]
    result = albedo * xp.stack(glow, axis=1)
    if thing.material.gloss > 0:
        half = _unit(xp, [a + b for a, b in zip(to_light, view, strict=True)])
        peak = xp.clip(_dot(n, half), 0.0, 1.0)
        for _ in range(thing.material.sharpness):
            peak = peak * peak
        result = result + (xp.where(direct > 0, peak, 0.0) * thing.material.gloss)[:, None]
    return result


def _albedo(xp: Any, material: Material, u: Array, v: Array, pixel: Array) -> Array:
    single, scale = xp.float32, material.texels_per_m
    c, s = material.turn
    tu = xp.astype((u * c + v * s) * scale + material.offset[0], single)
    tv = xp.astype((v * c - u * s) * scale + material.offset[1], single)
    table = xp.asarray(pyramid(material.kind, material.variant), device=u.device)
    ab = lookup(xp, table, tu, tv, pixel * scale * 0.8)
    base, along_a, along_b = (xp.asarray(row.astype(np.float32), device=u.device)[None, :] for row in material.colours)
    albedo = base + ab[:, :1] * along_a + ab[:, 1:] * along_b
    if material.stains > 0:
        slow, table = material.stain_scale, xp.asarray(pyramid("noise", 0), device=u.device)
        stain = lookup(xp, table, tu * slow, tv * slow, pixel * (scale * slow))
        albedo = albedo * (1.0 + material.stains * (stain[:, :1] - 0.5) * 2.0)
    return xp.clip(albedo, 0.003, 0.95)


def _shadowed(xp: Any, scene: Scene, frame: int, T_world: np.ndarray, p: Any) -> Array:
    """Whether the light does not see the points p of an object: occlusion, with the light as a camera."""
    light = light_view(scene.light, frame)
    M = light.T_camera_world @ T_world
    x, y, z = (float(M[i, 0]) * p[0] + float(M[i, 1]) * p[1] + float(M[i, 2]) * p[2] + float(M[i, 3]) for i in range(3))
    ahead = z > 1e-6
    q = xp.where(ahead, 1.0 / xp.where(ahead, z, 1.0), 1e9)
    return hidden(xp, scene, light, x * q, y * q, q * (1.0 + 1e-4), shadow=True)


def light_view(light: Light, frame: int) -> View:
    """The light as a camera that looks at the world's point (0, 0, 3)."""
    position = np.asarray(light.position, dtype=float)
    forward = np.array([0.0, 0.0, 3.0]) - position
    forward = forward / np.sqrt((forward * forward).sum())
    right = np.cross([0.0, 1.0, 0.1], forward)
    right = right / np.sqrt((right * right).sum())
    rotation = np.stack([right, np.cross(forward, right), forward])
    camera = Camera(width=1, height=1, fx=1.0, fy=1.0, cx=0.0, cy=0.0)
    return View(camera, pose(rotation, -rotation @ position), frame)


def _sky(xp: Any, scene: Scene, view: View, x: Array, y: Array) -> Array:
    """A gradient from the horizon up, with clouds."""
    M = view.T_camera_world[:3, :3].T @ np.linalg.inv(view.camera.K)
    d = [xp.astype(float(M[i, 0]) * x + float(M[i, 1]) * y + float(M[i, 2]), xp.float32) for i in range(3)]
    up = xp.clip(-_unit(xp, d)[1], 0.0, 1.0)
    low, high = (xp.asarray(np.float32(c), device=x.device)[None, :] for c in scene.sky)
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
