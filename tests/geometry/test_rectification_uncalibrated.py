"""Rectification from matches alone: random rigs whose scene points are known, and recorded pairs."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geomvision import io
from geomvision.cameras import Camera, pose
from geomvision.geometry import RectificationRefused, rectify_matches, rectify_uncalibrated
from geomvision.geometry._rotations import rotation_of

SIZE = (320, 240)
LEFT = Camera(width=320, height=240, fx=300.0, fy=305.0, cx=150.0, cy=125.0)
RIGHT = Camera(width=320, height=240, fx=320.0, fy=318.0, cx=165.0, cy=110.0)


def matches(turn=(0.03, -0.05, 0.06), t=(-0.3, 0.03, 0.02), seed=0, number=300, noise=0.0, wrong=0.0):
    random = np.random.default_rng(seed)
    T = pose(rotation_of(turn), t)
    X = LEFT.unproject(random.uniform((0, 0), SIZE, (3 * number, 2)), random.uniform(2, 8, 3 * number))
    x, y = LEFT.project(X), RIGHT.project(X @ T[:3, :3].T + T[:3, 3])
    seen = ((y > 0) & (y < SIZE)).all(axis=1)
    x, y = (p[seen][:number] + random.normal(0, noise, p[seen][:number].shape) for p in (x, y))
    bad = random.random(len(y)) < wrong
    y[bad] = random.uniform((0, 0), SIZE, (int(bad.sum()), 2))
    return x, y


def area(view):
    """Mean signed change of area over the image: negative where it is mirrored."""
    width, height = view.source_size
    corners = view.points([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    x, y = corners.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / ((width - 1) * (height - 1))


@settings(max_examples=25)
@given(st.integers(0, 100_000))
def test_rows_of_exact_matches_agree(seed):
    random = np.random.default_rng(seed)
    x, y = matches(random.normal(0, 0.06, 3), (-0.3, *random.normal(0, 0.04, 2)), seed)
    assume(len(x) > 100)
    found = rectify_matches(x, y, SIZE)
    left, right = found.points(x, y)
    assert np.abs(left - right)[:, 1].max() < 1e-4
    assert (left - right)[:, 0].min() > -5
    assert found.rig is None
    assert found.left.transform.H[2, 2] == found.right.transform.H[2, 2] == 1
    for view in (found.left, found.right):
        assert area(view) > 0.5  # upright, not mirrored
    assert area(found.left) * area(found.right) == pytest.approx(1, abs=0.3)
    # What is nearer has the larger disparity, as with a calibration.
    assert found.residual.kept == len(x)


def test_noise_and_mismatches_leave_the_noise():
    x, y = matches(noise=0.3, wrong=0.4, number=500)
    found = rectify_matches(x, y, SIZE)
    clean = matches(number=500, seed=9)
    exact = found.vertical_residual(*clean)
    assert exact.median_abs_px < 0.15
    assert found.residual.median_abs_px == pytest.approx(0.6745 * 0.3 * 2**0.5, rel=0.25)


def test_a_rectified_pair_is_nearly_left_alone():
    x, y = matches((0.0, 0.0, 0.0), (-0.3, 0.0, 0.0))
    y = LEFT.project(RIGHT.unproject(y))  # equal cameras
    found = rectify_matches(x, y, SIZE)
    moved = found.left.points(x) - x
    assert moved[:, 1] == pytest.approx(np.full(len(x), moved[:, 1].mean()), abs=1e-3)
    assert np.ptp(moved[:, 0]) < 1e-2
    assert area(found.left) == pytest.approx(1, abs=1e-4)


def test_views_above_each_other_are_refused_or_turned():
    x, y = matches(t=(0.02, -0.3, 0.01))
    with pytest.raises(RectificationRefused, match="vertical=True"):
        rectify_matches(x, y, SIZE)
    found = rectify_matches(x, y, SIZE, vertical=True)
    assert found.left.size == (240, 320)
    left, right = found.points(x, y)
    assert np.abs(left - right)[:, 1].max() < 1e-4
    assert found.left.valid.mean() > 0.6
    assert area(found.left) > 0.5


def test_what_cannot_be_rectified_is_refused():
    with pytest.raises(RectificationRefused, match="only 9 features match"):
        rectify_matches(np.zeros((9, 2)), np.zeros((9, 2)), SIZE)
    with pytest.raises(RectificationRefused, match="epipole lies inside"):
        rectify_matches(*matches((0.0, 0.0, 0.0), (0.02, 0.01, -0.5)), SIZE)
    random = np.random.default_rng(0)
    with pytest.raises(RectificationRefused, match=r"agree on one epipolar geometry|no epipolar geometry"):
        rectify_matches(random.uniform(0, 240, (200, 2)), random.uniform(0, 240, (200, 2)), SIZE)
    x, y = matches(t=(0.0, 0.0, 0.0), noise=0.2)
    with pytest.raises(RectificationRefused, match="one plane"):
        rectify_matches(x, y, SIZE)
    with pytest.raises(RectificationRefused):
        rectify_matches(np.ones((50, 2)), np.ones((50, 2)), SIZE)
    line = np.stack([np.arange(50.0), np.arange(50.0)], axis=1)
    with pytest.raises(RectificationRefused):
        rectify_matches(line, line + np.array([3, 0]), SIZE)
    with pytest.raises(ValueError, match="NaN or infinite"):
        rectify_matches(np.full((50, 2), np.inf), np.ones((50, 2)), SIZE)
    with pytest.raises(ValueError, match="at least 2 pixels"):
        rectify_matches(np.ones((50, 2)), np.ones((50, 2)), (0, 5))


def test_the_result_does_not_depend_on_the_run():
    x, y = matches(noise=0.5, wrong=0.5)
    first, second = (rectify_matches(x, y, SIZE) for _ in range(2))
    assert np.array_equal(first.left.transform.H, second.left.transform.H)


def test_recorded_pairs(kitti_raw, real_data):
    found = rectify_uncalibrated(kitti_raw.left, kitti_raw.right, crop=True)
    assert found.residual.median_abs_px < 0.5
    assert found.left.valid.all()
    assert found.left.valid.size > 0.7 * kitti_raw.left.shape[0] * kitti_raw.left.shape[1]
    temple = [io.read_image(real_data / "twoview" / "temple_07_08" / f"image{i}.png") for i in (0, 1)]
    with pytest.raises(RectificationRefused, match="above each other"):
        rectify_uncalibrated(*temple)
    assert rectify_uncalibrated(*temple, vertical=True).residual.median_abs_px < 0.5
