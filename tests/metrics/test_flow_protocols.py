import math

import pytest

from geomvision.metrics import PROTOCOLS

NAN = math.nan


def values(score):
    return {name: ratio.value for name, ratio in score.items()}


def test_sintel_by_hand(flow):
    # speeds 5, 10, 40, 0; estimates off by 1, 2, 3 along (0.6, 0.8); the last is missing
    truth = [[[3.0, 4.0], [6.0, 8.0], [24.0, 32.0], [0.0, 0.0]]]
    estimate = [[[3.6, 4.8], [7.2, 9.6], [25.8, 34.4], [NAN, NAN]]]
    expected = {
        "EPE all": 2.0,
        "EPE matched": (1 + 3) / 2,
        "EPE unmatched": 2.0,
        "EPE d0-10": 2.0,
        "EPE d10-60": NAN,
        "EPE d60-140": NAN,
        "EPE s0-10": 1.0,
        "EPE s10-40": 2.0,
        "EPE s40+": 3.0,
        "density": 75.0,
    }
    assert values(PROTOCOLS["sintel"]().score(*flow(estimate, truth, [[0, 1, 0, 1]]))) == pytest.approx(
        expected, 1e-6, nan_ok=True
    )


def test_sintel_without_occlusions_and_without_fast_pixels(flow):
    found = values(PROTOCOLS["sintel"]().score(*flow([[[1.0, 0.0]]], [[[0.0, 0.0]]])))
    assert "EPE matched" not in found
    assert found["EPE s0-10"] == 1.0
    assert math.isnan(found["EPE s40+"])


def test_middlebury_flow_by_hand(flow):
    # angles between (u, v, 1) and truth: 45°, 60°, 90°, 0°; end points off by 1, √3, 2, 0
    truth = [[[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [0.0, 0.0]]]
    estimate = [[[1.0, 0.0], [0.0, math.sqrt(3)], [-1.0, 0.0], [5.0, 5.0], [NAN, NAN]]]
    expected = {
        "EPE": (1 + math.sqrt(3) + 2) / 4,
        "EPE R0.5": 75.0,
        "EPE R1.0": 50.0,
        "EPE R2.0": 0.0,
        "EPE A50": 1.0,
        "EPE A75": math.sqrt(3),
        "EPE A95": 2.0,
        "AAE": (45 + 60 + 90) / 4,
        "AAE R2.5": 75.0,
        "AAE R5.0": 75.0,
        "AAE R10.0": 75.0,
        "AAE A50": 45.0,
        "AAE A75": 60.0,
        "AAE A95": 90.0,
        "density": 80.0,
    }
    assert values(PROTOCOLS["middlebury_flow"]().score(*flow(estimate, truth))) == pytest.approx(expected, rel=1e-6)


def test_small_angles_keep_their_digits(flow):
    found = values(PROTOCOLS["middlebury_flow"]().score(*flow([[[2.0**-20, 0.0]]], [[[0.0, 0.0]]])))
    assert found["AAE"] == pytest.approx(math.degrees(2.0**-20), rel=1e-9)  # arccos would give 5.5e-5 ± 1e-6


def test_an_estimate_without_any_pixel(flow):
    pair = flow([[[NAN, NAN]]], [[[1.0, 2.0]]])
    for name, primary in (("sintel", "EPE all"), ("middlebury_flow", "EPE")):
        found = values(PROTOCOLS[name]().score(*pair))
        assert math.isnan(found[primary])
        assert found["density"] == 0.0


def test_sintel_by_the_distance_to_occlusion_boundaries(flow):
    """A row of 200 pixels, the first five occluded: distances 5, 4, … 1, then 1, 2, …, 195; the error is the column."""
    truth = [[[0.0, 0.0]] * 200]
    estimate = [[[float(x), 0.0] for x in range(200)]]
    found = values(PROTOCOLS["sintel"]().score(*flow(estimate, truth, [[1] * 5 + [0] * 195])))
    assert found["EPE d0-10"] == pytest.approx(sum(range(14)) / 14)  # pixel 14 is 10 away
    assert found["EPE d10-60"] == pytest.approx(sum(range(14, 64)) / 50)
    assert found["EPE d60-140"] == pytest.approx(sum(range(64, 144)) / 80)
    nowhere = values(PROTOCOLS["sintel"]().score(*flow(estimate, truth, [[0] * 200])))
    assert math.isnan(nowhere["EPE d0-10"])
    assert "EPE d0-10" not in values(PROTOCOLS["sintel"]().score(*flow(estimate, truth)))
