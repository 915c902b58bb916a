"""Scene flow: KITTI's D1, D2, Fl and SF, and errors in space, by hand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, StereoRig
from geomvision.results import Disparity, Flow, SceneFlow
from geomvision.samples import PointsSample, SceneFlowSample

NAN = np.nan
RIG = StereoRig.rectified(Camera(width=5, height=1, fx=10.0, fy=10.0, cx=2.0, cy=0.0), 0.5)


@dataclass
class Maps:
    disparity0: list[float]
    disparity1: list[float]
    u: list[float]

    def typed(self, hidden=None):
        gone = None if hidden is None else np.array([hidden], bool)
        flow = np.stack([np.array([self.u], float), np.where(np.isnan([self.u]), NAN, 0.0)], axis=-1)
        maps = Disparity(px=np.array([self.disparity0])), Disparity(px=np.array([self.disparity1])), Flow(px=flow)
        return [replace(each, occluded=gone) for each in maps]


def sample_of(maps, hidden=None, masks=None):
    image = np.zeros((1, 5), np.uint8)
    names = dict(zip(("disparity0", "disparity1", "flow"), maps.typed(hidden), strict=True))
    return SceneFlowSample(
        name="by hand", left0=image, right0=image, left1=image, right1=image, rig=RIG, masks=masks or {}, **names
    )


def test_kitti_counts_a_pixel_where_any_of_the_three_is_wrong():
    """Pixel 1: D1 4 px off; 2: D2; 3: flow; 4: flow 4 px off of 100, which is 4 %. Truth of pixel 4 lacks D2."""
    truth = Maps([10.0] * 5, [20.0, 20.0, 20.0, 20.0, NAN], [10.0, 10.0, 10.0, 10.0, 100.0])
    given = Maps([10.0, 14.0, 10.0, 13.0, 10.0], [20.0, 20.0, 24.0, 20.0, 20.0], [10.0, 10.0, 10.0, 13.5, 104.0])
    foreground = np.array([[False, True, True, False, False]])
    sample = sample_of(truth, hidden=[0, 0, 1, 0, 0], masks={"foreground": foreground})
    estimate = SceneFlow.of_maps(*given.typed(), RIG)
    figures = {k: r.value for k, r in gv.metrics.score(estimate, sample)["kitti2015_scene_flow"].items()}
    for name, wanted in {
        "D1-all all": 100 * 1 / 5,
        "D2-all all": 100 * 1 / 4,
        "Fl-all all": 100 * 1 / 5,
        "SF-all all": 100 * 3 / 4,
        "SF-fg all": 100.0,
        "SF-bg all": 100 * 1 / 2,
        "SF-all noc": 100 * 2 / 3,
        "D2-all noc": 0.0,
        "density": 100.0,
    }.items():
        assert figures[name] == pytest.approx(wanted), name


def test_kitti_fills_what_is_missing_and_est_asks_for_disparity_alone():
    """Pixel 1 lacks D1, pixel 2 flow: filled by the smaller neighbour, D1 = 10 is right, u = 10 is 5 px off."""
    truth = Maps([10.0] * 5, [20.0] * 5, [10.0, 10.0, 15.0, 20.0, 20.0])
    given = Maps([10.0, NAN, 10.0, 10.0, 10.0], [20.0] * 5, [10.0, 10.0, NAN, 20.0, 20.0])
    figures = gv.metrics.score(SceneFlow.of_maps(*given.typed(), RIG), sample_of(truth))["kitti2015_scene_flow"]
    assert figures["SF-all all"].value == pytest.approx(20.0)
    assert figures["SF-all all est"].value == pytest.approx(25.0)
    assert figures["Fl-all all est"].value == 0.0
    assert figures["density"].value == pytest.approx(60.0)
    assert "SF-all noc" not in figures


def test_errors_in_space_by_hand():
    """Errors 0.04 of 1, 0.06 of 2, 0.09 of 0.5, 0.25 of 1, 0.4 of 10 m, and one missing."""
    lengths, errors = np.array([1.0, 2.0, 0.5, 1.0, 10.0, 1.0]), np.array([0.04, 0.06, 0.09, 0.25, 0.4, NAN])
    true = lengths[:, None] * (0.0, 0.6, 0.8)
    points = np.zeros((6, 3))
    hidden = np.array([0, 0, 0, 0, 1, 0], bool)
    sample = PointsSample(name="by hand", points0=points, points1=points, motion=true, occluded=hidden)
    estimate = SceneFlow(points0=points, motion=true + errors[:, None] * (1.0, 0.0, 0.0))
    figures = {k: r.value for k, r in gv.metrics.score(estimate, sample)["epe3d"].items()}
    assert figures["EPE3D all"] == pytest.approx((0.04 + 0.06 + 0.09 + 0.25 + 0.4) / 5, rel=1e-5)
    assert figures["EPE3D noc"] == pytest.approx((0.04 + 0.06 + 0.09 + 0.25) / 4, rel=1e-5)
    assert figures["Acc3DS all"] == pytest.approx(100 * 3 / 6)  # 0.04 m; 3 % of 2 m; 4 % of 10 m
    assert figures["Acc3DR all"] == pytest.approx(100 * 4 / 6)  # and 0.09 m
    assert figures["Outliers3D all"] == pytest.approx(100 * 4 / 6)  # 18 %; 25 %; 0.4 m; missing
    assert figures["Acc3DS noc"] == pytest.approx(100 * 2 / 5)
    assert figures["density"] == pytest.approx(100 * 5 / 6)


def test_truth_of_metres_comes_from_the_maps():
    """f·B = 5: disparity 10 is 0.5 m, 20 is 0.25 m; pixel 3 goes to pixel 4, 2 px from the axis."""
    truth = sample_of(Maps([10.0] * 5, [20.0] * 5, [1.0] * 5)).motion
    np.testing.assert_allclose(truth[0, 3], (2 * 0.25 / 10 - 1 * 0.5 / 10, 0.0, -0.25), atol=1e-6)
    off = SceneFlow(points0=np.ones((1, 5, 3)), motion=truth + np.float32([0.3, 0.4, 0.0]))
    np.testing.assert_allclose(
        gv.metrics.error_map(off, sample_of(Maps([10.0] * 5, [20.0] * 5, [1.0] * 5))), 0.5, atol=1e-6
    )


def test_what_cannot_be_scored_says_why():
    cloud = SceneFlow(points0=np.zeros((5, 3)), motion=np.zeros((5, 3)))
    sample = sample_of(Maps([10.0] * 5, [20.0] * 5, [1.0] * 5))
    with pytest.raises(ValueError, match="scored by maps, not by points"):
        gv.metrics.score(cloud, sample, ["kitti2015_scene_flow"])
    with pytest.raises(ValueError, match=r"the estimate is \(5, 3\), the truth \(1, 5, 3\)"):
        gv.metrics.score(cloud, sample)
    with pytest.raises(ValueError, match="has no motion"):
        gv.metrics.score(cloud, replace(sample, flow=None), ["epe3d"])
    maps = SceneFlow.of_maps(sample.disparity0, sample.disparity1, sample.flow, RIG)
    with pytest.raises(ValueError, match="has no flow to compare"):
        gv.metrics.score(maps, replace(sample, flow=None), ["kitti2015_scene_flow"])
    for name in ("epe3d", "kitti2015_scene_flow"):
        with pytest.raises(TypeError, match="it must be a SceneFlow"):
            gv.metrics.score(sample.flow, sample, [name])
