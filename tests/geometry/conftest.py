"""Scenes with a camera whose pose is known, and a real rig that is not rectified."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, KannalaBrandt, RayTable, StereoRig, UnifiedCamera, pose


class PosedScene(NamedTuple):
    """Points of the world and where a camera saw them."""

    points: Any
    pixels: Any
    wrong: Any
    T_cam_world: Any
    camera: Any


def random_rotation(random: np.random.Generator):
    """Uniform over all rotations: a unit quaternion."""
    w, x, y, z = (q := random.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


CAMERAS = {
    "pinhole": Camera(width=640, height=470, fx=500.0, fy=520.0, cx=310.0, cy=250.0),
    "brown": Camera(
        width=640, height=470, fx=500.0, fy=520.0, cx=310.0, cy=250.0, distortion=(-0.2, 0.05, 1e-3, -2e-3, 0.01)
    ),
    "fisheye": KannalaBrandt(
        width=800, height=600, fx=230.0, fy=232.0, cx=410.0, cy=290.0, distortion=(0.02, -3e-3, 1e-3, -1e-4)
    ),
    "unified": UnifiedCamera(width=640, height=470, fx=260.0, fy=262.0, cx=322.0, cy=236.0, alpha=0.6),
    "upside_down": Camera(width=640, height=470, fx=480.0, fy=-475.0, cx=318.0, cy=240.0),
}

CAMERAS["ray_table"] = RayTable.from_camera(CAMERAS["brown"])


def make_scene(camera, count, *, outliers=0.0, noise_px=0.0, seed=0, flat=False) -> PosedScene:
    """Points at 2…8 m along the rays of random pixels, in a world that is turned and moved at random."""
    random = np.random.default_rng(seed)
    size = (camera.width - 1, camera.height - 1)
    pixels = random.uniform((0, 0), size, (count, 2))
    if flat:  # what lies far out may have no point on the plane
        pixels = np.array(size) / 2 + (pixels - np.array(size) / 2) / 2
    rays = camera.rays(pixels)
    assert np.isfinite(rays).all()
    distance = random.uniform(2, 8, (count, 1))
    if flat:  # the plane n·p = 5, not across the line of sight
        distance = 5.0 / (rays @ (0.3, -0.2, 0.933))[:, None]
    T = pose(random_rotation(random), random.normal(size=3) * 5)
    points = (rays * distance - T[:3, 3]) @ T[:3, :3]
    wrong = random.random(count) < outliers
    pixels = pixels + random.normal(0, noise_px, pixels.shape) if noise_px else pixels
    pixels[wrong] = random.uniform((0, 0), size, (int(wrong.sum()), 2))
    return PosedScene(points, pixels, wrong, T, camera)


def pose_error(T, truth) -> tuple[float, float]:
    """Angle in degrees, and distance of the camera's centres in metres."""
    chord = np.linalg.norm(T[:3, :3] - truth[:3, :3]) / np.sqrt(8)
    centres = [-P[:3, :3].T @ P[:3, 3] for P in (T, truth)]
    return float(np.degrees(2 * np.arcsin(min(1.0, chord)))), float(np.linalg.norm(centres[0] - centres[1]))


@pytest.fixture(params=sorted(CAMERAS))
def camera(request: pytest.FixtureRequest):
    """One camera of each kind."""
    return CAMERAS[request.param]


@pytest.fixture(scope="session")
def posed() -> Callable[..., PosedScene]:
    """`make_scene`, by default with the pinhole."""
    return lambda count, camera=CAMERAS["pinhole"], **how: make_scene(camera, count, **how)


@pytest.fixture(scope="session")
def error_of() -> Callable[..., tuple[float, float]]:
    """`pose_error`."""
    return pose_error


@dataclass(frozen=True)
class Recorded:
    left: Any
    right: Any
    rig: StereoRig


@pytest.fixture(scope="session")
def kitti_raw(real_data) -> Recorded:
    """Cameras 02 and 03 of KITTI raw as recorded: distorted, turned, with different focal lengths."""
    folder = real_data / "calibration" / "kitti_raw_unrectified_a"
    rig = io.kitti_raw_rig(io.read_kitti_calib(folder / "calib_cam_to_cam.txt"), 2, 3)
    return Recorded(io.read_image(folder / "left.png"), io.read_image(folder / "right.png"), rig)
