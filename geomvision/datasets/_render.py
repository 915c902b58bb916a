"""Ray casting: which surface each pixel sees, where it is in another view, and whether that view sees it.

Everything works on inverse depth q at pixels, in float64. A pixel with inverse depth q on an object that moves by a
rigid motion lies in another view at ``H · (x, y, 1) + q · h``: exact disparity, flow and occlusion follow from that
and from one more ray, shot from the other camera through that very position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cameras import Camera, inverse
from ._scene import Scene
from ._shapes import Array, Rays

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


class Sight:
    """A scene seen from a view: each object's pose in the camera, its rays, and the pixels it may cover."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.scene, self.view = scene, view
        camera = view.camera
        self._K_inverse = np.linalg.inv(camera.K)
        self.T_camera_object = [view.T_camera_world @ o.T_world_object(view.frame) for o in scene.objects]
        self._matrices = [(T[:3, :3].T @ self._K_inverse).tolist() for T in self.T_camera_object]
        self._origins = [tuple((-T[:3, :3].T @ T[:3, 3]).tolist()) for T in self.T_camera_object]
        self.bounds = [
            _bounds(camera, o.shape.half_extents(), T) for o, T in zip(scene.objects, self.T_camera_object, strict=True)
        ]

    def rays(self, xp: Any, k: int, x: Array, y: Array) -> Rays:
        """Rays through pixels x, y (which broadcast) in the frame of object k."""
        return Rays(xp, self._origins[k], self._matrices[k], x, y)

    def hit(self, xp: Any, k: int, x: Array, y: Array, beyond: Array) -> Array:
        """Inverse depth of object k at pixels x, y, where larger than `beyond`; else anything that is not larger."""
        return self.scene.objects[k].shape.hit(self.rays(xp, k, x, y), beyond)


_CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], dtype=float)
_ANYWHERE = (-np.inf, np.inf, -np.inf, np.inf, np.inf)
_NOWHERE = (0.0, -1.0, 0.0, -1.0, 0.0)


def _bounds(camera: Camera, half: Any, T_camera_object: np.ndarray) -> tuple[float, float, float, float, float]:
    """x0, x1, y0, y1 in pixels and the largest inverse depth that a box of half sides `half` can have in the image."""
    if half is None:
        return _ANYWHERE
    x, y, z = T_camera_object[:3, :3] @ (_CORNERS * half).T + T_camera_object[:3, 3:]
    nearest = float(min(z))
    if max(z) <= 1e-3:
        return _NOWHERE
    if nearest <= 1e-3:
        return _ANYWHERE
    u, v = (camera.fx * x / z + camera.cx).tolist(), (camera.fy * y / z + camera.cy).tolist()
    return min(u), max(u), min(v), max(v), 1.0 / nearest


@dataclass(frozen=True, eq=False)
class Hits:
    """What the pixels of a view see: index into the scene's objects (SKY for none) and inverse depth."""

    index: Array
    q: Array


def first_hits(xp: Any, sight: Sight, device: Any = "cpu") -> Hits:
    """One exact ray through each pixel centre: (H, W)."""
    height, width = sight.view.camera.height, sight.view.camera.width
    best = xp.zeros((height, width), dtype=xp.float64, device=device)
    index = xp.full((height, width), SKY, dtype=xp.int64, device=device)
    column = xp.arange(width, dtype=xp.float64, device=device)[None, :]
    row = xp.arange(height, dtype=xp.float64, device=device)[:, None]
    for k, (x0, x1, y0, y1, _) in enumerate(sight.bounds):
        left, right = int(max(x0, 0)), int(min(x1 + 2, width))
        top, bottom = int(max(y0, 0)), int(min(y1 + 2, height))
        if left >= right or top >= bottom:
            continue
        part = (slice(top, bottom), slice(left, right))
        q = sight.hit(xp, k, column[:, left:right], row[top:bottom], best[part])
        nearer = q > best[part]
        best[part] = xp.where(nearer, q, best[part])
        index[part] = xp.where(nearer, k, index[part])
    return Hits(index, best)


def hits_among(xp: Any, sight: Sight, x: Array, y: Array, candidates: Array) -> Hits:
    """Rays through positions x, y (M, S), row m tested against the objects candidates[:, m] only (C, M)."""
    best = xp.zeros_like(x)
    index = xp.full(x.shape, SKY, dtype=xp.int64, device=x.device)
    for k in range(len(sight.bounds)):
        at = xp.nonzero(xp.any(candidates == k, axis=0))[0]
        if at.shape[0] == 0:
            continue
        q = sight.hit(xp, k, x[at], y[at], best[at])
        nearer = q > best[at]
        best[at] = xp.where(nearer, q, best[at])
        index[at] = xp.where(nearer, k, index[at])
    return Hits(index, best)


def hits_beyond(xp: Any, sight: Sight, x: Array, y: Array, q: Array, surface: int) -> Hits:
    """What rays through positions x, y see beyond their inverse depth q, where they left object `surface`; all (N,)."""
    best = xp.zeros_like(x)
    index = xp.full(x.shape, SKY, dtype=xp.int64, device=x.device)
    limit = q / HIDES
    for k, (x0, x1, y0, y1, _) in enumerate(sight.bounds):
        if k == surface:
            continue
        at = xp.nonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))[0]
        if at.shape[0] == 0:
            continue
        found = sight.hit(xp, k, x[at], y[at], best[at])
        nearer = (found > best[at]) & (found < limit[at])
        best[at] = xp.where(nearer, found, best[at])
        index[at] = xp.where(nearer, k, index[at])
    return Hits(index, best)


_BLOCK = 64


def hidden(xp: Any, sight: Sight, x: Array, y: Array, q: Array, *, shadow: bool = False) -> Array:
    """Whether something lies in front of the points at positions x, y and inverse depth q of a view; all (N,).

    With `shadow`, only objects that cast shadows count. Blocks of points that lie together are kept or dropped as
    one by the objects' bounds.
    """
    count = x.shape[0]
    if count == 0:
        return xp.zeros((0,), dtype=xp.bool, device=x.device)
    spare = -count % _BLOCK
    x, y, q = (xp.reshape(xp.concat([a, a[-1:].repeat(spare)]), (-1, _BLOCK)) for a in (x, y, q))
    q = q * HIDES
    limits = [f(a, axis=1) for a in (x, y) for f in (xp.min, xp.max)]
    farthest = xp.min(q, axis=1)
    result = xp.zeros(x.shape, dtype=xp.bool, device=x.device)
    for k, (x0, x1, y0, y1, nearest) in enumerate(sight.bounds):
        if shadow and not sight.scene.objects[k].casts:
            continue
        if np.isinf(nearest):
            result = result | (sight.hit(xp, k, x, y, q) > q)
            continue
        near = (limits[0] <= x1) & (limits[1] >= x0) & (limits[2] <= y1) & (limits[3] >= y0) & (farthest < nearest)
        at = xp.nonzero(near)[0]
        if at.shape[0]:
            result[at] = result[at] | (sight.hit(xp, k, x[at], y[at], q[at]) > q[at])
    return xp.reshape(result, (-1,))[:count]


def transfer(xp: Any, source: Sight, target: Sight, hits: Hits) -> tuple[Array, Array, Array]:
    """Where each pixel's surface point lies in `target`: x, y in pixels and inverse depth there, each (H, W).

    Points behind the target camera have inverse depth ≤ 0. The sky turns with the camera and is infinitely far.
    """
    height, width = source.view.camera.height, source.view.camera.width
    device = hits.q.device
    px = xp.arange(width, dtype=xp.float64, device=device)[None, :]
    py = xp.arange(height, dtype=xp.float64, device=device)[:, None]
    if source.view.frame == target.view.frame:
        m = _motion(source, target, SKY).tolist()
    else:
        motions = np.stack([_motion(source, target, k) for k in (*range(len(source.bounds)), SKY)])
        per_pixel = xp.asarray(motions, device=device)[hits.index]  # SKY = -1 is the last
        m = [[per_pixel[..., i, j] for j in range(4)] for i in range(3)]
    u, v, w = (m[i][0] * px + (m[i][1] * py + m[i][2]) + m[i][3] * hits.q for i in range(3))
    safe = xp.where(w > 1e-9, w, 1.0)
    return u / safe, v / safe, xp.where(w > 1e-9, hits.q / safe, -1.0)


def _motion(source: Sight, target: Sight, k: int) -> np.ndarray:
    """[H | h] (3, 4): target pixel ~ H · (x, y, 1) + q · h for the surface of object k."""
    here, there = source.view, target.view
    T_target_source = there.T_camera_world @ inverse(here.T_camera_world)
    if k != SKY:
        T_target_source = target.T_camera_object[k] @ inverse(source.T_camera_object[k])
    R, K = T_target_source[:3, :3], there.camera.K
    H = K @ R @ np.linalg.inv(here.camera.K)
    if np.abs(R - np.eye(3)).max() < 1e-12:  # parallel cameras: keep rounding out of the sky's zero disparity
        a, b = here.camera, there.camera
        x, y = b.fx / a.fx, b.fy / a.fy
        H = np.array([[x, 0.0, b.cx - x * a.cx], [0.0, y, b.cy - y * a.cy], [0.0, 0.0, 1.0]])
    return np.concatenate([H, (K @ T_target_source[:3, 3])[:, None]], axis=1)


def occlusion(xp: Any, target: Sight, x: Array, y: Array, q: Array) -> Array:
    """Which of the transferred points `target` does not see: out of its image, behind it, or hidden."""
    width, height = target.view.camera.width, target.view.camera.height
    outside = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5) | (q < 0)
    shape, result = x.shape, xp.reshape(outside, (-1,))
    inside = xp.nonzero(~result)[0]
    x, y, q = (xp.reshape(a, (-1,))[inside] for a in (x, y, q))
    result[inside] = hidden(xp, target, x, y, q)
    return xp.reshape(result, shape)
