"""The core's undistortion of points: there and back, the end of the model, OpenCV."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geomvision import _core
from geomvision.cameras import Camera

INTRINSICS = np.array([512.0, 498.0, 333.0, 251.0])
LENSES = {
    "radial": (-0.3, 0.1, 0.0, 0.0, 0.01),
    "four": (-0.2, 0.05, 1e-3, -2e-3),
    "rational": (0.4, -0.2, 1e-3, -1e-3, 0.02, 0.7, -0.1, 0.03),
    "prism": (0.4, -0.2, 1e-3, -1e-3, 0.02, 0.7, -0.1, 0.03, 1e-3, -2e-3, 5e-4, 1e-4),
    "tilted": (-0.2, 0.05, 1e-3, -1e-3, 0.0, 0.0, 0.0, 0.0, 1e-3, -2e-3, 5e-4, 1e-4, 0.02, -0.03),
}


def camera(distortion: tuple[float, ...]) -> Camera:
    fx, fy, cx, cy = INTRINSICS
    return Camera(width=640, height=480, fx=fx, fy=fy, cx=cx, cy=cy, distortion=distortion)


def undistorted(pixels: np.ndarray, distortion: tuple[float, ...], threads: int = 0) -> np.ndarray:
    found: np.ndarray = _core.undistort_points(pixels, INTRINSICS, np.array(distortion, dtype=float), threads)
    return found


@pytest.mark.parametrize("lens", LENSES)
def test_projecting_what_was_found_gives_the_pixels(lens):
    lens_camera = camera(LENSES[lens])
    pixels = np.random.default_rng(1).uniform((0, 0), (640, 480), (3000, 2))
    plane = undistorted(pixels, LENSES[lens])
    np.testing.assert_allclose(plane, lens_camera.unproject(pixels)[:, :2], atol=1e-11)  # NaN where that is
    good = np.isfinite(plane).all(axis=1)
    assert good.mean() > 0.9
    points = np.concatenate([plane, np.ones((3000, 1))], axis=1)
    np.testing.assert_allclose(lens_camera.project(points)[good], pixels[good], atol=1e-9)


@pytest.mark.parametrize("lens", LENSES)
def test_opencv_converges_to_the_same(lens):
    cv2 = pytest.importorskip("cv2")
    fx, fy, cx, cy = INTRINSICS
    pixels = np.random.default_rng(2).uniform((80, 60), (560, 420), (500, 2))
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-13)
    K = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    undistort = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)  # OpenCV 5 has one for both
    theirs = undistort(pixels[:, None], K, np.array(LENSES[lens]), R=None, P=None, criteria=criteria)[:, 0]
    np.testing.assert_allclose(undistorted(pixels, LENSES[lens]), theirs, atol=1e-8)


@pytest.mark.parametrize("distortion", [(-0.5, 0, 0, 0), (0.1, -0.9, 0.01, 0, 0.02), *LENSES.values()])
def test_the_models_end_is_that_of_the_camera(distortion):
    limit = _core.distortion_limit(np.array(distortion, dtype=float))
    straight = np.array([[limit * 0.999, 0.0, 1.0], [limit * 1.001, 0.0, 1.0]])
    if np.isfinite(limit):
        seen = camera(distortion).project(straight)
        assert np.isfinite(seen[0]).all()
        assert np.isnan(seen[1]).all()
        np.testing.assert_allclose(undistorted(seen[:1], distortion)[0], straight[0, :2], atol=1e-9)
    far = np.array([[1e7, 251.0]])
    assert np.isnan(undistorted(far, (-0.5, 0, 0, 0))).all()


def test_results_do_not_depend_on_threads_or_instruction_set(instruction_set):
    pixels = np.random.default_rng(3).uniform(-300, 900, (3001, 2))
    pixels[7] = np.nan
    for distortion in LENSES.values():
        with instruction_set("baseline"):
            first = undistorted(pixels, distortion, 1)
        assert np.isnan(first[7]).all()
        for isa in _core.available_isas():
            with instruction_set(isa):
                np.testing.assert_array_equal(undistorted(pixels, distortion, 3), first)


coefficient = st.floats(-2, 2, width=32)


@example([0.0] * 4, [(0.0, 1.34e154), (1.7e308, -1.7e308)])
@given(st.lists(coefficient, min_size=4, max_size=12), st.lists(st.tuples(st.floats(), st.floats()), max_size=9))
def test_any_lens_gives_rays_that_project_back_or_nan(distortion, rows):
    pixels = np.array([*rows, (100.0, 50.0), (600.0, 470.0)])
    plane = undistorted(pixels, tuple(distortion))
    good = np.isfinite(plane).all(axis=1)
    assert np.isnan(plane[~good]).all()
    padded = tuple(distortion) + (0.0,) * (12 - len(distortion))
    limit = _core.distortion_limit(np.array(distortion))
    assert (np.hypot(*plane[good].T) <= limit * (1 + 1e-12)).all()
    inner = good & (np.hypot(*plane.T) < 0.999 * limit)
    back = camera(padded).project(np.concatenate([plane[inner], np.ones((inner.sum(), 1))], axis=1))
    size = np.maximum(1, np.abs(pixels[inner]).max(axis=1, keepdims=True))  # squares of some would overflow
    missed = np.hypot(*((back - pixels[inner]) / size).T)
    assert (missed <= 1e-6 / size[:, 0] + 1e-7 * np.hypot(*(pixels[inner] / size).T)).all()


def test_what_is_no_lens_is_refused():
    pixels = np.zeros((3, 2))
    with pytest.raises(ValueError, match="at most 14"):
        undistorted(pixels, (0.0,) * 15)
    with pytest.raises(ValueError, match="NaN or infinite"):
        undistorted(pixels, (np.nan,))
    with pytest.raises(ValueError, match="tilt"):
        undistorted(pixels, (*(0.0,) * 12, 2.0, 0.0))
    with pytest.raises(ValueError, match="focal"):
        _core.undistort_points(pixels, np.zeros(4), np.zeros(4), 1)
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        undistorted(np.zeros((3, 3)), ())
    assert undistorted(np.zeros((0, 2)), ()).shape == (0, 2)
