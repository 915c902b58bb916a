"""Relative pose in metres, against motions that are known: rendered planes and spheres, and real depth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import chi2

from geomvision.cameras import Camera, KannalaBrandt, inverse, pose
from geomvision.geometry import metric_relative_pose
from geomvision.results import Depth

CAMERA0 = Camera(width=320, height=240, fx=250.0, fy=255.0, cx=155.0, cy=125.0, distortion=(-0.1, 0.02, 0.0, 0.0))
CAMERA1 = Camera(width=300, height=260, fx=240.0, fy=238.0, cx=152.0, cy=128.0)
A = np.radians(8.0)
T_1_0 = pose([[np.cos(A), 0, np.sin(A)], [0, 1, 0], [-np.sin(A), 0, np.cos(A)]], (-0.5, 0.05, 0.1))
CENTRE, RADIUS = np.array([0.2, 0.1, 4.0]), 1.5


def room(camera, T_cam_0):
    """Depth (H, W) of a sphere before a slanted wall, the world being camera 0's frame."""
    T = inverse(T_cam_0)
    rays, origin = camera.unproject(camera.pixel_grid()) @ T[:3, :3].T, T[:3, 3]
    wall = (6.0 - origin @ (0.2, 0.1, 1.0)) / (rays @ (0.2, 0.1, 1.0))
    a, b, c = (rays**2).sum(-1), rays @ (origin - CENTRE), ((origin - CENTRE) ** 2).sum() - RADIUS**2
    inside = b * b - a * c
    sphere = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)
    return np.where(sphere > 0, np.minimum(wall, sphere), wall)


def make_matches(count=400, outliers=0.0, noise_px=0.0, seed=0):
    """Pixels of view 0 and where view 1 has them, those that it has."""
    random = np.random.default_rng(seed)
    points0 = random.uniform((2, 2), (317, 237), (count, 2))
    z = room(CAMERA0, np.eye(4))
    x, y = np.rint(points0).astype(int).T
    points0 = np.column_stack([x, y]).astype(float)
    p1 = CAMERA0.unproject(points0, z[y, x]) @ T_1_0[:3, :3].T + T_1_0[:3, 3]
    points1 = CAMERA1.project(p1)
    inside = ((points1 > 1) & (points1 < (298, 258))).all(axis=1)
    z1 = room(CAMERA1, T_1_0)
    near = np.rint(np.where(inside[:, None], points1, 0)).astype(int)
    visible = inside & (np.abs(z1[near[:, 1], near[:, 0]] - p1[:, 2]) < 0.05)
    points0, points1 = points0[visible], points1[visible] + random.normal(0, noise_px, (visible.sum(), 2))
    wrong = random.random(len(points0)) < outliers
    points1[wrong] = random.uniform((2, 2), (297, 257), (wrong.sum(), 2))
    return points0, points1, wrong


DEPTHS = {"depth0": room(CAMERA0, np.eye(4)), "depth1": room(CAMERA1, T_1_0)}


@pytest.mark.parametrize("solver", ["points", "pnp"])
@pytest.mark.parametrize("outliers", [0.0, 0.6])
def test_the_motion_of_a_rendered_pair(solver, outliers, error_of):
    points0, points1, wrong = make_matches(outliers=outliers, noise_px=0.3)
    found = metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **DEPTHS, solver=solver)
    degrees, metres = error_of(found.T_1_0, T_1_0)
    assert degrees < 0.15
    assert metres < 0.015
    assert found.flags == ()
    assert found.depth_ratio == pytest.approx(1.0, abs=0.01)
    assert found.inliers[wrong].mean() < 0.1 if wrong.any() else True
    assert found.inliers[~wrong].mean() > 0.9
    assert found.confidence == pytest.approx(found.inliers.mean(), rel=0.01)
    assert np.isfinite(found.covariance).all()


@pytest.mark.parametrize("solver", ["points", "pnp"])
def test_depth_maps_in_different_metres_are_flagged(solver, error_of):
    """A network that is wrong by a third: the 3-D alignment gives nothing, PnP the metres of view 0."""
    points0, points1, _ = make_matches()
    wrong = {**DEPTHS, "depth1": 1.4 * DEPTHS["depth1"]}
    found = metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **wrong, solver=solver)
    assert "scales_disagree" in found.flags
    assert found.is_known == (solver == "pnp")
    if solver == "pnp":
        assert found.depth_ratio == pytest.approx(1.4, rel=0.01)
        assert sum(error_of(found.T_1_0, T_1_0)) < 0.01
    else:
        assert found.confidence == 0.0


@pytest.mark.parametrize("solver", ["points", "pnp"])
def test_gaps_and_edges_lift_nothing(solver):
    points0, points1, _ = make_matches()
    x = points0[:, 0].astype(int)
    holes = {name: depth.astype(np.float32).copy() for name, depth in DEPTHS.items()}
    holes["depth0"][:, :160] = np.nan
    found = metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **holes, solver=solver)
    assert not found.inliers[x < 160].any()
    assert found.inliers[x > 165].mean() > 0.9
    outside = points0.copy()
    outside[:50] = (400.0, 10.0)
    found = metric_relative_pose(outside, points1, CAMERA0, CAMERA1, **DEPTHS, solver=solver)
    assert not found.inliers[:50].any()
    assert found.is_known
    empty = Depth(m=np.full((260, 300), np.nan, np.float32))
    found = metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **{**DEPTHS, "depth1": empty}, solver=solver)
    assert found.is_known == (solver == "pnp")


@pytest.mark.parametrize("solver", ["points", "pnp"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 30, 300])
def test_matches_without_meaning_give_no_pose(solver, count):
    for seed in range(5):
        points0, points1, _ = make_matches(count + 200, outliers=1.0, seed=seed)
        found = metric_relative_pose(points0[:count], points1[:count], CAMERA0, CAMERA1, **DEPTHS, solver=solver)
        if solver == "points" and count == 3 and found.is_known:
            assert found.confidence < 1e-6  # three pairs agree with themselves alone
            continue
        assert not found.is_known
        assert found.flags
        assert found.confidence == 0.0
        assert np.isnan(found.T_1_0).all()


@pytest.mark.parametrize("solver", ["points", "pnp"])
def test_no_motion_is_a_pose_like_any_other(solver):
    points = np.random.default_rng(0).uniform((2, 2), (317, 237), (100, 2))
    depth = DEPTHS["depth0"]
    found = metric_relative_pose(points, points, CAMERA0, CAMERA0, depth, depth, solver=solver)
    np.testing.assert_allclose(found.T_1_0, np.eye(4), atol=1e-5)
    assert found.flags == ()


def test_wrong_input_is_refused():
    points0, points1, _ = make_matches(50)
    for arguments, said in (
        ((points0.T, points1, CAMERA0, CAMERA1), "transpose"),
        ((points0, points1[:-1], CAMERA0, CAMERA1), "pairs"),
        ((points0 * np.nan, points1, CAMERA0, CAMERA1), "not finite"),
        ((points0, points1, CAMERA1, CAMERA1), "depth0 is 320x240"),
        ((points0, points1, CAMERA0, CAMERA0), "depth1 is 300x260"),
    ):
        with pytest.raises(ValueError, match=said):
            metric_relative_pose(*arguments, **DEPTHS)
    for wrong in ({"solver": "icp"}, {"depth_error": 0.0}, {"max_error_px": -1.0, "solver": "pnp"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **DEPTHS, **wrong)


@settings(max_examples=60)
@given(
    arrays.arrays(np.float32, (8, 4), elements=st.floats(-400, 400, width=32), fill=st.nothing()),
    arrays.arrays(np.float32, (24, 32), elements=st.sampled_from([np.nan, 0.5, 1.0, 3.0, 1e30]), fill=st.nothing()),
    st.sampled_from(["points", "pnp"]),
)
def test_garbage_gives_a_flag_or_a_pose(matches, depth, solver):
    small = KannalaBrandt(width=32, height=24, fx=12.0, fy=12.0, cx=15.0, cy=11.0)
    points0, points1 = matches[:, :2], matches[:, 2:]
    found = metric_relative_pose(points0, points1, small, small, depth, depth[::-1], solver=solver, max_iterations=64)
    assert found.is_known or found.flags
    assert 0 <= found.confidence <= 1
    if found.is_known:
        np.testing.assert_allclose(found.T_1_0[:3, :3] @ found.T_1_0[:3, :3].T, np.eye(3), atol=1e-6)


def orbit(turn_deg, relief, noise_px=0.3, count=300):
    """Matches of a camera that goes round a point 4 m before it, of points so far by up to a share of it."""
    random, a = np.random.default_rng(1), np.radians(turn_deg)
    R = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    T = pose(R, np.array([0, 0, 4.0]) - R @ (0, 0, 4.0))
    camera = Camera(width=320, height=240, fx=400.0, fy=400.0, cx=160.0, cy=120.0)
    points0 = random.uniform((5, 5), (314, 234), (count, 2))
    X = camera.unproject(points0, 4.0 * (1 + random.uniform(-relief, relief, count)))
    points1 = camera.project(X @ R.T + T[:3, 3])
    inside = ((points1 > 1) & (points1 < (318, 238))).all(axis=1)
    points0, points1 = (p[inside] + random.normal(0, noise_px, (inside.sum(), 2)) for p in (points0, points1))
    return points0, points1, camera, T


@pytest.mark.parametrize("relief", [0.0, 0.05, 0.1, 0.15, 0.3])
def test_constant_depth_is_not_believed_against_the_pixels(error_of, relief):
    """Both maps say 4 m everywhere: aligned by them alone the camera has not turned; pixels see that it has."""
    points0, points1, camera, T = orbit(5.8, relief)
    flat = np.full((240, 320), 4.0)
    found = metric_relative_pose(points0, points1, camera, camera, flat, flat)
    degrees, _ = error_of(found.T_1_0, T)
    stated_deg = np.degrees(np.sqrt(np.trace(found.covariance[:3, :3])))
    assert degrees < 3.0 * stated_deg + 0.2
    assert degrees < 5.0 or found.confidence < 0.2
    assert degrees < 1.0 or "depth_disagrees" in found.flags


def test_errors_follow_chi_square(error_of):
    """Independent noise of pixels and of both depths, a fifth of the matches wrong."""
    squares = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        points0, points1, _ = make_matches(250, 0.2, 0.5, seed)
        maps = {}
        for name, depth in DEPTHS.items():
            blocks = random.normal(0, 0.01, (-(-depth.shape[0] // 4), -(-depth.shape[1] // 4)))
            patches = np.kron(blocks, np.ones((4, 4)))[: depth.shape[0], : depth.shape[1]]
            maps[name] = depth * (1 + patches)
        found = metric_relative_pose(points0, points1, CAMERA0, CAMERA1, **maps, depth_error=0.1)
        turn = T_1_0[:3, :3] @ found.T_1_0[:3, :3].T
        w = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
        error = np.concatenate([w, T_1_0[:3, 3] - turn @ found.T_1_0[:3, 3]])
        squares.append(error @ np.linalg.solve(found.covariance, error))
    assert chi2.ppf(1e-3, 120) < sum(squares) < chi2.ppf(1 - 1e-3, 120)


@pytest.mark.parametrize("solver", ["points", "pnp"])
def test_a_match_that_is_given_several_times_counts_once(solver):
    depth0, depth1 = room(CAMERA0, np.eye(4)), room(CAMERA1, T_1_0)
    rng = np.random.default_rng(3)
    points0 = rng.uniform((20, 20), (300, 220), (80, 2))
    X = CAMERA0.unproject(points0, depth0[tuple(np.round(points0).astype(int).T[::-1])])
    points1 = CAMERA1.project(X @ T_1_0[:3, :3].T + T_1_0[:3, 3]) + 0.2 * rng.normal(size=(80, 2))
    order = np.concatenate([np.arange(80), rng.choice(80, 60)])
    once, again = (
        metric_relative_pose(points0[k], points1[k], CAMERA0, CAMERA1, depth0, depth1, solver=solver)
        for k in (np.arange(80), order)
    )
    assert np.array_equal(once.T_1_0, again.T_1_0)
    assert np.array_equal(once.covariance, again.covariance)
    assert once.flags == again.flags
    assert once.confidence == again.confidence
    assert np.array_equal(again.inliers, once.inliers[order])
