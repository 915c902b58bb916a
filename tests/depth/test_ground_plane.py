"""Ground from one image, against an analytically rendered plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomvision as gv
from geomvision.cameras import Camera, pose
from geomvision.images import ImageError
from geomvision.samples import DepthSample

CAMERA = Camera(width=96, height=64, fx=70.0, fy=65.0, cx=44.0, cy=29.0)
HEIGHT_M = 1.4


def world_from_camera(pitch: float) -> np.ndarray:
    """World: x right, y down, z ahead, ground at y = 0. The camera is HEIGHT_M above it and looks down by `pitch`."""
    c, s = math.cos(pitch), math.sin(pitch)
    return pose([[1, 0, 0], [0, c, s], [0, -s, c]], (0, -HEIGHT_M, 0))


def rendered_checker(camera: Camera, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """A checkered plane and its depth, by intersecting each pixel's ray with the ground."""
    T_world_camera = world_from_camera(pitch)
    rays = camera.unproject(camera.pixel_grid()) @ T_world_camera[:3, :3].T
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays[..., 1] > 0, HEIGHT_M / rays[..., 1], np.nan)
    ground = rays * depth[..., None] + T_world_camera[:3, 3]
    checker = (np.floor(ground[..., 0]) + np.floor(ground[..., 2])) % 2
    return np.where(np.isnan(depth), 255, 60 + 90 * np.nan_to_num(checker)).astype(np.uint8), depth


@pytest.mark.parametrize("pitch", [-0.2, 0.0, 0.15, 0.7])
@pytest.mark.parametrize("fy", [65.0, -65.0])
def test_depth_of_a_rendered_plane(pitch: float, fy: float) -> None:
    camera = Camera(width=96, height=64, fx=70.0, fy=fy, cx=44.0, cy=29.0)
    image, truth = rendered_checker(camera, pitch)
    method = gv.depth.GroundPlane(max_depth_m=30.0)
    depth = method(image, camera, camera_height_m=HEIGHT_M, pitch_rad=pitch)
    truth[~(truth <= 30.0)] = np.nan
    np.testing.assert_allclose(depth.m, truth, rtol=1e-6)
    horizon = camera.cy - camera.fy * math.tan(pitch)
    same = method(image, camera, camera_height_m=HEIGHT_M, horizon_px=horizon)
    np.testing.assert_allclose(same.m, truth, rtol=1e-5)


def test_points_of_the_depth_lie_on_the_ground() -> None:
    distorted = Camera(width=96, height=64, fx=70.0, fy=65.0, cx=44.0, cy=29.0, distortion=(-0.1, 0.02, 0.01, 0.0, 0.0))
    depth = gv.depth.GroundPlane()(np.zeros((64, 96), np.uint8), distorted, camera_height_m=HEIGHT_M, pitch_rad=0.3)
    T = world_from_camera(0.3)
    world = depth.to_points(distorted) @ T[:3, :3].T + T[:3, 3]
    assert len(world) > 4000
    np.testing.assert_allclose(world[:, 1], 0.0, atol=1e-4)


@given(row=st.integers(0, 63), horizon=st.floats(-40.0, 60.0))
def test_without_pitch_depth_is_focal_length_times_height_over_rows(row: int, horizon: float) -> None:
    """The textbook formula, by similar triangles, for the level camera; its horizon is the principal row."""
    camera = Camera(width=3, height=64, fx=70.0, fy=65.0, cx=1.0, cy=horizon)
    method = gv.depth.GroundPlane(max_depth_m=1000.0)
    depth = method(np.zeros((64, 3), np.uint8), camera, camera_height_m=2.0, horizon_px=horizon).m[row]
    if row - horizon >= 65.0 * 2.0 / 999.0:
        np.testing.assert_allclose(depth, 65.0 * 2.0 / (row - horizon), rtol=1e-5)
    elif row <= horizon:
        assert np.isnan(depth).all()


def test_confidence_is_one_less_the_error_of_a_horizon_one_pixel_off() -> None:
    image = np.zeros((64, 96), np.uint8)
    method = gv.depth.GroundPlane()
    depth = method(image, CAMERA, camera_height_m=HEIGHT_M, horizon_px=CAMERA.cy)
    raised = method(image, CAMERA, camera_height_m=HEIGHT_M, horizon_px=CAMERA.cy - 1)
    both = depth.valid & raised.valid
    error = (depth.m - raised.m)[both] / depth.m[both]
    np.testing.assert_allclose(depth.confidence[both], 1 - error, atol=1e-3)
    assert (depth.confidence[~depth.valid] == 0).all()


def test_an_object_has_the_depth_of_its_foot() -> None:
    """A box stands on the checkered ground; its true depth is constant, that of the ground at its foot."""
    image, truth = rendered_checker(CAMERA, 0.0)
    foot, top = 45, 20
    image[top : foot + 1, 30:60] = 230
    depth = gv.depth.GroundPlane(objects="upright")(image, CAMERA, camera_height_m=HEIGHT_M, horizon_px=CAMERA.cy)
    box = depth.m[30:foot, 30:60]
    np.testing.assert_allclose(box, truth[foot, 40], rtol=1e-6)
    np.testing.assert_allclose(depth.m[foot + 1 :], truth[foot + 1 :], rtol=1e-6)
    np.testing.assert_allclose(depth.m[32:, :30], truth[32:, :30], rtol=1e-6)
    assert np.isnan(depth.m[: int(CAMERA.cy) + 1]).all()
    upside_down = Camera(width=96, height=64, fx=70.0, fy=-65.0, cx=44.0, cy=63.0 - CAMERA.cy)
    flipped = gv.depth.GroundPlane(objects="upright")(
        image[::-1], upside_down, camera_height_m=HEIGHT_M, horizon_px=upside_down.cy
    )
    np.testing.assert_allclose(flipped.m[::-1], depth.m, rtol=1e-6)


@pytest.mark.parametrize("objects", ["ignore", "upright"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (3, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_small_images(objects: str, size: tuple[int, int], dtype: type) -> None:
    height, width = size
    camera = Camera(width=width, height=height, fx=10.0, fy=10.0, cx=0.0, cy=0.0)
    method = gv.depth.GroundPlane(objects=objects)
    for horizon in (-5.0, 0.0, 50.0):
        depth = method(np.ones((height, width, 3), dtype), camera, camera_height_m=1.0, horizon_px=horizon)
        assert depth.valid.all() == (horizon < 0)


def test_on_a_sample() -> None:
    image, truth = rendered_checker(CAMERA, 0.1)
    horizon = CAMERA.cy - CAMERA.fy * math.tan(0.1)
    sample = DepthSample(name="plane", image=image, camera=CAMERA, camera_height_m=HEIGHT_M, horizon_px=horizon)
    depth = gv.depth.GroundPlane(max_depth_m=20.0).on(sample)
    near = truth < 19
    np.testing.assert_allclose(depth.m[near], truth[near], rtol=1e-5)
    assert depth.run is not None
    assert depth.run.method == "depth/ground_plane"
    with pytest.raises(ValueError, match="needs camera height and horizon"):
        gv.depth.GroundPlane().on(DepthSample(name="bare", image=image, camera=CAMERA))


def test_what_cannot_be_right_is_refused() -> None:
    image = np.zeros((64, 96), np.uint8)
    ground = gv.depth.GroundPlane()
    with pytest.raises(ImageError, match="the camera is 96x64"):
        ground(image[:-1], CAMERA, camera_height_m=1.0, horizon_px=3.0)
    for height in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="positive number of metres"):
            ground(image, CAMERA, camera_height_m=height, horizon_px=3.0)
    with pytest.raises(ValueError, match="exactly one"):
        ground(image, CAMERA, camera_height_m=1.0)
    with pytest.raises(ValueError, match="exactly one"):
        ground(image, CAMERA, camera_height_m=1.0, horizon_px=3.0, pitch_rad=0.0)
    with pytest.raises(ValueError, match="between"):
        ground(image, CAMERA, camera_height_m=1.0, pitch_rad=1.6)
    with pytest.raises(ValueError, match="finite image row"):
        ground(image, CAMERA, camera_height_m=1.0, horizon_px=math.nan)
