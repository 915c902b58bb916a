"""Poses of calibrated cameras, against truth."""

import json
from dataclasses import replace

import numpy as np
import pytest

from geomvision import _core, datasets, geometry, metrics, ops
from geomvision.cameras import Camera, pose
from geomvision.pose import Essential


def essential_of(T):
    t = T[:3, 3] / np.linalg.norm(T[:3, 3])
    E = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]]) @ T[:3, :3]
    return E / np.linalg.norm(E)


def rays(points, camera):
    return np.ascontiguousarray(camera.unproject(points)[:, :2])


@pytest.mark.parametrize("seed", range(8))
def test_five_points_have_the_true_matrix_among_their_solutions(matches, seed):
    scene = matches(count=5, seed=seed)
    found = _core.five_point_essentials(rays(scene.points0, scene.camera0), rays(scene.points1, scene.camera1))
    E = essential_of(scene.T_1_0)
    assert 1 <= len(found) <= 10
    assert min(min(np.abs(m - E).max(), np.abs(m + E).max()) for m in found) < 1e-7
    for m in found:  # every solution is an essential matrix, and holds for the points
        assert abs(np.linalg.det(m)) < 1e-9
        assert np.allclose(2 * m @ m.T @ m, np.trace(m @ m.T) * m, atol=1e-8)
        x0, x1 = (np.column_stack([rays(p, c), np.ones(5)]) for p, c in zip(scene[:2], scene[2:4], strict=True))
        assert np.abs((x1 * (x0 @ m.T)).sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_solvers_of_core_and_reference_find_the_same_solutions(matches, seed):
    from geomvision.pose import _reference_solvers

    for name, count in (("five_point_essentials", 5), ("seven_point_fundamentals", 7)):
        scene = matches(count=count, seed=seed, noise_px=30.0)
        x = [rays(p, c) for p, c in zip(scene[:2], scene[2:4], strict=True)]
        core = getattr(_core, name)(*x)
        solver = _reference_solvers.five_point if count == 5 else _reference_solvers.seven_point
        reference = solver(*(np.column_stack([p, np.ones(count)]) for p in x))
        assert len(core) == len(reference)
        for m in core:
            assert min(min(np.abs(m - r).max(), np.abs(m + r).max()) for r in reference) < 1e-6


def test_without_noise_the_pose_is_exact(matches):
    scene = matches()
    result = Essential()(*scene.call)
    error = metrics.pose_error(result.T_1_0, scene.T_1_0)
    assert error.worst_deg < 1e-6
    assert result.inliers.all()
    assert result.degeneracies == frozenset()
    assert result.votes.max() == len(result.inliers)
    assert np.sort(result.votes)[-2] == 0
    E = essential_of(scene.T_1_0)
    assert min(np.abs(result.matrix - E).max(), np.abs(result.matrix + E).max()) < 1e-8


@pytest.mark.parametrize("outliers", [0.2, 0.5, 0.75])
def test_most_matches_may_be_wrong(matches, outliers):
    for seed in range(3):
        scene = matches(count=800, outliers=outliers, noise_px=0.5, seed=seed)
        result = Essential()(*scene.call)
        assert metrics.pose_error(result.T_1_0, scene.T_1_0).worst_deg < 2.0  # the wrong one: 127
        assert result.noise_px == pytest.approx(0.5, rel=0.15)
        assert result.degeneracies == frozenset()


def test_covariance_says_how_far_estimates_scatter(matches, about):
    """Squared errors in the units of the covariance have the mean of χ² with 5 degrees of freedom."""
    squares = []
    for seed in range(60):
        scene = matches(count=300, noise_px=0.7, seed=seed)
        result = Essential(max_iterations=64)(*scene.call)
        R, t = scene.T_1_0[:3, :3] @ result.rotation.T, scene.T_1_0[:3, 3] / np.linalg.norm(scene.T_1_0[:3, 3])
        w = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2  # small angles
        assert np.allclose(about(w), R, atol=1e-5)
        parameters = np.concatenate([w, result.translation_basis @ (t - result.translation)])
        squares.append(parameters @ np.linalg.solve(result.covariance, parameters))
    assert 3.5 < np.mean(squares) < 7.0  # 5 ± 0.41 by sampling alone


def test_translation_basis_is_the_documented_one(matches):
    result = Essential()(*matches().call)
    t, (b1, b2) = result.translation, result.translation_basis
    assert np.allclose(np.linalg.inv(np.stack([t, b1, b2])), np.stack([t, b1, b2]).T)
    assert b1[np.argmin(np.abs(t))] == pytest.approx(0.0, abs=1e-15)


def test_seeds_differ_and_results_agree(matches):
    scene = matches(count=500, outliers=0.5, noise_px=0.5, seed=1)
    found = [Essential(seed=seed)(*scene.call) for seed in range(4)]
    assert [r.seed for r in found] == [0, 1, 2, 3]
    for r in found[1:]:
        assert metrics.pose_error(r.T_1_0, found[0].T_1_0).worst_deg < 0.05


def test_every_instruction_set_gives_the_same_pose(matches, instruction_set):
    scene = matches(count=300, outliers=0.4, noise_px=0.5, seed=6)
    found = []
    for isa in _core.available_isas():
        with instruction_set(isa):
            found.append(Essential()(*scene.call))
    for other in found[1:]:
        assert np.array_equal(found[0].T_1_0, other.T_1_0)
        assert np.array_equal(found[0].inliers, other.inliers)


def test_swapping_the_views_inverts_the_pose(matches):
    scene = matches(count=400, noise_px=0.2, seed=3)
    forth = Essential()(*scene.call)
    back = Essential()(scene.points1, scene.points0, scene.camera1, scene.camera0)
    assert metrics.pose_error(np.linalg.inv(back.T_1_0), forth.T_1_0).worst_deg < 0.01


class Narrow(Camera):
    """A lens that has no rays beyond the image."""

    def unproject(self, pixels, depth_m=1.0):
        inside = (np.abs(np.asarray(pixels) - (self.cx, self.cy)) < self.width).all(axis=-1)
        return np.where(inside[..., None], super().unproject(pixels, depth_m), np.nan)


def test_matches_that_a_camera_cannot_see_are_no_inliers(matches):
    scene = matches(count=60)
    narrow = Narrow(width=752, height=480, fx=520, fy=515, cx=390, cy=231, distortion=(1e-9, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="cameras see only 0 of 60"):
        Essential()(scene.points0 + 5000.0, scene.points1, narrow, scene.camera1)
    mixed = scene.points0.copy()
    mixed[:5] += 5000.0
    result = Essential()(mixed, scene.points1, narrow, scene.camera1)
    assert result.inliers.tolist() == [False] * 5 + [True] * 55
    assert metrics.pose_error(result.T_1_0, scene.T_1_0).worst_deg < 1e-4


@pytest.mark.parametrize("name", ["temple_01_02", "temple_07_08", "temple_12_13", "dino_02_03"])
def test_real_pairs_with_known_pose(real_data, name):
    cv2 = pytest.importorskip("cv2")
    folder = real_data / "twoview" / name
    meta = json.loads((folder / "meta.json").read_text())
    images = [cv2.imread(str(folder / f"image{i}.png"), cv2.IMREAD_GRAYSCALE) for i in (0, 1)]
    sift = cv2.SIFT_create(nfeatures=4000, contrastThreshold=0.01)
    (keys0, words0), (keys1, words1) = (sift.detectAndCompute(image, None) for image in images)
    good = [a for a, b in cv2.BFMatcher().knnMatch(words0, words1, k=2) if a.distance < 0.9 * b.distance]
    points0 = np.array([keys0[m.queryIdx].pt for m in good])
    points1 = np.array([keys1[m.trainIdx].pt for m in good])
    cameras = []
    for key in ("K0", "K1"):
        K = np.array(meta[key], float)
        K[0, 1] = 0.0
        cameras.append(Camera.from_matrix(K, images[0].shape[1], images[0].shape[0]))
    T = np.array(meta["T_0to1"], float)
    U, _, Vt = np.linalg.svd(T[:3, :3])
    result = Essential()(points0, points1, *cameras)
    error = metrics.pose_error(result.T_1_0, pose(U @ Vt, T[:3, 3]))
    assert error.worst_deg < (5.0 if "dino" in name else 0.5)
    assert "too_few_points" not in result.degeneracies
    assert "pure_rotation" not in result.degeneracies


def test_so_few_matches_that_another_pose_may_fit_are_said(matches):
    for count in (6, 8, 11):
        assert "too_few_points" in Essential()(*matches(count=count)[:4]).degeneracies


def test_wrong_matches_that_agree_with_a_wrong_pose_do_not_win():
    """A tabletop of repeated things, with another zoom: a wrong pose explains more matches, five times worse."""
    frames = datasets.Synthetic(seed=1, layout="tabletop", width=320, height=240).clip(0, frames=2)
    camera0 = frames[0].camera
    camera1 = replace(camera0, fx=1.1 * camera0.fx, fy=1.1 * camera0.fy)
    grid = camera1.pixel_grid()
    where = (camera0.project(camera1.unproject(grid)) - grid).astype(np.float32)
    zoomed = ops.warp(frames[1].image, where, outside="border", dtype=np.uint8)
    matches = geometry.match_features(frames[0].image, zoomed)
    T = np.linalg.inv(frames[0].clip.T_world_cam[1]) @ frames[0].clip.T_world_cam[0]
    for seed in range(4):
        found = Essential(seed=seed)(matches.points0, matches.points1, camera0, camera1)
        assert not found.degeneracies
        assert found.inliers.sum() >= 50
        assert metrics.pose_error(found.T_1_0, T).worst_deg < 2.0  # the wrong one: 127


def test_many_points_at_infinity_do_not_make_a_right_pose_ambiguous():
    """Half of the points are so far that noise puts some of them behind the cameras: they tell no side."""
    random = np.random.default_rng(4)
    camera = Camera(width=640, height=480, fx=600.0, fy=600.0, cx=320.0, cy=240.0)
    T = pose(translation=(-0.3, 0.02, 0.01))
    x0 = random.uniform((20, 20), (600, 460), (400, 2))
    depth = np.where(np.arange(400) % 2 == 0, 1e4, random.uniform(2.0, 5.0, 400))
    x1 = camera.project(camera.unproject(x0, depth) @ T[:3, :3].T + T[:3, 3])
    x0, x1 = (x + random.normal(0, 0.3, x.shape) for x in (x0, x1))
    found = Essential()(x0, x1, camera, camera)
    assert not found.degeneracies
    assert max(metrics.pose_error(found.T_1_0, T)[:2]) < 2
