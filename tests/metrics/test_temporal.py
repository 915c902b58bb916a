import math

import numpy as np
import pytest

from geomvision import datasets
from geomvision.metrics import temporal_change
from geomvision.results import Disparity, Flow


@pytest.fixture(scope="module")
def moving():
    """Two pairs of a moving scene, its true disparities, how they change, and where no step of depth is near."""
    sample = datasets.Synthetic(seed=11, height=72, width=96, task="scene_flow", max_disparity=24)[0]
    change = sample.disparity1.px - sample.disparity0.px
    truth, smooth = sample.disparity_of_left1.px, np.zeros((72, 96), bool)
    for y, x in np.ndindex(72, 96):
        i, j = (np.array([x, y]) + sample.flow.px[y, x]).astype(float)
        if 0 <= i <= 94 and 0 <= j <= 70:
            smooth[y, x] = np.ptp(truth[int(j) : int(j) + 2, int(i) : int(i) + 2]) < 0.5
    return sample, change, smooth


def test_the_truth_does_not_flicker(moving):
    sample, change, smooth = moving
    figures = temporal_change(sample.disparity0, sample.disparity_of_left1, sample.flow, change, smooth)
    assert figures["change"].value < 0.05
    assert figures["change>1"].value < 1
    assert figures["density"].value == 100
    assert figures["change"].count > 0.3 * smooth.size
    # What the flow does not follow, and what moves in depth, changes.
    still = Flow(px=np.zeros_like(sample.flow.px), occluded=sample.flow.occluded)
    assert temporal_change(sample.disparity0, sample.disparity_of_left1, still)["change"].value > 0.3


def test_noise_is_measured_in_pixels(moving):
    sample, change, smooth = moving
    second = sample.disparity_of_left1
    base = temporal_change(sample.disparity0, second, sample.flow, change, smooth)
    higher = temporal_change(sample.disparity0, Disparity(px=second.px + 2), sample.flow, change, smooth)
    assert higher["change"].value == pytest.approx(2, abs=base["change"].value)
    assert higher["change>1"].value > 99
    noise = np.random.default_rng(0).normal(0, 0.5, second.px.shape).astype(np.float32)
    noisy = temporal_change(Disparity(px=sample.disparity0.px + noise), second, sample.flow, change, smooth)
    assert noisy["change"].value == pytest.approx(0.5 * math.sqrt(2 / math.pi), rel=0.1)


def test_it_is_its_sum_by_hand():
    first = Disparity(px=np.array([[5, 5, np.nan, 5, 5]]))
    second = Disparity(px=np.array([[1, 5, 6, 9, np.nan]]))
    px = np.zeros((1, 5, 2), np.float32)
    px[0, :, 0] = [1, 0.5, 0, 0, 0]
    found = temporal_change(first, second, Flow(px=px))
    # 5 − 5, 5.5 − 5, none, 9 − 5, none
    assert found["change"].value == pytest.approx(4.5 / 3)
    assert found["change>1"].value == pytest.approx(100 / 3)
    assert found["density"].value == pytest.approx(60)
    hidden = Flow(px=px, occluded=np.array([[False, False, False, True, False]]))
    assert temporal_change(first, second, hidden)["change"].value == pytest.approx(0.25)
    seen = np.array([[True, False, False, False, False]])
    assert temporal_change(first, second, Flow(px=px), np.full((1, 5), 0.25), seen)["change"].value == 0.25
    gone = Flow(px=np.full((1, 5, 2), np.nan))
    assert math.isnan(temporal_change(first, second, gone)["change"].value)


def test_wrong_arguments_are_told():
    flat, flow = Disparity(px=np.ones((2, 3))), Flow(px=np.zeros((2, 3, 2)))
    with pytest.raises(ValueError, match=r"first is \(2, 3\), second \(1, 3\); sizes \(H, W\) must be equal"):
        temporal_change(flat, Disparity(px=np.ones((1, 3))), flow)
    with pytest.raises(TypeError, match="visible is float64; it must be a numpy array of bool"):
        temporal_change(flat, flat, flow, visible=np.ones((2, 3)))
    with pytest.raises(TypeError, match="flow"):
        temporal_change(flat, flat, np.zeros((2, 3, 2)))
