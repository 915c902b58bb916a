"""metric_depth_pose on real depth, and what the method adds to the function it calls."""

import json

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import OptionError
from geomvision.metrics.map_free import metric_pose_error, vcre_px
from geomvision.results import MetricPose


def posed_frame(folder, index):
    """Camera, RGB image, depth in metres, camera-to-world pose of a frame of `shared/data/depth`."""
    meta = json.loads((folder / "meta.json").read_text())
    image = gv.io.read_image(next(folder.glob(f"color_{index:03d}.*")))
    coded = gv.io.read_image(folder / f"depth_{index:03d}.png")
    missing = np.isin(coded, np.atleast_1d(meta["invalid_value"]))
    depth = np.where(missing, np.nan, coded / meta["depth_scale"])
    height, width = depth.shape
    camera = gv.Camera(width=width, height=height, **meta["intrinsics"])
    return camera, image, depth, np.loadtxt(folder / "poses.txt").reshape(-1, 4, 4)[index]


def relative_pose(folder, first, second, **options) -> tuple[MetricPose, np.ndarray, gv.Camera]:
    camera, image0, depth0, T_world_0 = posed_frame(folder, first)
    _, image1, depth1, T_world_1 = posed_frame(folder, second)
    method = gv.pose.MetricDepthPose(**options)
    found = method.from_images(image0, image1, camera, camera, depth0=depth0, depth1=depth1)
    truth = np.linalg.inv(T_world_1) @ T_world_0
    u, _, vt = np.linalg.svd(truth[:3, :3])  # written with few digits
    return found, gv.cameras.pose(u @ vt, truth[:3, 3]), camera


@pytest.mark.parametrize("solver", ["points", "pnp"])
@pytest.mark.parametrize(("first", "second"), [(0, 5), (0, 15), (5, 15), (0, 19)])
def test_a_hand_held_depth_camera(real_data, solver, first, second):
    """Its poses are good to about a centimetre and half a degree: colour and depth are not registered exactly."""
    found, truth, camera = relative_pose(real_data / "depth" / "7scenes_a", first, second, solver=solver)
    metres, degrees = metric_pose_error(found.T_1_0, truth)
    assert metres < 0.04
    assert degrees < 1.2
    assert vcre_px(found.T_1_0, truth, camera) < 20
    assert found.confidence > 0.3
    assert found.flags == ()
    assert found.run is not None
    assert found.run.method == "pose/metric_depth_pose"


@pytest.mark.parametrize("solver", ["points", "pnp"])
def test_a_rendered_room_with_its_image_upside_down(real_data, solver):
    """ICL-NUIM has a negative f_y. Two frames overlap; the others share too little, and then no pose is given."""
    folder = real_data / "depth" / "icl_nuim"
    found, truth, _ = relative_pose(folder, 0, 2, solver=solver)
    metres, degrees = metric_pose_error(found.T_1_0, truth)
    assert metres < 0.03
    assert degrees < 0.6
    for pair in ((0, 1), (1, 2), (2, 3), (3, 4)):
        found, truth, _ = relative_pose(folder, *pair, solver=solver)
        assert found.confidence < 0.3
        assert not found.is_known or found.confidence > 0 or found.flags


def test_the_call_takes_matches_and_keeps_its_options():
    camera = gv.Camera(width=64, height=48, fx=50.0, fy=50.0, cx=31.0, cy=24.0)
    y, x = np.mgrid[0:48, 0:64]
    depth = 3.0 + 0.02 * x + 0.01 * y
    random = np.random.default_rng(0)
    points0 = random.uniform((1, 1), (62, 46), (50, 2))
    p = camera.unproject(points0, 3.0 + 0.02 * points0[:, 0] + 0.01 * points0[:, 1])
    method = gv.pose.METHODS["metric_depth_pose"](solver="pnp", seed=3)
    found = method(points0, camera.project(p + np.array([0.1, 0.0, 0.0])), camera, camera, depth0=depth, depth1=depth)
    np.testing.assert_allclose(found.T_1_0[:3, 3], (0.1, 0.0, 0.0), atol=1e-5)
    assert found.run.options["solver"] == "pnp"
    assert found.run.options["seed"] == 3
    with pytest.raises(OptionError, match="solver"):
        gv.pose.MetricDepthPose(solver="icp")


def test_images_are_checked():
    camera = gv.Camera(width=64, height=48, fx=50.0, fy=50.0, cx=31.0, cy=24.0)
    flat, depth = np.full((48, 64, 3), 100, np.uint8), np.ones((48, 64))
    with pytest.raises(ValueError, match="image1 is 60x48"):
        gv.pose.MetricDepthPose().from_images(flat, flat[:, :60], camera, camera, depth0=depth, depth1=depth)
    found = gv.pose.MetricDepthPose().from_images(flat, flat, camera, camera, depth0=depth, depth1=depth)
    assert found.flags == ("too_few_points",)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_may_be_of_any_dtype(dtype):
    from geomvision.geometry import match_features

    pair = gv.datasets.Synthetic(seed=3)[0]
    scale = 257 if dtype == np.uint16 else 1
    images = [(image.astype(float) * scale).astype(dtype) for image in (pair.left, pair.right)]
    found = match_features(*images, ratio=0.8, features=500)
    points0, points1 = found.points0, found.points1
    assert len(points0) > 50
    assert np.median(np.abs(points0[:, 1] - points1[:, 1])) < 0.5  # rectified
    assert len(np.unique(np.c_[points0, points1], axis=0)) == len(points1)
