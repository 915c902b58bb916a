"""ChArUco boards from image to camera: rendered by known cameras, partly outside the image, without ambiguity."""

from dataclasses import replace

import numpy as np
import pytest

from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import Board, BoardNotFoundError, calibrate, calibrate_stereo, find_corners

BOARD = Board(columns=7, rows=5, square_m=0.04, kind="charuco", marker_m=0.03, dictionary="4X4_50")
CAMERA = Camera(width=480, height=360, fx=420, fy=425, cx=246, cy=172, distortion=(-0.25, 0.06, 0.001, -0.001, 0.0))
FISHEYE = KannalaBrandt(width=480, height=360, fx=150, fy=151, cx=235, cy=186, distortion=(0.03, -0.01, 0.004, -0.001))


def turned(x, y, z):
    (a, b, c), (d, e, f) = np.cos((x, y, z)), np.sin((x, y, z))
    about_x, about_y = np.array([[1, 0, 0], [0, a, -d], [0, d, a]]), np.array([[b, 0, e], [0, 1, 0], [-e, 0, b]])
    return about_y @ about_x @ np.array([[c, -f, 0], [f, c, 0], [0, 0, 1]])


def places(count, near, far, aside, seed):
    """Poses of the board, its middle up to `aside` metres off the axis: some of it may be outside the image."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        R = turned(*random.uniform((-0.6, -0.6, -1.5), (0.6, 0.6, 1.5)))
        middle = [*random.uniform(-aside, aside, 2), random.uniform(near, far)]
        yield pose(R, middle - R @ BOARD.points_m().mean(axis=0))


def found_in(rendered, camera, poses):
    views = []
    for n, T in enumerate(poses):
        try:
            views.append(find_corners(rendered(camera, BOARD, T), BOARD, f"{n}.png"))
        except BoardNotFoundError:
            views.append(None)
    return views


@pytest.mark.parametrize("seed", [4, 9, 17])
def test_no_corner_that_a_fisheye_bends_ends_at_a_marker(rendered, seed):
    """Of squares of 25 px on average: before windows were looked at, 1 of 20 was beside its place by 0.4 to 2.2 px."""
    poses = list(places(6, 0.15, 0.22, 0.15, seed))
    views = found_in(rendered, FISHEYE, poses)
    assert sum(len(v.ids) for v in views if v is not None) > 60
    for T, view in zip(poses, views, strict=True):
        if view is not None:
            points = BOARD.points_m(view.ids) @ T[:3, :3].T + T[:3, 3]
            assert np.linalg.norm(view.pixels - FISHEYE.project(points), axis=1).max() < 0.35


def test_noise_and_dim_light_leave_the_corners(rendered):
    (T,) = places(1, 0.34, 0.35, 0.0, seed=1)
    clean = rendered(CAMERA, BOARD, T)
    dim = np.clip(40 + 0.25 * clean + np.random.default_rng(0).normal(0, 4, clean.shape), 0, 255).astype(np.uint8)
    found, expected = find_corners(dim, BOARD), find_corners(clean, BOARD)
    assert len(found.ids) > 0.8 * len(expected.ids)


@pytest.mark.parametrize(("camera", "model"), [(CAMERA, "brown5"), (FISHEYE, "fisheye")], ids=["brown", "fisheye"])
def test_a_camera_from_images_that_show_parts_of_the_board(rendered, camera, model):
    where = (0.3, 0.45, 0.12) if model == "brown5" else (0.15, 0.22, 0.15)
    poses = list(places(12, *where, seed=4))
    views = found_in(rendered, camera, poses)
    seen = [n for n, v in enumerate(views) if v is not None]
    assert len(seen) >= 9
    assert any(len(views[n].ids) < BOARD.count for n in seen)
    found = calibrate([views[n] for n in seen], BOARD, model=model)
    assert found.rms_px < 0.1
    assert found.camera.parameters[:4] == pytest.approx(camera.parameters[:4], rel=0.006)
    for k, n in enumerate(seen):  # the board is not turned by half: its corners have numbers
        np.testing.assert_allclose(found.poses[k], poses[n], atol=5e-3)


def test_a_rig_of_which_each_camera_sees_another_part(rendered):
    """The corners of a pair are matched by their numbers; what one camera sees alone helps it."""
    T_right_left = pose(turned(0.01, -0.05, 0.02), (-0.08, 0.003, 0.004))
    poses = list(places(10, 0.3, 0.42, 0.09, seed=6))
    left = found_in(rendered, CAMERA, poses)
    right = found_in(rendered, CAMERA, [T_right_left @ T for T in poses])
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    assert any(set(a.ids) != set(b.ids) for a, b in pairs)
    found = calibrate_stereo(left, right, BOARD)
    assert found.rms_px < 0.1
    assert found.rig.baseline_m == pytest.approx(np.linalg.norm(T_right_left[:3, 3]), rel=0.005)
    np.testing.assert_allclose(found.rig.T_right_left[:3, :3], T_right_left[:3, :3], atol=3e-3)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"columns": 8, "rows": 6}, "One of 7x5 is there: counts are inner corners, one less than squares"),
        ({"columns": 5, "rows": 7}, "One of 7x5 is there: counts are inner corners"),
        ({"columns": 6, "rows": 8}, "One of 7x5 is there: counts are inner corners"),
        ({"legacy": True}, "One of 7x5 is there with legacy=False$"),
        ({"columns": 11, "rows": 9}, "is it the dictionary, the counts, or an old print"),
    ],
)
def test_a_board_of_other_counts_is_told(rendered, counts, said):
    (T,) = places(1, 0.34, 0.35, 0.0, seed=1)
    with pytest.raises(BoardNotFoundError, match=said):
        find_corners(rendered(CAMERA, BOARD, T), replace(BOARD, **counts))
