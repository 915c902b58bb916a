"""Absolute pose of what cannot tell it: flags and errors, and never a wrong pose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geomvision.cameras import Camera, pose
from geomvision.geometry import absolute_pose, p3p, perspective_n_point, refine_absolute_pose


def line(count=20):
    return np.linspace(0, 3, count)[:, None] * (1.0, 0.3, -0.2) + np.array([0.0, 0.0, 5.0])


@pytest.mark.parametrize(
    ("points", "flag"),
    [
        (np.zeros((0, 3)), "too_few_points"),
        (np.eye(3) + 4, "too_few_points"),
        (np.tile(np.eye(3) + 4, (5, 1)), "too_few_points"),
        (np.ones((8, 3)), "coincident"),
        (line(), "collinear"),
    ],
)
def test_what_cannot_be_known_is_not_said(posed, points, flag):
    camera = posed(4).camera
    pixels = camera.project(points) if len(points) else np.zeros((0, 2))
    for found in (
        absolute_pose(points, pixels, camera),
        perspective_n_point(points, pixels, camera),
        refine_absolute_pose(np.eye(4), points, pixels, camera),
    ):
        assert found.flags == (flag,)
        assert not found.is_known
        assert np.isnan(found.T_cam_world).all()
        assert np.isnan(found.covariance).all()


@pytest.mark.parametrize("count", [5, 10, 50, 500])
def test_pixels_without_meaning_have_no_consensus(posed, count):
    silent = [
        absolute_pose(*posed(count, outliers=1.0, seed=seed)[:2], posed(4).camera, max_error_px=2.0).is_known
        for seed in range(20)
    ]
    assert not any(silent)


def test_many_points_at_one_pixel_are_no_consensus(posed):
    """A camera infinitely far away would see them so: what a feature that matches everything does."""
    scene = posed(80, outliers=1.0, seed=3)
    pixels = scene.pixels.copy()
    pixels[:50] = (400.25, 300.5)
    found = absolute_pose(scene.points, pixels, scene.camera)
    assert found.flags == ("no_consensus",)
    assert p3p(scene.points[:3], pixels[:3], scene.camera) == []


def test_points_behind_the_camera_are_no_inliers(posed):
    """A camera that forgets which way it looks would see the points behind it at the same pixels."""
    scene = posed(200, seed=6)
    T = scene.T_cam_world
    behind = (-(scene.points @ T[:3, :3].T + T[:3, 3]) - T[:3, 3]) @ T[:3, :3]
    points = np.concatenate([scene.points, behind[:150]])
    pixels = np.concatenate([scene.pixels, scene.pixels[:150]])
    found = absolute_pose(points, pixels, scene.camera)
    np.testing.assert_allclose(found.T_cam_world, T, atol=1e-9)
    assert not found.inliers[200:].any()
    assert not refine_absolute_pose(T, behind, scene.pixels, scene.camera).is_known


def test_a_small_far_plane_is_ambiguous_and_a_large_near_one_is_not():
    camera = Camera(width=640, height=480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
    random = np.random.default_rng(0)
    flat = np.c_[random.uniform(-0.5, 0.5, (40, 2)), np.zeros(40)]
    tilt = np.array([[1, 0, 0], [0, np.cos(0.5), -np.sin(0.5)], [0, np.sin(0.5), np.cos(0.5)]])
    for distance, ambiguous in ((25.0, True), (1.5, False)):
        T = pose(tilt, (0.0, 0.0, distance))
        pixels = camera.project(flat @ T[:3, :3].T + T[:3, 3]) + random.normal(0, 0.5, (40, 2))
        found = absolute_pose(flat, pixels, camera)
        assert "planar" in found.flags
        assert ("ambiguous" in found.flags) == ambiguous


def test_pixels_without_a_ray_are_no_inliers(posed):
    from geomvision.cameras import KannalaBrandt

    camera = KannalaBrandt(width=800, height=600, fx=150.0, fy=150.0, cx=400.0, cy=300.0, distortion=(-0.1, 0, 0, 0))
    random = np.random.default_rng(1)
    points = random.normal(size=(60, 3)) * (1, 1, 0.3) + (0, 0, 3)
    pixels = camera.project(points)
    pixels[:20] = (795.0, 595.0)
    assert np.isnan(camera.rays(pixels[0])).all()
    found = absolute_pose(points, pixels, camera)
    np.testing.assert_allclose(found.T_cam_world, np.eye(4), atol=1e-9)
    np.testing.assert_array_equal(found.inliers, np.arange(60) >= 20)
    with pytest.raises(ValueError, match="no ray"):
        p3p(points[:3], pixels[:3], camera)


def test_wrong_input_is_refused(posed):
    points, pixels, _, T, camera = posed(20)
    for x, y, said in (
        (points.T, pixels, "transpose"),
        (points, pixels.T, "transpose"),
        (points[:5], pixels, "pairs"),
        (points * np.nan, pixels, "not finite"),
        (points, np.where(pixels > 300, np.inf, pixels), "not finite"),
        (points.astype(str), pixels, "dtype"),
    ):
        for function in (absolute_pose, perspective_n_point):
            with pytest.raises(ValueError, match=said):
                function(x, y, camera)
        with pytest.raises(ValueError, match=said):
            refine_absolute_pose(T, x, y, camera)
    for wrong in (
        {"max_error_px": 0.0},
        {"max_error_px": np.inf},
        {"confidence": 1.0},
        {"max_iterations": 0},
        {"seed": -1},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            absolute_pose(points, pixels, camera, **wrong)
    with pytest.raises(ValueError, match="rigid"):
        refine_absolute_pose(np.diag([1, 1, 2, 1]), points, pixels, camera)
    with pytest.raises(ValueError, match="max_error_px"):
        refine_absolute_pose(T, points, pixels, camera, max_error_px=-1)


def anything(columns):
    kinds = st.sampled_from([np.float64, np.float32, np.int16])
    return arrays.arrays(kinds, st.tuples(st.just(7), st.just(columns)), fill=st.nothing())


@settings(max_examples=150)
@given(anything(3), anything(2), st.integers(0, 7))
def test_garbage_gives_an_error_a_flag_or_a_pose(points, pixels, count):
    camera = Camera(width=640, height=480, fx=500.0, fy=510.0, cx=320.0, cy=240.0)
    points, pixels = points[:count], pixels[:count]
    if not ((np.abs(points.astype(float)) <= 1e30).all() and (np.abs(pixels.astype(float)) <= 1e30).all()):
        with pytest.raises(ValueError, match="not finite"):
            absolute_pose(points, pixels, camera)
        return
    for found in (
        absolute_pose(points, pixels, camera, max_iterations=100),
        perspective_n_point(points, pixels, camera),
    ):
        assert found.is_known or found.flags
        if found.is_known:
            R = found.T_cam_world[:3, :3]
            np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)
            assert np.linalg.det(R) > 0
            assert np.isfinite(found.covariance).all()
