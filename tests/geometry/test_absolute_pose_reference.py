"""The numpy references of absolute pose: against poses that are known, and the core against them."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import _core
from geomvision.cameras import Camera
from geomvision.geometry import (
    _absolute_pose_reference,
    absolute_pose,
    p3p,
    perspective_n_point,
    refine_absolute_pose,
)
from geomvision.geometry.absolute_pose import SOLVERS

BACKENDS = ("cpp", "reference")


def test_three_points_have_the_same_poses(posed, camera, error_of):
    for seed in range(30):
        scene = posed(3, camera, seed=seed)
        found = {backend: p3p(scene.points, scene.pixels, camera, backend=backend) for backend in BACKENDS}
        for poses in found.values():
            assert min(sum(error_of(T, scene.T_cam_world)) for T in poses) < 1e-7
        assert len(found["cpp"]) == len(found["reference"])
        for T in found["cpp"]:
            assert min(np.abs(T - other).max() for other in found["reference"]) < 1e-6


def test_three_points_of_an_isosceles_triangle_seen_from_above():
    """A closed form: the quartic has double roots there, and the linear equation for u vanishes."""
    corners = np.array([[1.0, 0, 0], [-0.5, np.sqrt(0.75), 0], [-0.5, -np.sqrt(0.75), 0]])
    rays = corners + np.array([0, 0, 4.0])
    poses = _absolute_pose_reference.p3p(rays, corners)
    assert min(np.abs(T[:3, 3] - (0, 0, 4)).max() + np.abs(T[:3, :3] - np.eye(3)).max() for T in poses) < 1e-6
    for T in poses:
        seen = corners @ T[:3, :3].T + T[:3, 3]
        np.testing.assert_allclose(seen / seen[:, 2:], rays / rays[:, 2:], atol=1e-7)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("count", [4, 5, 6, 20])
@pytest.mark.parametrize("flat", [False, True])
def test_exact_points_give_the_exact_pose(posed, camera, error_of, solver, count, flat):
    scene = posed(count, camera, seed=count, flat=flat)
    for backend in BACKENDS:
        for refine in (False, True):
            found = perspective_n_point(
                scene.points, scene.pixels, camera, solver=solver, refine=refine, backend=backend
            )
            assert sum(error_of(found.T_cam_world, scene.T_cam_world)) < 1e-6
            assert ("planar" in found.flags) == flat


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["general", "flat", "nearly flat"])
@pytest.mark.parametrize("count", [4, 5, 6, 60])
def test_the_core_says_what_the_reference_says(posed, solver, kind, count):
    """To a hundredth of a standard deviation: where a valley is flat, it is rounding that ends a descent."""
    if solver == "epnp" and count < 6:
        pytest.skip("more than one vector is null: which basis they have is a matter of rounding")
    for seed in range(4):
        scene = posed(count, noise_px=0.5, seed=seed, flat=kind != "general")
        points = scene.points
        if kind == "nearly flat":
            points = points + 0.02 * np.random.default_rng(seed).normal(size=points.shape)
        for refine in (False, True) if count >= 6 else (True,):
            how = {"solver": solver, "refine": refine}
            ours, told = (
                perspective_n_point(points, scene.pixels, scene.camera, **how, backend=backend) for backend in BACKENDS
            )
            assert ours.flags == told.flags
            deviation = np.sqrt(np.diag(told.covariance)).max()
            np.testing.assert_allclose(ours.T_cam_world, told.T_cam_world, rtol=0, atol=0.01 * deviation)
            np.testing.assert_allclose(ours.noise_px, told.noise_px, rtol=1e-3)
            np.testing.assert_allclose(np.diag(ours.covariance), np.diag(told.covariance), rtol=0.05)


@pytest.mark.parametrize("outliers", [0.0, 0.5])
def test_the_robust_search_draws_scores_and_refines_alike(posed, camera, outliers):
    scene = posed(60, camera, outliers=outliers, noise_px=0.5, seed=11)
    ours, told = (
        absolute_pose(scene.points, scene.pixels, camera, max_error_px=2.0, seed=5, backend=backend)
        for backend in BACKENDS
    )
    np.testing.assert_array_equal(ours.inliers, told.inliers)
    assert ours.iterations == told.iterations
    assert ours.flags == told.flags == ()
    np.testing.assert_allclose(ours.T_cam_world, told.T_cam_world, atol=1e-7)
    np.testing.assert_allclose(ours.covariance, told.covariance, rtol=1e-4, atol=1e-14)


@pytest.mark.parametrize("most", [1, 32, 63])
def test_few_samples_end_also_where_all_points_agree(posed, most):
    scene = posed(40, seed=4)
    for backend in BACKENDS:
        found = absolute_pose(scene.points, scene.pixels, scene.camera, max_iterations=most, backend=backend)
        assert found.is_known
        assert found.iterations <= most


def test_refinement_ends_at_the_same_place(posed, camera):
    scene = posed(40, camera, noise_px=0.7, seed=2)
    start = scene.T_cam_world.copy()
    start[:3, 3] += (0.02, -0.03, 0.04)
    ours, told = (
        refine_absolute_pose(start, scene.points, scene.pixels, camera, max_error_px=30.0, backend=backend)
        for backend in BACKENDS
    )
    np.testing.assert_allclose(ours.T_cam_world, told.T_cam_world, atol=1e-7)
    np.testing.assert_array_equal(ours.inliers, told.inliers)


def test_epnp_is_no_less_accurate_than_opencvs(posed, error_of):
    cv2 = pytest.importorskip("cv2")
    for count, flat in ((4, False), (6, False), (6, True), (50, False), (50, True)):
        ours, theirs = [], []
        for seed in range(150):
            scene = posed(count, noise_px=0.5, seed=seed, flat=flat)
            found = perspective_n_point(scene.points, scene.pixels, scene.camera, solver="epnp", refine=False)
            T = np.eye(4)
            _, turn, T[:3, 3:] = cv2.solvePnP(scene.points, scene.pixels, scene.camera.K, None, flags=cv2.SOLVEPNP_EPNP)
            T[:3, :3] = cv2.Rodrigues(turn)[0]
            ours.append(error_of(found.T_cam_world, scene.T_cam_world))
            theirs.append(error_of(T, scene.T_cam_world))
        assert (np.median(ours, axis=0) <= 1.1 * np.median(theirs, axis=0)).all(), (count, flat)


def test_options_are_those_of_the_core():
    """The same sentence in both languages: names and defaults."""

    def keywords(function):
        known = inspect.signature(function).parameters.values()
        return {p.name: p.default for p in known if p.kind is p.KEYWORD_ONLY and p.name != "backend"}

    assert keywords(absolute_pose) == _core.absolute_pose_options()
    options = _core.perspective_n_point_options()
    assert keywords(perspective_n_point) == {**options, "solver": SOLVERS[options["solver"]]}


def test_solvers_and_backends_that_there_are_not_are_refused(posed):
    points, pixels, _, T, camera = posed(8)
    with pytest.raises(ValueError, match="solver is 'dlt'; allowed are 'sqpnp', 'epnp'"):
        perspective_n_point(points, pixels, camera, solver="dlt")
    for call in (
        lambda: p3p(points[:3], pixels[:3], camera, backend="cuda"),
        lambda: perspective_n_point(points[:2], pixels[:2], camera, backend="cuda"),
        lambda: refine_absolute_pose(T, points, pixels, camera, backend="cuda"),
        lambda: absolute_pose(points, pixels, camera, backend="cuda"),
    ):
        with pytest.raises(ValueError, match="backend is 'cuda'; allowed are 'cpp', 'reference'"):
            call()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_what_leaves_the_pose_open_is_flagged(posed, solver, backend):
    camera = posed(4).camera
    line = np.linspace(0, 3, 12)[:, None] * (1.0, 0.3, -0.2) + np.array([0.0, 0.0, 5.0])
    three = np.tile([[0, 0, 4.0], [1, 0, 5], [0, 1, 6]], (4, 1))
    ahead = posed(12, seed=1)
    for points, pixels, flag in (
        (line, camera.project(line), "collinear"),
        (three, camera.project(three), "too_few_points"),
        (np.ones((5, 3)), np.ones((5, 2)), "coincident"),
        (np.zeros((0, 3)), np.zeros((0, 2)), "too_few_points"),
        (ahead.points[:1], ahead.pixels[:1], "too_few_points"),
    ):
        found = perspective_n_point(points, pixels, camera, solver=solver, backend=backend)
        assert found.flags == (flag,)
        assert np.isnan(found.T_cam_world).all()


def test_the_core_itself_knows_a_line_and_a_mirror():
    """Without Python's checks: the C++ functions say it themselves."""
    K = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    line = np.linspace(0, 3, 12)[:, None] * (1.0, 0.3, -0.2) + np.array([0.0, 0.0, 5.0])
    charts = np.tile(K, (12, 1, 1))
    charts[:, :2, 2] -= (line @ K.T)[:, :2] / line[:, 2:]
    for solver in range(len(SOLVERS)):
        assert not _core.perspective_n_point(line, charts, solver, True)[0]
    assert not _core.refine_absolute_pose(line, charts, np.eye(4), 10.0)[0]
    for wrong in (np.diag([1.0, 1, -1, 1]), 1.01 * np.eye(4), np.zeros((4, 4)), np.full((4, 4), np.nan)):
        with pytest.raises(ValueError, match="start is no rigid motion"):
            _core.refine_absolute_pose(line, charts, wrong, 10.0)


def shapes(count, seed):
    """Points that are general, equal, on a line, in a plane, or behind: what a caller may hold."""
    random = np.random.default_rng(seed)
    points = random.uniform(-2, 2, (count, 3)) + np.array([0, 0, 6.0])
    kind = seed % 6
    if kind == 1:
        points[1:] = points[:1]
    elif kind == 2:
        points = np.linspace(0, 1, count)[:, None] * random.normal(size=3) + np.array([0, 0, 6.0])
    elif kind == 3:
        points[:, 2] = 5.0
    elif kind == 4:
        points = -points
    elif kind == 5:
        points[count // 2 :] = points[: count - count // 2]
    return points, random.uniform((0, 0), (640, 480), (count, 2))


@pytest.mark.parametrize("solver", SOLVERS)
@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 9), seed=st.integers(0, 10_000), refine=st.booleans(), scale=st.sampled_from([1.0, 1e-6, 1e9])
)
def test_whatever_is_given_gives_a_flag_or_a_rotation(solver, count, seed, refine, scale):
    points, pixels = shapes(count, seed)
    camera = Camera(width=640, height=480, fx=500.0, fy=510.0, cx=320.0, cy=240.0)
    for backend in BACKENDS:
        found = perspective_n_point(scale * points, pixels, camera, solver=solver, refine=refine, backend=backend)
        assert found.is_known or found.flags
        if found.is_known:
            R, q = found.T_cam_world[:3, :3], scale * points @ found.T_cam_world[:3, :3].T + found.T_cam_world[:3, 3]
            np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)
            assert np.linalg.det(R) > 0
            assert (q[:, 2] > 0).all()  # no point that was seen lies behind the camera
            assert np.isfinite(found.covariance).all()
