"""What depth from motion says of clips from which little follows: one plane, a camera that stands still."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from geomvision.cameras import Array, Camera, pose
from geomvision.depth import FromMotion
from geomvision.depth._bundle import Bundle, adjust
from geomvision.depth._matches import Sightings
from geomvision.depth._uncertainty import are_on_plane
from geomvision.geometry._rotations import rotation_of

CAMERA = Camera(width=200, height=150, fx=180.0, fy=180.0, cx=99.5, cy=74.5)
SIDEWAYS = np.stack([pose(rotation_of([0.0, -0.02 * k, 0.005 * k]), (0.1 * k, 0.02 * k, 0.0)) for k in range(4)])


def wall(T: Array, tilt: float = 0.0, relief: float = 0.0) -> np.ndarray:
    """A wall through (0, 0, 2) with waves as texture, turned by `tilt`; its right half stands `relief` m nearer."""
    rays = CAMERA.unproject(CAMERA.pixel_grid()) @ T[:3, :3].T
    normal = np.array([np.sin(tilt), 0.0, np.cos(tilt)])
    found = np.zeros((CAMERA.height, CAMERA.width))
    for behind in (0.0, relief):
        depth = ((2.0 - behind) * normal[2] - normal @ T[:3, 3]) / (rays @ normal)
        x, y = np.moveaxis(T[:3, 3] + rays * depth[..., None], -1, 0)[:2]
        random = np.random.default_rng(3)
        grey = sum(np.sin(x * a + y * b + c) for a, b, c in random.uniform(-60, 60, (24, 3)))
        found = np.where((x > 0) | (behind == 0), grey, found)
    return np.clip(128 + 22 * found, 0, 255).astype(np.uint8)


def said(frames: list[np.ndarray], poses: Array | None) -> str:
    """The warnings of a call, as one text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FromMotion(consistency=2, views=3)(frames, CAMERA, T_world_cam=poses)
    return " ".join(str(each.message) for each in caught)


@pytest.mark.parametrize("tilt", [0.0, 0.4], ids=["constant depth", "tilted"])
def test_one_plane_is_said_where_poses_are_found_from_it(tilt: float) -> None:
    frames = [wall(T, tilt) for T in SIDEWAYS]
    assert "lie on one plane" in said(frames, None)
    assert "lie on one plane" not in said(frames, SIDEWAYS)  # poses given leave no doubt


def test_a_step_in_the_wall_is_no_plane() -> None:
    assert "lie on one plane" not in said([wall(T, relief=0.3) for T in SIDEWAYS], None)


@pytest.mark.parametrize("shift", [1e-4, 0.1], ids=["hardly any", "poses that the images deny"])
def test_a_camera_that_stands_still_is_said(shift: float) -> None:
    random = np.random.default_rng(0)
    still = [(wall(np.eye(4)) + random.integers(0, 3, (150, 200))).clip(0, 255).astype(np.uint8) for _ in range(4)]
    poses = np.stack([pose(translation=(shift * k, 0.0, 0.0)) for k in range(4)])
    with pytest.warns(UserWarning, match="no pixel of 4 frames has a depth"):
        depths, _, _ = FromMotion().clip(still, CAMERA, T_world_cam=poses)
    assert not any(depth.valid.any() for depth in depths)
    with pytest.raises(ValueError, match="does not move"):
        FromMotion()(still, CAMERA)


@pytest.mark.parametrize("relief", [0.0, 0.05])
def test_points_are_on_a_plane_or_not(relief: float) -> None:
    """Closed form: a twentieth of the points 5 cm off a tilted plane in 2 m, seen with 0.2 px of noise."""
    random = np.random.default_rng(1)
    points = np.column_stack([random.uniform(-0.8, 0.8, (300, 2)), np.zeros(300)])
    points[:, 2] = 2.0 + 0.5 * points[:, 0] - 0.2 * points[:, 1]
    points[::20, 2] -= relief * 4
    T = np.stack([np.linalg.inv(each) for each in SIDEWAYS])
    frame, point = (each.ravel() for each in np.indices((4, 300)))
    X = np.einsum("mij,mj->mi", T[frame, :3, :3], points[point]) + T[frame, :3, 3]
    pixel = CAMERA.project(X) + random.normal(0, 0.2, (1200, 2))
    seen = Sightings(frame, point, pixel, CAMERA.unproject(pixel), 300)
    assert are_on_plane(T, points, seen, np.full(4, 180.0), 1) == (relief == 0.0)


def test_adjustment_does_not_depend_on_the_unit_of_length() -> None:
    """The same clip in metres, in units of a millionth of it and of a million metres: the same turns, scaled shifts."""
    random = np.random.default_rng(2)
    points = random.uniform((-3, -2, 4), (3, 2, 400), (200, 3))
    T = np.stack([np.linalg.inv(each) for each in SIDEWAYS])
    frame, point = (each.ravel() for each in np.indices((4, 200)))
    X = np.einsum("mij,mj->mi", T[frame, :3, :3], points[point]) + T[frame, :3, 3]
    rays = X / X[:, 2:] + np.column_stack([random.normal(0, 3e-4, (800, 2)), np.zeros(800)])
    seen = Sightings(frame, point, np.zeros((800, 2)), rays, 200)
    moved = T.copy()
    moved[1:, :3, 3] += random.normal(0, 5e-3, (3, 3))
    found = []
    for unit in (1.0, 1e-6, 1e6):
        start = moved.copy()
        start[:, :3, 3] *= unit
        bundle = adjust(Bundle(start, points * unit), seen, np.full(4, 180.0), 0)
        bundle.T[:, :3, 3] /= np.linalg.norm(bundle.T[3, :3, 3])  # the scale is free
        found.append(bundle.T)
    np.testing.assert_allclose(found[1], found[0], atol=1e-6)
    np.testing.assert_allclose(found[2], found[0], atol=1e-6)
