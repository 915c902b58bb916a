"""How much of a surface is confirmed, counted by hand: two walls of two greys, side by side."""

from __future__ import annotations

import numpy as np
import pytest

from geomvision.depth._agreement import Confirmed
from geomvision.depth._support import ONE_SURFACE, STRIDES, support, supported

SIZE = (480, 640)  # samples are 5 pixels apart
LEFT = np.broadcast_to(np.arange(SIZE[1]) < 320, SIZE)


def walls(near: float = 40.0, far: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    """Hypotheses of a near wall, black, at the left, and a far one, white."""
    return np.where(LEFT, near, far).astype(np.float32), np.where(LEFT, 0, 255).astype(np.uint8)


def test_a_surface_that_is_confirmed_supports_all_of_its_pixels() -> None:
    at, grey = walls()
    share = support(at, LEFT, grey)
    np.testing.assert_array_equal(share, LEFT.astype(np.float32))  # white tells nothing about black


def test_what_is_confirmed_at_other_depths_of_the_same_grey_is_no_support() -> None:
    """A rim, eight pixels wide, has the near wall's depth and the far wall's colour: only it speaks for itself."""
    at, grey = walls()
    at[:, 320:328] = 40.0
    share = support(at, np.ones(SIZE, bool), grey)
    assert share[240, 322] == pytest.approx(2 / 4)  # columns 322, 327 of these, 332 and 337: 307, 312 and 317 are black
    assert share[240, 342] == pytest.approx(6 / 7)  # all of 327 … 357 but the first
    assert share[240, 100] == 1.0


def test_who_stands_alone_has_the_share_of_the_others() -> None:
    """A pixel that nobody confirms, on a wall that others do: all samples but its own; beyond the border are none."""
    at, grey = np.full(SIZE, 10.0, np.float32), np.zeros(SIZE, np.uint8)
    confirmed = np.ones(SIZE, bool)
    confirmed[100, 200] = confirmed[0, 0] = False
    samples = (2 * STRIDES + 1) ** 2
    share = support(at, confirmed, grey)
    assert share[100, 200] == pytest.approx(1 - 1 / samples)
    assert share[0, 0] == pytest.approx(1 - 1 / (STRIDES + 1) ** 2)
    at[100, 200] += ONE_SURFACE + 0.1
    assert support(at, confirmed, grey)[100, 200] == 0.0
    at[100, 200] = np.nan
    assert support(at, confirmed, grey)[100, 200] == 0.0


def test_estimates_are_kept_by_their_surface_or_each_by_itself() -> None:
    mean, grey = walls()
    confirmed = LEFT.copy()
    confirmed[::2] = False
    q = np.where(confirmed, mean, np.float32(np.nan))
    told = Confirmed(q, mean, *(np.zeros(SIZE, np.uint8),) * 2)
    kept, share = supported(told, grey, 1.0, 0.3, 0)
    np.testing.assert_array_equal(np.isfinite(kept), LEFT)  # half of the near wall is confirmed, nothing of the far one
    np.testing.assert_array_equal(kept[LEFT], mean[LEFT])
    assert share[LEFT].min() == pytest.approx(2 / 5)  # where five rows of samples are inside, two are confirmed
    np.testing.assert_array_equal(supported(told, grey, 1.0, 0.0, 0)[0], q)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (16, 16)])
def test_pictures_smaller_than_the_window_are_taken(size: tuple[int, int]) -> None:
    share = support(np.ones(size, np.float32), np.ones(size, bool), np.zeros(size, np.uint8))
    np.testing.assert_array_equal(share, 1.0)
