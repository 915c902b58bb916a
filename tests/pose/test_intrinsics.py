"""Whether the intrinsics fit the matches: told where matches can tell it, and said where they cannot."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from geomvision import metrics
from geomvision.cameras import Camera, pose
from geomvision.geometry._rotations import rotation_of
from geomvision.pose import Essential
from geomvision.pose._base import Estimate
from geomvision.pose._intrinsics import agreement, linearised
from geomvision.pose._views import view

CAMERA = Camera(width=640, height=480, fx=800.0, fy=800.0, cx=325.0, cy=236.0)
#: A turn about a point on the axis, 5 m away: both axes meet there, at one distance (Sturm, CVPR 1999).
FIXATING = (0.0, 0.35, 0.0)


def scaled(camera, factor):
    size = {"width": camera.width, "height": camera.height}
    return Camera(**size, fx=camera.fx * factor, fy=camera.fy * factor, cx=camera.cx, cy=camera.cy)


def around(about, turn_deg=(0.0, 0.0, 0.0), count=400, noise_px=0.4, seed=0):
    """Matches of a camera that goes round a point 5 m before it, and then turns by itself."""
    random = np.random.default_rng(seed)
    Q = about(np.array(FIXATING))
    R = about(np.radians(turn_deg)) @ Q.T
    T = pose(R, -R @ (np.array([0.0, 0.0, 5.0]) - Q @ (0.0, 0.0, 5.0)))
    pixels = random.uniform((0, 0), (639, 479), (20 * count, 2))
    X = CAMERA.unproject(pixels, random.uniform(3.5, 7.0, len(pixels))) @ T[:3, :3].T + T[:3, 3]
    seen = CAMERA.project(X)
    inside = ((seen > 0) & (seen < (639, 479))).all(axis=1)
    pair = (p[inside][:count] for p in (pixels, seen))
    return (*(p + noise_px * random.normal(size=p.shape) for p in pair), T)


@pytest.mark.parametrize("factor", [0.4, 0.6, 0.8, 1.25, 1.6, 2.5])
def test_wrong_focal_lengths_are_flagged_where_matches_tell_them(about, factor):
    for seed in range(4):
        points0, points1, _ = around(about, (7.0, 4.0, 3.0), seed=seed)
        assert Essential()(points0, points1, CAMERA, CAMERA).focal_sigma < 0.03
        wrong = scaled(CAMERA, factor)
        assert "uncalibrated" in Essential()(points0, points1, wrong, wrong).degeneracies


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.6])
def test_fixating_cameras_tell_no_focal_length_and_the_result_says_so(about, factor):
    """The pose is then wrong by many degrees, and no test could see it: E fits as well with any focal length."""
    points0, points1, T = around(about)
    camera = scaled(CAMERA, factor)
    result = Essential()(points0, points1, camera, camera)
    assert result.degeneracies == frozenset()
    assert result.focal_sigma > 0.5
    error = metrics.pose_error(result.T_1_0, T).worst_deg
    assert error < 1.5 if factor == 1.0 else error > 5.0


def test_real_turntables_tell_no_focal_length(real_data):
    from geomvision import io
    from geomvision.geometry.features import match_features

    for name in ("temple_01_02", "temple_07_08", "temple_12_13", "dino_02_03"):
        folder = real_data / "twoview" / name
        meta = json.loads((folder / "meta.json").read_text())
        found = match_features(*(io.read_image(folder / f"image{i}.png") for i in (0, 1)))
        for factor in (1.0, 600 / 1520):
            cameras = []
            for K in (np.array(meta["K0"]), np.array(meta["K1"])):
                K[0, 1] = 0.0
                cameras.append(scaled(Camera.from_matrix(K, meta["width"], meta["height"]), factor))
            result = Essential()(found.points0, found.points1, *cameras)
            if factor == 1.0:
                assert result.degeneracies == frozenset()
                assert result.focal_sigma > 0.2


def test_the_stated_focal_sigma_is_the_scatter_of_the_focal_length_that_fits(about):
    """Over noisy trials, the factor at which E's misfit is least scatters as stated."""
    factors = np.exp(np.linspace(-0.12, 0.12, 25))
    best, stated = [], []
    for seed in range(12):
        points0, points1, _ = around(about, (7.0, 4.0, 3.0), count=200, noise_px=1.0, seed=seed)
        costs = []
        for factor in factors:
            camera = scaled(CAMERA, factor)
            result = Essential(max_iterations=128)(points0, points1, camera, camera)
            residual, _, unit = linearised(result.T_1_0, view(points0, camera), view(points1, camera))
            costs.append(float(np.square(residual * unit).sum()))
        curve = np.polyfit(np.log(factors), costs, 2)
        best.append(-curve[1] / (2 * curve[0]))
        stated.append(Essential()(points0, points1, CAMERA, CAMERA).focal_sigma)
    squares = np.square(np.array(best) / stated).sum()
    assert chi2.ppf(1e-3, 12) < squares < chi2.ppf(1 - 1e-3, 12)


@pytest.mark.parametrize("outliers", [0.0, 0.5])
def test_errors_of_the_pose_follow_chi_square(matches, outliers):
    """The covariance is the true one, also where nobody knows which matches are right."""
    squares = []
    for seed in range(60):
        scene = matches("general", 400, outliers, 0.7, seed)
        result = Essential()(*scene.call)
        D, t = scene.T_1_0[:3, :3] @ result.rotation.T, scene.T_1_0[:3, 3]
        w = np.array([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]]) / 2
        off = np.concatenate([w, result.translation_basis @ (t / np.linalg.norm(t) - result.translation)])
        squares.append(off @ np.linalg.solve(result.covariance, off))
    for quantile, least, most in ((0.5, 0.3, 0.7), (0.9, 0.01, 0.24), (0.99, 0.0, 0.08)):
        assert least <= np.mean(np.array(squares) > chi2.ppf(quantile, 5)) <= most


def test_derivatives_are_those_of_differences(about):
    """Of errors by the pose and by focal length and principal point of both views."""
    points0, points1, T = around(about, (7.0, 4.0, 3.0), count=30)
    T[:3, 3] /= np.linalg.norm(T[:3, 3])
    _, slopes, unit = linearised(T, view(points0, CAMERA), view(points1, CAMERA))
    step = 1e-6

    def errors(pair):
        residual, _, size = linearised(T, view(points0, pair[0]), view(points1, pair[1]))
        return residual * size

    for side in (0, 1):
        for k, change in enumerate(({"fx": 800.0, "fy": 800.0}, {"cx": 0.4 * 800}, {"cy": 0.4 * 800})):
            moved = []
            for sign in (1, -1):
                values = {n: getattr(CAMERA, n) for n in ("fx", "fy", "cx", "cy")}
                values |= {n: values[n] + sign * step * size for n, size in change.items()}
                pair = [CAMERA, CAMERA]
                pair[side] = Camera(width=640, height=480, **values)
                moved.append(errors(pair))
            np.testing.assert_allclose(
                slopes[:, 5 + 3 * side + k] * unit, (moved[0] - moved[1]) / (2 * step), rtol=1e-4, atol=1e-3
            )


def test_intrinsics_with_which_few_matches_agree_are_flagged(matches):
    """With a focal length of 0.4 of the right one, E finds a part of the matches, F most of them."""
    flagged = 0
    for seed in range(8):
        scene = matches("general", 600, 0.3, 0.4, seed)
        wrong = [scaled(c, 0.4) for c in scene[2:4]]
        flagged += "uncalibrated" in Essential()(*scene[:2], *wrong).degeneracies
    assert flagged == 8


def test_few_matches_flag_wrong_focal_lengths_and_never_right_ones(matches):
    """Among 26 matches the misfit itself is most of the scatter: an F test knows, a χ² of that scatter does not."""
    wrong = {0.5: 0, 2.0: 0}
    for seed in range(25):
        x0, x1, camera0, camera1, *_ = matches("general", 26, 0.0, 0.5, seed)
        assert "uncalibrated" not in Essential()(x0, x1, camera0, camera1).degeneracies
        for factor in wrong:
            found = Essential()(x0, x1, scaled(camera0, factor), scaled(camera1, factor))
            wrong[factor] += "uncalibrated" in found.degeneracies
    assert min(wrong.values()) >= 20


@pytest.mark.parametrize(("count", "outliers", "noise"), [(300, 0.3, 1.0), (20, 0.0, 0.5)])
def test_the_cores_covariance_is_the_one_that_is_written_down_in_numpy(matches, count, outliers, noise):
    from geomvision import _core

    x0, x1, camera0, camera1, *_ = matches("general", count, outliers, noise, 3)
    view0, view1 = view(x0, camera0), view(x1, camera1)
    found = _core.estimate_essential(
        view0.ideal, view1.ideal, view0.intrinsics, view1.intrinsics, [], [], 6.0, 0.9999, 20000, 0, 1
    )
    estimate = replace(Estimate.from_core(found), covariance=None)
    T = pose(found["rotation"], found["translation"])
    np.testing.assert_allclose(found["covariance"], agreement(estimate, T, view0, view1).covariance, rtol=1e-8)


@pytest.mark.parametrize("seed", [19, 37, 63])
def test_near_a_plane_without_wrong_matches_the_other_pose_is_looked_at(seed):
    """Nine tenths within 2 cm of a plane in 5 m, 2 px of noise: samples lead to the wrong one of two poses alone."""
    random = np.random.default_rng(seed)
    camera = Camera(width=640, height=480, fx=530.0, fy=535.0, cx=318.0, cy=242.0)
    axis = random.normal(size=3)
    Q = rotation_of(axis / np.linalg.norm(axis) * np.radians(random.uniform(2, 15)))
    t = random.normal(size=3) * (1, 0.6, 0.4)
    T = pose(Q, t / np.linalg.norm(t) * random.uniform(0.3, 1.0))
    x0 = random.uniform((0, 0), (639, 479), (8000, 2))
    rays = camera.unproject(x0)
    normal = random.normal(size=3) * 0.35 + (0, 0, 1)
    off = np.where(random.random(8000) < 0.1, random.uniform(-2, 3, 8000), 0.02 * random.normal(size=8000))
    X = rays * (5 * normal[2] / (rays @ normal) + off)[:, None]
    x1 = camera.project(X @ T[:3, :3].T + T[:3, 3])
    inside = np.flatnonzero(((x1 > 0) & (x1 < (639, 479))).all(axis=1))[:2000]
    x0, x1 = (x[inside] + 2.0 * random.normal(size=(len(inside), 2)) for x in (x0, x1))
    found = Essential()(x0, x1, camera, camera)
    assert max(metrics.pose_error(found.T_1_0, T)[:2]) < 5


def test_a_camera_that_only_moves_sideways_tells_nothing_of_its_focal_length_to_the_last_digit():
    """E does not depend on it at all: no derivative is above rounding, and none is divided by."""
    random = np.random.default_rng(0)
    for count in (12, 40, 400):
        points0 = random.uniform((0, 0), (639, 479), (count, 2))
        points1 = points0 - np.outer(random.uniform(5, 40, count), (1.0, 0.0))
        result = Essential()(points0, points1, CAMERA, CAMERA)
        assert result.degeneracies <= {"plane"}
        assert metrics.pose_error(result.T_1_0, pose(np.eye(3), (-1.0, 0.0, 0.0))).worst_deg < 1e-3
        assert result.focal_sigma > 0.5
