"""What a camera's observations mean to the C++ core, which knows no camera models."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import pairs
from ..cameras import Array, Camera, CameraModel, check_camera
from ._observations import is_plain


def seen_points(points_world: ArrayLike, pixels: ArrayLike, camera: CameraModel) -> tuple[Array, Array, Array]:
    """Checked points (N, 3), pixels (N, 2), and charts (N, 3, 3) of the pixels.

    A chart C says by how much a point p of the camera's frame misses its pixel: q = C·p, by q.xy / q.z. For a pinhole
    without distortion this is exact; elsewhere it is the projection's derivative at the pixel, exact to first order in
    the error. Pixels that have no ray get a chart of zeros, which no point agrees with.
    """
    check_camera(camera)
    points, places = pairs(points_world, "points_world", pixels, "pixels", (3, 2))
    if is_plain(camera):
        charts = np.tile(camera.K, (len(places), 1, 1))
        charts[:, :2, 2] -= places
        return points, places, charts
    rays = camera.rays(places)
    return points, places, _charts(rays, np.zeros_like(places), camera)


def charts_at(T_cam_world: Array, points: Array, pixels: Array, camera: CameraModel) -> Array:
    """Charts as exact where the pose puts the points as `seen_points`'s are at the pixels."""
    moved = points @ T_cam_world[:3, :3].T + T_cam_world[:3, 3]
    rays = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return _charts(rays, camera.project(rays) - pixels, camera)


def _charts(rays: Array, errors: Array, camera: CameraModel) -> Array:
    """Charts of observations that points on these rays miss by these errors (N, 2)."""
    forward = rays
    if isinstance(camera, Camera):  # its image is a plane, where straight is straight
        forward = np.zeros_like(rays)
        forward[:, 2] = 1.0 / rays[:, 2]
    slopes = camera.jacobians(rays)[1] + errors[:, :, None] * forward[:, None, :]
    charts = np.concatenate([slopes, forward[:, None, :]], axis=1)
    charts[~np.isfinite(charts).all(axis=(1, 2))] = 0.0
    return np.ascontiguousarray(charts)
