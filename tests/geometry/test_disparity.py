"""Points of disparities: closed forms, odd sizes, what has no point."""

from __future__ import annotations

import numpy as np
import pytest

from geomvision import _core
from geomvision.cameras import Camera, StereoRig, pose
from geomvision.geometry import depth_error, points_from_disparity
from geomvision.results import Disparity


def rig(width: int, height: int) -> StereoRig:
    left = Camera(width=width, height=height, fx=100.0, fy=80.0, cx=1.0, cy=0.5)
    return StereoRig.rectified(left, 0.5, doffs_px=2.0)


def test_points_lie_on_the_rays_of_their_pixels():
    px = np.array([[8, 18, np.nan], [3, -2, 38]], dtype=np.float32)
    points = points_from_disparity(Disparity(px=px), rig(3, 2))
    none = [np.nan] * 3
    wanted = [[[-0.05, -0.03125, 5], [0, -0.015625, 2.5], none], [[-0.1, 0.0625, 10], none, [0.0125, 0.0078125, 1.25]]]
    np.testing.assert_allclose(points, wanted, rtol=1e-7)


@pytest.mark.parametrize("size", [(1, 1), (37, 5), (517, 3), (1920, 400)])
def test_points_are_those_of_the_depth_map_and_do_not_depend_on_threads(size, instruction_set):
    width, height = size
    px = np.random.default_rng(1).uniform(-6, 60, (height, width)).astype(np.float32)
    disparity, cameras = Disparity(px=px), rig(width, height)
    points = points_from_disparity(disparity, cameras)
    wanted = disparity.to_depth(cameras).to_point_map(cameras.left)
    np.testing.assert_allclose(points, wanted, rtol=1e-6)
    for isa in _core.available_isas():
        with instruction_set(isa):
            np.testing.assert_array_equal(points_from_disparity(disparity, cameras, num_threads=2), points)


def test_depth_errors_grow_with_the_square_of_depth():
    error = depth_error([1.0, 2.0, np.nan, -1.0], rig(3, 2), disparity_error_px=0.25)
    np.testing.assert_allclose(error, [0.005, 0.02, np.nan, np.nan])
    cameras, z = rig(4, 2), 7.0
    disparity = 100 * 0.5 / z
    assert depth_error(z, cameras, disparity_error_px=1e-6) == pytest.approx(50 / (disparity - 1e-6) - z, rel=1e-5)


def test_what_has_no_depth_is_refused():
    disparity = Disparity(px=np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="3x2 but the camera is 4x2"):
        points_from_disparity(disparity, rig(4, 2))
    camera = rig(3, 2).left
    turned = StereoRig(left=camera, right=camera, T_right_left=pose(translation=(0.0, -1.0, 0.0)))
    with pytest.raises(ValueError, match="not rectified"):
        points_from_disparity(disparity, turned)
    with pytest.raises(ValueError, match="not rectified"):
        depth_error(1.0, turned)
    with pytest.raises(ValueError, match="disparity_error_px"):
        depth_error(1.0, rig(3, 2), disparity_error_px=-1)


def test_opencv_reprojects_to_the_same_points():
    cv2 = pytest.importorskip("cv2")
    px = np.random.default_rng(2).uniform(1, 60, (20, 31)).astype(np.float32)
    Q = np.array([[1, 0, 0, -1.0], [0, 100 / 80, 0, -0.5 * 100 / 80], [0, 0, 0, 100], [0, 0, 1 / 0.5, 2.0 / 0.5]])
    theirs = cv2.reprojectImageTo3D(px, Q)
    np.testing.assert_allclose(points_from_disparity(Disparity(px=px), rig(31, 20)), theirs, rtol=1e-5, atol=1e-7)
