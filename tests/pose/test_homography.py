"""Homographies, fundamental matrices and their decompositions, against truth."""

import numpy as np
import pytest

from geomvision import _core, metrics
from geomvision.cameras import Camera
from geomvision.pose import Fundamental, Homography


def proportional(a, b):
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return min(np.abs(a - b).max(), np.abs(a + b).max())


@pytest.mark.parametrize("seed", range(6))
def test_decomposition_holds_the_motion_and_the_plane(about, seed):
    rng = np.random.default_rng(seed)
    R, t, n = about(0.3 * rng.normal(size=3)), rng.normal(size=3), rng.normal(size=3)
    H = (R + np.outer(t, n)) * rng.uniform(0.1, 9) * (-1) ** seed
    rotations, translations, normals = _core.decompose_homography(H)
    assert len(rotations) == 4
    for found in zip(rotations, translations, normals, strict=True):
        Rf, tf, nf = found
        assert np.allclose(Rf @ Rf.T, np.eye(3), atol=1e-9)
        assert proportional(Rf + np.outer(tf, nf), H) < 1e-9
        assert np.linalg.norm(nf) == pytest.approx(1.0)
    distances = np.abs(rotations - R).max(axis=(1, 2))
    best = int(np.argmin(distances))
    assert distances[best] < 1e-7
    assert np.allclose(np.outer(translations[best], normals[best]), np.outer(t, n), atol=1e-7)


def test_a_rotation_decomposes_into_itself_and_singular_matrices_into_nothing(about):
    R = about(np.array([0.1, -0.2, 0.3]))
    rotations, translations, _ = _core.decompose_homography(-4.0 * R)
    assert np.allclose(rotations, R[None], atol=1e-12)
    assert not translations.any()
    for bad in (np.zeros((3, 3)), np.diag([1.0, 1.0, 0.0]), np.full((3, 3), np.nan)):
        assert len(_core.decompose_homography(bad)[0]) == 0


def test_a_plane_gives_the_homography_and_both_poses(matches):
    scene = matches("plane", 400, outliers=0.5, noise_px=0.4, seed=1)
    result = Homography()(*scene.call)
    T, n = scene.T_1_0, np.array([0.25, -0.3, 1.0]) / 5  # n·X = 1
    H = scene.camera1.K @ (T[:3, :3] + np.outer(T[:3, 3], n)) @ np.linalg.inv(scene.camera0.K)
    corners = np.array([[0, 0, 1], [751, 0, 1], [0, 479, 1], [751, 479, 1]], float)
    seen, true = (c[:, :2] / c[:, 2:] for c in (corners @ result.matrix.T, corners @ H.T))
    assert np.abs(seen - true).max() < 2.0
    assert min(metrics.pose_error(c, T).worst_deg for c in result.candidates) < 1.0
    assert result.inliers[scene.right].mean() > 0.97
    assert result.inliers[~scene.right].mean() < 0.02


def test_four_points_make_it_and_three_on_a_line_do_not():
    square = np.array([[0, 0], [100, 0], [100, 80], [0, 80]], float)
    moved = square @ np.array([[0.9, 0.1], [-0.2, 1.1]]) + (5, 7)
    (H,) = _core.four_point_homography(square, moved)
    mapped = np.column_stack([square, np.ones(4)]) @ H.T
    assert np.allclose(mapped[:, :2] / mapped[:, 2:], moved, atol=1e-9)
    line = square.copy()
    line[2] = (50, 0)
    assert len(_core.four_point_homography(line, moved)) == 0
    assert len(_core.four_point_homography(square, np.ascontiguousarray(square[::-1]))) == 0  # turned over


@pytest.mark.parametrize("solver", ["seven_point_fundamentals", "eight_point_fundamental"])
def test_linear_solvers_have_the_true_fundamental_matrix(matches, solver):
    scene = matches(count=7 if solver.startswith("seven") else 30, seed=4)
    R, t = scene.T_1_0[:3, :3], scene.T_1_0[:3, 3]
    E = np.cross(np.eye(3), t) @ R  # rows e_i × t: −[t]x up to sign
    F = np.linalg.inv(scene.camera1.K).T @ E @ np.linalg.inv(scene.camera0.K)
    found = getattr(_core, solver)(scene.points0, scene.points1)
    assert min(proportional(m, F) for m in found) < 1e-6
    assert all(abs(np.linalg.det(m / np.linalg.norm(m))) < 1e-12 for m in found)


def test_eight_points_on_a_plane_do_not_determine_it(matches):
    scene = matches("plane", 40)
    assert len(_core.eight_point_fundamental(scene.points0, scene.points1)) == 0
    assert len(_core.eight_point_fundamental(scene.points0[:7], scene.points1[:7])) == 0


def test_fundamental_matrix_among_wrong_matches(matches):
    scene = matches(count=800, outliers=0.5, noise_px=0.5, seed=2)
    result = Fundamental()(*scene.call)
    assert metrics.pose_error(result.T_1_0, scene.T_1_0).worst_deg < 4.0
    assert abs(np.linalg.det(result.matrix)) < 1e-15
    assert result.inliers[scene.right].mean() > 0.97
    blind = Fundamental()(scene.points0, scene.points1)
    assert np.array_equal(blind.matrix, result.matrix)


def test_wrong_arrays_are_refused_by_the_core():
    points = np.zeros((6, 2))
    with pytest.raises(ValueError, match="it takes 5"):
        _core.five_point_essentials(points, points)
    with pytest.raises(ValueError, match="not finite"):
        _core.estimate_fundamental(np.full((9, 2), np.nan), np.zeros((9, 2)), 1.0, 0.99, 10, 0, 1)
    with pytest.raises(ValueError, match="confidence"):
        _core.estimate_homography(points, points, 1.0, 1.0, 10, 0, 1)
    with pytest.raises(ValueError, match="3x3"):
        _core.decompose_essential(np.zeros((2, 3)))
    camera = Camera(width=8, height=8, fx=5, fy=5, cx=4, cy=4)
    with pytest.raises(ValueError, match="spreads"):
        _core.estimate_essential(points, points, (5, 5, 4, 4), (5, 5, 4, 4), [1.0], [], 1.0, 0.99, 10, 0, 1)
    assert camera.K[0, 0] == 5


@pytest.mark.parametrize("scale", [1.0, -1e78, 1e155, 1e-170])
def test_a_plane_that_leaves_lengths_along_the_axes_alone_is_decomposed(scale):
    # H = I + t·nᵀ whose columns have norm 1: the diagonal of HᵀH − I is 0
    t, n = np.array([-0.4, 0.8, 0.0]), np.array([1.0, 0.0, 0.0])
    rotations, translations, normals = _core.decompose_homography(scale * (np.eye(3) + np.outer(t, n)))
    off = [np.abs(R - np.eye(3)).max() for R in rotations]
    best = int(np.argmin([o + np.abs(v - t).max() for o, v in zip(off, translations, strict=True)]))
    np.testing.assert_allclose(rotations[best], np.eye(3), atol=1e-7)
    np.testing.assert_allclose(np.outer(translations[best], normals[best]), np.outer(t, n), atol=1e-7)
    for R in rotations:
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-7)


@pytest.mark.parametrize("scale", [1e-170, 1e78, 1e155])
def test_rotations_do_not_depend_on_the_scale_of_an_essential_matrix(scale):
    E = np.array([[0.0, -0.3, 0.2], [0.3, 0.0, -1.0], [-0.2, 1.0, 0.0]])
    for found, wanted in zip(_core.decompose_essential(scale * E), _core.decompose_essential(E), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-12)
