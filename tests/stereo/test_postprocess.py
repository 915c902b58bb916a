"""The steps after the choice of a disparity, on cases small enough to be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from geomvision.stereo import _postprocess as post

NAN = np.nan


@pytest.mark.parametrize("vertex", [-0.5, -0.2, 0.0, 0.35, 0.5])
def test_fits_find_the_minimum_of_the_curve_they_assume(vertex: float) -> None:
    parabola = [round(1000 * (i - vertex) ** 2) for i in (-1, 0, 1)]
    assert post.parabola_offset(*parabola) == pytest.approx(vertex, abs=2e-3)
    lines = [round(1000 * abs(i - vertex)) for i in (-1, 0, 1)]
    assert post.equiangular_offset(*lines) == pytest.approx(vertex, abs=2e-3)


def test_a_flat_curve_has_no_offset() -> None:
    assert post.parabola_offset(7, 7, 7) == 0
    assert post.equiangular_offset(7, 7, 7) == 0


def test_left_right_check_tells_occlusion_from_mismatch() -> None:
    none = post.NONE
    # right pixels 0…5 point at left 0, 1, 4, 5, nothing, 5: left 2 and 3 are seen by no right pixel
    right = np.array([[0, 0, 2, 2, none, 0]], np.int16)
    # Left 2 wants right 0, which pairs with left 0, and left 3 wants right 3, which pairs with left 5: both two pixels
    # away. Left 1 points outside; left 4 has no estimate.
    left = np.array([[0, 5, 2, 0, none, 2]], np.int16)
    expected = [post.AGREES, post.MISMATCHED, post.OCCLUDED, post.OCCLUDED, post.UNKNOWN, post.AGREES]
    assert post.left_right_check(left, right, 1).tolist() == [expected]
    # with a tolerance of two pixels both rivals pass
    assert post.left_right_check(left, right, 2).tolist() == [
        [post.AGREES, post.MISMATCHED, post.AGREES, post.AGREES, post.UNKNOWN, post.AGREES]
    ]


def test_median_takes_the_lower_middle_and_leaves_gaps() -> None:
    row = np.array([[1, 9, 2, NAN, 5]], np.float32)
    np.testing.assert_array_equal(post.median_filter(row, 3), np.array([[1, 2, 2, NAN, 5]], np.float32))
    np.testing.assert_array_equal(post.median_filter(row, 1), row)


def test_speckles_are_regions_joined_by_small_steps() -> None:
    disparity = np.array([[1, 1.5, 2, 9, 9], [NAN, 1, 2.5, 3, 9]], np.float32)
    # 1 … 3 are one region of 6 pixels by steps of half a pixel; the three 9 another
    expected = np.array([[1, 1.5, 2, NAN, NAN], [NAN, 1, 2.5, 3, NAN]], np.float32)
    np.testing.assert_array_equal(post.speckle_filter(disparity, 4, 0.5), expected)
    np.testing.assert_array_equal(post.speckle_filter(disparity, 3, 0.5), disparity)
    assert np.isnan(post.speckle_filter(disparity, 4, 0.4)).all()


def test_occluded_pixels_are_filled_from_behind_and_others_from_the_middle() -> None:
    disparity = np.array([[9, 8, 7], [6, NAN, 5], [4, 3, 2]], np.float32)
    occluded = np.zeros((3, 3), bool)
    assert post.background_fill(disparity, occluded)[1, 1] == 5  # the lower middle of 2 … 9
    occluded[1, 1] = True
    assert post.background_fill(disparity, occluded)[1, 1] == 3  # the second lowest
    alone = np.array([[NAN, NAN, 4]], np.float32)
    np.testing.assert_array_equal(post.background_fill(alone, np.ones((1, 3), bool)), [[4, 4, 4]])
    nothing = np.full((2, 2), NAN, np.float32)
    assert np.isnan(post.background_fill(nothing, np.ones((2, 2), bool))).all()


def test_a_gap_is_filled_from_the_farther_side_of_its_row() -> None:
    row = np.array([[NAN, 7, 7, 50, 7, NAN, NAN, 3, 1, 2, NAN]], np.float32)  # medians: 7 on the left, 2 on the right
    filled = np.array([[7, 7, 7, 50, 7, 2, 2, 3, 1, 2, 7]], np.float32)
    np.testing.assert_array_equal(post.row_fill(row), filled)  # at the ends all seven
    many = np.array([[NAN, *([5] * 4), *([8] * 40)]], np.float32)
    assert post.row_fill(many)[0, 0] == 8  # nine have a say, four of them 5
    assert post.row_fill(many[:, :9])[0, 0] == 5  # of 5 5 5 5 8 8 8 8


def test_rows_without_estimates_take_the_nearest_one_that_has_some() -> None:
    column = np.array([[NAN], [1], [NAN], [NAN], [NAN], [2], [NAN]], np.float32)
    np.testing.assert_array_equal(post.row_fill(column), [[1], [1], [1], [1], [2], [2], [2]])
    assert np.isnan(post.row_fill(np.full((2, 3), NAN, np.float32))).all()
