"""AD-census against truth that no implementation made; its C++ core equals the readable reference everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import geomvision as gv
from geomvision import _core
from geomvision.method import OptionError
from geomvision.results import Disparity
from geomvision.stereo import _ad_census_reference as reference
from geomvision.stereo import _repair
from geomvision.stereo.ad_census import ADCensus

NONE = -32768
Equal = Callable[[Disparity, Disparity], None]
Walls = tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]


@settings(max_examples=80, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "lambda_ad": st.sampled_from([0.1, 60.0, 1000.0]),
            "lambda_census": st.sampled_from([3.0, 30.0]),
            "arm": st.sampled_from([1, 17, 64]),
            "arm_near": st.sampled_from([1, 9, 64]),
            "tau": st.sampled_from([1, 8, 256]),
            "tau_far": st.sampled_from([1, 3, 256]),
            "aggregations": st.integers(0, 3),
            "pi1": st.sampled_from([0.0, 0.3, 1.0]),
            "pi2": st.sampled_from([1.0, 4.0]),
            "tau_scan": st.sampled_from([1, 15, 256]),
            "left_right": st.integers(-1, 2),
            "votings": st.integers(0, 3),
            "votes": st.sampled_from([0, 3, 20]),
            "share": st.sampled_from([0, 40, 100]),
            "median": st.sampled_from([1, 3, 5]),
            "fill": st.sampled_from(["none", "background"]),
        }
    ),
    data=st.data(),
)
def test_cpp_equals_the_reference_on_every_pixel(
    options: dict[str, Any], data: st.DataObject, assert_cpp_is_the_reference: Callable[..., None]
) -> None:
    assert_cpp_is_the_reference(ADCensus, options, data, largest=(30, 70), candidates=75)


def test_options_are_those_of_the_cpp_struct() -> None:
    method = ADCensus()
    assert _core.ad_census_options() == {**method.options(), "num_threads": method.num_threads}


@pytest.mark.parametrize("shift", [0, 9, -6])
def test_a_wall_has_its_shift(shift: int) -> None:
    wide = np.random.default_rng(1).integers(0, 256, (50, 130), np.uint8)
    left, right = wide[:, 10:120], wide[:, 10 + shift : 120 + shift]
    found = ADCensus(max_disparity=16, min_disparity=-10)(left, right)
    assert (np.abs(found.px - shift) < 0.5).mean() > 0.98
    assert found.occluded is not None
    assert abs(found.occluded.sum() - abs(shift) * 50) <= 10


def test_what_only_the_left_view_sees_is_occluded_and_filled_from_behind(noisy_walls: Walls) -> None:
    left, right, hidden = noisy_walls
    method = ADCensus(max_disparity=24)
    found = method(left, right)
    assert found.valid.all()
    assert found.occluded is not None
    assert found.confidence is not None
    inside = (slice(5, -5), slice(None))
    assert found.occluded[inside][hidden[inside]].mean() > 0.85
    assert (np.abs(found.px[inside][hidden[inside]] - 4) < 0.75).mean() > 0.9
    assert (found.confidence[found.occluded] == 0).all()
    unfilled = method.with_options(fill="none")(left, right)
    assert not unfilled.valid[unfilled.occluded].any()
    assert method.with_options(left_right=-1)(left, right).occluded is None


@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_without_texture_there_is_no_estimate(backend: str) -> None:
    grey = np.full((20, 40), 77, np.uint8)
    found = ADCensus(max_disparity=16, backend=backend)(grey, grey)
    assert not found.valid.any()
    assert found.confidence is not None
    assert (found.confidence == 0).all()


def test_robust_costs_and_penalties_follow_the_paper() -> None:
    table = reference.robust(255, 10.0) / 1024
    np.testing.assert_allclose(table[[0, 10, 30]], [0, 1 - np.exp(-1), 1 - np.exp(-3)], atol=1e-3)
    np.testing.assert_array_equal(reference.penalties(1.0), [1024, 256, 102])


def test_crosses_end_where_levels_change() -> None:
    """A step of 30 levels ends an arm; a slow ramp ends it once the sum is too much; beyond `near` sooner."""
    grey = np.zeros((1, 40), np.int64)
    grey[0, 20:] = 30
    left, right = reference.crosses(grey, 17, 9, 8, 3)[0, :, :2].T
    assert (left[18], right[18]) == (17, 1)
    assert (left[20], right[20]) == (0, 17)
    ramp = np.arange(40)[None] // 2  # a level every other pixel
    assert reference.crosses(ramp, 17, 17, 6, 6)[0, 0, 1] == 11
    assert reference.crosses(ramp, 17, 5, 6, 3)[0, 0, 1] == 5


def test_an_average_over_crosses_is_that_of_their_pixels() -> None:
    rng = np.random.default_rng(3)
    grey = rng.integers(0, 40, (9, 11))
    cost = rng.integers(0, 2049, (9, 11, 4)).astype(np.uint16)
    arms = reference.crosses(grey, 5, 2, 12, 8)
    found = reference.aggregate(cost, arms, True)
    for y, x in ((0, 0), (4, 5), (8, 10), (2, 9)):
        rows = range(y - arms[y, x, 2], y + arms[y, x, 3] + 1)
        pixels = [cost[v, u] for v in rows for u in range(x - arms[v, x, 0], x + arms[v, x, 1] + 1)]
        assert (np.abs(found[y, x] - np.mean(pixels, axis=0)) <= 0.51).all()


def test_regions_vote_and_gaps_take_what_lies_behind() -> None:
    disparity = np.full((5, 9), 7, np.int16)
    disparity[:, 6:] = 3
    disparity[2, 4:6] = NONE
    arms = np.zeros((5, 9, 4), np.int64)
    arms[..., 2:] = np.minimum(np.arange(5), np.arange(5)[::-1])[:, None, None]
    voted = _repair.vote(disparity, arms, 10, 0, 3, 40)
    assert (voted[2, 4], voted[2, 5]) == (7, 7)
    assert _repair.vote(disparity, arms, 10, 0, 4, 40)[2, 4] == NONE  # of four there are no more than four
    grey = np.full((5, 9), 50)
    grey[:, 7] = 49
    occluded = np.zeros((5, 9), np.bool_)
    occluded[2, 4] = True
    filled = _repair.interpolate(disparity, occluded, grey)
    assert (filled[2, 4], filled[2, 5]) == (3, 7)


def test_edges_move_to_the_side_that_costs_less() -> None:
    disparity = np.array([[2, 2, 2, 8, 8]], np.int16)
    sums = np.full((1, 5, 10), 100, np.uint16)
    sums[0, :, 2] = [10, 10, 60, 90, 90]
    sums[0, :, 8] = [90, 90, 50, 10, 10]
    np.testing.assert_array_equal(_repair.adjust_edges(disparity, sums, 0), [[2, 2, 8, 8, 8]])


def test_a_range_beyond_the_width_is_not_searched(assert_searches_only_what_can_match: Callable[..., None]) -> None:
    image = np.random.default_rng(2).integers(0, 256, (12, 30), np.uint8)
    assert_searches_only_what_can_match(ADCensus, image, image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_disparity": 0}, "max_disparity must be larger"),
        ({"pi1": 2.0, "pi2": 1.0}, "pi2 must be at least pi1"),
        ({"arm": 65}, "between 1 and 64"),
        ({"median": 4}, "odd and between 1 and 15"),
        ({"fill": "foreground"}, "'none', 'background'"),
    ],
)
def test_options_that_are_not_allowed_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        ADCensus(**options)


def test_trace_names_every_stage_and_ends_in_the_result(noisy_walls: Walls, assert_equal: Equal) -> None:
    left, right, _ = noisy_walls
    method = ADCensus(max_disparity=24)
    trace = method.trace(left, right)
    names = ["left", "right", "cost", "arms", "aggregated", "sums", "winner", "winner_right", "agreement", "left_right"]
    names += ["voting", "interpolation", "edges", "subpixel", "median", "confidence"]
    assert [stage.name for stage in trace] == names
    assert_equal(trace.result, method(left, right))


def test_cones_within_two_pixels(real_data: Path) -> None:
    pair = next(s for s in gv.datasets.Folder(real_data, task="stereo") if s.name == "cones")
    scores = gv.metrics.score(ADCensus(max_disparity=64).on(pair), pair, ["middlebury"])["middlebury"]
    assert scores["totbad-2.0 noc"].value < 5
    assert scores["totbad-2.0 all"].value < 12
