"""What every matcher of ours is held to, so that each test file states its own truth only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from geomvision import _core
from geomvision.images import ImageError
from geomvision.results import Disparity


@pytest.fixture(scope="session")
def assert_equal() -> Callable[[Disparity, Disparity], None]:
    """Hold two results to the same pixels, confidence and occlusions."""

    def check(one: Disparity, other: Disparity) -> None:
        np.testing.assert_array_equal(one.px, other.px)
        assert one.confidence is not None
        assert other.confidence is not None
        np.testing.assert_array_equal(one.confidence, other.confidence)
        assert (one.occluded is None) == (other.occluded is None)
        if one.occluded is not None and other.occluded is not None:
            np.testing.assert_array_equal(one.occluded, other.occluded)

    return check


@pytest.fixture(scope="session")
def assert_cpp_is_the_reference(assert_equal: Any, instruction_set: Any) -> Callable[..., None]:
    """Hold a method's core to its reference on every pixel of a random pair, range, thread number, instruction set.

    assert_cpp_is_the_reference(METHOD, options, data, largest=(height, width), candidates=…)
    """

    def check(
        method: Any, options: dict[str, Any], data: st.DataObject, *, largest: tuple[int, int], candidates: int
    ) -> None:
        height, width = (data.draw(st.integers(1, size)) for size in largest)
        dtype = data.draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
        levels = data.draw(st.sampled_from([2, 5, 250]))
        first, count = data.draw(st.integers(-20, 10)), data.draw(st.integers(1, candidates))
        threads = data.draw(st.integers(1, 8))
        isa = data.draw(st.sampled_from(_core.available_isas()))
        seed = data.draw(st.integers(0, 2**32 - 1))
        scene = np.random.default_rng(seed).integers(0, levels, (height, width + 20))
        left, right = (scene[:, s : s + width].astype(dtype) for s in (0, seed % 20))
        first = max(min(first, width - 1), 2 - width - count)
        made = method(min_disparity=first, max_disparity=first + count, num_threads=threads, **options)
        expected = made.with_options(backend="reference")(left, right)
        with instruction_set(isa):
            assert_equal(made.with_options(backend="cpp")(left, right), expected)

    return check


@pytest.fixture(scope="session")
def assert_searches_only_what_can_match(assert_equal: Any) -> Callable[..., None]:
    """Hold a method to a range cut down to the image, and to refusing one in which no pixel can have a match."""

    def check(method: Any, left: NDArray[Any], right: NDArray[Any]) -> None:
        width = left.shape[1]
        wide = method(max_disparity=4000, min_disparity=-900)(left, right)
        assert_equal(wide, method(max_disparity=width, min_disparity=1 - width)(left, right))
        for limits in ({"min_disparity": width}, {"min_disparity": -3 * width, "max_disparity": 1 - width}):
            for backend in ("cpp", "reference"):
                with pytest.raises(ImageError, match=f"no pixel of an image {width} pixels wide has a match"):
                    method(backend=backend, **limits)(left, right)

    return check


@pytest.fixture(scope="session")
def two_walls() -> Callable[..., tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]]:
    """A wall at 14 px in columns 60 … 99 before one at 4 px, of textures (60, 200): both views, (60, 150), and which
    left pixels the one in front hides from the right view.
    """

    def views(front: NDArray[Any], back: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
        columns = np.arange(150)
        in_front = (columns >= 60) & (columns < 100)
        left = np.where(in_front, front[:, columns], back[:, columns])
        right = np.where((columns + 14 >= 60) & (columns + 14 < 100), front[:, columns + 14], back[:, columns + 4])
        return left, right, np.tile((columns >= 50) & (columns < 60), (60, 1))

    return views


@pytest.fixture(scope="session")
def noisy_walls(two_walls: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """`two_walls` of noise."""
    left, right, hidden = two_walls(*np.random.default_rng(5).integers(0, 256, (2, 60, 200), np.uint8))
    return left, right, hidden
