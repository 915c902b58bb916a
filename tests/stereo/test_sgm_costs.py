"""SGM on costs that the caller computed, sums of paths, and matchers that wait for the next call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from geomvision import _core
from geomvision.stereo import _sgm_reference as reference
from geomvision.stereo.sgm import SGM
from geomvision.trace import NoTrace


def options_of(**given: Any) -> dict[str, Any]:
    return {**_core.sgm_options(), **given}


def random_costs(*shape: int, most: int = 75) -> NDArray[np.uint8]:
    return np.random.default_rng(sum(shape)).integers(0, most + 1, shape).astype(np.uint8)


@pytest.mark.parametrize("paths", [4, 5, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 2), (23, 130, 190), (40, 101, 300)])
@pytest.mark.parametrize("isa", _core.available_isas())
def test_sums_are_those_of_the_reference(
    paths: int, shape: tuple[int, int, int], isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOMVISION_ISA", isa)
    costs = random_costs(*shape)
    guide = np.random.default_rng(1).integers(0, 255, shape[:2]).astype(np.uint8)
    directions = reference.DIRECTIONS[paths]
    assert len(set(directions)) == paths
    levels, whole = reference.guide_image(guide.astype(np.uint16)), reference.jump_penalties(9, 180, False)
    lower = reference.jump_penalties(9, 180, True)
    for given, jumps in ((None, whole), (guide, lower)):
        each = [reference.path_costs(costs, levels, direction, 9, jumps) for direction in directions]
        expected = np.sum(each, axis=0, dtype=np.uint16)
        for threads in (1, 3):
            np.testing.assert_array_equal(_core.sgm_paths(costs, given, paths, 9, 180, threads), expected)


@pytest.mark.parametrize("first", [-5, 0, 4])
def test_disparities_from_costs_are_those_of_the_reference(first: int) -> None:
    costs = random_costs(30, 90, 21)
    left = np.random.default_rng(2).uniform(0, 1, (30, 90)).astype(np.float32)
    sgm = SGM(min_disparity=first, max_disparity=first + 21, paths=5, fill="background")
    jumps = reference.jump_penalties(sgm.p1, sgm.p2, sgm.adaptive_p2)
    guide = reference.guide_image(left)
    each = [reference.path_costs(costs, guide, direction, sgm.p1, jumps) for direction in reference.DIRECTIONS[5]]
    expected = reference.choose(sgm, np.sum(each, axis=0, dtype=np.uint16), first, NoTrace())
    px, confidence, occluded = _core.sgm_from_costs(costs, left, {**sgm.options(), "num_threads": 2})
    np.testing.assert_array_equal(px, expected.px)
    np.testing.assert_array_equal(confidence, expected.confidence)
    np.testing.assert_array_equal(occluded, expected.occluded)


def test_costs_that_do_not_fit_are_refused() -> None:
    costs, left = random_costs(4, 9, 5), np.zeros((4, 9), np.uint8)
    with pytest.raises(ValueError, match="allowed is 4x9x6: height, width and max_disparity - min_disparity"):
        _core.sgm_from_costs(costs, left, options_of(max_disparity=6))
    costs[2, 3, 1] = 76
    with pytest.raises(ValueError, match=r"the largest cost is 76 and p2 180; .* at most 255 - p2 = 75"):
        _core.sgm_from_costs(costs, left, options_of(max_disparity=5))
    with pytest.raises(ValueError, match="the largest cost is 76"):
        _core.sgm_paths(costs, None, 8, 24, 180, 0)
    _core.sgm_paths(costs, None, 8, 24, 179, 0)
    with pytest.raises(ValueError, match="height and width must be equal"):
        _core.sgm_paths(costs, np.zeros((4, 8), np.float32), 8, 24, 100, 0)


def test_matchers_are_used_again_and_calls_at_the_same_time_do_not_meet() -> None:
    """Sizes and options take turns, on several threads: what a matcher keeps must never show."""
    rng = np.random.default_rng(3)
    pairs = [rng.integers(0, 255, (2, *size)).astype(np.uint8) for size in ((20, 60), (33, 47), (7, 130))]
    options = [options_of(max_disparity=16, num_threads=1), options_of(max_disparity=30, paths=5, num_threads=2)]
    jobs = [(pair, option) for pair in pairs for option in options]
    _core.sgm_forget()
    expected = []
    for pair, option in jobs:
        expected.append(_core.sgm(pair[0], pair[1], option))
        _core.sgm_forget()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            found = pool.map(lambda job: _core.sgm(job[0][0], job[0][1], job[1]), jobs)
            for one, other in zip(found, expected, strict=True):
                for a, b in zip(one, other, strict=True):
                    np.testing.assert_array_equal(a, b)
