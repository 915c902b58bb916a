"""Two views of points whose pose is known: non-square images, non-centred and unequal cameras."""

from typing import NamedTuple

import numpy as np
import pytest

from geomvision.cameras import Camera, pose

CAMERA0 = Camera(width=752, height=480, fx=520, fy=515, cx=390, cy=231)
CAMERA1 = Camera(width=640, height=512, fx=545, fy=548, cx=301, cy=247)


class Matches(NamedTuple):
    points0: np.ndarray
    points1: np.ndarray
    camera0: Camera
    camera1: Camera
    T_1_0: np.ndarray
    right: np.ndarray

    @property
    def call(self):
        return self[:4]


def rodrigues(w):
    angle = np.linalg.norm(w)
    x, y, z = w / max(angle, 1e-12)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def scene_pose(kind, rng):
    axis = rng.normal(size=3)
    R = rodrigues(axis / np.linalg.norm(axis) * np.deg2rad(rng.uniform(4, 12)))
    direction = {"forward": np.array([0.05, -0.04, -1.0])}.get(kind, rng.normal(size=3) * (1, 0.6, 0.3))
    t = direction / np.linalg.norm(direction) * rng.uniform(0.4, 0.8)
    if kind == "no_motion":
        R = np.eye(3)
    return pose(R, t * (kind not in ("rotation", "no_motion")))


def make_matches(kind="general", count=400, outliers=0.0, noise_px=0.0, seed=0, cameras=(CAMERA0, CAMERA1)):
    """kind: general, forward, plane, rotation or no_motion."""
    rng = np.random.default_rng(seed)
    camera0, camera1 = cameras
    if kind == "no_motion":
        camera1 = camera0
    T = scene_pose(kind, rng)
    low = np.array([-0.5, -0.5])
    high0, high1 = (np.array([c.width - 0.5, c.height - 0.5]) for c in (camera0, camera1))
    pixels = rng.uniform(low, high0, (20 * count, 2))
    rays = camera0.unproject(pixels)
    normal = np.array([0.25, -0.3, 1.0])
    depth = 5 / (rays @ normal) if kind == "plane" else rng.uniform(2, 9, len(rays))
    X = rays * depth[:, None]
    seen = camera1.project(X @ T[:3, :3].T + T[:3, 3])
    inside = (X[:, 2] > 0.5) & ((seen > low) & (seen < high1)).all(axis=1)
    points0, points1 = pixels[inside][:count], seen[inside][:count]
    assert len(points0) == count
    points0, points1 = (p + noise_px * rng.normal(size=p.shape) for p in (points0, points1))
    wrong = rng.permutation(count)[: int(outliers * count)]
    points1[wrong] = rng.uniform(low, high1, (len(wrong), 2))
    right = np.ones(count, bool)
    right[wrong] = False
    return Matches(points0, points1, camera0, camera1, T, right)


@pytest.fixture(scope="session")
def matches():
    return make_matches


@pytest.fixture(scope="session")
def about():
    """`rodrigues(w)`: the rotation by |w| about w."""
    return rodrigues
