"""Every pose method on every backend keeps the same promises."""

import threading
import time

import numpy as np
import pytest

import geomvision as gv
from geomvision import metrics
from geomvision.method import BackendError
from geomvision.pose._base import PoseMethod
from geomvision.results import DEGENERACIES, RelativePose

FROM_MATCHES = [name for name in gv.pose.METHODS if issubclass(gv.pose.METHODS[name], PoseMethod)]
CASES = [(name, backend.name) for name in FROM_MATCHES for backend in gv.pose.METHODS[name].backends()]
OURS = ("essential", "fundamental", "homography")
every_case = pytest.mark.parametrize(("name", "backend"), CASES)


def made(name, backend, **options):
    method = gv.pose.METHODS[name](backend=backend, **options)
    try:
        method.chosen_backend()
    except BackendError as missing:
        if name in OURS:
            raise
        pytest.skip(str(missing))  # a peer's package is an extra
    return method


def scene_for(matches, name, **more):
    """Homographies need a plane; the others depth."""
    return matches("plane" if name == "homography" else "general", 300, noise_px=0.3, seed=5, **more)


def same(a, b):
    pairs = [(a.T_1_0, b.T_1_0), (a.matrix, b.matrix), (a.inliers, b.inliers), (a.votes, b.votes)]
    return all(np.array_equal(p, q) for p, q in pairs) and a.degeneracies == b.degeneracies


@every_case
def test_the_pose_is_found_among_wrong_matches(matches, name, backend):
    scene = scene_for(matches, name, outliers=0.3)
    result = made(name, backend, max_error_px=4.0)(*scene.call)
    assert type(result) is RelativePose
    errors = [metrics.pose_error(T, scene.T_1_0).worst_deg for T in result.candidates]
    # F does not know that the cameras are calibrated; OpenCV does not refine over the pose.
    assert min(errors) < (8.0 if name in ("fundamental", "opencv_usac") else 2.0)
    assert np.linalg.norm(result.translation) == pytest.approx(1.0)
    assert not result.is_metric
    assert np.linalg.norm(result.matrix) == pytest.approx(1.0)
    assert result.inliers.dtype == np.bool_
    assert (result.inliers & scene.right).sum() > 0.85 * scene.right.sum()
    assert (result.inliers & ~scene.right).sum() < 0.15 * (~scene.right).sum()
    assert result.degeneracies <= set(DEGENERACIES)
    assert result.run.backend == backend
    assert 0.2 < result.noise_px < (2.0 if name == "opencv_usac" else 0.5)


@every_case
def test_inputs_stay_untouched_and_strides_and_dtypes_do_not_matter(matches, name, backend):
    scene = scene_for(matches, name)
    method = made(name, backend, max_iterations=128)
    whole = [np.round(p) for p in scene[:2]]
    expected = method(*whole, *scene[2:4])
    mirrored = np.ascontiguousarray(whole[0][::-1, ::-1])[::-1, ::-1]
    frozen = np.asfortranarray(whole[1])
    frozen.flags.writeable = False
    before = mirrored.copy()
    assert same(expected, method(mirrored, frozen, *scene[2:4]))
    assert np.array_equal(before, mirrored)
    for dtype in (np.float32, np.int32, np.int64):
        assert same(expected, method(*(p.astype(dtype) for p in whole), *scene[2:4]))


@every_case
def test_results_repeat_whatever_the_threads(matches, name, backend):
    scene = scene_for(matches, name, outliers=0.3)
    expected = made(name, backend, num_threads=1)(*scene.call)
    for threads in (1, 3, 8):
        assert same(expected, made(name, backend, num_threads=threads)(*scene.call))


@every_case
def test_what_is_no_match_is_refused(matches, name, backend):
    scene = scene_for(matches, name)
    points0, points1, camera0, camera1 = scene.call
    method = made(name, backend)
    hole = points0.copy()
    hole[7, 1] = np.nan
    far = points0.copy()
    far[3] = np.inf
    for bad in (hole, far):
        with pytest.raises(ValueError, match=r"points0\[\d\] is not finite"):
            method(bad, points1, camera0, camera1)
    with pytest.raises(ValueError, match=r"give points0\.T"):
        method(points0.T, points1, camera0, camera1)
    with pytest.raises(ValueError, match=r"must be \(N, 2\)"):
        method(points0[:, :1], points1, camera0, camera1)
    with pytest.raises(ValueError, match="row i of both"):
        method(points0[:-1], points1, camera0, camera1)
    with pytest.raises(TypeError, match="numpy array"):
        method(points0.tolist(), points1, camera0, camera1)
    with pytest.raises(TypeError, match="CameraModel"):
        method(points0, points1, camera0.K, camera1.K)
    with pytest.raises(ValueError, match="both cameras"):
        method(points0, points1, camera0)
    with pytest.raises(ValueError, match="dtype"):
        method(points0.astype(str), points1, camera0, camera1)
    for few in (0, 1, method.least_matches - 1):
        with pytest.raises(ValueError, match="at least"):
            method(points0[:few], points1[:few], camera0, camera1)


@every_case
def test_a_minimal_set_is_flagged(matches, name, backend):
    scene = scene_for(matches, name)
    method = made(name, backend, max_iterations=128)
    least = method.least_matches
    for count in (least, least + 1):
        result = method(scene.points0[:count], scene.points1[:count], *scene[2:4])
        assert result.degeneracies & {"too_few_points", "no_motion"}


@every_case
def test_matches_of_chance_are_flagged(name, backend):
    rng = np.random.default_rng(4)
    camera = gv.Camera(width=640, height=400, fx=500, fy=500, cx=310, cy=205)
    points0, points1 = rng.uniform(0, (640, 400), (2, 80, 2))
    result = made(name, backend, max_iterations=300)(points0, points1, camera, camera)
    assert "too_few_points" in result.degeneracies


@every_case
def test_a_distorted_camera_is_undistorted_first(matches, name, backend):
    bent = gv.Camera(width=752, height=480, fx=520, fy=515, cx=390, cy=231, distortion=(-0.25, 0.08, 1e-3, -5e-4, 0.0))
    kind = "plane" if name == "homography" else "general"
    scene = matches(kind, 150, seed=2, cameras=(bent, bent))
    result = made(name, backend, max_iterations=128)(*scene.call)
    assert min(metrics.pose_error(T, scene.T_1_0).worst_deg for T in result.candidates) < 0.02
    assert "uncalibrated" not in result.degeneracies


@pytest.mark.parametrize("name", ["essential", "fundamental", "homography"])
@pytest.mark.parametrize("outliers", [0.0, 0.4])
def test_the_reference_is_equal_to_the_core(matches, name, outliers):
    scene = matches("plane" if name == "homography" else "general", 120, outliers=outliers, noise_px=0.6, seed=8)
    core, reference = (made(name, b, seed=3)(*scene.call) for b in ("cpp", "reference"))
    sign = np.sign((core.matrix * reference.matrix).sum())
    assert np.abs(core.matrix - sign * reference.matrix).max() < 1e-8
    assert np.abs(core.T_1_0 - reference.T_1_0).max() < 1e-7
    assert np.array_equal(core.inliers, reference.inliers)
    assert core.noise_px == pytest.approx(reference.noise_px, rel=1e-6)
    assert core.score == pytest.approx(reference.score, rel=1e-4)
    assert core.iterations == reference.iterations
    assert core.degeneracies == reference.degeneracies
    if core.covariance is not None:
        assert np.allclose(core.covariance, reference.covariance, rtol=1e-3)


def test_options_have_the_defaults_of_the_core():
    from geomvision import _core

    for name in ("essential", "fundamental", "homography"):
        method = gv.pose.METHODS[name]()
        assert method.options() == _core.two_view_options()


@pytest.mark.parametrize("part", ["refine_fundamental", "eight_point_fundamental", "cheirality_votes"])
def test_other_python_threads_run_while_the_core_works(part):
    """Were they held up, the time between two looks at the clock would be that of the whole call."""
    from geomvision import _core

    rng = np.random.default_rng(0)
    x0 = rng.normal(size=(400_000, 2))
    x1 = x0 + 0.01 * rng.normal(size=x0.shape)
    start = [0.0, 0.0, 0.1, 0.0, 0.0, -1.0, -0.1, 1.0, 0.0]
    arguments = {
        "refine_fundamental": (x0, x1, start, 6.0),
        "eight_point_fundamental": (x0, x1),
        "cheirality_votes": (x0, x1, np.tile(np.eye(3), (40, 1, 1)), rng.normal(size=(40, 3)), 1e-6),
    }[part]

    def longest_wait():
        """Between two looks at the clock, as a share of the call's time."""
        spans, gaps = [], []

        def work():
            begin = time.perf_counter()
            getattr(_core, part)(*arguments)
            spans.append(time.perf_counter() - begin)

        thread = threading.Thread(target=work)
        last = time.perf_counter()
        thread.start()
        while thread.is_alive():
            time.sleep(0.0005)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now
        return max(gaps) / spans[0]

    assert min(longest_wait() for _ in range(4)) < 0.7  # a busy machine makes threads wait, too
