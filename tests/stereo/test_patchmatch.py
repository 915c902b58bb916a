"""PatchMatch against truth that no implementation made; its C++ core equals the readable reference everywhere."""

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
from geomvision.stereo.patchmatch import PatchMatch

Equal = Callable[[Disparity, Disparity], None]
Walls = tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]
#: What is steeper than photographs needs its levels more, and is not to be truncated so soon.
STEEP = {"alpha": 0.5, "tau_colour": 40.0, "tau_gradient": 20.0}


def texture(height: int, width: int, seed: int = 0) -> NDArray[np.float64]:
    """Smooth random levels."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height + 2, width + 2))
    smooth = sum(noise[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    return np.asarray(smooth)


@settings(max_examples=80, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "iterations": st.integers(1, 2),
            "window": st.sampled_from([3, 9, 29, 33, 35]),
            "step": st.sampled_from([1, 2]),
            "gamma": st.sampled_from([0.25, 10.0, 300.0]),
            "alpha": st.sampled_from([0.0, 0.9, 1.0]),
            "tau_colour": st.sampled_from([0.0, 10.0, 63.0]),
            "tau_gradient": st.sampled_from([0.0, 2.0, 63.0]),
            "max_slope": st.sampled_from([0.0, 0.5, 0.9]),
            "seed": st.sampled_from([0, 7, 2**31 - 1]),
            "left_right": st.integers(-1, 2),
            "fill": st.sampled_from(["none", "background"]),
        }
    ),
    data=st.data(),
)
def test_cpp_equals_the_reference_on_every_pixel(
    options: dict[str, Any], data: st.DataObject, assert_cpp_is_the_reference: Callable[..., None]
) -> None:
    assert_cpp_is_the_reference(PatchMatch, options, data, largest=(20, 40), candidates=60)


def test_options_are_those_of_the_cpp_struct() -> None:
    method = PatchMatch()
    assert _core.patchmatch_options() == {**method.options(), "num_threads": method.num_threads}


@pytest.mark.parametrize("shift", [0, 9, -6])
def test_a_wall_has_its_shift(shift: int) -> None:
    wide = texture(50, 130)
    left, right = wide[:, 10:120], wide[:, 10 + shift : 120 + shift]
    found = PatchMatch(max_disparity=16, min_disparity=-10)(left, right)
    seen = slice(max(0, shift), 110 + min(0, shift))
    assert (np.abs(found.px[:, seen] - shift) < 0.1).mean() > 0.95
    assert found.occluded is not None
    assert found.occluded[:, seen].mean() < 0.01
    # the band that the right view does not show lies on the wall as well
    assert (np.abs(found.px - shift) < 0.3).mean() > 0.99


@pytest.mark.parametrize("slope", [-0.3, -0.1, 0.1, 0.3])
def test_slanted_planes_are_followed_between_pixels(slope: float) -> None:
    height, width = 50, 140
    columns = np.arange(400) - 100.0
    scene = texture(height, 400, 2)
    offset = 45.0 if slope < 0 else 4.0
    x = np.arange(width, dtype=float)
    # right x shows left x + d with d = offset + slope · left x
    sources = (x, (x + offset) / (1 - slope))
    left, right = (np.stack([np.interp(at, columns, row) for row in scene]) for at in sources)
    found = PatchMatch(max_disparity=64, **STEEP)(left, right)
    truth = np.tile(offset + slope * x, (height, 1))
    inside = (x - truth > 8) & (x - truth < width - 8) & (x < width - 8)
    error = np.abs(found.px - truth)[inside]
    assert (error < 0.25).mean() > 0.9
    assert np.median(error) < 0.08  # whole disparities would leave 0.25 px


@pytest.fixture
def smooth_walls(two_walls: Callable[..., Walls]) -> Walls:
    return two_walls(texture(60, 200, 5), texture(60, 200, 6))


def test_what_only_the_left_view_sees_is_occluded_and_filled_from_behind(smooth_walls: Walls) -> None:
    left, right, hidden = smooth_walls
    method = PatchMatch(max_disparity=24, window=15, alpha=0.9)
    found = method(left, right)
    assert found.valid.all()
    assert found.occluded is not None
    assert found.confidence is not None
    assert found.occluded[hidden].mean() > 0.8
    assert (np.abs(found.px[hidden] - 4) < 0.5).mean() > 0.8
    assert (found.confidence[found.occluded] == 0).all()
    unfilled = method.with_options(fill="none")(left, right)
    assert not unfilled.valid[unfilled.occluded].any()
    np.testing.assert_array_equal(unfilled.px[unfilled.valid], found.px[unfilled.valid])
    assert method.with_options(left_right=-1)(left, right).occluded is None


@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_without_texture_there_is_no_estimate(backend: str) -> None:
    grey = np.full((20, 60), 77, np.uint8)
    found = PatchMatch(max_disparity=16, window=9, backend=backend)(grey, grey)
    assert not found.valid.any()
    assert found.confidence is not None
    assert (found.confidence == 0).all()


def test_the_seed_decides_and_other_types_than_8_bits_do_not(smooth_walls: Walls, assert_equal: Equal) -> None:
    left, right, _ = smooth_walls
    left, right = (np.rint(view).astype(np.uint8) for view in (left, right))
    left[0, :2] = 0, 255  # the joint range is the whole one
    method = PatchMatch(max_disparity=24, window=15)
    expected = method(left, right)
    assert_equal(method(left.astype(np.uint16), right.astype(np.uint16)), expected)
    assert_equal(method(left.astype(np.float32) / 255, right.astype(np.float32) / 255), expected)
    other = method.with_options(seed=1)(left, right)
    assert not np.array_equal(other.px, expected.px, equal_nan=True)
    assert (np.abs(other.px - expected.px) < 0.5).mean() > 0.9


def test_options_that_differ_in_the_last_digits_are_different(smooth_walls: Walls, assert_equal: Equal) -> None:
    """8192 / gamma is rounded: to 1000 or 1001, here. The core keeps what it made for the options of the last call."""
    left, right, _ = smooth_walls
    for gamma in (8192 / 1000.5 * (1 - 1e-13), 8192 / 1000.5 * (1 + 1e-13)):
        method = PatchMatch(max_disparity=24, window=9, iterations=1, gamma=gamma)
        assert_equal(method(left, right), method.with_options(backend="reference")(left, right))


def test_a_range_beyond_the_width_is_not_searched(assert_searches_only_what_can_match: Callable[..., None]) -> None:
    assert_searches_only_what_can_match(PatchMatch, texture(12, 30), texture(12, 30))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_disparity": 0}, "max_disparity must be larger"),
        ({"window": 37}, "odd and between 3 and 35"),
        ({"step": 3}, "one of 1, 2"),
        ({"max_slope": 1.0}, "between 0 and 0.9"),
        ({"fill": "foreground"}, "'none', 'background'"),
    ],
)
def test_options_that_are_not_allowed_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PatchMatch(**options)


def test_trace_ends_in_the_result(smooth_walls: Walls, assert_equal: Equal) -> None:
    left, right, _ = smooth_walls
    method = PatchMatch(max_disparity=24, window=9, iterations=2)
    trace = method.trace(left, right)
    names = ["levels_left", "levels_right", "random", "iteration(0)", "iteration(1)", "right"]
    assert [stage.name for stage in trace] == [*names, "left_right", "confidence", "fill", "median"]
    assert_equal(trace.result, method(left, right))
    truth = np.where((np.arange(150) >= 60) & (np.arange(150) < 100), 14, 4)
    errors = [np.mean(np.abs(trace[name].array - truth) > 1) for name in ("random", "iteration(0)", "iteration(1)")]
    assert errors[0] > 0.8
    assert errors[2] < errors[1] < 0.5


def test_cones_within_two_pixels(real_data: Path) -> None:
    pair = next(s for s in gv.datasets.Folder(real_data, task="stereo") if s.name == "cones")
    scores = gv.metrics.score(PatchMatch(max_disparity=64).on(pair), pair, ["middlebury"])["middlebury"]
    assert scores["totbad-2.0 noc"].value < 5
    assert scores["totbad-2.0 all"].value < 10
