"""What mirrors show and panes let through: rays that go on from a flat surface, mirrored or straight.

A mirrored ray is the ray of the same pixel in a camera that sees the world mirrored at the surface's plane. Both meet
that plane in the same point, at the same inverse depth: a mirror shows what that camera sees beyond the plane, at the
depth of the mirrored world. A pane shows what its own camera sees beyond it; it does not refract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ._render import Hits, Sight, hits_beyond
from ._scene import Scene
from ._shapes import Array

#: Surfaces after which a ray ends: the next one shows its own colour alone.
BOUNCES = 3


class Seen(Protocol):
    """Positions (N,) in a view, and the object and inverse depth that each shows."""

    @property
    def sight(self) -> Sight: ...
    @property
    def x(self) -> Array: ...
    @property
    def y(self) -> Array: ...
    @property
    def q(self) -> Array: ...
    @property
    def index(self) -> Array: ...


@dataclass(frozen=True, eq=False)
class Layer:
    """What rays see that go on from samples `at` of layer `parent` (views come first), and its share of their colour.

    `own` is what those samples keep of their own colour; the second layer of a surface leaves it as it is.
    """

    sight: Sight
    x: Array
    y: Array
    q: Array
    index: Array
    parent: int
    at: Array
    share: np.ndarray
    own: float


def shows_more(scene: Scene) -> bool:
    """Whether anything in the scene mirrors or lets light through."""
    return any(thing.material.optics for thing in scene.objects)


def layers(xp: Any, views: Sequence[Seen]) -> list[Layer]:
    """What the views' samples see in and through flat surfaces, parents first."""
    found: list[Layer] = []
    scene = views[0].sight.scene
    optical = [k for k, thing in enumerate(scene.objects) if thing.material.optics]
    start, end = 0, len(views)
    for _ in range(BOUNCES):
        for parent in range(start, end):
            seen: Seen = views[parent] if parent < len(views) else found[parent - len(views)]
            for k in optical:
                found += _beyond(xp, seen, parent, k)
        start, end = end, len(views) + len(found)
    return found


def blended(xp: Any, colours: list[Array], found: list[Layer]) -> list[Array]:
    """The views' colours with what their surfaces show; `colours` are those of views and layers, own alone."""
    views = len(colours) - len(found)
    for layer in found:
        colours[layer.parent][layer.at] = colours[layer.parent][layer.at] * layer.own
    for number in reversed(range(len(found))):
        layer = found[number]
        share = xp.asarray(layer.share.astype(np.float32), device=layer.q.device)[None, :]
        seen = colours[layer.parent][layer.at]
        colours[layer.parent][layer.at] = seen + share * colours[views + number]
    return colours[:views]


def labelled(xp: Any, view: Seen) -> Array:
    """A number for each sample of a view: different where what it sees, directly or not, is different."""
    label = xp.asarray(view.index, copy=True)
    count, found = len(view.sight.scene.objects), layers(xp, [view])
    roots = [xp.arange(label.shape[0], device=label.device)]
    for layer in found:
        root = roots[layer.parent][layer.at]
        roots.append(root)
        label[root] = label[root] * (count + 2) + (layer.index + 2)
    return label


def mirrored(sight: Sight, k: int) -> Sight:
    """The view that sees the world mirrored at the plane of object k."""
    T = sight.T_camera_object[k]
    normal, point = T[:3, 2], T[:3, 3]
    mirror = np.eye(4)
    mirror[:3, :3] -= 2.0 * normal[:, None] * normal[None, :]
    mirror[:3, 3] = 2.0 * float((normal * point).sum()) * normal
    return Sight(sight.scene, replace(sight.view, T_camera_world=mirror @ sight.view.T_camera_world))


def _beyond(xp: Any, seen: Seen, parent: int, k: int) -> list[Layer]:
    """What the samples on object k see in it and through it."""
    at = xp.nonzero(seen.index == k)[0]
    if at.shape[0] == 0:
        return []
    found: list[Layer] = []
    material = seen.sight.scene.objects[k].material
    through = material.transmittance * np.asarray(material.tint)
    own = max(0.0, 1.0 - material.reflectance - material.transmittance)
    x, y, q = seen.x[at], seen.y[at], seen.q[at]
    for share, straight in ((np.full(3, material.reflectance), False), (through, True)):
        if share.max() > 0:
            sight = seen.sight if straight else mirrored(seen.sight, k)
            hits: Hits = hits_beyond(xp, sight, x, y, q, k)
            found.append(Layer(sight, x, y, hits.q, hits.index, parent, at, share, 1.0 if found else own))
    return found
