"""Block matching in C++ against its reference on every pixel, and against itself for threads and instruction sets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geomvision import _core
from geomvision.images import ImageError
from geomvision.stereo.block_matching import COSTS, PREFILTERS, BlockMatching

BACKENDS = ["cpp", "reference"]


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_cpp_equals_the_reference_on_every_pixel(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 40))
    low = data.draw(st.integers(-45, 40))
    options = {
        "cost": data.draw(st.sampled_from(COSTS)),
        "prefilter": data.draw(st.sampled_from(PREFILTERS)),
        "window": data.draw(st.sampled_from([1, 3, 5, 9, 15, 33])),
        "min_disparity": low,
        "max_disparity": low + data.draw(st.integers(1, 50)),
        "texture": data.draw(st.sampled_from([0.0, 1.0, 20.0])),
        "uniqueness": data.draw(st.sampled_from([0, 5, 40])),
        "subpixel": data.draw(st.sampled_from(["none", "parabola", "equiangular"])),
        "left_right": data.draw(st.sampled_from([-1, 0, 1, 3])),
        "speckle_size": data.draw(st.sampled_from([0, 6])),
        "fill": data.draw(st.sampled_from(["none", "background", "row"])),
    }
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
    levels = data.draw(st.sampled_from([2, 5, 256, 60000]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    wide = rng.integers(0, min(levels, 256 if dtype is np.uint8 else levels), (height, width + 5))
    right = wide[:, 5:] + rng.integers(0, 2, (height, width))
    images = [
        np.clip(image, 0, 255 if dtype is np.uint8 else 65535).astype(dtype) for image in (wide[:, :width], right)
    ]
    if dtype is np.float32:
        images = [(image * 0.37 - 50).astype(np.float32) for image in images]
    threads = data.draw(st.integers(1, 4))
    if not set(range(low, options["max_disparity"])) & set(range(1 - width, width)):
        for backend in BACKENDS:
            with pytest.raises(ImageError, match="range nearer to 0"):
                BlockMatching(**options, backend=backend)(*images)
        return
    cpp = BlockMatching(**options, backend="cpp", num_threads=threads)(*images)
    plain = BlockMatching(**options, backend="reference")(*images)
    np.testing.assert_array_equal(cpp.px, plain.px)
    np.testing.assert_array_equal(cpp.confidence, plain.confidence)
    if options["left_right"] >= 0:
        np.testing.assert_array_equal(cpp.occluded, plain.occluded)
    else:
        assert cpp.occluded is None
        assert plain.occluded is None


@pytest.mark.parametrize("low", [-40, 0, 7])
@pytest.mark.parametrize("count", [33, 64, 130, 256, 300])
def test_sums_of_bytes_equal_the_reference_over_any_range(
    low: int, count: int, instruction_set: Callable[[str], AbstractContextManager[None]]
) -> None:
    """Ranges of a few vectors, of eight and of more; windows on either side of what 16 bits hold."""
    left = noise(9, 331, 7)
    right = np.roll(left, -25, axis=1)
    right[:, ::7] = noise(9, 331, 8)[:, ::7]
    for window, prefilter in ((15, "none"), (17, "none"), (31, "xsobel"), (5, "xsobel")):
        options = {"cost": "sad", "window": window, "min_disparity": low, "max_disparity": low + count}
        plain = BlockMatching(**options, prefilter=prefilter, backend="reference")(left, right)
        for isa in _core.available_isas():
            with instruction_set(isa):
                found = BlockMatching(**options, prefilter=prefilter, backend="cpp", num_threads=1)(left, right)
                assert found.px.tobytes() == plain.px.tobytes()
                assert found.confidence.tobytes() == plain.confidence.tobytes()
                np.testing.assert_array_equal(found.occluded, plain.occluded)


@pytest.mark.parametrize("cost", COSTS)
def test_threads_and_instruction_sets_give_equal_bytes(
    cost: str, instruction_set: Callable[[str], AbstractContextManager[None]]
) -> None:
    left, right = noise(70, 90, 5), noise(70, 90, 6)
    right[:, :80] = left[:, 10:] // 2
    method = BlockMatching(cost=cost, max_disparity=24, window=7, texture=1.0, fill="background")
    expected = method.with_options(num_threads=1)(left, right)
    for isa in _core.available_isas():
        with instruction_set(isa):
            for threads in range(1, 9):
                found = method.with_options(num_threads=threads)(left, right)
                assert found.px.tobytes() == expected.px.tobytes()
                assert found.confidence.tobytes() == expected.confidence.tobytes()
