"""Clouds: nearest neighbours and iterative closest point against closed forms and rendered scenes."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.geometry import icp
from geomvision.geometry._rotations import rotation_of

R, T = rotation_of((0.03, -0.05, 0.04)), np.array([0.03, 0.02, -0.04])


def surface(count=700):
    """A smooth surface 3 m away, without symmetry."""
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, count))
    return np.column_stack([x, y, 3 + 0.4 * np.sin(2 * x) * np.cos(3 * y) + 0.2 * x])


def test_nearest_neighbours_are_found_one_by_one():
    random = np.random.default_rng(3)
    before, after = random.normal(size=(40, 3)), random.normal(size=(60, 3))
    distances = np.linalg.norm(before[:, None] - after, axis=2)
    motion = gv.scene_flow.NearestNeighbour()(before, after).motion
    np.testing.assert_allclose(motion, after[distances.argmin(axis=1)] - before, atol=1e-6)


@pytest.mark.parametrize("error", ["point_to_plane", "point_to_point"])
def test_a_rigid_motion_is_found_exactly(error):
    target = surface()
    source = (target[:500] - T) @ R  # R · source + T = target
    found = icp(source, target, error=error, trim=1.0, max_iterations=400)
    np.testing.assert_allclose(found.rotation, R, atol=1e-5)
    np.testing.assert_allclose(found.translation_m, T, atol=1e-5)
    assert found.flags == ()
    flow = gv.scene_flow.ICP(error=error, trim=1.0, max_iterations=400)(source, target)
    np.testing.assert_allclose(flow.motion, target[:500] - source, atol=1e-4)


def test_noise_is_what_the_covariance_says():
    random, target = np.random.default_rng(5), surface()
    off = []
    for _ in range(12):
        found = icp(surface()[::2] + 0.004 * random.normal(size=(350, 3)), target, trim=1.0)
        error = np.append([found.rotation[2, 1], found.rotation[0, 2], found.rotation[1, 0]], 0)[:3]
        off.append(error / np.sqrt(np.diag(found.covariance)[:3]))
    assert 0.6 < np.std(off) < 1.6


def test_points_that_have_left_are_trimmed():
    target = surface()
    gone = np.random.default_rng(1).uniform((-1, -1, 5), (1, 1, 7), (90, 3))
    source = (np.concatenate([target[:500], gone]) - T) @ R
    trimmed, every = (icp(source, target, trim=trim, max_iterations=100) for trim in (0.8, 1.0))
    assert np.abs(trimmed.rotation - R).max() < 1e-5
    assert np.abs(every.rotation - R).max() > 1e-2
    assert not trimmed.inliers[500:].any()
    near = icp(source, target, trim=1.0, max_distance_m=0.3, max_iterations=100)
    assert np.abs(near.rotation - R).max() < 1e-5


def test_a_start_is_needed_where_the_clouds_lie_apart_and_the_last_step_is_told():
    target = surface()
    far = rotation_of((0, 0, 1.5))
    assert np.abs(icp(target @ far, target, trim=1.0).rotation - far).max() > 0.1
    start = np.eye(4)
    start[:3, :3] = rotation_of((0, 0, 1.4))
    np.testing.assert_allclose(icp(target @ far, target, T_target_source=start, trim=1.0).rotation, far, atol=1e-5)
    assert icp(target @ far, target, max_iterations=1).flags == ("not_converged",)


def test_what_cannot_be_known_is_not_told():
    flat = surface() * (1, 1, 0) + (0, 0, 3)
    for source, target, flag in (
        (flat[:300], flat, "undetermined"),
        (surface()[:2], surface(), "too_few_points"),
        (np.repeat(surface()[:1], 9, axis=0), surface(), "undetermined"),
    ):
        found = icp(source, target)
        assert flag in found.flags
        assert not found.is_known
        assert not gv.scene_flow.ICP()(source, target).valid.any()
    assert icp(surface(), surface(), max_distance_m=1e-9, error="point_to_point").is_known  # each on itself


def test_threads_and_repetition_change_nothing():
    source, target = (surface() - T) @ R, surface()[::2]
    first = gv.scene_flow.ICP(num_threads=1)(source, target).motion
    for threads in (0, 2):
        np.testing.assert_array_equal(gv.scene_flow.ICP(num_threads=threads)(source, target).motion, first)


def test_a_moving_camera_is_what_icp_finds_and_neighbours_do_not(scene):
    sample = scene.as_points(1500)
    table = {
        m.name(): gv.metrics.score(m.on(sample), sample)["epe3d"]["EPE3D noc"].value
        for m in (gv.scene_flow.NearestNeighbour(), gv.scene_flow.ICP())
    }
    still = float(np.linalg.norm(sample.motion, axis=1).mean())
    assert table["icp"] < 0.4 * still
    assert table["icp"] < 0.5 * table["nearest_neighbour"]


@pytest.mark.parametrize("method", [gv.scene_flow.NearestNeighbour(), gv.scene_flow.ICP()], ids=lambda m: m.name())
def test_odd_clouds_give_a_result_or_a_clear_error(method, scene):
    cloud = surface(50)
    assert method(cloud[:0], cloud).motion.shape == (0, 3)
    assert method(cloud[:1], cloud[:1]).points0.shape == (1, 3)
    assert method(cloud.astype(np.float32)[::-1], np.asfortranarray(cloud)).motion.dtype == np.float32
    hole = cloud.copy()
    hole[3, 1] = np.nan
    for before, after, told in (
        (cloud.T, cloud, r"points0 has shape \(3, 50\).*transpose"),
        (cloud, cloud[:0], "points1 has no points"),
        (hole, cloud, r"points0\[3\] is not finite"),
    ):
        with pytest.raises(ValueError, match=told):
            method(before, after)
    with pytest.raises(ValueError, match=r"take sample\.as_points"):
        method.on(scene)
