import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geomvision.metrics import PROTOCOLS
from geomvision.metrics._kitti import filled

NAN = math.nan


def values(score):
    return {name: ratio.value for name, ratio in score.items()}


def test_gaps_take_the_smaller_neighbour_and_ends_are_extended():
    row = np.array([[NAN, 5.0, NAN, NAN, 3.0, NAN, 8.0, NAN]])
    assert filled(row).tolist() == [[5.0, 5.0, 3.0, 3.0, 3.0, 3.0, 8.0, 8.0]]


def test_rows_without_estimates_copy_the_nearest_at_the_border_and_stay_empty_within():
    rows = np.array([[NAN, NAN], [1.0, NAN], [NAN, NAN], [4.0, 2.0], [NAN, NAN]])
    expected = [[1.0, 1.0], [1.0, 1.0], [NAN, NAN], [4.0, 2.0], [4.0, 2.0]]
    np.testing.assert_array_equal(filled(rows), expected)


def test_flow_is_filled_per_component():
    row = np.array([[[1.0, 9.0], [NAN, NAN], [3.0, 2.0]]])
    assert filled(row).tolist() == [[[1.0, 9.0], [1.0, 2.0], [3.0, 2.0]]]


def test_nothing_to_fill_from():
    assert np.isnan(filled(np.full((2, 3), NAN))).all()


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(
        float,
        st.tuples(st.integers(1, 5), st.integers(1, 7)),
        elements=st.integers(0, 9).map(float) | st.just(NAN),
    )
)
def test_filling_pixel_by_pixel(holes: np.ndarray):
    """The rule in words, one pixel at a time, over rows that have any estimate."""
    full = filled(holes)
    for y, x in np.argwhere(~np.isnan(holes).all(axis=1)[:, None] & np.ones(holes.shape, bool)):
        known = np.flatnonzero(~np.isnan(holes[y]))
        sides = [holes[y, side[end]] for side, end in ((known[known <= x], -1), (known[known >= x], 0)) if side.size]
        assert full[y, x] == min(sides)


def test_2012_by_hand(stereo):
    # filled: 10 10 14 13 13 13, so errors 0 0 4 3 3 3; estimated pixels alone: 0 4 3
    pair = stereo([[10.0, NAN, 14.0, NAN, NAN, 13.0]], [[10.0] * 6], [[0, 0, 0, 0, 0, 1]])
    expected = {
        "out-1 noc": 100 * 3 / 5,
        "out-2 noc": 100 * 3 / 5,
        "out-3 noc": 100 * 1 / 5,
        "out-4 noc": 0.0,
        "out-5 noc": 0.0,
        "avg noc": 10 / 5,
        "out-1 noc est": 100 * 1 / 2,
        "out-2 noc est": 100 * 1 / 2,
        "out-3 noc est": 100 * 1 / 2,
        "out-4 noc est": 0.0,
        "out-5 noc est": 0.0,
        "avg noc est": 4 / 2,
        "out-1 all": 100 * 4 / 6,
        "out-2 all": 100 * 4 / 6,
        "out-3 all": 100 * 1 / 6,
        "out-4 all": 0.0,
        "out-5 all": 0.0,
        "avg all": 13 / 6,
        "out-1 all est": 100 * 2 / 3,
        "out-2 all est": 100 * 2 / 3,
        "out-3 all est": 100 * 1 / 3,
        "out-4 all est": 0.0,
        "out-5 all est": 0.0,
        "avg all est": 7 / 3,
        "density": 50.0,
    }
    assert values(PROTOCOLS["kitti2012"]().score(*pair)) == pytest.approx(expected)


def test_2012_flow_by_hand(flow):
    # errors 5 (3, 4), then a gap filled with (min(3, 1), min(4, 0)) = (1, 0): error 1, then 1
    pair = flow([[[3.0, 4.0], [NAN, NAN], [1.0, 0.0]]], [[[0.0, 0.0]] * 3])
    found = values(PROTOCOLS["kitti2012_flow"]().score(*pair))
    assert found["out-1 all"] == pytest.approx(100 / 3)  # 1 is not more than 1
    assert found["out-4 all"] == pytest.approx(100 / 3)
    assert found["out-5 all"] == 0.0
    assert found["avg all"] == pytest.approx(7 / 3)
    assert found["out-3 all est"] == 50.0
    assert found["avg all est"] == 3.0
    assert found["density"] == pytest.approx(200 / 3)
    assert "out-3 noc" not in found


def test_2015_needs_both_three_pixels_and_five_percent(stereo):
    # 5 of 100 is not more than 5 %; 5.5 of 100 is; 3.5 of 100 is not; 3 of 40 is not more than 3; 3.5 of 40 is
    truth, estimate = [[100.0, 100.0, 100.0, 40.0, 40.0]], [[105.0, 105.5, 103.5, 43.0, 43.5]]
    pair = stereo(estimate, truth, [[0, 0, 0, 0, 1]], foreground=[[0, 1, 1, 0, 0]])
    expected = {
        "D1-bg noc": 0.0,
        "D1-fg noc": 100 * 1 / 2,
        "D1-all noc": 100 * 1 / 4,
        "D1-bg all": 100 * 1 / 3,
        "D1-fg all": 100 * 1 / 2,
        "D1-all all": 100 * 2 / 5,
        "density": 100.0,
    }
    expected |= {f"{name} est": value for name, value in expected.items() if name != "density"}
    assert values(PROTOCOLS["kitti2015"]().score(*pair)) == pytest.approx(expected)


def test_2015_fills_before_it_counts(stereo):
    found = values(PROTOCOLS["kitti2015"]().score(*stereo([[20.0, NAN, 30.0]], [[20.0, 30.0, 30.0]])))
    assert found["D1-all all"] == pytest.approx(100 / 3)  # the gap takes 20, ten too little
    assert found["D1-all all est"] == 0.0
    assert "D1-fg all" not in found
    empty = values(PROTOCOLS["kitti2015"]().score(*stereo([[NAN, NAN]], [[1.0, 2.0]])))
    assert empty["D1-all all"] == 100.0
    assert math.isnan(empty["D1-all all est"])
    assert empty["density"] == 0.0


def test_2015_at_a_true_disparity_of_zero(stereo):
    assert values(PROTOCOLS["kitti2015"]().score(*stereo([[3.5, 3.0]], [[0.0, 0.0]])))["D1-all all"] == 50.0


def test_2015_flow_by_hand(flow):
    # end points 5 off at speed 100 (5 %), 5 off at speed 50 (10 %), exact
    truth = [[[60.0, 80.0], [30.0, 40.0], [0.0, 0.0]]]
    estimate = [[[63.0, 84.0], [33.0, 44.0], [0.0, 0.0]]]
    found = values(PROTOCOLS["kitti2015_flow"]().score(*flow(estimate, truth, [[0, 1, 0]], foreground=[[0, 1, 0]])))
    assert found["Fl-all all"] == pytest.approx(100 / 3)
    assert found["Fl-all noc"] == 0.0
    assert found["Fl-fg all"] == 100.0
    assert found["Fl-bg all"] == 0.0
    assert math.isnan(found["Fl-fg noc"])


def test_2012_tells_what_reflects_apart(stereo):
    """Errors 0, 4 (filled from 14), 4, 0; the second and third reflect, the third is occluded."""
    estimate, sample = stereo([[10.0, NAN, 14.0, 10.0]], [[10.0, 6.0, 10.0, 10.0]], [[0, 0, 1, 0]])
    sample = dataclasses.replace(sample, masks={"reflective": np.array([[False, True, True, False]])})
    found = values(PROTOCOLS["kitti2012"]().score(estimate, sample))
    assert found["out-3 all"] == 50.0
    assert found["out-3 all refl"] == 100.0
    assert found["out-4 all refl"] == 0.0  # 4 is not more than 4
    assert found["out-3 noc refl est"] != found["out-3 noc refl est"]  # nothing was estimated there
    assert found["avg all refl"] == 4.0
    assert found["avg all refl est"] == 4.0
