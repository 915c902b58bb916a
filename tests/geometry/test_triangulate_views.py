"""Many views: what is asked of a point by its angle and its errors, against closed forms."""

import numpy as np
import pytest

from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import triangulate, triangulate_views
from geomvision.results import PointReason

CAMERA = Camera(width=640, height=480, fx=500.0, fy=510.0, cx=322.0, cy=236.0)
FISHEYE = KannalaBrandt(width=640, height=480, fx=200.0, fy=202.0, cx=322.0, cy=236.0, distortion=(0.02, 0, 0, 0))
PLACES = (-0.3, 0.0, 0.5)
POSES = [pose(translation=(-x, 0.0, 0.0)) for x in PLACES]
POINTS = np.array([[0.0, 0.0, z] for z in (2.0, 20.0, 200.0)])


def seen(camera):
    return np.stack([camera.project(POINTS + T[:3, 3]) for T in POSES])


@pytest.mark.parametrize("method", ["midpoint", "optimal"])
@pytest.mark.parametrize("camera", [CAMERA, FISHEYE], ids=["pinhole", "fisheye"])
def test_the_widest_angle_decides(camera, method):
    """Of a point on the axis the outer cameras have atan(0.5 / z) + atan(0.3 / z)."""
    pixels = seen(camera)
    angles = np.degrees(np.arctan(0.5 / POINTS[:, 2]) + np.arctan(0.3 / POINTS[:, 2]))
    found = triangulate_views(pixels, [camera] * 3, POSES, method=method)
    np.testing.assert_allclose(found.angle_deg, angles, rtol=1e-7)
    np.testing.assert_allclose(found.m, POINTS, rtol=1e-7, atol=1e-7)
    for limit, valid in ((0.99 * angles[2], 3), (1.01 * angles[2], 2), (1.01 * angles[1], 1)):
        found = triangulate_views(pixels, [camera] * 3, POSES, method=method, min_angle_deg=limit)
        assert found.valid.tolist() == [True] * valid + [False] * (3 - valid)
        assert (found.reasons[valid:] == PointReason.SMALL_ANGLE).all()
        assert np.isnan(found.m[valid:]).all()
        assert np.isnan(found.covariance_m2[valid:]).all()
        np.testing.assert_allclose(found.angle_deg, angles, rtol=1e-7)  # told where it is the reason


def test_a_view_that_does_not_see_it_has_no_say_in_its_angle():
    pixels = seen(CAMERA)
    pixels[2] = np.nan
    narrow = np.degrees(np.arctan(0.3 / POINTS[:, 2]))
    found = triangulate_views(pixels, [CAMERA] * 3, POSES, min_angle_deg=1.01 * narrow[1])
    np.testing.assert_allclose(found.angle_deg, narrow, rtol=1e-7)
    assert found.valid.tolist() == [True, False, False]
    assert np.isnan(found.errors_px[:, 2]).all()


@pytest.mark.parametrize("camera", [CAMERA, FISHEYE], ids=["pinhole", "fisheye"])
def test_one_view_that_disagrees_makes_a_large_error(camera):
    pixels = seen(camera)
    pixels[1, 0, 1] += 9.0  # at right angles to the epipolar lines: a third of it is left to each of the others
    loose = triangulate_views(pixels, [camera] * 3, POSES)
    assert loose.valid.all()
    assert loose.errors_px[0] == pytest.approx([3.0, 6.0, 3.0], abs=0.1)
    strict = triangulate_views(pixels, [camera] * 3, POSES, max_error_px=5.0)
    assert strict.valid.tolist() == [False, True, True]
    assert strict.reasons[0] == PointReason.LARGE_ERROR
    assert np.isnan(strict.m[0]).all()
    assert np.isnan(strict.covariance_m2[0]).all()
    assert strict.errors_px[0] == pytest.approx(loose.errors_px[0])
    without = triangulate_views(pixels, [camera] * 3, POSES, max_error_px=5.0, covariance=False)
    assert without.covariance_m2 is None
    np.testing.assert_array_equal(without.valid, strict.valid)


def test_gross_errors_have_no_point_rather_than_a_variance_below_zero():
    """Pixels a hundred million beside the image: an iteration that stands nowhere."""
    turn = pose([[np.cos(1), 0, -np.sin(1)], [0, 1, 0], [np.sin(1), 0, np.cos(1)]], (0.0, 1.0, 0.0))
    for far in 10.0 ** np.arange(6, 13):
        found = triangulate_views([[[0.0, 0.0]], [[far, 0.0]]], [CAMERA] * 2, [np.eye(4), turn])
        variances = np.diagonal(found.covariance_m2[0])
        assert (variances >= 0).all() if found.valid[0] else np.isnan(found.m).all()
        assert np.isfinite(variances).all() == found.valid[0]


OVER = Camera(width=640, height=480, fx=500.0, fy=-510.0, cx=322.0, cy=236.0)


@pytest.mark.parametrize("cameras", [(OVER, CAMERA), (CAMERA, OVER), (OVER, OVER)], ids=["first", "second", "both"])
def test_a_camera_that_turns_the_image_over_sees_the_same_points(cameras):
    """ICL-NUIM's have a negative fy: nothing lies behind them for it, and errors and covariances are as before."""
    random = np.random.default_rng(4)
    X = random.uniform((-1, -0.8, 2), (1, 0.8, 6), (50, 3))
    T = pose(translation=(-0.5, 0.04, 0.02))
    noise = random.normal(0, 0.5, (2, 50, 2))

    def seen(pair):
        sides = [(1, np.sign(camera.fy)) for camera in pair]
        return [
            camera.project(p) + n * side
            for camera, p, n, side in zip(pair, (X, X + T[:3, 3]), noise, sides, strict=True)
        ]

    upright, over = seen((CAMERA, CAMERA)), seen(cameras)
    for method in ("linear", "midpoint", "optimal"):
        for backend in ("cpp", "reference"):
            found = triangulate(*over, *cameras, T, method=method, backend=backend)
            expected = triangulate(*upright, CAMERA, CAMERA, T, method=method, backend=backend)
            assert found.valid.all()
            np.testing.assert_allclose(found.m, expected.m, rtol=1e-7)
            np.testing.assert_allclose(found.errors_px, expected.errors_px, atol=1e-7)
            np.testing.assert_allclose(found.covariance_m2, expected.covariance_m2, rtol=1e-6, atol=1e-12)
    found = triangulate_views(over, cameras, [np.eye(4), T])
    np.testing.assert_allclose(found.m, triangulate_views(upright, [CAMERA] * 2, [np.eye(4), T]).m, rtol=1e-7)
    behind = triangulate(over[1], over[0], cameras[1], cameras[0], T)  # swapped
    assert set(behind.counts()) <= {"behind", "not_converged", "parallel"}
