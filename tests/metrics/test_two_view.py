"""Scores of poses up to scale, from angles that were put in."""

import math

import numpy as np
import pytest

from geomvision import metrics
from geomvision.cameras import Camera, pose
from geomvision.metrics import Ratio
from geomvision.results import MetricPose, RelativePose
from geomvision.samples import PoseSample

CAMERA = Camera(width=64, height=48, fx=60.0, fy=60.0, cx=31.5, cy=23.5)
TRUTH = pose(translation=(2.0, 0.0, 0.0))
PROTOCOL = metrics.PROTOCOLS["two_view"]()


def about_z(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def turned(rotation, direction, length=1.0):
    """A pose that is off by so many degrees of rotation and of direction."""
    return pose(about_z(rotation), length * about_z(direction) @ (1.0, 0.0, 0.0))


def found(T, *flags):
    return RelativePose(
        T_1_0=T, matrix=None, relation="essential", inliers=np.ones(5, bool), degeneracies=frozenset(flags)
    )


def sample(truth=TRUTH):
    blank = np.zeros((48, 64), np.uint8)
    return PoseSample(name="pair", image0=blank, image1=blank, camera0=CAMERA, camera1=CAMERA, T_1_0=truth)


def test_the_error_of_a_pair_is_the_larger_angle():
    score = PROTOCOL.score(found(turned(2.0, 7.5)), sample())
    assert score["R deg"].value == pytest.approx(2.0)
    assert score["t deg"].value == pytest.approx(7.5)
    assert score["pose deg"].value == pytest.approx(7.5)
    assert (score["AUC@5°"].value, score["AUC@10°"].value) == pytest.approx((0.0, 25.0))
    assert score["mAA@10°"].value == pytest.approx(30.0)  # below 8°, 9° and 10° of ten
    assert (score["flagged"].value, score["density"].value) == (0.0, 100.0)


def test_lengths_do_not_matter_and_poses_in_metres_are_scored_too():
    T = turned(1.0, 3.0, length=50.0)
    metric = MetricPose(T_1_0=T, inliers=np.ones(4, bool), covariance=np.zeros((6, 6)), confidence=0.9, depth_ratio=1.0)
    assert dict(PROTOCOL.score(metric, sample())) == pytest.approx(PROTOCOL.score(found(turned(1.0, 3.0)), sample()))
    assert set(metrics.score(metric, sample())) == {"map_free", "two_view", "superglue"}
    assert set(metrics.score(found(T), sample())) == {"two_view", "superglue"}


@pytest.mark.parametrize("missing", [None, np.full((4, 4), np.nan)])
def test_no_pose_and_a_refusal_are_wrong_by_all_that_can_be(missing):
    score = PROTOCOL.score(found(missing, "too_few_points"), sample())
    assert [score[name].value for name in ("R deg", "t deg", "pose deg")] == [180.0] * 3
    assert [score[f"AUC@{t}°"].value for t in (5, 10, 20)] == [0.0] * 3
    assert (score["mAA@10°"].value, score["density"].value, score["flagged"].value) == (0.0, 0.0, 100.0)
    refused = PROTOCOL.missing(sample(), method=None)
    assert {**score, "flagged": refused["flagged"]} == refused
    assert refused["flagged"].value == 0.0


def test_a_flagged_pose_counts_as_what_it_is_and_in_the_unflagged_figures_as_wrong():
    score = PROTOCOL.score(found(turned(0.0, 1.0), "plane"), sample())
    assert score["AUC@5°"].value == pytest.approx(80.0)
    assert score["AUC@5° unflagged"].value == 0.0
    assert score["flagged"].value == 100.0
    trusted = PROTOCOL.score(found(turned(0.0, 1.0)), sample())
    assert trusted["AUC@5° unflagged"].value == trusted["AUC@5°"].value


def test_a_rotation_without_a_baseline_has_no_direction_to_be_wrong_in():
    for length in (0.0, 1e-9):
        still = sample(pose(about_z(20.0), (0.0, length, 0.0)))
        for direction in ((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)):
            score = PROTOCOL.score(found(pose(about_z(21.0), direction), "pure_rotation"), still)
            assert score["pose deg"].value == score["R deg"].value == pytest.approx(1.0)
            assert math.isnan(score["t deg"].value)
        assert PROTOCOL.missing(still, method=None)["pose deg"].value == 180.0
        assert math.isnan(PROTOCOL.missing(still, method=None)["t deg"].value)
    moved = PROTOCOL.score(found(pose(), "no_motion"), sample())
    assert (moved["R deg"].value, moved["t deg"].value, moved["pose deg"].value) == (0.0, 180.0, 180.0)


def test_directions_have_a_sign_but_for_the_tables_of_matchers():
    back = found(turned(1.0, 177.0))
    assert PROTOCOL.score(back, sample())["pose deg"].value == pytest.approx(177.0)
    tables = metrics.PROTOCOLS["superglue"]()
    assert tables.score(back, sample())["pose deg"].value == pytest.approx(3.0)
    assert tables.score(found(turned(1.0, 60.0)), sample())["pose deg"].value == pytest.approx(60.0)
    for none in (found(None), found(pose())):  # a direction that was not given is no opposite one
        assert tables.score(none, sample())["pose deg"].value == 180.0
    assert tables.primary in tables.score(back, sample())


def test_many_pairs_have_one_curve_and_medians():
    """Errors of 1°, 3°, 4° and none up to 5°: by hand, (1·¼/2 + 2·(¼ + ½)/2 + 1·(½ + ¾)/2 + 1·¾) / 5."""
    poses = [turned(0.0, 3.0), None, turned(1.0, 0.5), turned(4.0, 0.0)]
    figures = PROTOCOL.aggregate([PROTOCOL.score(found(T), sample()) for T in poses])
    assert figures["AUC@5°"] == pytest.approx(100 * (0.125 + 0.75 + 0.625 + 0.75) / 5)
    errors = [3.0, np.inf, 1.0, 4.0]
    for threshold, area in metrics.pose_auc(errors, curve="lines").items():
        assert figures[f"AUC@{threshold:g}°"] == pytest.approx(100 * area)
    assert figures["pose deg"] == pytest.approx(3.5)
    assert figures["R deg"] == pytest.approx(2.5)  # of 0, 180, 1 and 4
    assert figures["mAA@10°"] == pytest.approx(100 * np.mean([(t > 1) + (t > 3) + (t > 4) for t in range(1, 11)]) / 4)
    assert figures["density"] == 75.0
    assert PROTOCOL.headline(figures) == "AUC@5°"
    assert math.isnan(PROTOCOL.aggregate([PROTOCOL.score(found(pose()), sample(pose()))])["t deg"])


def test_what_is_no_pose_or_has_no_truth_is_refused():
    with pytest.raises(TypeError, match="it was given a str"):
        PROTOCOL.score("pose", sample())
    with pytest.raises(ValueError, match="'pair' has no T_1_0"):
        PROTOCOL.score(found(TRUTH), sample(None))
    with pytest.raises(ValueError, match="'pair' has no T_1_0"):
        PROTOCOL.missing(sample(None), method=None)


def scores_of(protocol, count, seed):
    """Scores of random poses, some of them missing, some flagged, some of equal confidence, some without a baseline."""
    random = np.random.default_rng(seed)
    scores = []
    for k in range(count):
        T = turned(random.exponential(4.0), random.exponential(6.0), random.uniform(1.8, 2.3))
        truth = sample(pose() if k % 9 == 4 else TRUTH)
        confidence = float(random.choice([0.2, 0.5, 0.5, 0.9]))
        known = k % 7 != 3
        flags = ("undetermined",) if k % 5 == 0 else ()
        estimate = MetricPose(
            T_1_0=T if known else np.full((4, 4), np.nan),
            inliers=np.ones(4, bool),
            covariance=np.zeros((6, 6)),
            confidence=confidence if known else 0.0,
            depth_ratio=1.0,
            flags=flags,
        )
        scores.append(protocol.score(estimate, truth))
    return scores


@pytest.mark.parametrize("name", ["two_view", "superglue", "map_free"])
def test_all_drawings_at_once_are_what_each_aggregates_to(name):
    protocol, count = metrics.PROTOCOLS[name](), 23
    scores = scores_of(protocol, count, seed=5)
    columns = {
        figure: tuple(np.array([getattr(score[figure], part) for score in scores]) for part in ("total", "count"))
        for figure in scores[0]
    }
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=40)
    draws[0] = 1
    draws[1] = np.eye(count, dtype=int)[3] * count  # pairs without a pose alone
    for figure in scores[0]:
        found_at_once = protocol.drawn(figure, columns, draws.astype(np.float32))
        for row, times in zip(found_at_once, draws, strict=True):
            every = [score for score, n in zip(scores, times, strict=True) for _ in range(n)]
            assert row == pytest.approx(protocol.aggregate(every)[figure], nan_ok=True), figure


def test_a_method_without_any_score_has_no_figure_in_any_drawing():
    nothing = {name: (np.zeros(3), np.zeros(3)) for name in PROTOCOL.score(found(TRUTH), sample())}
    for name in nothing:
        assert np.isnan(PROTOCOL.drawn(name, nothing, np.ones((2, 3), np.float32))).all()


def test_other_protocols_leave_failures_out_and_are_drawn_one_by_one():
    other = metrics.PROTOCOLS["kitti2015"]()
    assert other.missing(sample(), method=None) is None
    assert other.drawn("D1-all all", {}, np.ones((1, 1))) is None
    in_metres = metrics.PROTOCOLS["map_free"]()
    assert in_metres.missing(sample(), method=object()) is None

    class Metric:
        is_metric = True

    assert in_metres.missing(sample(), Metric())["density"] == Ratio(0.0, 1.0, "percent")
