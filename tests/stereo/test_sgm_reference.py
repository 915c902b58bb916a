"""The C++ core of SGM equals the readable reference on every pixel, and has the same options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import _core
from geomvision.results import Disparity
from geomvision.stereo.sgm import SGM


def assert_equal(one: Disparity, other: Disparity) -> None:
    np.testing.assert_array_equal(one.px, other.px)
    assert one.confidence is not None
    assert other.confidence is not None
    np.testing.assert_array_equal(one.confidence, other.confidence)
    assert (one.occluded is None) == (other.occluded is None)
    if one.occluded is not None and other.occluded is not None:
        np.testing.assert_array_equal(one.occluded, other.occluded)


OPTIONS = st.fixed_dictionaries(
    {
        "census": st.sampled_from(["5x5", "7x7", "9x7"]),
        "paths": st.sampled_from([4, 5, 8, 16]),
        "p1": st.integers(0, 60),
        "p2": st.integers(60, 192),
        "adaptive_p2": st.booleans(),
        "subpixel": st.sampled_from(["none", "parabola", "equiangular"]),
        "uniqueness": st.sampled_from([0, 3, 25]),
        "left_right": st.integers(-1, 3),
        "median": st.sampled_from([1, 3, 5]),
        "speckle_size": st.integers(0, 60),
        "speckle_range": st.sampled_from([0.0, 0.5, 1.0, 3.0]),
        "fill": st.sampled_from(["none", "background"]),
    }
)


@settings(max_examples=120, deadline=None)
@given(
    options=OPTIONS,
    size=st.tuples(st.integers(1, 40), st.integers(1, 70)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    levels=st.sampled_from([2, 5, 250]),
    first=st.integers(-20, 10),
    count=st.integers(1, 60),
    threads=st.integers(1, 8),
    isa=st.sampled_from(_core.available_isas()),
    seed=st.integers(0, 2**32 - 1),
)
def test_cpp_equals_the_reference_on_every_pixel(
    options: dict[str, Any],
    size: tuple[int, int],
    dtype: Any,
    levels: int,
    first: int,
    count: int,
    threads: int,
    isa: str,
    seed: int,
    instruction_set: Callable[[str], AbstractContextManager[None]],
) -> None:
    height, width = size
    scene = np.random.default_rng(seed).integers(0, levels, (height, width + 20))
    shift = seed % 20
    left, right = (scene[:, s : s + width].astype(dtype) for s in (0, shift))
    first = max(min(first, width - 1), 2 - width - count)
    sgm = SGM(min_disparity=first, max_disparity=first + count, num_threads=threads, **options)
    expected = sgm.with_options(backend="reference")(left, right)
    with instruction_set(isa):
        assert_equal(sgm.with_options(backend="cpp")(left, right), expected)


@pytest.mark.parametrize("paths", [5, 16])
def test_cpp_equals_the_reference_on_large_ranges_and_strips(paths: int) -> None:
    """Longer than a strip of paths and than any vector: sizes that the small random cases do not reach."""
    scene = np.random.default_rng(4).integers(0, 60000, (70, 407)).astype(np.uint16)
    left, right = scene[:, :400], scene[:, 7:]
    sgm = SGM(max_disparity=150, fill="background", paths=paths)
    expected = sgm.with_options(backend="reference")(left, right)
    for threads in range(1, 9):
        assert_equal(sgm.with_options(backend="cpp", num_threads=threads)(left, right), expected)


def test_options_are_those_of_the_cpp_struct() -> None:
    sgm = SGM()
    shared = {name: value for name, value in sgm.options().items() if name != "cost"}  # costs come from Python
    assert _core.sgm_options() == {**shared, "num_threads": sgm.num_threads}


def test_the_core_refuses_what_it_would_have_to_convert() -> None:
    image = np.zeros((4, 6))
    options = {**SGM().options(), "num_threads": 0}
    with pytest.raises(TypeError):
        _core.sgm(image, image, options)
    with pytest.raises(TypeError):
        _core.sgm(np.zeros((4, 12), np.uint8)[:, ::2], np.zeros((4, 6), np.uint8), options)
    with pytest.raises(KeyError):
        _core.sgm(np.zeros((4, 6), np.uint8), np.zeros((4, 6), np.uint8), {})
