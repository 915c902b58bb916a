import numpy as np
import pytest

from geomvision.datasets._occlusion import cross_check
from geomvision.results import Disparity

NAN = np.nan


def test_a_step_hides_what_lies_left_of_it():
    # Background at disparity 1, an object over left columns 6…8 at disparity 4, seen in right columns 2…4.
    left = Disparity(px=np.array([[1, 1, 1, 1, 1, 1, 4, 4, 4, 1, 1, 1]], np.float32))
    right = Disparity(px=np.array([[1, 1, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1]], np.float32))
    # Column 0 falls outside the right image; 3, 4, 5 fall behind the object.
    assert np.flatnonzero(cross_check(left, right)[0]).tolist() == [0, 3, 4, 5]


def test_unknown_truth_confirms_nothing():
    left = Disparity(px=np.array([[NAN, 1, 1, 1]], np.float32))
    right = Disparity(px=np.array([[1, NAN, 1, 1]], np.float32))
    assert cross_check(left, right)[0].tolist() == [False, False, True, False]


def test_a_slanted_surface_is_seen():
    x = np.arange(40)
    left = Disparity(px=(2 + 0.4 * x)[None].astype(np.float32))
    x_right = x - left.px[0]
    right = Disparity(px=np.interp(x, x_right, left.px[0], left=NAN, right=NAN)[None].astype(np.float32))
    hidden = cross_check(left, right)[0]
    assert (hidden == (x_right < -0.5)).all()
    assert hidden.any()


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="sizes must be equal"):
        cross_check(Disparity(px=np.zeros((1, 2))), Disparity(px=np.zeros((1, 3))))
