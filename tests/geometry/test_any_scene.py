"""Matches, maps and images of no scene, for rectification, rigs, flow and clouds: refused, flagged, or true to them."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, StereoRig, pose
from geomvision.geometry import (
    Board,
    BoardView,
    CalibrationError,
    RectificationRefused,
    calibrate_stereo,
    colored_points,
    match_features,
    mend_rig,
    motion_segmentation,
    rectify_matches,
    rectify_uncalibrated,
    register_depth,
    rigid_flow,
    self_rectify,
    vertical_residual,
)
from geomvision.geometry._rotations import rotation_of
from geomvision.results import Depth, Flow

CAMERA = Camera(width=40, height=30, fx=35.0, fy=36.0, cx=18.5, cy=15.25)
RIG = StereoRig.rectified(Camera(width=640, height=480, fx=500.0, fy=500.0, cx=320.0, cy=240.0), 0.2)
REFUSED = (RectificationRefused, ValueError)
number = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, 1e-300, 1e12, 1e300, np.nan, np.inf, -np.inf])
seeds = st.integers(0, 2**31)
turns, moves = st.tuples(*[st.floats(-3.2, 3.2)] * 3), st.tuples(*[st.floats(-5, 5) | st.just(0.0)] * 3)
poses = st.builds(lambda turn, t: pose(rotation_of(turn), t), turns, moves)


def shaped(kind, count, seed):
    """Matches of no depth: of chance, of one place, on a line, of one point, still, turned about."""
    random = np.random.default_rng(seed)
    x, y = random.uniform((0, 0), (640, 480), (2, count, 2))
    if kind == "repeated":
        x, y = x[np.zeros(count, int)], y[np.zeros(count, int)]
    elif kind == "line":
        x = np.outer(np.linspace(0, 1, count), (600, 300)) + 20
        y = x - (random.uniform(5, 60), random.uniform(-3, 3))
    elif kind == "still":
        y = x + random.normal(0, 0.2, x.shape)
    elif kind == "upside down":
        y = (639, 479) - x
    elif kind == "one place":
        x, y = (random.uniform(300, 310, (count, 2)) for _ in range(2))
    return x, y


KINDS = ("chance", "repeated", "line", "still", "upside down", "one place")


@settings(max_examples=60, derandomize=True)
@given(st.sampled_from(KINDS), st.integers(0, 90), seeds)
def test_matches_of_no_depth_rectify_nothing(kind, count, seed):
    x, y = shaped(kind, count, seed)
    with pytest.raises(REFUSED):
        rectify_matches(x, y, (640, 480))


@settings(max_examples=60, derandomize=True)
@given(st.sampled_from(KINDS), st.integers(0, 90), seeds)
def test_a_rig_is_mended_so_that_rows_agree_or_not_at_all(kind, count, seed):
    x, y = shaped(kind, count, seed)
    try:
        mended = mend_rig(RIG, x, y)
    except REFUSED:
        return
    assert kind in ("line", "still")  # parallax that the rig allows
    assert mended.after.median_abs_px <= 2.0
    assert mended.rig.baseline_m == pytest.approx(0.2)
    assert np.isfinite(mended.covariance).all()
    turned = mended.rig.T_right_left[:3, :3]
    assert np.degrees(np.arccos(np.clip((np.trace(turned) - 1) / 2, -1, 1))) < 10


@settings(derandomize=True)
@given(st.lists(st.tuples(number, number, number, number), max_size=40))
def test_any_rows_have_a_residual_or_are_not_measured(values):
    values = np.array(values, float).reshape(-1, 4)
    found = vertical_residual(values[:, :2], values[:, 2:])
    assert found.matches == len(values)
    assert 0 <= found.kept <= found.matches
    assert found.is_measured or not found.problems
    if found.kept:
        assert found.median_abs_px >= 0
        assert found.p90_abs_px >= found.median_abs_px


@settings(max_examples=25, derandomize=True)
@given(st.integers(1, 90), st.integers(1, 90), seeds, st.sampled_from(["u1", "u2", "f4"]), st.integers(0, 3))
def test_images_of_no_scene_match_and_rectify_nothing(height, width, seed, dtype, channels):
    random = np.random.default_rng(seed)
    shape = (height, width, 3) if channels == 3 else (height, width)
    first, second = (random.uniform(0, 200, shape).astype(dtype) for _ in range(2))
    found = match_features(first, second)
    for points in (found.points0, found.points1):
        assert np.isfinite(points).all()
        assert ((points > -1) & (points < (width, height))).all()
    for call in (lambda: rectify_uncalibrated(first, second), lambda: self_rectify(first, second)):
        with pytest.raises(REFUSED):
            call()


@settings(max_examples=15, derandomize=True)
@given(st.integers(3, 5), seeds, st.sampled_from(["pinhole", "brown5", "fisheye"]))
def test_random_corners_make_no_rig_or_one_that_owns_up(count, seed, model):
    random, board = np.random.default_rng(seed), Board(columns=5, rows=4, square_m=0.03)
    left, right = (
        [
            BoardView(pixels=random.uniform((0, 0), (640, 480), (20, 2)), ids=np.arange(20), width=640, height=480)
            for _ in range(count)
        ]
        for _ in range(2)
    )
    try:
        found = calibrate_stereo(left, right, board, model=model)
    except CalibrationError:
        return
    assert found.rms_px > 5
    assert any("miss by more than" in text for text in found.warnings)


maps = st.lists(st.floats(0.1, 10) | st.sampled_from([np.nan, 1e-30, 1e30]), min_size=12, max_size=12)


def depth_of(values):
    return Depth(m=np.kron(np.array(values).reshape(3, 4), np.ones((10, 10))))


@settings(derandomize=True)
@given(maps, poses)
def test_rigid_flow_leads_to_where_the_point_is_seen_or_nowhere(values, T):
    depth = depth_of(values)
    flow = rigid_flow(depth, CAMERA, T)
    assert not flow.valid[~depth.valid].any()
    grid = CAMERA.pixel_grid()
    X = CAMERA.unproject(grid, np.where(depth.valid, depth.m, np.nan).astype(float))
    seen = CAMERA.project(X @ T[:3, :3].T + T[:3, 3])
    known = flow.valid
    assert np.isfinite(seen[known]).all()  # what lies behind the camera has none
    far = np.abs(seen[known]).max(axis=1, initial=1.0)
    assert (np.abs(grid + flow.px - seen)[known].max(axis=1, initial=0.0) <= 1e-5 * np.maximum(far, 100)).all()


@settings(max_examples=40, derandomize=True)
@given(maps, poses, seeds, st.booleans())
def test_what_moves_has_a_flow_and_a_depth(values, T, seed, both):
    depth, random = depth_of(values), np.random.default_rng(seed)
    observed = random.normal(0, 3, (30, 40, 2))
    observed[random.random((30, 40)) < 0.2] = np.nan
    backward = Flow(px=random.normal(0, 3, (30, 40, 2))) if both else None
    with warnings.catch_warnings(action="ignore"):
        try:
            found = motion_segmentation(Flow(px=observed), depth, CAMERA, T, backward=backward)
        except ValueError as told:
            assert "other way" in str(told)  # noqa: PT017
            return
    assert not found.known[~depth.valid].any()
    assert not found.known[np.isnan(observed[..., 0])].any()
    assert not found.moving[~found.known].any()
    assert np.isnan(found.chi2[~found.known]).all()
    assert (found.chi2[found.known] >= 0).all()
    assert found.noise_px > 0


@settings(derandomize=True)
@given(maps, poses, seeds)
def test_clouds_hold_what_has_a_depth_and_nothing_else(values, T, seed):
    depth, image = depth_of(values), np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    cloud = colored_points(depth, image, CAMERA, T)
    assert len(cloud.points) == depth.valid.sum()
    assert np.isfinite(cloud.points).all()
    np.testing.assert_array_equal(cloud.colors, image[depth.valid])
    back = (cloud.points.astype(float) - T[:3, 3]) @ T[:3, :3]
    size = np.maximum(np.abs(cloud.points).max(axis=1, initial=0.0), 1.0)
    assert (np.abs(back[:, 2] - depth.m[depth.valid]) <= 1e-5 * size).all()


@settings(max_examples=20, derandomize=True)
@given(st.lists(maps, min_size=1, max_size=2), seeds)
def test_surfaces_that_fix_nothing_register_nothing(values, seed):
    depths = [depth_of(each) for each in values]
    random = np.random.default_rng(seed)
    sensor = [Depth(m=random.uniform(0.5, 5, (30, 40))) for _ in depths]
    with warnings.catch_warnings(action="ignore"):
        try:
            found = register_depth(depths, CAMERA, sensor, CAMERA)
        except ValueError:
            return
    assert "no_better" in found.flags or found.after_m <= found.before_m
    R = found.T_depth_color[:3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-6)
