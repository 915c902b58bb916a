"""Ray casting: which surface each pixel sees, where it is in another view, and whether that view sees it.

Everything works on inverse depth q at pixels, in float64. A pixel with inverse depth q on an object that moves by a
rigid motion lies in another view at ``H · (x, y, 1) + q · h``: exact disparity, flow and occlusion follow from that
and from one more ray, shot from the other camera through that very position.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cameras import Camera, inverse
from ._shapes import Array, Rays
from ._scene import Object, Scene

#: A surface hides a point when its inverse depth is larger by more than this factor (float64 rounding at silhouettes).
HIDES = 1.0 + 1e-6
SKY = -1


def namespace(kind: Any) -> Any:
    """The array API over "numpy" or "torch"."""
    if kind in (None, "numpy"):
        import array_api_compat.numpy as numpy_api

        return numpy_api
    import array_api_compat.torch as torch_api

    return torch_api


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera somewhere at frame 0 or 1 of a scene."""

    camera: Camera
    T_camera_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    frame: int = 0

    def T_camera_object(self, thing: Object) -> np.ndarray:
        """The object's pose in this camera."""
        return self.T_camera_world @ thing.T_world_object(self.frame)

    def rays(self, xp: Any, thing: Object, x: Array, y: Array) -> Rays:
        """Rays through pixels x, y (which broadcast) in the object's frame."""
        T_object_camera = inverse(self.T_camera_object(thing))
        matrix = T_object_camera[:3, :3] @ np.linalg.inv(self.camera.K)
        ox, oy, oz = (float(v) for v in T_object_camera[:3, 3])
        return Rays(xp, (ox, oy, oz), matrix, x, y)

    def bounds(self, thing: Object) -> tuple[float, float, float, float, float]:
        """x0, x1, y0, y1 in pixels and the largest inverse depth of what the object may cover; infinite if unknown."""
        unknown = (-np.inf, np.inf, -np.inf, np.inf, np.inf)
        half = thing.shape.half_extents()
        if half is None:
            return unknown
        signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], dtype=float)
        T = self.T_camera_object(thing)
        corners = (signs * half) @ T[:3, :3].T + T[:3, 3]
        nearest = float(corners[:, 2].min())
        if corners[:, 2].max() <= 1e-3:
            return (0.0, -1.0, 0.0, -1.0, 0.0)
        if nearest <= 1e-3:
            return unknown
        x = self.camera.fx * corners[:, 0] / corners[:, 2] + self.camera.cx
        y = self.camera.fy * corners[:, 1] / corners[:, 2] + self.camera.cy
        return float(x.min()), float(x.max()), float(y.min()), float(y.max()), 1.0 / nearest


@dataclass(frozen=True, eq=False)
class Hits:
    """What the pixels of a view see: index into the scene's objects (SKY for none) and inverse depth, (H, W)."""

    index: Array
    q: Array


def first_hits(xp: Any, scene: Scene, view: View, device: Any = "cpu") -> Hits:
    """One exact ray through each pixel centre."""
    height, width = view.camera.height, view.camera.width
    best = xp.zeros((height, width), dtype=xp.float64, device=device)
    index = xp.full((height, width), SKY, dtype=xp.int64, device=device)
    column = xp.arange(width, dtype=xp.float64, device=device)[None, :]
    row = xp.arange(height, dtype=xp.float64, device=device)[:, None]
    for k, thing in enumerate(scene.objects):
        x0, x1, y0, y1, _ = view.bounds(thing)
        left, right = int(max(np.floor(x0), 0)), int(min(np.ceil(x1) + 1, width))
        top, bottom = int(max(np.floor(y0), 0)), int(min(np.ceil(y1) + 1, height))
        if left >= right or top >= bottom:
            continue
        part = (slice(top, bottom), slice(left, right))
        q = thing.shape.hit(view.rays(xp, thing, column[:, left:right], row[top:bottom]))
        nearer = q > best[part]
        best[part] = xp.where(nearer, q, best[part])
        index[part] = xp.where(nearer, k, index[part])
    return Hits(index, best)


def hits_at(xp: Any, scene: Scene, view: View, x: Array, y: Array, candidates: Array) -> Hits:
    """Rays through the pixel positions x, y (N,), tested against the objects `candidates` (N, K; SKY is none)."""
    best = xp.zeros_like(x)
    index = xp.full(x.shape, SKY, dtype=xp.int64, device=candidates.device)
    for k, thing in enumerate(scene.objects):
        at = xp.nonzero(xp.any(candidates == k, axis=1))[0]
        if at.shape[0] == 0:
            continue
        q = thing.shape.hit(view.rays(xp, thing, x[at], y[at]))
        nearer = q > best[at]
        best[at] = xp.where(nearer, q, best[at])
        index[at] = xp.where(nearer, k, index[at])
    return Hits(index, best)


def hidden(xp: Any, scene: Scene, view: View, x: Array, y: Array, q: Array, *, shadow: bool = False) -> Array:
    """Whether something lies in front of the points at positions x, y and inverse depth q of `view`; all (N,).

    With `shadow`, only objects that cast shadows count.
    """
    result = xp.zeros(x.shape, dtype=xp.bool, device=x.device)
    for thing in scene.objects:
        if shadow and not thing.casts:
            continue
        x0, x1, y0, y1, nearest = view.bounds(thing)
        if np.isinf(nearest):
            hit = thing.shape.hit(view.rays(xp, thing, x, y))
            result = result | (hit > q * HIDES)
            continue
        at = xp.nonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) & (q < nearest))[0]
        if at.shape[0]:
            hit = thing.shape.hit(view.rays(xp, thing, x[at], y[at]))
            result[at] = result[at] | (hit > q[at] * HIDES)
    return result


def transfer(xp: Any, scene: Scene, source: View, target: View, hits: Hits) -> tuple[Array, Array, Array]:
    """Where each pixel's surface point lies in `target`: x, y in pixels and inverse depth there, each (H, W).

    Points behind the target camera have inverse depth ≤ 0. The sky turns with the camera and is infinitely far.
    """
    height, width = source.camera.height, source.camera.width
    device = hits.q.device
    px = xp.arange(width, dtype=xp.float64, device=device)[None, :]
    py = xp.arange(height, dtype=xp.float64, device=device)[:, None]
    motions = np.stack([_motion(source, target, thing) for thing in [*scene.objects, None]])
    if np.array_equal(motions, np.broadcast_to(motions[0], motions.shape)):
        m = motions[0].tolist()
    else:
        per_pixel = xp.asarray(motions, device=device)[hits.index]  # SKY = -1 is the last
        m = [[per_pixel[..., i, j] for j in range(4)] for i in range(3)]
    u, v, w = (m[i][0] * px + (m[i][1] * py + m[i][2]) + m[i][3] * hits.q for i in range(3))
    safe = xp.where(w > 1e-9, w, 1.0)
    return u / safe, v / safe, xp.where(w > 1e-9, hits.q / safe, -1.0)


def _motion(source: View, target: View, thing: Object | None) -> np.ndarray:
    """[H | h] (3, 4): target pixel ~ H · (x, y, 1) + q · h for the surface of `thing`."""
    T_target_source = target.T_camera_world @ inverse(source.T_camera_world)
    if thing is not None and source.frame != target.frame:
        T_target_source = target.T_camera_object(thing) @ inverse(source.T_camera_object(thing))
    K = target.camera.K
    H = K @ T_target_source[:3, :3] @ np.linalg.inv(source.camera.K)
    return np.concatenate([H, (K @ T_target_source[:3, 3])[:, None]], axis=1)


def occlusion(xp: Any, scene: Scene, target: View, x: Array, y: Array, q: Array) -> Array:
    """Which of the transferred points `target` does not see: out of its image, behind it, or hidden."""
    width, height = target.camera.width, target.camera.height
    outside = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5) | (q < 0)
    shape = x.shape
    inside = xp.nonzero(~xp.reshape(outside, (-1,)))[0]
    flat = [xp.reshape(a, (-1,))[inside] for a in (x, y, q)]
    result = xp.reshape(outside, (-1,))
    result[inside] = hidden(xp, scene, target, *flat)
    return xp.reshape(result, shape)


def moved(view: View, T_camera_world: np.ndarray, **changes: Any) -> View:
    """The same camera elsewhere."""
    return replace(view, T_camera_world=T_camera_world, **changes)
