"""Points of images on the surfaces of a depth camera: how far off they lie, and which motion mends it."""

from __future__ import annotations

import math

import numpy as np

from ..cameras import Array, CameraModel
from ..results import Depth
from ._rotations import rotation_of, vector_of

#: Points of a frame that are looked at; fewer in all, and no motion is told.
POINTS, FEWEST = 4000, 1000
#: Points farther than this share of their depth from where they should lie are of something else.
NEAR = 0.2
#: Pixels to either side between which a surface's normal is taken.
BESIDE = 3
#: Parts of the image, across and down, each of which is left out once.
PARTS = 4
#: Directions whose information is below this share of the largest are open.
OPEN = 1e-6
#: Squared normalised motion (chi square of 6, 1 of 1,000), and share of a point's depth that it moves by, up to which
#: maps count as registered: less is within the errors of depth from motion.
NO_MOTION, STILL = 22.46, 0.005
#: What lengths of poses are taken to be good to beforehand, one standard deviation: three planes meet in one point
#: at any scale.
SCALE = 0.01
OTHERWISE = (
    ": give frames that show surfaces in several directions, or T_depth_color and depth_intrinsics from a calibration"
)


def frame_points(
    depth: Depth, camera: CameraModel, sensor: Depth, sensor_camera: CameraModel
) -> tuple[Array, Array, Array]:
    """Points (N, 3) of an image, and the surface (H, W, 3) of its map with its normals."""
    points = camera.unproject(camera.pixel_grid(), depth.m)[depth.valid]
    points = points[np.isfinite(points).all(axis=1)]
    chosen = np.random.default_rng(0).choice(len(points), min(POINTS, len(points)), replace=False)
    surface = np.asarray(sensor_camera.unproject(sensor_camera.pixel_grid(), sensor.m), float)
    normal = np.full_like(surface, np.nan)
    here, after = slice(0, -2 * BESIDE), slice(2 * BESIDE, None)
    inner = slice(BESIDE, -BESIDE)
    across, down = surface[inner, after] - surface[inner, here], surface[after, inner] - surface[here, inner]
    cross = np.cross(across, down)
    with np.errstate(invalid="ignore"):
        normal[inner, inner] = cross / np.linalg.norm(cross, axis=2, keepdims=True)
    return points[chosen], surface, normal


class Meeting:
    """Where points of all frames meet a surface after a motion: how far off they are along its normal, and which part.

    What a motion changes is told of the surface's point: the image's has noise of its own, which would correlate with
    the distance and pull the scale towards 0.
    """

    def __init__(
        self, frames: list[tuple[Array, Array, Array]], T: Array, log_scale: float, camera: CameraModel
    ) -> None:
        found = [_met(math.exp(log_scale) * points, surface, along, T, camera) for points, surface, along in frames]
        self.points, normal, self.off = (np.concatenate([each[k] for each in found]) for k in range(3))
        if len(self.off) < FEWEST:
            raise ValueError(
                f"register_depth: {len(self.off)} points of the images lie within {NEAR:.0%} of their depth from the "
                f"sensor's surfaces, fewer than {FEWEST}: do depths, maps and cameras belong together?"
            )
        self.centre, self.depth = self.points.mean(axis=0), float(np.median(self.points[:, 2]))
        arm = self.points - self.centre
        self.rows = np.hstack(
            [np.cross(arm, normal), normal, ((self.points - T[:3, 3]) * normal).sum(axis=1, keepdims=True)]
        )
        spread = max(1.4826 * float(np.median(np.abs(self.off))), 1e-6 * self.depth)
        self.weight = 1 / (1 + np.square(self.off / spread))
        self.spread, self.log_scale = spread, log_scale

    def step(self) -> tuple[Array, float]:
        """The motion (4, 4) and growth that make the distances smaller. ValueError where they leave it open."""
        slope = (self.rows * self.weight[:, None]).T @ self.off
        slope[6] += self.log_scale * (self.spread / SCALE) ** 2
        found = -np.linalg.solve(self._information(), slope)
        T = np.eye(4)
        T[:3, :3] = rotation_of(found[:3])
        T[:3, 3] = found[3:6] + self.centre - T[:3, :3] @ self.centre
        return T, float(found[6])

    def _information(self) -> Array:
        info = (self.rows * self.weight[:, None]).T @ self.rows
        info[6, 6] += (self.spread / SCALE) ** 2
        lever = np.array([self.depth] * 3 + [1.0] * 3 + [self.depth])
        values = np.linalg.eigvalsh(info / np.outer(lever, lever))
        if not values[0] > OPEN * values[-1]:
            raise ValueError(f"register_depth: the surfaces leave a direction open (a wall or a ball alone){OTHERWISE}")
        return np.asarray(info)

    def covariance(self, camera: CameraModel) -> Array:
        """(7, 7), by leaving out each part of the image once."""
        x, y = camera.project(self.points).T
        row, column = (
            np.clip(at * PARTS // size, 0, PARTS - 1) for at, size in ((y, camera.height), (x, camera.width))
        )
        part, info, told = PARTS * row + column, self._information(), []
        for each in np.unique(part):
            rows, weight = self.rows[part == each], self.weight[part == each, None]
            rest = info - (rows * weight).T @ rows
            told.append(np.linalg.lstsq(rest, (rows * weight).T @ self.off[part == each], rcond=None)[0])
        off = np.asarray(told) - np.mean(told, axis=0)
        least = np.linalg.inv(info) * self.spread**2
        return np.asarray((len(told) - 1) / len(told) * (off.T @ off) + least)

    def moved_by(self, covariance: Array) -> float:
        """Median standard deviation of where points come to lie, metres."""
        arm = self.points[::50] - self.centre
        lever = np.zeros((len(arm), 3, 6))
        lever[:, 0, 1], lever[:, 0, 2], lever[:, 1, 2] = arm[:, 2], -arm[:, 1], arm[:, 0]
        lever[:, 1, 0], lever[:, 2, 0], lever[:, 2, 1] = -arm[:, 2], arm[:, 1], -arm[:, 0]
        lever[:, :, 3:] = np.eye(3)
        return float(np.median(np.sqrt(np.einsum("nij,jk,nik->n", lever, covariance[:6, :6], lever))))

    def is_still(self, T: Array, covariance: Array) -> bool:
        """Whether the motion is none, beyond chance and beyond what depth may be off."""
        before = (self.points - T[:3, 3]) @ T[:3, :3]
        moved = np.concatenate([vector_of(T[:3, :3]), (self.points - before).mean(axis=0)])
        far = np.linalg.norm(self.points - before, axis=1)
        beyond = float(moved @ np.linalg.solve(covariance[:6, :6], moved))
        return beyond <= NO_MOTION or float(np.median(far)) <= STILL * self.depth


def _met(points: Array, surface: Array, normal: Array, T: Array, camera: CameraModel) -> tuple[Array, Array, Array]:
    moved = points @ T[:3, :3].T + T[:3, 3]
    moved = moved[moved[:, 2] > 0]
    x, y = np.rint(camera.project(moved)).T
    seen = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
    moved, at = moved[seen], (y[seen].astype(int), x[seen].astype(int))
    apart, n = moved - surface[at], normal[at]
    off = (apart * n).sum(axis=1)
    with np.errstate(invalid="ignore"):
        kept = np.isfinite(off) & (np.linalg.norm(apart, axis=1) < NEAR * moved[:, 2])
    return surface[at][kept], n[kept], off[kept]
