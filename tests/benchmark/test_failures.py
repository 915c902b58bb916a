"""What counts where a method gave no estimate, in comparisons; and what speaks against those it gave."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

import geomvision as gv
from geomvision.benchmark.comparison import compare_methods
from geomvision.benchmark.failures import counted, counts, flags_of
from geomvision.method import backend
from geomvision.metrics import PROTOCOLS
from geomvision.pose._base import PoseMethod
from geomvision.results import Disparity, MetricPose, RelativePose

PROTOCOL = PROTOCOLS["two_view"]()


@pytest.fixture(scope="module")
def samples():
    plain = {"noise": 0.5, "supersampling": 1, "textureless": 0.0, "repetition": 0.0}
    data = gv.datasets.Synthetic(seed=3, layout="room", height=240, width=320, **plain)
    good = data.two_views(1)
    return good, replace(good, name="blank", image1=np.zeros_like(good.image1))


def test_flags_of_poses_are_told_in_order():
    none = {"inliers": np.zeros(0, bool)}
    relative = RelativePose(
        T_1_0=None, matrix=None, relation="essential", degeneracies=frozenset({"uncertain", "plane"}), **none
    )
    metric = MetricPose(
        T_1_0=np.eye(4), covariance=np.eye(6), confidence=0.5, depth_ratio=1.0, flags=("planar", "mirrored"), **none
    )
    assert flags_of(relative) == ("plane", "uncertain")
    assert flags_of(metric) == ("mirrored", "planar")
    assert flags_of(Disparity(px=np.ones((2, 2), np.float32))) == flags_of(None) == ()


def test_a_refusal_counts_but_not_a_method_that_cannot_run_here(samples):
    given = [PROTOCOL, PROTOCOLS["map_free"]()], gv.pose.Essential(), samples[0]
    assert set(counted(*given, "ValueError: too few")) == {"two_view"}
    assert set(counted(given[0], gv.pose.MetricDepthPose(), samples[0], "ValueError: no")) == {"two_view", "map_free"}
    assert counted(*given, "BackendError: PoseLib cannot run here") == {}
    assert counted(*given[:2], replace(samples[0], T_1_0=None), "ValueError: too few") == {}
    stereo = gv.datasets.Synthetic(count=1, height=24, width=32, max_disparity=8)[0]
    assert counted([PROTOCOLS["kitti2015"]()], gv.stereo.SGM(), stereo, "ValueError: no") == {}
    assert [task for task in ("stereo", "flow", "depth", "pose", "scene_flow") if counts(task)] == ["pose"]


def test_a_comparison_of_poses_counts_what_was_refused(samples, tmp_path):
    methods = [gv.pose.Essential(), gv.pose.MetricDepthPose()]
    report = gv.compare(methods, samples, repeats=1, progress=False)
    (comparison,) = report.comparisons
    assert comparison.task == "pose"
    figures = comparison.figures("essential", PROTOCOL)
    alone = comparison.of("essential")[0].scores["two_view"]["pose deg"].value
    assert alone < 2.0
    assert figures["AUC@5°"] == pytest.approx(100 * gv.metrics.pose_auc([alone, np.inf], curve="lines")[5.0])
    assert (figures["density"], figures["pose deg"]) == pytest.approx((50.0, (alone + 180.0) / 2))
    assert comparison.figures("metric_depth_pose", PROTOCOLS["map_free"]())["density"] == 50.0
    told = json.loads(report.json())["comparisons"][0]["rows"]
    assert [row["flags"] for row in told if row["label"] == "essential"] == [[], []]
    assert "essential failed on blank: ValueError: 0 matches were given" in str(report)
    page = report.save(tmp_path / "report.html").read_text()
    assert "Two-view pose on 2 samples" in page


@dataclass(frozen=True, kw_only=True)
class Flagging(PoseMethod):
    """Gives the true pose, and says that it may be wrong."""

    def on(self, sample):
        return RelativePose(
            T_1_0=sample.T_1_0,
            matrix=np.eye(3),
            relation="essential",
            inliers=np.ones(5, bool),
            degeneracies=frozenset({"plane"}),
        )

    @backend("told")
    def _told(self, view0, view1):
        raise AssertionError


def test_flags_are_in_the_row_and_in_the_figures(samples):
    comparison = compare_methods([Flagging()], samples, repeats=1, progress=False)
    assert [row.flags for row in comparison.rows] == [("plane",)] * 2
    figures = comparison.figures(comparison.labels[0], PROTOCOL)
    assert (figures["flagged"], figures["AUC@5°"], figures["AUC@5° unflagged"]) == pytest.approx((100, 100, 0))
