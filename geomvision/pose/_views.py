"""Matches as pose methods take them: checked, and as seen by pinhole cameras without distortion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, Camera, CameraModel


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One view of the matches.

    `points` are the given pixels (N, 2). `ideal` are those a pinhole camera with `intrinsics` (fx, fy, cx, cy) and no
    distortion would see, `rays` (N, 2) at z = 1, and `spread` (N,) how many of its pixels one given pixel covers, None
    where that is 1. `seen` (N,) marks points that have such a ray. Without a camera, ideal points are the given ones.
    """

    points: Array
    ideal: Array
    seen: NDArray[np.bool_]
    camera: CameraModel | None = None
    intrinsics: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.0)
    spread: Array | None = None

    @cached_property
    def rays(self) -> Array:
        """(N, 2) at z = 1."""
        fx, fy, cx, cy = self.intrinsics
        return np.ascontiguousarray((self.ideal - (cx, cy)) / (fx, fy))

    @property
    def K(self) -> Array:
        """The matrix of `intrinsics`."""
        fx, fy, cx, cy = self.intrinsics
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])

    def only(self, chosen: Any) -> View:
        """The view of some of the matches."""
        spread = None if self.spread is None else self.spread[chosen]
        points, ideal = (np.ascontiguousarray(array[chosen]) for array in (self.points, self.ideal))
        return View(
            points=points,
            ideal=ideal,
            seen=self.seen[chosen],
            camera=self.camera,
            intrinsics=self.intrinsics,
            spread=spread,
        )

    def extent(self) -> tuple[Array, Array]:
        """Least and largest x, y of the image; of the points where there is no camera."""
        if self.camera is not None:
            return np.array([-0.5, -0.5]), np.array([self.camera.width - 0.5, self.camera.height - 0.5])
        return self.points.min(axis=0), self.points.max(axis=0)


def view(points: Array, camera: CameraModel | None) -> View:
    """The points as an ideal camera sees them."""
    everywhere = np.ones(len(points), bool)
    if camera is None:
        return View(points=points, ideal=points, seen=everywhere)
    if isinstance(camera, Camera) and not camera.is_distorted:
        intrinsics = (camera.fx, camera.fy, camera.cx, camera.cy)
        return View(points=points, ideal=points, seen=everywhere, camera=camera, intrinsics=intrinsics)
    half = np.array([[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    with np.errstate(all="ignore"):
        rays = camera.unproject(points[None] + half[:, None])[..., :2]
        across, down = rays[1] - rays[2], rays[3] - rays[4]
        size = np.sqrt(np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]))  # rays per pixel
    seen = np.isfinite(rays[0]).all(axis=1) & np.isfinite(size) & (size > 0)
    focal = 1.0 / float(np.median(size[seen])) if seen.any() else 1.0
    return View(
        points=points,
        ideal=np.ascontiguousarray(np.where(seen[:, None], rays[0] * focal, 0.0)),
        seen=seen,
        camera=camera,
        intrinsics=(focal, focal, 0.0, 0.0),
        spread=np.where(seen, size * focal, 1.0),
    )


def unmirrored(view0: View, view1: View) -> tuple[View, Array]:
    """View 1 as it is where it sees the scene the same way around as view 0, and turned over where one of both cameras
    alone has a negative focal length; and the matrix (3, 3) that takes its ideal points back.

    Homographies are looked for among those that keep triangles the same way around, as cameras see a plane.
    """
    back = np.eye(3)
    if (view0.intrinsics[0] * view0.intrinsics[1] < 0) == (view1.intrinsics[0] * view1.intrinsics[1] < 0):
        return view1, back
    back[1, 1] = -1.0
    return replace(view1, ideal=np.ascontiguousarray(view1.ideal * (1.0, -1.0))), back


def both_seen(view0: View, view1: View) -> tuple[View, View, Any]:
    """The views of matches that both cameras can see, and which these are."""
    seen = view0.seen & view1.seen
    if seen.all():
        return view0, view1, slice(None)
    chosen = np.flatnonzero(seen)
    return view0.only(chosen), view1.only(chosen), chosen
