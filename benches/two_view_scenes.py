"""Matches of two views whose pose is known: random scenes, and real pairs with features by OpenCV."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from geomvision.cameras import Camera, pose

CAMERA0 = Camera(width=752, height=480, fx=520, fy=515, cx=390, cy=231)
CAMERA1 = Camera(width=752, height=480, fx=545, fy=548, cx=361, cy=247)
KINDS = ("general", "forward", "nearly_plane")


class Matches(NamedTuple):
    """Row i of both arrays of pixels is one match."""

    points0: np.ndarray
    points1: np.ndarray
    camera0: Camera
    camera1: Camera
    T_1_0: np.ndarray
    right: np.ndarray | None = None  # (N,) bool, where it is known


class Scene(NamedTuple):
    """Row i of both arrays of pixels is one match."""

    points0: np.ndarray
    points1: np.ndarray
    camera0: Camera
    camera1: Camera
    T_1_0: np.ndarray
    noise_px: float = float("nan")
    clean: tuple | None = None  # both arrays without noise; NaN where the match is wrong


def turn(axis_angle):
    angle = np.linalg.norm(axis_angle)
    x, y, z = axis_angle / max(angle, 1e-12)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def motion(kind, rng):
    """2° to 15° about any axis; a translation of 0.3 to 1 m, mostly sideways or along the axis."""
    axis = rng.normal(size=3)
    R = turn(axis / np.linalg.norm(axis) * np.deg2rad(rng.uniform(2, 15)))
    t = rng.normal(size=3) * (1, 0.6, 0.4)
    if kind == "forward":
        t = np.array([0.1 * rng.normal(), 0.1 * rng.normal(), -1.0])
    return pose(R, t / np.linalg.norm(t) * rng.uniform(0.3, 1.0))


def depths(kind, rays, rng):
    """2 to 9 m; or a tilted plane in 5 m with 2 cm of relief and a tenth of the points off it."""
    if kind != "nearly_plane":
        return rng.uniform(2, 9, len(rays))
    normal = rng.normal(size=3) * 0.35 + (0, 0, 1)
    normal /= np.linalg.norm(normal)
    relief = np.where(
        rng.uniform(size=len(rays)) < 0.1, rng.uniform(-2, 3, len(rays)), 0.02 * rng.normal(size=len(rays))
    )
    return 5 * normal[2] / (rays @ normal) + relief


def random_matches(kind, count, outliers, noise_px, seed):
    """`count` matches, a share of which is wrong: anywhere in view 1."""
    rng = np.random.default_rng(seed)
    T = motion(kind, rng)
    low, high = np.array([-0.5, -0.5]), np.array([CAMERA0.width - 0.5, CAMERA0.height - 0.5])
    pixels = rng.uniform(low, high, (20 * count, 2))
    rays = CAMERA0.unproject(pixels)
    X = rays * depths(kind, rays, rng)[:, None]
    seen = CAMERA1.project(X @ T[:3, :3].T + T[:3, 3])
    inside = (X[:, 2] > 0.5) & ((seen > low) & (seen < high)).all(axis=1)
    points0, points1 = pixels[inside][:count], seen[inside][:count]
    points0, points1 = (p + noise_px * rng.normal(size=p.shape) for p in (points0, points1))
    wrong = rng.permutation(len(points0))[: int(outliers * len(points0))]
    points1[wrong] = rng.uniform(low, high, (len(wrong), 2))
    return Matches(points0, points1, CAMERA0, CAMERA1, T, ~np.isin(np.arange(len(points0)), wrong))


def any_camera(rng):
    """A field of view of 24° to 80° across, the principal point off the middle."""
    width = int(rng.integers(480, 1400))
    height = int(width * rng.uniform(0.55, 0.8))
    f = width * np.exp(rng.uniform(np.log(0.6), np.log(2.4)))
    cx, cy = width / 2 + rng.normal() * 0.03 * width, height / 2 + rng.normal() * 0.03 * height
    return Camera(width=width, height=height, fx=f, fy=f * rng.uniform(0.98, 1.02), cx=cx, cy=cy)


def any_motion(kind, middle, field, rng):
    """T_1_0; the baseline is 8 % to 35 % of the middle distance."""
    axis, direction = rng.normal(size=3), rng.normal(size=3) * (1, 0.6, 0.3)
    axis, direction = axis / np.linalg.norm(axis), direction / np.linalg.norm(direction)
    R, centre = turn(axis * np.radians(rng.uniform(2, 12))), direction * middle * rng.uniform(0.08, 0.35)
    if kind == "turning":
        R = turn(axis * np.radians(rng.uniform(8, 25)) * min(1.0, field / 0.5))
    if kind == "sideways":
        R, centre[2] = np.eye(3), 0.0
    if kind in ("fixate", "near_fixate"):
        about = rng.normal(size=3) * (1, 1, 0)
        Q = turn(about / np.linalg.norm(about) * np.radians(rng.uniform(6, 25)))
        R, centre = Q.T, np.array([0, 0, middle]) - Q @ (0, 0, middle)
        if kind == "near_fixate":
            R = turn(rng.normal(size=3) * np.radians(1.5)) @ R
            centre = centre + rng.normal(size=3) * 0.03 * middle
    if kind == "forward":
        centre = np.array([*rng.normal(size=2) * 0.05, 1.0]) * middle * rng.uniform(0.1, 0.25)
        R = turn(axis * np.radians(rng.uniform(0, 3)))
    if kind in ("rotation", "no_motion"):
        centre = np.zeros(3)
    if kind == "no_motion":
        R = np.eye(3)
    return pose(R, -R @ centre)


def real_matches(folder, ratio=0.9):
    """SIFT matches of a pair: a folder with image0, image1 and meta.json with K0, K1, T_0to1."""
    import cv2

    folder = Path(folder)
    meta = json.loads((folder / "meta.json").read_text())
    images = [cv2.imread(str(next(folder.glob(f"image{i}.*"))), cv2.IMREAD_GRAYSCALE) for i in (0, 1)]
    sift = cv2.SIFT_create(nfeatures=4000, contrastThreshold=0.01)
    (keys0, words0), (keys1, words1) = (sift.detectAndCompute(image, None) for image in images)
    pairs = cv2.BFMatcher().knnMatch(words0, words1, k=2)
    chosen = [a for a, b in pairs if a.distance < ratio * b.distance]
    points0 = np.array([keys0[m.queryIdx].pt for m in chosen])
    points1 = np.array([keys1[m.trainIdx].pt for m in chosen])
    height, width = images[0].shape
    cameras = [Camera.from_matrix(without_skew(meta[k]), width, height) for k in ("K0", "K1")]
    T = np.array(meta["T_0to1"], float)
    R, t = T[:3, :3], T[:3, 3]
    U, _, Vt = np.linalg.svd(R)  # written with few digits
    return Matches(points0, points1, *cameras, pose(U @ Vt, t))


def without_skew(K):
    K = np.array(K, float)
    K[0, 1] = 0.0
    return K
