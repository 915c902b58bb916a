"""The C++ core of SGM equals the readable reference on every pixel, and has the same options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import _core
from geomvision.stereo.sgm import SGM

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
        "fill": st.sampled_from(["none", "background", "row"]),
    }
)


@settings(max_examples=120, deadline=None)
@given(
    options=OPTIONS,
    data=st.data(),
)
def test_cpp_equals_the_reference_on_every_pixel(
    options: dict[str, Any], data: st.DataObject, assert_cpp_is_the_reference: Callable[..., None]
) -> None:
    assert_cpp_is_the_reference(SGM, options, data, largest=(40, 70), candidates=60)


@pytest.mark.parametrize("paths", [5, 16])
def test_cpp_equals_the_reference_on_large_ranges_and_strips(paths: int, assert_equal: Callable[..., None]) -> None:
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
