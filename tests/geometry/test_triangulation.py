"""Points from pixels: closed forms, scenes whose points are known, and inputs that have no point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision import _core
from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import _triangulation_reference as reference
from geomvision.geometry import correct_matches, triangulate, triangulate_views
from geomvision.results import PointReason

METHODS = ("linear", "midpoint", "optimal")
LEFT = Camera(width=640, height=480, fx=812.0, fy=790.0, cx=333.0, cy=251.0)
RIGHT = Camera(width=600, height=500, fx=700.0, fy=705.0, cx=310.0, cy=239.0)
BENT = Camera(width=640, height=480, fx=512.0, fy=500.0, cx=333.0, cy=251.0, distortion=(-0.3, 0.1, 1e-3, -2e-3, 0.01))
FISHEYE = KannalaBrandt(width=600, height=500, fx=280.0, fy=282.0, cx=310.0, cy=239.0, distortion=(0.02, -0.01, 0, 0))


def turned(x: float, y: float, z: float) -> np.ndarray:
    """Rotation about x, then y, then z."""
    (a, b, c), (d, e, f) = np.cos((x, y, z)), np.sin((x, y, z))
    about = [[[1, 0, 0], [0, a, -d], [0, d, a]], [[b, 0, e], [0, 1, 0], [-e, 0, b]], [[c, -f, 0], [f, c, 0], [0, 0, 1]]]
    return np.array(about[2]) @ np.array(about[1]) @ np.array(about[0])


T_1_0 = pose(turned(0.05, -0.2, 0.03), (-0.5, 0.05, 0.02))


def scene(count: int, noise: float, cameras=(LEFT, RIGHT), seed: int = 3):
    """Points in frame 0 and both views' pixels of them."""
    random = np.random.default_rng(seed)
    points = random.uniform((-1.0, -0.8, 2.0), (1.3, 0.9, 7.0), (count, 3))
    seen = [c.project(points @ T[:3, :3].T + T[:3, 3]) for c, T in zip(cameras, (np.eye(4), T_1_0), strict=True)]
    return points, *(x + random.normal(0, noise, x.shape) for x in seen)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cameras", [(LEFT, RIGHT), (BENT, RIGHT), (FISHEYE, BENT)], ids=["plain", "bent", "fisheye"])
def test_exact_pixels_give_the_points(method, cameras):
    points, x0, x1 = scene(200, 0.0, cameras)
    found = triangulate(x0, x1, *cameras, T_1_0, method=method)
    np.testing.assert_allclose(found.m, points, rtol=1e-9)
    assert found.errors_px.max() < 1e-7
    rays = points, points + T_1_0[:3, :3].T @ T_1_0[:3, 3]
    cosine = np.einsum("na,na->n", *rays) / np.prod([np.linalg.norm(r, axis=1) for r in rays], axis=0)
    np.testing.assert_allclose(np.cos(found.angle_rad), cosine, rtol=1e-12)
    assert found.valid.all()
    assert found.counts() == {"valid": 200}


@pytest.mark.parametrize("method", METHODS)
def test_the_core_finds_the_points_of_the_reference(method):
    _, x0, x1 = scene(100, 1.5)
    fast = triangulate(x0, x1, LEFT, RIGHT, T_1_0, method=method)
    slow = triangulate(x0, x1, LEFT, RIGHT, T_1_0, method=method, backend="reference")
    np.testing.assert_allclose(fast.m, slow.m, rtol=1e-8)
    np.testing.assert_allclose(fast.errors_px, slow.errors_px, atol=1e-6)
    np.testing.assert_allclose(fast.angle_rad, slow.angle_rad, rtol=1e-8)
    np.testing.assert_allclose(fast.covariance_m2, slow.covariance_m2, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("cameras", [(LEFT, RIGHT), (BENT, FISHEYE)], ids=["plain", "bent"])
def test_the_optimal_point_has_the_least_error_in_the_cameras_own_pixels(cameras):
    _, x0, x1 = scene(50, 2.0, cameras)

    def cost(points):
        second = cameras[1].project(points @ T_1_0[:3, :3].T + T_1_0[:3, 3])
        return np.square(cameras[0].project(points) - x0).sum(1) + np.square(second - x1).sum(1)

    found = triangulate(x0, x1, *cameras, T_1_0)
    best = cost(found.m)
    np.testing.assert_allclose(np.square(found.errors_px).sum(axis=1), best, rtol=1e-9)
    for step in np.concatenate([np.eye(3), -np.eye(3)]) * 1e-4:
        assert (cost(found.m + step) >= best).all()


@pytest.mark.parametrize("cameras", [(LEFT, RIGHT), (BENT, FISHEYE)], ids=["plain", "bent"])
def test_covariances_say_how_far_off_the_points_are(cameras):
    points, x0, x1 = scene(4000, 0.3, cameras)
    found = triangulate(x0, x1, *cameras, T_1_0, sigma_px=0.3)
    off = found.m - points
    squares = np.einsum("na,na->n", off, np.linalg.solve(found.covariance_m2, off[..., None])[..., 0])
    assert squares.mean() == pytest.approx(3.0, abs=0.15)  # of chi-squared with three degrees of freedom
    np.testing.assert_allclose(found.sigma_m**2, np.linalg.eigvalsh(found.covariance_m2)[:, 2])


def test_depth_variance_of_a_rectified_pair_is_the_textbooks():
    camera = Camera(width=64, height=48, fx=100.0, fy=100.0, cx=3.0, cy=5.0)
    found = triangulate([[13.0, 0.0]], [[-12.0, 0.0]], camera, camera, pose(translation=(-0.5, 0, 0)), sigma_px=0.5)
    np.testing.assert_allclose(found.m, [[0.2, -0.1, 2.0]])
    assert found.covariance_m2[0, 2, 2] == pytest.approx(2.0**4 / (100 * 0.5) ** 2 * 2 * 0.5**2)


def test_points_that_are_none_say_why():
    camera = Camera(width=64, height=48, fx=100.0, fy=100.0, cx=3.0, cy=5.0)
    x0 = [[13, 0], [np.nan, 1], [7, 7], [7, 7], [13, np.inf], [4, 5]]
    x1 = [[-12, 0], [3, 1], [7, 7], [9, 7], [0, 0], [3.9, 5]]
    found = triangulate(x0, x1, camera, camera, pose(translation=(-0.5, 0, 0)), min_angle_deg=0.5)
    reasons = ["VALID", "NOT_FINITE", "PARALLEL", "BEHIND", "NOT_FINITE", "SMALL_ANGLE"]
    assert [PointReason(r).name for r in found.reasons] == reasons
    assert found.angle_deg[5] == pytest.approx(0.0573, rel=0.01)
    assert np.isnan(found.m[1:]).all()
    assert np.isnan(found.covariance_m2[1:]).all()
    kept = triangulate(x0, x1, camera, camera, pose(translation=(-0.5, 0, 0)))
    np.testing.assert_allclose(kept.m[5, 2], 500.0)


def test_points_on_the_line_through_both_cameras_are_none():
    forward = pose(translation=(0.0, 0.0, -1.0))
    epipole = [[LEFT.cx, LEFT.cy]]
    for method in METHODS:
        found = triangulate(epipole, epipole, LEFT, LEFT, forward, method=method)
        assert found.counts() == {"parallel": 1}, method


def test_large_errors_and_distortion_have_their_reasons():
    _, x0, x1 = scene(30, 0.0, (BENT, FISHEYE))
    x1[::3] += (0.0, 25.0)
    x1[1] = (1e5, 1e5)  # no ray of FISHEYE
    found = triangulate(x0, x1, BENT, FISHEYE, T_1_0, max_error_px=3.0, covariance=False)
    assert found.counts() == {"valid": 19, "not_finite": 1, "large_error": 10}
    assert found.errors_px[0].max() > 3
    assert np.isnan(found.m[0]).all()
    assert found.covariance_m2 is None
    with pytest.raises(ValueError, match="covariance=True"):
        _ = found.sigma_m


def test_results_do_not_depend_on_threads_or_instruction_set(instruction_set):
    random = np.random.default_rng(5)
    x0, x1 = random.uniform(0, 600, (3001, 2)), random.uniform(0, 600, (3001, 2))
    views = np.stack([x0, x1, random.uniform(0, 600, (3001, 2))])
    cameras, poses = [LEFT, RIGHT, LEFT], [np.eye(4), T_1_0, pose(translation=(0.2, 0.3, 0.1))]

    def run(threads):
        two = [triangulate(x0, x1, LEFT, RIGHT, T_1_0, method=m, num_threads=threads) for m in METHODS]
        many = triangulate_views(views, cameras, poses, num_threads=threads)
        return [np.nan_to_num(v) for r in (*two, many) for v in (r.m, r.angle_rad, r.errors_px, r.covariance_m2)]

    with instruction_set("baseline"):
        first = run(1)
    for isa in _core.available_isas():
        with instruction_set(isa):
            for threads in (1, 3):
                for a, b in zip(first, run(threads), strict=True):
                    np.testing.assert_array_equal(a, b, err_msg=isa)


def test_float32_is_computed_in_double():
    _, x0, x1 = scene(40, 1.0)
    narrow0, narrow1 = x0.astype(np.float32), x1.astype(np.float32)
    found = triangulate(narrow0, narrow1, LEFT, RIGHT, T_1_0)
    wide = triangulate(narrow0.astype(float), narrow1.astype(float), LEFT, RIGHT, T_1_0)
    assert found.m.dtype == np.float32
    np.testing.assert_array_equal(found.m, wide.m.astype(np.float32))


@pytest.mark.parametrize("cameras", [(LEFT, RIGHT, LEFT, RIGHT), (LEFT, BENT, FISHEYE, RIGHT)], ids=["plain", "bent"])
def test_many_views_agree_with_two_and_are_better(cameras):
    random = np.random.default_rng(8)
    points = random.uniform((-0.6, -0.5, 3.0), (0.6, 0.5, 6.0), (300, 3))
    places = ((0, 0, 0), (-0.5, 0.05, 0), (0.3, 0.4, 0.1), (0.2, -0.5, -0.1))
    poses = [pose(turned(0.02 * i, -0.05 * i, 0.1), t) for i, t in enumerate(places)]
    seen = np.stack([c.project(points @ T[:3, :3].T + T[:3, 3]) for c, T in zip(cameras, poses, strict=True)])
    exact = triangulate_views(seen, cameras, poses)
    np.testing.assert_allclose(exact.m, points, rtol=1e-8)
    noisy = seen + random.normal(0, 0.5, seen.shape)
    noisy[2, ::2] = np.nan
    noisy[1:, 0] = np.nan
    found = triangulate_views(noisy, cameras, poses, sigma_px=0.5)
    assert found.counts() == {"valid": 299, "too_few_views": 1}
    off = (found.m - points)[1:]
    squares = np.einsum("na,na->n", off, np.linalg.solve(found.covariance_m2[1:], off[..., None])[..., 0])
    assert squares.mean() == pytest.approx(3.0, abs=0.45)
    two = triangulate_views(noisy[:2], cameras[:2], poses[:2])
    pair = triangulate(*noisy[:2], *cameras[:2], poses[1] @ np.linalg.inv(poses[0]))
    np.testing.assert_allclose(two.m[1:] @ poses[0][:3, :3].T + poses[0][:3, 3], pair.m[1:], rtol=1e-5)


def test_corrected_matches_are_those_of_the_polynomial():
    _, x0, x1 = scene(60, 2.0)
    P0, P1 = LEFT.K @ np.eye(3, 4), RIGHT.K @ T_1_0[:3]
    F = reference.fundamental(P0, P1)
    y0, y1 = correct_matches(1e-9 * F, x0, x1)
    wanted = [reference.corrected(F, a, b) for a, b in zip(x0, x1, strict=True)]
    np.testing.assert_allclose(np.concatenate([y0, y1], axis=1), np.reshape(wanted, (-1, 4)), atol=1e-7)
    np.testing.assert_array_equal(correct_matches(F, x0, x1)[0], correct_matches(2.0 * F, x0, x1)[0])


numbers = st.floats(width=32) | st.floats(-1e3, 1e3)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=12), st.sampled_from(METHODS))
def test_any_numbers_give_a_point_that_both_cameras_see_or_nan(rows, method):
    pixels = np.array(rows, dtype=float).reshape(-1, 4)
    found = triangulate(pixels[:, :2], pixels[:, 2:], LEFT, RIGHT, T_1_0, method=method)
    assert np.isnan(found.m[~found.valid]).all()
    good = found.m[found.valid]
    assert np.isfinite(good).all()
    assert np.isfinite(found.covariance_m2[found.valid]).all()
    projected = LEFT.project(good), RIGHT.project(good @ T_1_0[:3, :3].T + T_1_0[:3, 3])
    assert np.isfinite(projected[0]).all()
    assert np.isfinite(projected[1]).all()
    if method == "optimal":
        residual = np.square(found.errors_px[found.valid]).sum(axis=1)
        linear = triangulate(pixels[:, :2], pixels[:, 2:], LEFT, RIGHT, T_1_0, method="linear").errors_px
        other = np.square(linear[found.valid]).sum(axis=1)
        worse = residual > other * (1 + 1e-6) + 1e-9
        assert not worse.any() or np.abs(pixels[found.valid][worse]).max() > 100  # a farther minimum, of gross errors


@given(st.integers(2, 4), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_many_views_of_anything_give_points_or_nan(views, count, seed):
    random = np.random.default_rng(seed)
    pixels = random.choice([np.nan, np.inf, 0.0, 1e30, 100.0, 300.0, 301.0], (views, count, 2))
    poses = [pose(translation=(0.1 * i, 0.0, 0.02 * i)) for i in range(views)]
    found = triangulate_views(pixels, [LEFT] * views, poses)
    assert np.isnan(found.m[~found.valid]).all()
    assert np.isfinite(found.m[found.valid]).all()
    assert found.errors_px.shape == (count, views)


def test_what_cannot_be_triangulated_is_refused():
    x = np.zeros((4, 2))
    with pytest.raises(ValueError, match=r"points0 has shape \(2, 4\).*points0\.T"):
        triangulate(x.T, x.T, LEFT, RIGHT, T_1_0)
    with pytest.raises(ValueError, match="points0 holds 4 points and points1 3"):
        triangulate(x, x[:3], LEFT, RIGHT, T_1_0)
    with pytest.raises(ValueError, match="no translation"):
        triangulate(x, x, LEFT, RIGHT, np.eye(4))
    with pytest.raises(ValueError, match="no rigid transform"):
        triangulate(x, x, LEFT, RIGHT, 2 * np.eye(4))
    for wrong in ({"method": "best"}, {"sigma_px": 0}, {"min_angle_deg": -1}, {"max_error_px": 0}, {"backend": "gpu"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            triangulate(x, x, LEFT, RIGHT, T_1_0, **wrong)
    with pytest.raises(ValueError, match="dtype"):
        triangulate(x.astype(str), x, LEFT, RIGHT, T_1_0)
    with pytest.raises(ValueError, match="at least 2"):
        triangulate_views([x], [LEFT], [np.eye(4)])
    with pytest.raises(ValueError, match="at one place"):
        triangulate_views([x, x], [LEFT, RIGHT], [np.eye(4)] * 2)
    with pytest.raises(ValueError, match="F must be"):
        correct_matches(np.zeros((3, 3)), x, x)


def test_opencv_finds_the_same_points():
    cv2 = pytest.importorskip("cv2")
    _, x0, x1 = scene(200, 0.2)
    P0, P1 = LEFT.K @ np.eye(3, 4), RIGHT.K @ T_1_0[:3]
    homogeneous = cv2.triangulatePoints(P0, P1, x0.T, x1.T)
    found = triangulate(x0, x1, LEFT, RIGHT, T_1_0, method="linear")
    np.testing.assert_allclose(found.m, (homogeneous[:3] / homogeneous[3]).T, rtol=1e-3)
    F = reference.fundamental(P0, P1)
    scaled = F / np.abs(F).max()  # on a small F its polynomial's roots are only roughly found
    theirs = cv2.correctMatches(scaled, x0[None], x1[None])
    np.testing.assert_allclose(correct_matches(F, x0, x1), np.concatenate(theirs), atol=1e-3)


@pytest.mark.parametrize("place", [(np.inf, -np.inf), (np.inf, np.inf), (-np.inf, 3.0)])
def test_an_infinite_pixel_is_no_missing_one(place):
    camera = Camera(width=640, height=480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
    T = np.stack([pose(translation=(-x, 0.0, 0.0)) for x in (0.0, 0.4, 0.9)])
    X = np.array([[0.2, -0.1, 4.0]])
    pixels = np.stack([camera.project(X + t[:3, 3]) for t in T])
    pixels[2, 0] = place
    assert triangulate_views(pixels, [camera] * 3, T).reasons[0] == PointReason.NOT_FINITE
    pixels[2, 0] = np.nan
    found = triangulate_views(pixels, [camera] * 3, T)
    np.testing.assert_allclose(found.m, X, atol=1e-9)
