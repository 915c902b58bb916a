"""Numbers of no scene, for functions of points: NaN, infinite, huge, repeated, none at all.

What comes is NaN, a flag or an error; what is no NaN holds for the numbers it was made of.
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, KannalaBrandt, StereoRig, pose
from geomvision.geometry import (
    correct_matches,
    depth_error,
    epipolar_distances,
    epipolar_lines,
    epipoles,
    essential,
    fundamental,
    nearest_pose,
    p3p,
    points_from_disparity,
    refine_absolute_pose,
    sampson_distance,
    symmetric_epipolar_distance,
    triangulate,
    triangulate_views,
)
from geomvision.geometry._rotations import rotation_of
from geomvision.metrics import pose_error
from geomvision.metrics.map_free import metric_pose_error, vcre_px
from geomvision.results import Disparity

CAMERA = Camera(width=640, height=470, fx=500.0, fy=520.0, cx=310.0, cy=250.0)
FISHEYE = KannalaBrandt(width=640, height=470, fx=200.0, fy=202.0, cx=310.0, cy=250.0, distortion=(0.02, 0, 0, 0))
number = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e12, 1e300, np.nan, np.inf, -np.inf])
pixel = st.floats(0, 640) | number


def rows(width, kind=number, most=8):
    return st.lists(st.tuples(*[kind] * width), max_size=most).map(lambda v: np.array(v, float).reshape(-1, width))


matrices = st.lists(number, min_size=9, max_size=9).map(lambda v: np.array(v).reshape(3, 3))
turns = st.tuples(*[st.floats(-3.2, 3.2)] * 3)
moves = st.tuples(*[st.floats(-5, 5) | st.sampled_from([0.0, 1e-300, 1e-12, 1e9])] * 3)
poses = st.builds(lambda turn, t: pose(rotation_of(turn), t), turns, moves)


@settings(derandomize=True)
@given(matrices, rows(4, pixel))
@example(np.diag([1.0, 0.0, 0.0]), np.array([[1.4e-159, 0.0, 0.0, 0.0]]))
def test_epipolar_distances_are_none_or_not_negative(F, values):
    x0, x1 = values[:, :2], values[:, 2:]
    functions = (epipolar_distances, symmetric_epipolar_distance, sampson_distance)
    if not np.isfinite(F).all() or not F.any():
        for function in (*functions, correct_matches):
            with pytest.raises(ValueError, match="F must be a finite 3x3 matrix, not all zero"):
                function(F, x0, x1)
        with pytest.raises(ValueError, match="F must be"):
            epipoles(F)
        return
    broken = ~np.isfinite(values).all(axis=1)
    with np.errstate(all="ignore"):
        for function in functions:
            found = function(F, x0, x1)
            assert np.isnan(found[broken]).all()
            assert not (found < 0).any()
        lines = epipolar_lines(F, x0)
    near = np.isfinite(lines).all(axis=1) & (np.abs(x0) < 1e20).all(axis=1)
    np.testing.assert_allclose(np.linalg.norm(lines[near, :2], axis=1), 1.0)
    for e in epipoles(F):
        assert np.linalg.norm(e) == pytest.approx(1.0)


@settings(derandomize=True)
@given(matrices.filter(lambda F: np.isfinite(F).all() and F.any()), rows(4, pixel))
def test_corrected_matches_fulfil_the_constraint_or_are_none(F, values):
    y0, y1 = correct_matches(F, values[:, :2], values[:, 2:])
    both = np.concatenate([y0, y1], axis=1)
    known = np.isfinite(both).all(axis=1)
    assert np.isnan(both[~known]).all()
    assert not known[~np.isfinite(values).all(axis=1)].any()
    near = known & (np.abs(both) < 1e4).all(axis=1) & (np.abs(values) <= 1e6).all(axis=1)  # digits are left of these
    scaled = F / np.abs(F).max()
    a, b = (np.column_stack([y[near], np.ones(near.sum())]) for y in (y0, y1))
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    assert (np.abs(np.einsum("ni,ij,nj->n", b, scaled, a)) <= 1e-9 * size).all()


@settings(derandomize=True)
@given(poses, rows(4, pixel), st.sampled_from([CAMERA, FISHEYE]))
@example(pose(translation=(0, 0, -1.8e-69)), np.array([[61.0, 32.0, 0.0, 137.0]]), FISHEYE)
def test_points_of_any_pose_are_seen_by_both_cameras_or_are_none(T, values, camera):
    x0, x1 = values[:, :2], values[:, 2:]
    if not np.linalg.norm(T[:3, 3]) > 0:
        for call in (
            lambda: triangulate(x0, x1, camera, camera, T),
            lambda: essential(T),
            lambda: fundamental(CAMERA, CAMERA, T),
        ):
            with pytest.raises(ValueError, match="no translation"):
                call()
        return
    for found in (
        triangulate(x0, x1, camera, camera, T),
        triangulate_views([x0, x1], [camera, camera], [np.eye(4), T]),
    ):
        assert np.isnan(found.m[~found.valid]).all()
        assert not found.valid[~np.isfinite(values).all(axis=1)].any()
        good = found.m[found.valid]
        assert np.isfinite(good).all()
        assert np.isfinite(found.covariance_m2[found.valid]).all()
        errors = [
            np.linalg.norm(camera.project(p) - x[found.valid], axis=1)
            for p, x in ((good, x0), (good @ T[:3, :3].T + T[:3, 3], x1))
        ]
        assert np.isfinite(errors).all()  # both see it
        size = np.maximum(1.0, np.abs(values[found.valid]).max(axis=1, initial=0.0))
        off = np.abs(np.transpose(errors) - found.errors_px[found.valid])
        assert (off <= 1e-3 * size[:, None]).all()


@settings(max_examples=150, derandomize=True)
@given(rows(5, number | st.floats(0, 600), most=4), st.sampled_from([CAMERA, FISHEYE]))
@example(np.array([[0.0, 0, 830, 0, 3], [1, 558, 0, 0, 0], [1e12, 0, 0, 0, 2]]), CAMERA)
def test_poses_of_three_points_see_them_where_they_were_seen(values, camera):
    points, pixels = values[:, :3], values[:, 3:]
    try:
        found = p3p(points, pixels, camera)
    except ValueError:
        lost = not np.isfinite(camera.rays(pixels)).all()
        assert len(values) != 3 or not (np.abs(values) <= 1e30).all() or lost
        return
    assert len(found) <= 4
    for T in found:
        np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)
        moved = points @ T[:3, :3].T + T[:3, 3]
        size = np.abs(points).max() + np.abs(T[:3, 3]).max()
        if np.linalg.norm(moved, axis=1).min() > 1e-3 * size:  # else the pixel of a point is lost to rounding
            assert (
                np.abs(camera.project(moved) - pixels) < 1e-2 + 1e-6 * np.abs(pixels)
            ).all()  # of 1e12, few are left


@settings(derandomize=True)
@given(poses, rows(5, number | st.floats(0, 600)), st.sampled_from([np.inf, 5.0]))
def test_a_refined_pose_is_one_or_is_flagged(T, values, limit):
    points, pixels = values[:, :3], values[:, 3:]
    try:
        found = refine_absolute_pose(T, points, pixels, CAMERA, max_error_px=limit)
    except ValueError as told:
        assert not (np.abs(values) <= 1e30).all(), told  # noqa: PT017
        return
    assert found.is_known or found.flags
    if found.is_known:
        R = found.T_cam_world[:3, :3]
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)
        assert np.isfinite(found.covariance).all()
        moved = points @ found.T_cam_world[:3, :3].T + found.T_cam_world[:3, 3]
        assert np.isfinite(CAMERA.project(moved[found.inliers])).all()  # none of them behind


@settings(derandomize=True)
@given(
    st.lists(st.floats(width=32, allow_infinity=False) | st.floats(-50, 50, width=32), min_size=6, max_size=6),
    st.floats(0.01, 2.0),
    st.floats(-50, 50),
)
def test_any_disparity_has_a_point_on_its_ray_or_none(values, baseline, doffs):
    camera = Camera(width=3, height=2, fx=100.0, fy=80.0, cx=1.0, cy=0.5)
    rig = StereoRig.rectified(camera, baseline, doffs)
    px = np.array(values, np.float32).reshape(2, 3)
    with np.errstate(all="ignore"):
        points = points_from_disparity(Disparity(px=px), rig)
        expected = 100.0 * baseline / (px.astype(float) + rig.doffs_px)
    good = np.isfinite(points).all(axis=2)
    assert np.isnan(points[~good]).all()
    assert (points[good][:, 2] > 0).all()
    assert not good[~(np.isfinite(px) & (px.astype(float) + rig.doffs_px > 0))].any()
    np.testing.assert_allclose(points[good][:, 2], expected[good], rtol=1e-5)
    seen = camera.project(points[good].astype(float))
    np.testing.assert_allclose(seen, camera.pixel_grid()[good], atol=1e-3)


@settings(derandomize=True)
@given(st.lists(number, max_size=6), st.sampled_from([0.0, 0.25, 3.0]))
def test_any_depth_has_an_error_that_the_formula_gives_or_none(values, error_px):
    rig = StereoRig.rectified(CAMERA, 0.3, 2.0)
    z = np.array(values, float)
    with np.errstate(all="ignore"):
        found = depth_error(z, rig, disparity_error_px=error_px)
        expected = z * z * error_px / (500.0 * 0.3)
    fine = (z > 0) & (z < 1e100)
    assert np.isnan(found[~(z > 0) | np.isinf(z)]).all()
    np.testing.assert_allclose(found[fine], expected[fine], rtol=1e-12)


@settings(derandomize=True)
@given(poses, poses)
def test_errors_of_any_two_poses_are_angles_metres_and_pixels(a, b):
    error = pose_error(a, b)
    assert 0 <= error.rotation_deg <= 180
    assert np.isnan(error.translation_deg) or 0 <= error.translation_deg <= 180
    metres, degrees = metric_pose_error(a, b)
    assert metres >= 0
    assert degrees == pytest.approx(error.rotation_deg, abs=1e-5)
    for camera in (CAMERA, FISHEYE):
        assert 0 <= vcre_px(a, b, camera) <= np.hypot(640, 470) + 1e-6


@settings(derandomize=True)
@given(st.lists(number, min_size=16, max_size=16))
def test_only_a_pose_is_a_pose(values):
    with pytest.raises(ValueError, match=r"no rigid transform|finite 4x4"):
        nearest_pose(np.array(values).reshape(4, 4))


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (np.ones((4, 1, 2)), r"points0 has shape \(4, 1, 2\).*: give points0\[:, 0\]"),  # OpenCV's
        (np.ones(2), r"points0 has shape \(2,\).*: give points0\[None\]"),
        (np.ones((2, 4)), r"transpose it, give points0\.T"),
        (np.ones((4, 3)), "it must be .N, 2., x and y in pixels$"),
    ],
)
def test_points_of_another_shape_are_told_what_to_do(given_, said):
    with pytest.raises(ValueError, match=said):
        sampson_distance(np.diag([1.0, 1.0, 0.0]), given_, given_)
