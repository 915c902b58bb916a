"""Map-free scores, from their definitions."""

import math

import numpy as np
import pytest

from geomvision import metrics
from geomvision.cameras import Camera, pose
from geomvision.metrics.map_free import (
    POSE_RIGHT,
    VCRE_RIGHT,
    average_precision,
    metric_pose_error,
    vcre_px,
    virtual_points,
)
from geomvision.results import AbsolutePose, MetricPose
from geomvision.samples import PoseSample

CAMERA = Camera(width=540, height=720, fx=600.0, fy=590.0, cx=270.0, cy=350.0)
A = np.radians(3.0)
TURN = np.array([[np.cos(A), -np.sin(A), 0], [np.sin(A), np.cos(A), 0], [0, 0, 1]])
TRUTH = pose(TURN @ TURN, (0.3, -0.1, 0.2))


def estimate(T, confidence=1.0):
    nothing = np.zeros((6, 6))
    return MetricPose(T_1_0=T, inliers=np.ones(4, bool), covariance=nothing, confidence=confidence, depth_ratio=1.0)


def sample(truth=TRUTH):
    blank = np.zeros((720, 540), np.uint8)
    return PoseSample(name="pair", image0=blank, image1=blank, camera0=CAMERA, camera1=CAMERA, T_1_0=truth)


def test_the_grid_is_the_published_one():
    grid = virtual_points()
    assert grid.shape == (4 * 7 * 7, 3)
    np.testing.assert_allclose(grid.min(axis=0), (-0.9, -0.45, 1.8))
    np.testing.assert_allclose(grid.max(axis=0), (0.9, 0.45, 3.6))
    assert len(np.unique(grid.round(9), axis=0)) == 196


def test_pose_error_is_distance_of_centres_and_angle():
    moved = pose(TURN @ TRUTH[:3, :3], TURN @ TRUTH[:3, 3])
    assert metric_pose_error(moved, TRUTH) == pytest.approx((0.0, 3.0), abs=1e-9)
    shifted = TRUTH.copy()
    shifted[:3, 3] += TRUTH[:3, :3] @ (0.3, 0.0, 0.4)
    assert metric_pose_error(shifted, TRUTH) == pytest.approx((0.5, 0.0), abs=1e-9)
    about = pose(np.diag([-1.0, -1.0, 1.0]))
    assert metric_pose_error(about, np.eye(4))[1] == pytest.approx(180.0)


def test_vcre_of_a_sideways_error_is_focal_length_by_depth():
    """In an image that holds the whole grid, an error of 0.1 m along x moves a point at depth z by f·0.1 / z."""
    wide = Camera(width=900, height=720, fx=600.0, fy=590.0, cx=450.0, cy=350.0)
    shifted = TRUTH.copy()
    shifted[0, 3] += 0.1
    expected = np.mean([600.0 * 0.1 / z for z in 1.8 + 0.3 * np.arange(7)])
    assert vcre_px(shifted, TRUTH, wide) == pytest.approx(expected, rel=1e-9)
    assert vcre_px(TRUTH, TRUTH, CAMERA) == pytest.approx(0.0, abs=1e-9)


def test_points_beyond_the_image_count_at_its_border():
    """Worked by hand: both places are moved into the image, so what lies beyond it moves less, or not at all."""
    shifted = TRUTH.copy()
    shifted[0, 3] += 0.1
    z, x = 1.8 + 0.3 * np.arange(7), 0.3 * (np.arange(7) - 3.0)
    before = np.clip(270.0 + 600.0 * x[:, None] / z, 0, 540)
    after = np.clip(270.0 + 600.0 * (x[:, None] + 0.1) / z, 0, 540)
    assert before.max() == 540.0
    assert vcre_px(shifted, TRUTH, CAMERA) == pytest.approx(np.abs(after - before).mean(), rel=1e-9)


def test_what_is_far_off_is_bounded_by_the_image():
    """Moved sideways by a kilometre, all points stand at the right border, each on a row that the error left."""
    far = TRUTH.copy()
    far[0, 3] += 1000.0
    z, x = 1.8 + 0.3 * np.arange(7), 0.3 * (np.arange(7) - 3.0)
    expected = (540.0 - np.clip(270.0 + 600.0 * x[:, None] / z, 0, 540)).mean()
    assert vcre_px(far, TRUTH, CAMERA) == pytest.approx(expected, rel=1e-9)


def test_a_pinhole_camera_mirrors_what_is_behind_it_and_others_count_the_diagonal():
    """Turned about by 180° the grid's x / z stays and y / z changes its sign."""
    back = pose(np.diag([-1.0, 1.0, -1.0])) @ TRUTH
    z, y = 1.8 + 0.3 * np.arange(7), 0.3 * (np.arange(4) - 1.5)
    expected = np.abs(2 * 590.0 * y[:, None] / z).mean()
    assert vcre_px(back, TRUTH, CAMERA) == pytest.approx(expected, rel=1e-9)
    lens = Camera(width=540, height=720, fx=600.0, fy=590.0, cx=270.0, cy=350.0, distortion=(-0.1, 0.01, 0.0, 0.0))
    assert vcre_px(back, TRUTH, lens) == pytest.approx(900.0)


def test_figures_of_one_pair():
    shifted = TRUTH.copy()
    shifted[0, 3] += 0.1
    score = metrics.score(estimate(shifted, 0.7), sample())["map_free"]
    assert score["m"].value == pytest.approx(0.1)
    assert score["deg"].value == pytest.approx(0.0, abs=1e-9)
    assert score[VCRE_RIGHT].value == score[POSE_RIGHT].value == score["density"].value == 100.0
    assert score["confidence"].value == 0.7
    shifted[0, 3] += 0.2
    score = metrics.score(estimate(shifted), sample())["map_free"]
    assert score[POSE_RIGHT].value == 0.0
    assert score[VCRE_RIGHT].value == 100.0
    score = metrics.score(estimate(np.full((4, 4), np.nan), 0.0), sample())["map_free"]
    assert math.isnan(score["VCRE"].value)
    assert score[POSE_RIGHT].value == score["density"].value == 0.0


def test_many_pairs_have_medians_percentages_and_average_precision():
    protocol, scores = metrics.PROTOCOLS["map_free"](), []
    for error, confidence in ((0.0, 0.9), (0.1, 0.8), (0.5, 0.5), (math.nan, 0.0)):
        T = TRUTH.copy()
        T[0, 3] += error
        scores.append(protocol.score(estimate(T if error == error else np.full((4, 4), np.nan), confidence), sample()))
    found = protocol.aggregate(scores)
    assert found["m"] == pytest.approx(0.1)
    assert found[POSE_RIGHT] == 50.0
    assert found["density"] == 75.0
    # by falling confidence: right, right, wrong; one failure: recall 1/4, 2/4, 3/4 at precision 1, 1, 2/3
    assert found[f"AUC {POSE_RIGHT}"] == pytest.approx(100 * (1 / 4 + 1 / 4 + 1 / 4 * 2 / 3))
    assert protocol.headline(found) == "VCRE"


def test_average_precision_lets_ties_fall_together():
    right = np.array([True, False, True, False])
    assert average_precision(np.full(4, 0.5), right) == pytest.approx(0.5)
    assert average_precision(np.array([0.9, 0.1, 0.8, 0.2]), right) == pytest.approx(
        1 / 2 + 1 / 4 * 2 / 3 + 1 / 4 * 1 / 2
    )
    assert average_precision(np.zeros(0), np.zeros(0, bool), failures=3) == 0.0
    assert math.isnan(average_precision(np.zeros(0), np.zeros(0, bool)))


def test_what_has_no_metres_or_truth_is_refused():
    protocol = metrics.PROTOCOLS["map_free"]()
    absolute = AbsolutePose(T_cam_world=TRUTH, inliers=np.ones(1, bool), covariance=np.zeros((6, 6)), noise_px=1.0)
    with pytest.raises(TypeError, match="AbsolutePose"):
        protocol.score(absolute, sample())
    with pytest.raises(ValueError, match="no T_1_0"):
        protocol.score(estimate(TRUTH), sample(None))
