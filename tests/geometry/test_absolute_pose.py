"""Absolute pose, against poses that are known."""

import importlib.util

import numpy as np
import pytest

from geomvision import _core
from geomvision.cameras import pose
from geomvision.geometry import absolute_pose, p3p, perspective_n_point, refine_absolute_pose


def test_three_points_give_the_pose_among_at_most_four(posed, camera, error_of):
    for seed in range(100):
        scene = posed(3, camera, seed=seed)
        found = p3p(scene.points, scene.pixels, camera)
        assert 1 <= len(found) <= 4
        assert min(sum(error_of(T, scene.T_cam_world)) for T in found) < 1e-7
        for T in found:  # every one of them sees the points where they were seen
            seen = camera.project(scene.points @ T[:3, :3].T + T[:3, 3])
            np.testing.assert_allclose(seen, scene.pixels, atol=1e-6)
            assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)


def test_three_points_on_a_line_give_none(posed):
    scene = posed(3)
    line = np.outer([0.0, 1.0, 2.5], [1.0, -2.0, 0.5])
    assert p3p(line, scene.pixels, scene.camera) == []
    with pytest.raises(ValueError, match="takes 3"):
        p3p(np.zeros((4, 3)), np.zeros((4, 2)), scene.camera)


@pytest.mark.parametrize("count", [4, 5, 6, 20])
@pytest.mark.parametrize("flat", [False, True])
def test_exact_points_give_the_exact_pose(posed, camera, error_of, count, flat):
    scene = posed(count, camera, seed=count, flat=flat)
    for found in (
        perspective_n_point(scene.points, scene.pixels, camera),
        refine_absolute_pose(nudged(scene.T_cam_world), scene.points, scene.pixels, camera),
    ):
        assert found.flags in ((), ("planar",))
        assert ("planar" in found.flags) == flat
        assert sum(error_of(found.T_cam_world, scene.T_cam_world)) < 1e-7
        assert found.noise_px < 1e-7
        assert found.inliers.all()


def nudged(T):
    """Two degrees and some centimetres beside."""
    a = np.radians(2.0)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return pose(turn @ T[:3, :3], T[:3, 3] + (0.03, -0.02, 0.05))


@pytest.mark.parametrize("outliers", [0.0, 0.5, 0.8])
def test_outliers_do_not_matter(posed, camera, error_of, outliers):
    scene = posed(400, camera, outliers=outliers, noise_px=0.5, seed=3)
    found = absolute_pose(scene.points, scene.pixels, camera, max_error_px=2.0)
    degrees, metres = error_of(found.T_cam_world, scene.T_cam_world)
    assert found.flags == ()
    assert degrees < 0.15
    assert metres < 0.015
    assert found.noise_px == pytest.approx(0.5, rel=0.2)
    assert (found.inliers == ~scene.wrong).mean() > 0.98
    np.testing.assert_allclose(found.centre_m, -found.T_cam_world[:3, :3].T @ found.T_cam_world[:3, 3])


def test_the_result_depends_on_the_seed_alone(posed, instruction_set):
    scene = posed(700, outliers=0.6, noise_px=1.0, seed=5)
    first = absolute_pose(scene.points, scene.pixels, scene.camera, seed=9, num_threads=1)
    for threads in (2, 5):
        again = absolute_pose(scene.points, scene.pixels, scene.camera, seed=9, num_threads=threads)
        np.testing.assert_array_equal(first.T_cam_world, again.T_cam_world)
    for isa in _core.available_isas():
        with instruction_set(isa):
            again = absolute_pose(scene.points, scene.pixels, scene.camera, seed=9)
        np.testing.assert_array_equal(first.T_cam_world, again.T_cam_world)
        np.testing.assert_array_equal(first.inliers, again.inliers)


def test_points_and_pixels_may_be_of_any_layout_and_dtype(posed):
    scene = posed(60, seed=2)
    reference = absolute_pose(scene.points, scene.pixels, scene.camera)
    strided = absolute_pose(np.asfortranarray(scene.points), scene.pixels[::-1][::-1], scene.camera)
    np.testing.assert_array_equal(reference.T_cam_world, strided.T_cam_world)
    single = absolute_pose(scene.points.astype(np.float32), scene.pixels.astype(np.float32), scene.camera)
    np.testing.assert_allclose(single.T_cam_world, reference.T_cam_world, atol=1e-4)


def test_a_world_with_a_far_origin_costs_no_digits(posed):
    scene = posed(80, noise_px=0.5, seed=4)
    far = np.array([4.5e6, 5.2e6, 300.0])
    near = absolute_pose(scene.points, scene.pixels, scene.camera)
    moved = absolute_pose(scene.points + far, scene.pixels, scene.camera)
    np.testing.assert_allclose(moved.T_cam_world[:3, :3], near.T_cam_world[:3, :3], atol=1e-8)
    np.testing.assert_allclose(moved.centre_m, near.centre_m + far, atol=1e-6)
    np.testing.assert_allclose(moved.covariance, near.covariance, rtol=1e-4, atol=1e-12)


def test_covariance_is_that_of_many_trials(posed, camera):
    """Normalised squared errors have mean 6, as chi-squared of six degrees of freedom."""
    squared = []
    for seed in range(150):
        scene = posed(60, camera, noise_px=0.7, seed=seed)
        found = absolute_pose(scene.points, scene.pixels, camera, max_error_px=5.0)
        R, t = scene.T_cam_world[:3, :3], scene.T_cam_world[:3, 3]
        turn = found.T_cam_world[:3, :3] @ R.T
        w = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
        error = np.concatenate([w, found.T_cam_world[:3, 3] - turn @ t])
        squared.append(error @ np.linalg.solve(found.covariance, error))
    assert np.mean(squared) == pytest.approx(6.0, abs=1.2)


def test_least_squares_of_a_distorted_lens_is_that_of_its_pixels(posed, camera):
    """The charts are exact enough: the optimum in true pixels lies within a thousandth of a standard deviation."""
    scene = posed(200, camera, noise_px=1.0, seed=7)
    found = perspective_n_point(scene.points, scene.pixels, camera)
    steps, deviations = 1e-6, np.sqrt(np.diag(found.covariance))

    def cost(step):
        turn = np.eye(3) + np.array([[0, -step[2], step[1]], [step[2], 0, -step[0]], [-step[1], step[0], 0]])
        T = found.T_cam_world
        moved = (scene.points @ T[:3, :3].T + T[:3, 3]) @ turn.T + step[3:]
        return ((camera.project(moved) - scene.pixels) ** 2).sum()

    gradient = np.array([(cost(steps * e) - cost(-steps * e)) / (2 * steps) for e in np.eye(6)])
    shift = found.covariance @ gradient / (2 * found.noise_px**2)
    assert (np.abs(shift) < 2e-3 * deviations).all()


@pytest.mark.parametrize(("outliers", "noise_px"), [(0.0, 0.5), (0.5, 0.5), (0.5, 2.0), (0.8, 1.0)])
def test_no_less_accurate_than_the_peers(posed, error_of, outliers, noise_px):
    import cv2

    has_poselib = importlib.util.find_spec("poselib") is not None
    errors = {"ours": [], "usac": [], "poselib": []}
    for seed in range(25):
        scene = posed(300, outliers=outliers, noise_px=noise_px, seed=seed)
        c, threshold = scene.camera, 3.0 * noise_px + 1.0
        found = absolute_pose(scene.points, scene.pixels, c, max_error_px=threshold)
        errors["ours"].append(error_of(found.T_cam_world, scene.T_cam_world))
        how = cv2.UsacParams()
        how.threshold, how.confidence, how.maxIterations = threshold, 0.9999, 10_000
        _, _, turn, shift, _ = cv2.solvePnPRansac(scene.points, scene.pixels, c.K, np.zeros(4), params=how)
        errors["usac"].append(error_of(pose(cv2.Rodrigues(turn)[0], shift.ravel()), scene.T_cam_world))
        if has_poselib:
            import poselib

            lens = {"model": "PINHOLE", "width": c.width, "height": c.height, "params": [c.fx, c.fy, c.cx, c.cy]}
            best, _ = poselib.estimate_absolute_pose(scene.pixels, scene.points, lens, {"max_reproj_error": threshold})
            errors["poselib"].append(error_of(np.vstack([best.Rt, (0, 0, 0, 1)]), scene.T_cam_world))
    for peer in ("usac", "poselib"):
        for quantile in (0.5, 0.9) if errors[peer] else ():
            ours, theirs = (np.quantile(errors[name], quantile, axis=0) for name in ("ours", peer))
            assert (ours <= 1.25 * theirs).all(), (peer, quantile, ours, theirs)


def test_a_matrix_is_no_camera():
    with pytest.raises(TypeError, match=r"camera is ndarray; .* camera = Camera.from_matrix\(K, width, height\)"):
        absolute_pose(np.ones((9, 3)), np.ones((9, 2)), np.eye(3))


@pytest.mark.parametrize("most", [1, 20, 50])
def test_few_samples_end_where_all_points_agree(posed, most):
    scene = posed(60)
    found = absolute_pose(scene.points, scene.pixels, scene.camera, max_iterations=most)
    assert found.iterations <= most
    np.testing.assert_allclose(found.T_cam_world, scene.T_cam_world, atol=1e-6)
