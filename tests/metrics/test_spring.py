"""Spring and FlyingThings3D by hand: ties, missing estimates, the sky, what is out of range."""

import dataclasses
import math

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig
from geomvision.metrics import PROTOCOLS
from geomvision.results import Disparity, Flow, SceneFlow
from geomvision.samples import SceneFlowSample

NAN = math.nan


def values(name, pair):
    return {figure: ratio.value for figure, ratio in PROTOCOLS[name]().score(*pair).items()}


def with_sky(pair, sky):
    return pair[0], dataclasses.replace(pair[1], masks={"sky": np.array([sky], bool)})


def test_stereo(stereo):
    # errors 0, exactly 1, 1.5, 4 of 100 (4 %), 4 of 40, missing; the last pixel has no truth
    truth = [[10.0, 10.0, 10.0, 100.0, 40.0, 10.0, NAN]]
    estimate = [[10.0, 11.0, 11.5, 104.0, 44.0, NAN, 1.0]]
    pair = with_sky(stereo(estimate, truth, [[0, 0, 1, 0, 0, 0, 0]]), [0, 1, 1, 0, 0, 0, 1])
    expected = {
        "1px all": 100 * 4 / 6,
        "1px matched": 100 * 3 / 5,
        "1px unmatched": 100.0,
        "1px non-sky": 100 * 3 / 4,
        "1px sky": 100 * 1 / 2,
        "Abs": (0 + 1 + 1.5 + 4 + 4) / 5,
        "D1": 100 * 2 / 6,
        "density": 100 * 5 / 6,
    }
    assert values("spring", pair) == pytest.approx(expected)


def test_flow(flow):
    # speeds 5, 10, 40; end points off by 1, 1.25, 5 (12.5 %); the last is missing, at speed 0
    truth = [[[3.0, 4.0], [6.0, 8.0], [24.0, 32.0], [0.0, 0.0]]]
    estimate = [[[3.0, 5.0], [6.75, 9.0], [27.0, 36.0], [NAN, NAN]]]
    found = values("spring_flow", with_sky(flow(estimate, truth), [0, 0, 1, 1]))
    # within 1 px from the 20th threshold of 100 on, 1.25 from the 25th, 5 at the 100th
    weights = [1 - k / 100 for k in range(100)]
    area = (sum(weights[19:]) + sum(weights[24:]) + weights[99]) / sum(weights)
    expected = {
        "1px all": 75.0,
        "1px non-sky": 50.0,
        "1px sky": 100.0,
        "1px s0-10": 50.0,
        "1px s10-40": 100.0,
        "1px s40+": 100.0,
        "EPE": (1 + 1.25 + 5) / 3,
        "Fl": 50.0,
        "WAUC": 100 * area / 4,
        "density": 75.0,
    }
    assert found == pytest.approx(expected)


def test_wauc_is_whole_for_perfect_and_nothing_for_far_flow(flow):
    assert values("spring_flow", flow([[[1.0, 0.0]]], [[[1.0, 0.0]]]))["WAUC"] == pytest.approx(100)
    assert values("spring_flow", flow([[[7.0, 0.0]]], [[[1.0, 0.0]]]))["WAUC"] == 0
    assert math.isnan(values("spring_flow", flow([[[7.0, 0.0]]], [[[NAN, NAN]]]))["WAUC"])


def test_scene_flow_is_wrong_where_any_of_three_is():
    rig = StereoRig.rectified(Camera(width=4, height=1, fx=10.0, fy=10.0, cx=2.0, cy=0.0), 0.5)

    def maps(first, second, u):
        flow = np.stack([np.array([u]), np.zeros((1, 4))], axis=-1)
        flow[np.isnan(flow[..., 0])] = NAN
        return Disparity(px=np.array([first])), Disparity(px=np.array([second])), Flow(px=flow)

    true = maps([10.0] * 4, [12.0, 12.0, 12.0, NAN], [1.0] * 4)
    # pixel 0 has an error of exactly 1; pixel 1 lacks flow; pixel 2 is 2 px off in frame 1; pixel 3 lacks that truth
    given = maps([11.0, 10.0, 10.0, 13.0], [12.0, 12.0, 14.0, 12.0], [1.0, NAN, 1.0, 1.0])
    image = np.zeros((1, 4), np.uint8)
    names = dict(zip(("disparity0", "disparity1", "flow"), true, strict=True))
    sample = SceneFlowSample(name="by hand", left0=image, right0=image, left1=image, right1=image, rig=rig, **names)
    estimate = SceneFlow.of_maps(*given, rig)
    expected = {"1px D1": 25.0, "1px D2": 100 / 3, "1px Fl": 25.0, "1px SF": 200 / 3, "density": 200 / 3}
    assert values("spring_scene_flow", (estimate, sample)) == pytest.approx(expected)
    with pytest.raises(TypeError, match="it must be a SceneFlow"):
        values("spring_scene_flow", (true[0], sample))


def test_flying_things_leaves_far_disparities_out(stereo):
    # errors 0, exactly 1, exactly 3, 50 at a true 192 (left out), missing
    pair = stereo([[5.0, 6.0, 8.0, 142.0, NAN]], [[5.0, 5.0, 5.0, 192.0, 7.0]])
    expected = {
        "EPE": 4 / 3,
        "1 px": 50.0,
        "3 px": 25.0,
        "EPE every": 54 / 4,
        "1 px every": 60.0,
        "3 px every": 40.0,
        "density": 80.0,
    }
    assert values("flying_things", pair) == pytest.approx(expected)


def test_which_samples_they_are_for(stereo, flow):
    sample, moving = stereo([[1.0]], [[1.0]])[1], flow([[[0.0, 0.0]]], [[[0.0, 0.0]]])[1]
    assert [PROTOCOLS[name]().fits(sample) for name in ("spring", "flying_things")] == [False, False]
    assert PROTOCOLS["spring"]().fits(dataclasses.replace(sample, masks={"sky": np.zeros((1, 1), bool)}))
    assert not PROTOCOLS["spring_flow"]().fits(moving)
