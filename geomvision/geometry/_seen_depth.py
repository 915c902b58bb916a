"""A depth map as a camera elsewhere sees it."""

from __future__ import annotations

import math

import numpy as np

from ..cameras import Array, CameraModel
from ..images import Float32

#: Neighbours are of one surface, and points that fall on one pixel too, where depths differ by less than this share.
SURFACE, SAME = 0.05, 0.02
#: A pixel is known where points weigh together as much as this, 1 being one point on its middle.
LEAST_WEIGHT = 0.25
#: Points between those of a surface, at most, along each side of a pixel.
FINEST = 8


def seen_from(depth: Float32, camera: CameraModel, T: Array, target: CameraModel) -> Float32:
    """Depth (h, w) along the target's z, NaN where nothing comes to lie; T takes the camera's frame to the target's."""
    grid, values = camera.pixel_grid(), np.asarray(depth, float)
    finer = _finer(camera, target)
    if finer > 1:
        grid, values = _between(grid, values, finer)
    points = camera.unproject(grid, values)[np.isfinite(values)] @ T[:3, :3].T + T[:3, 3]
    points = points[np.isfinite(points).all(axis=1) & (points[:, 2] > 0)]
    pixel, z = target.project(points), points[:, 2]
    good = np.isfinite(pixel).all(axis=1)
    return _spread(pixel[good], z[good], target.height, target.width)


def _finer(camera: CameraModel, target: CameraModel) -> int:
    """How many points along a pixel's side leave no gaps in the target."""

    def across(model: CameraModel) -> float:
        middle = np.array([[model.width / 2, model.height / 2], [model.width / 2 + 1, model.height / 2]])
        rays = model.unproject(middle)
        return float(np.linalg.norm(rays[1, :2] - rays[0, :2]))

    return int(np.clip(math.ceil(across(camera) / across(target) - 0.25), 1, FINEST))


def _between(grid: Array, depth: Array, finer: int) -> tuple[Array, Array]:
    """Pixels and depths with points between them, on one plane of inverse depth where neighbours are of one surface."""
    corners = [(y, x, depth[y : depth.shape[0] - 1 + y, x : depth.shape[1] - 1 + x]) for y in (0, 1) for x in (0, 1)]
    stacked = np.stack([corner for *_, corner in corners])
    with np.errstate(invalid="ignore"):
        one = stacked.max(axis=0) <= (1 + SURFACE) * stacked.min(axis=0)
    pixels, depths = [grid.reshape(-1, 2)], [depth.reshape(-1)]
    for i in range(finer):
        for j in range(finer):
            if i == j == 0:
                continue
            v, u = i / finer, j / finer
            weights = [(v if y else 1 - v) * (u if x else 1 - u) for y, x, _ in corners]
            inverse = sum(w / corner for w, (*_, corner) in zip(weights, corners, strict=True))
            pixels.append((grid[:-1, :-1] + (u, v)).reshape(-1, 2))
            depths.append(np.where(one, 1 / np.asarray(inverse), np.nan).reshape(-1))
    return np.concatenate(pixels), np.concatenate(depths)


def _spread(pixel: Array, z: Array, height: int, width: int) -> Float32:
    """The nearest surface's depth on each pixel, inverse depths weighed by how near points fall."""
    corner = np.floor(pixel).astype(np.int64)
    at, weight, depth = [], [], []
    for y in (0, 1):
        for x in (0, 1):
            cell = corner + np.array([x, y])
            w = np.prod(1 - np.abs(pixel - cell), axis=1)
            inside = (cell >= 0).all(axis=1) & (cell < (width, height)).all(axis=1) & (w > 0)
            at.append((cell[:, 1] * width + cell[:, 0])[inside])
            weight.append(w[inside])
            depth.append(z[inside])
    index, w, d = np.concatenate(at), np.concatenate(weight), np.concatenate(depth)
    nearest = np.full(height * width, np.inf)
    near = w > 0.1  # a point that hardly touches a pixel hides nothing there
    np.minimum.at(nearest, index[near], d[near])
    same = d <= (1 + SAME) * nearest[index]
    total = np.bincount(index[same], w[same], height * width)
    inverse = np.bincount(index[same], w[same] / d[same], height * width)
    known = (total >= LEAST_WEIGHT) & np.isfinite(nearest)
    result = np.full(height * width, np.nan)
    result[known] = total[known] / inverse[known]
    return np.ascontiguousarray(result.reshape(height, width), np.float32)
