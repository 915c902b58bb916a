"""Aligning points that pixels and depths made, each as sure as it is: directions to pixels, depths to percents.

Pairs of lifted points are the same point, R·X0 + t = X1, up to what pixels and depths must move; the least such moves
are looked for (heteroscedastic alignment: Ohta & Kanatani, IEICE 1998). So the turn follows the pixels, as reprojection
does, and depth says what pixels do not: the scale. How large both errors are is learned along (variance components:
Förstner, 1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cameras import Array, CameraModel
from ..images import Mask
from ._rotations import rotation_of

ROUNDS, STEADY = 40, 15
#: Pixels and depths are never surer than this.
LEAST_PX, LEAST_DEPTH = 0.05, 1e-4
#: Directions of the pose that the pairs leave open, by the condition of the normal equations in radians and depths.
OPEN = 1e-12


@dataclass(frozen=True, eq=False)
class DepthAlignment:
    """`T`, its covariance (6, 6) of (ω, v) in camera 1's frame, the pairs it rests on, and the errors found."""

    T: Array
    covariance: Array
    inliers: Mask
    noise_px: float
    noise_depth: float
    flags: tuple[str, ...] = ()


def pose_of_pixels(
    pairs: tuple[Array, Array], cameras: tuple[CameraModel, CameraModel], max_error_px: float, seed: int
) -> tuple[Array, Mask, float] | None:
    """The pose that pixels alone make of the pairs, as long as their depths say, its inliers and their noise in pixels.

    None where there is none.
    """
    from .. import _core

    views = tuple(_View(points, camera) for points, camera in zip(pairs, cameras, strict=True))
    seen = np.flatnonzero(views[0].seen & views[1].seen)
    if len(seen) < 12:
        return None
    ideal, focal = [], []
    for view in views:
        size = np.abs(np.linalg.det(view.by_pixel[seen, :2])) / view.points[seen, 2] ** 2
        focal.append(float(1 / np.sqrt(np.median(size))))
        ideal.append(np.ascontiguousarray(view.points[seen, :2] / view.points[seen, 2:] * focal[-1]))
    first, second = ((f, f, 0.0, 0.0) for f in focal)
    found = _core.estimate_essential(ideal[0], ideal[1], first, second, [], [], max_error_px, 0.999, 2000, seed, 1)
    if not found["found"]:
        return None
    inliers: Mask = np.zeros(len(pairs[0]), bool)
    inliers[seen] = np.abs(found["errors_px"]) < found["inlier_px"]
    T = np.eye(4)
    T[:3, :3] = np.asarray(found["rotation"]).reshape(3, 3)
    gaps = pairs[1][inliers] - pairs[0][inliers] @ T[:3, :3].T
    direction = np.asarray(found["translation"])
    T[:3, 3] = direction * (float(np.median(gaps @ direction)) if len(gaps) else 0.0)
    return T, inliers, float(found["noise_px"])


class _View:
    """Points (N, 3) and how far a pixel (N, 3, 2) and a relative error of depth (N, 3) move them."""

    def __init__(self, points: Array, camera: CameraModel) -> None:
        self.points = points
        rays = points / points[:, 2:]
        slopes = camera.jacobians(rays)[1][:, :, :2]
        determinant = slopes[:, 0, 0] * slopes[:, 1, 1] - slopes[:, 0, 1] * slopes[:, 1, 0]
        self.seen: Mask = np.isfinite(slopes).all(axis=(1, 2)) & (np.abs(determinant) > 1e-9)
        slopes = np.where(self.seen[:, None, None], slopes, np.eye(2))
        self.by_pixel = np.zeros((len(points), 3, 2))
        self.by_pixel[:, :2] = np.linalg.inv(slopes) * points[:, 2, None, None]


def align_by_pixels(
    T: Array,
    pairs: tuple[Array, Array],
    cameras: tuple[CameraModel, CameraModel],
    inliers: Mask,
    *,
    max_error_px: float,
    depth_error: float,
    noise_px: float = 0.5,
) -> DepthAlignment | None:
    """Refine `T` on the pairs whose pixels and depths must not move too far; None where they tell no pose.

    `noise_px` is what pixels are trusted to begin with.
    """
    views = tuple(_View(points, camera) for points, camera in zip(pairs, cameras, strict=True))
    sigma = np.array([min(max(noise_px, LEAST_PX), max_error_px / 3), depth_error / 3])
    used = inliers & views[0].seen & views[1].seen
    for k in range(ROUNDS):
        if used.sum() < 4:
            return None
        moves = _Moves(T, views, sigma)
        normal, slope = moves.normal(used)
        size = np.sqrt(np.diag(normal))
        if not (size > 0).all() or np.linalg.eigvalsh(normal / np.outer(size, size))[0] < OPEN:
            return None
        step = np.asarray(-np.linalg.solve(normal, slope))
        T = _moved(T, step)
        if k < STEADY and step @ normal @ step > 1e-3:
            continue  # errors that were learned at a wrong pose would make it right
        after = np.clip(moves.variances(used, sigma), (LEAST_PX, LEAST_DEPTH), (max_error_px / 3, depth_error))
        near = (moves.pixels <= max_error_px) & (moves.depths <= depth_error) & views[0].seen & views[1].seen
        settled = bool((near == used).all()) and np.abs(after / sigma - 1).max() < 1e-3
        used, sigma = near, after
        if settled and step @ normal @ step < 1e-6:
            break
    if used.sum() < 4:
        return None
    moves = _Moves(T, views, sigma)
    normal, _ = moves.normal(used)
    covariance = np.linalg.inv(normal) * (3 * used.sum() / max(1.0, 3 * used.sum() - 6))
    return DepthAlignment(T, covariance, used, float(sigma[0]), float(sigma[1]))


class _Moves:
    """What must move at a pose, and what that says of the pose."""

    def __init__(self, T: Array, views: tuple[_View, ...], sigma: Array) -> None:
        R, first, second = T[:3, :3], views[0], views[1]
        self.moved = first.points @ R.T + T[:3, 3]
        gap = self.moved - second.points
        turned = first.points @ R.T
        pixel = np.concatenate([R @ first.by_pixel, -second.by_pixel], axis=2)  # (N, 3, 4)
        depth = np.stack([turned, -second.points], axis=2)  # (N, 3, 2)
        scatter = sigma[0] ** 2 * pixel @ np.swapaxes(pixel, 1, 2) + sigma[1] ** 2 * depth @ np.swapaxes(depth, 1, 2)
        self.weight = np.linalg.inv(scatter)
        self.pull = np.einsum("nij,nj->ni", self.weight, gap)
        by_pixel, by_depth = (np.einsum("nik,ni->nk", m, self.pull) for m in (pixel, depth))
        self.pixels = sigma[0] ** 2 * np.linalg.norm(by_pixel.reshape(-1, 2, 2), axis=2).max(axis=1)
        self.depths = sigma[1] ** 2 * np.abs(by_depth).max(axis=1)
        self._squares = (by_pixel**2).sum(axis=1), (by_depth**2).sum(axis=1)
        self._shares = tuple(np.einsum("nik,nij,njk->n", m, self.weight, m) for m in (pixel, depth))

    def normal(self, used: Mask) -> tuple[Array, Array]:
        """Of a small turn and shift in camera 1's frame."""
        x, y, z = self.moved[used].T
        J = np.zeros((len(x), 3, 6))
        J[:, 0, 1], J[:, 0, 2], J[:, 1, 0], J[:, 1, 2], J[:, 2, 0], J[:, 2, 1] = z, -y, -z, x, y, -x
        J[:, :, 3:] = np.eye(3)
        weighted = np.swapaxes(J, 1, 2) @ self.weight[used]
        return (weighted @ J).sum(axis=0), np.einsum("nki,nk->i", J, self.pull[used])

    def variances(self, used: Mask, sigma: Array) -> Array:
        """Standard deviations of pixels and relative depths that explain how far these moved."""
        found = []
        for square, share, now in zip(self._squares, self._shares, sigma, strict=True):
            total = float(share[used].sum())
            found.append(now * np.sqrt(float(square[used].sum()) / total) if total > 0 else now)
        return np.array(found)


def _moved(T: Array, step: Array) -> Array:
    after = np.eye(4)
    turn = rotation_of(step[:3])
    after[:3, :3], after[:3, 3] = turn @ T[:3, :3], turn @ T[:3, 3] + step[3:]
    return after
