"""From images to poses: matched once for each pair, by all methods alike."""

import gc
from dataclasses import replace

import numpy as np
import pytest

import geomvision as gv
from geomvision import metrics
from geomvision.images import ImageError
from geomvision.metrics.map_free import metric_pose_error
from geomvision.pose import _images


@pytest.fixture(scope="module")
def sample():
    plain = {"noise": 0.5, "supersampling": 1, "textureless": 0.0, "repetition": 0.0}
    return gv.datasets.Synthetic(seed=3, layout="room", height=240, width=320, **plain).two_views(1)


@pytest.fixture
def counted(monkeypatch):
    """How often images were matched."""
    calls, real = [], _images.match_features

    def match(*arguments, **options):
        calls.append(options)
        return real(*arguments, **options)

    monkeypatch.setattr(_images, "match_features", match)
    return calls


def test_a_rendered_pose_is_found_from_its_images(sample):
    given = sample.image0, sample.image1, sample.camera0, sample.camera1
    found = gv.pose.Essential().from_images(*given)
    assert metrics.pose_error(found.T_1_0, sample.T_1_0).worst_deg < 2.0
    np.testing.assert_array_equal(gv.pose.Essential().on(sample).T_1_0, found.T_1_0)
    fewer = gv.pose.Essential().from_images(*given, features=100, ratio=0.7)
    assert len(fewer.inliers) < len(found.inliers)
    metric = gv.pose.MetricDepthPose().on(sample)
    metres, degrees = metric_pose_error(metric.T_1_0, sample.T_1_0)
    assert metres < 0.1 * np.linalg.norm(sample.T_1_0[:3, 3])
    assert degrees < 1.0


def test_features_of_a_sample_are_matched_once_for_all_methods(sample, counted):
    one = replace(sample)
    for method in (gv.pose.Essential(), gv.pose.Fundamental(), gv.pose.Homography(seed=3), gv.pose.MetricDepthPose()):
        method.matched(one)
        method.on(one)
    assert counted == [{"features": 4000, "ratio": 0.8}]
    gv.pose.MetricDepthPose(ratio=0.7).on(one)
    assert len(counted) == 2
    gv.pose.Essential().on(replace(sample))
    assert len(counted) == 3
    kept = len(_images._FOUND)
    del one
    gc.collect()
    assert len(_images._FOUND) < kept


def test_images_that_do_not_fit_their_cameras_are_refused(sample):
    small = sample.image1[:-1]
    for method, more in ((gv.pose.Essential(), {}), (gv.pose.MetricDepthPose(), {"depth0": sample.depth0})):
        more = {**more, "depth1": sample.depth1} if more else more
        with pytest.raises(ValueError, match="image1 is 320x239 but its camera is 320x240 pixels"):
            method.from_images(sample.image0, small, sample.camera0, sample.camera1, **more)
        with pytest.raises(ValueError, match="image1 is 320x239"):
            method.on(replace(sample, image1=small))
    with pytest.raises((ImageError, ValueError), match="image0"):
        gv.pose.Essential().from_images("a.png", sample.image1, sample.camera0, sample.camera1)


def test_a_sample_without_what_a_method_needs_is_refused(sample):
    with pytest.raises(ValueError, match="has no depth1: metric_depth_pose needs the depth of both views"):
        gv.pose.MetricDepthPose().on(replace(sample, depth1=None))
    blank = replace(sample, image1=np.zeros_like(sample.image1))
    with pytest.raises(ValueError, match="0 matches were given; essential needs at least 5"):
        gv.pose.Essential().on(blank)


def test_what_is_told_of_metres():
    assert {name: gv.pose.METHODS[name].is_metric for name in gv.pose.METHODS} == {
        "essential": False,
        "fundamental": False,
        "homography": False,
        "metric_depth_pose": True,
        "opencv_usac": False,
        "poselib": False,
    }


def test_a_peer_that_finds_nothing_gives_no_pose(monkeypatch):
    poselib = pytest.importorskip("poselib")

    class Nothing:
        R, t = np.eye(3), np.zeros(3)

    found = {"inliers": [False] * 8, "iterations": 7}
    monkeypatch.setattr(poselib, "estimate_relative_pose", lambda *_: (Nothing(), found))
    camera = gv.Camera(width=64, height=48, fx=60, fy=60, cx=31.5, cy=23.5)
    points = np.random.default_rng(0).uniform(0, 48, (2, 8, 2))
    result = gv.pose.PoseLib()(*points, camera, camera)
    assert result.T_1_0 is None
    assert (result.density, result.iterations) == (0.0, 7)
