"""Layered pairs: their flow is exact, so frame 1 warped by it is frame 0 wherever both are seen."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.datasets.layered import Layered

SMALL = {"height": 96, "width": 128, "seed": 5, "count": 4}


def test_the_flow_explains_what_both_frames_see():
    for sample in Layered(**SMALL, motion=(0.5, 8.0), faults=False):

        def difference(px, sample=sample):
            found = gv.ops.warp(sample.frame1.astype(np.float32), px, mode="bicubic", outside="nan")
            return np.abs(found - sample.frame0).mean(axis=2)

        exact, beside = difference(sample.flow.px), difference(sample.flow.px + np.float32((0.8, -0.6)))
        seen = np.isfinite(exact) & np.isfinite(beside) & ~sample.occluded
        assert seen.mean() > 0.6
        assert exact[seen].mean() < 0.5 * beside[seen].mean()


def test_a_pair_depends_on_seed_and_index_alone():
    first, again, other = Layered(**SMALL), Layered(**SMALL), Layered(**{**SMALL, "seed": 6})
    assert again[3].frame1.tobytes() == first[3].frame1.tobytes()  # though nothing was made before
    assert first[-1].flow.px.tobytes() == first[3].flow.px.tobytes()
    assert not np.array_equal(first[2].frame0, first[3].frame0)
    assert not np.array_equal(first[3].frame0, other[3].frame0)
    assert [sample.frame0.shape for sample in first] == [(96, 128, 3)] * 4
    with pytest.raises(IndexError, match="index 4 is outside a data set of 4 pairs"):
        first[4]


def test_speeds_stay_in_their_range():
    slow = np.concatenate([np.linalg.norm(s.flow.px, axis=2).ravel() for s in Layered(**SMALL, motion=(0.3, 0.5))])
    fast = np.concatenate([np.linalg.norm(s.flow.px, axis=2).ravel() for s in Layered(**SMALL, motion=(20.0, 30.0))])
    assert np.isfinite(slow).all()
    assert np.median(slow) < 2 < 10 < np.median(fast)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is -1; it must be an integer of at least 0"),
        ({"height": 8}, "height is 8"),
        ({"width": 64.0}, "width is 64.0"),
        ({"motion": (5.0, 1.0)}, r"motion is \(5.0, 1.0\)"),
        ({"pieces": (1.5, 2.0)}, "both must be whole numbers"),
    ],
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        Layered(**options)
