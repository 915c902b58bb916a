"""The flow that depth and the camera's motion alone imply, where nothing else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, CameraModel, check_pose
from ..images import Mask
from ..results import Depth, Flow

#: A point is hidden by one nearer by more than this share, unless the two are neighbours within so many pixels.
HIDES, NEIGHBOUR_PX = 0.01, 2


@checked
def rigid_flow(depth: Depth, camera: CameraModel, T_1_0: ArrayLike, camera1: CameraModel | None = None) -> Flow:
    """Flow from frame 0 to frame 1 of a scene that stands still: π₁(T_1_0 · π₀⁻¹(x, Z)) − x, exact.

    NaN where there is no depth and for points that end up behind camera 1. `occluded` are pixels with a flow that frame
    1 does not show: they leave its image, or another point of the map comes to lie in front of them.

    Args:
        depth: of frame 0.
        camera: of frame 0, of the map's size.
        T_1_0: 4x4 pose that takes points of camera 0 to camera 1, metres.
        camera1: of frame 1; None: the same.

    Raises:
        ValueError: when the sizes differ, or the pose is none.
    """
    T = check_pose(T_1_0, "T_1_0")
    later = camera if camera1 is None else camera1
    points = _points(depth, camera) @ T[:3, :3].T + T[:3, 3]
    pixels = later.project(points)
    seen = np.isfinite(pixels).all(axis=2)
    pixels[~seen] = np.nan
    flow = pixels - camera.pixel_grid()
    return Flow(
        px=flow.astype(np.float32), confidence=depth.confidence, occluded=seen & _hidden(pixels, points[..., 2], later)
    )


def per_relative_depth(
    depth: Depth, camera: CameraModel, T_1_0: ArrayLike, camera1: CameraModel | None = None
) -> Array:
    """Derivative of `rigid_flow` by ln Z, (H, W, 2): pixels the flow changes by when depth is off by 100 %."""
    T = check_pose(T_1_0, "T_1_0")
    later = camera if camera1 is None else camera1
    moved = _points(depth, camera) @ T[:3, :3].T
    step = 1e-4
    near, far = (later.project(moved * factor + T[:3, 3]) for factor in (1.0 - step, 1.0 + step))
    return np.asarray((far - near) / (2.0 * step))


def _points(depth: Depth, camera: CameraModel) -> Array:
    if depth.size != (camera.height, camera.width):
        height, width = depth.size
        raise ValueError(
            f"the depth is {width}x{height} but the camera is {camera.width}x{camera.height} pixels: resize the camera "
            "with camera.resize(…)"
        )
    return camera.unproject(camera.pixel_grid(), depth.m.astype(np.float64))


def _hidden(pixels: Array, z: Array, camera: CameraModel) -> Mask:
    """Which points lie outside the image, or behind another in the pixels around them (a depth buffer)."""
    width = z.shape[1]
    x, y = pixels[..., 0], pixels[..., 1]
    with np.errstate(invalid="ignore"):
        inside = (x >= -0.5) & (x <= camera.width - 0.5) & (y >= -0.5) & (y <= camera.height - 0.5)
    number = np.flatnonzero(inside)
    at_x, at_y, depth = x.ravel()[number], y.ravel()[number], z.ravel()[number]
    order = np.argsort(-depth, kind="stable")
    nearest = np.full((camera.height + 2, camera.width + 2), -1)  # a border of one pixel takes what lies on the edge
    corners = [
        (np.floor(at_x).astype(np.intp) + i + 1, np.floor(at_y).astype(np.intp) + j + 1) for i in (0, 1) for j in (0, 1)
    ]
    for column, row in corners:
        here = nearest[row[order], column[order]]
        nearer = (here < 0) | (depth[order] <= z.ravel()[here])
        nearest[row[order][nearer], column[order][nearer]] = number[order][nearer]  # of several, the last: the nearest
    hidden = ~inside
    column, row = np.rint(at_x).astype(np.intp) + 1, np.rint(at_y).astype(np.intp) + 1
    front = nearest[row, column]
    apart = np.maximum(np.abs(front % width - number % width), np.abs(front // width - number // width)) > NEIGHBOUR_PX
    behind = (front >= 0) & apart & (z.ravel()[front] * (1.0 + HIDES) < depth)
    hidden.ravel()[number[behind]] = True
    return np.asarray(hidden)
