"""Which of two points is further, counted by hand."""

import dataclasses
import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS
from geomvision.results import Depth, RelativeDepth
from geomvision.samples import PointPairs

NAN = math.nan


@pytest.fixture
def sample(depth):
    """Pixels 0 … 5 of one row; five pairs, the last two of them equally far."""
    pairs = PointPairs(
        first=[[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]],
        second=[[1, 0], [2, 0], [3, 0], [4, 0], [5, 0]],
        relation=[-1, 1, 1, 0, 0],
    )
    return dataclasses.replace(depth([[1] * 6], [[1] * 6])[1], depth=None, pairs=pairs)


def values(estimate, sample):
    return {name: ratio.value for name, ratio in PROTOCOLS["ordinal"]().score(estimate, sample).items()}


def test_by_hand(sample):
    # 2 < 4 right; 4 > 3 right; 3 > 3.05 wrong; 3.05 and 3 as far (1.017) right; 3 and 5 are not
    found = values(Depth(m=np.array([[2, 4, 3, 3.05, 3, 5]])), sample)
    assert found == pytest.approx({"WHDR": 100 / 3, "WKDR": 40, "WKDR=": 50, "WKDR≠": 100 / 3, "density": 100})
    gap = values(Depth(m=np.array([[2, 4, 3, NAN, 3, 5]])), sample)
    assert gap == pytest.approx({"WHDR": 100 / 3, "WKDR": 60, "WKDR=": 100, "WKDR≠": 100 / 3, "density": 60})


def test_every_kind_is_ordered_by_depth(sample):
    z = np.array([[2, 4, 3, 3.05, 3, 5]])
    metric = values(Depth(m=z), sample)
    assert values(RelativeDepth(values=7 * z, kind="depth_scale"), sample) == pytest.approx(metric)
    for map_, kind in ((3 * z - 20, "depth_affine"), (5 / z - 3, "disparity_affine")):
        found = values(RelativeDepth(values=map_, kind=kind), sample)
        assert found["WHDR"] == pytest.approx(metric["WHDR"])
        assert [math.isnan(found[name]) for name in ("WKDR", "WKDR=", "WKDR≠")] == [True] * 3
    wrong = values(RelativeDepth(values=z, kind="disparity_affine"), sample)
    assert wrong["WHDR"] == pytest.approx(100 * 2 / 3)


def test_a_tie_is_no_answer_and_weights_weigh(sample):
    flat = Depth(m=np.ones((1, 6)))
    assert values(flat, sample)["WHDR"] == 100
    assert values(flat, sample)["WKDR="] == 0
    weighed = dataclasses.replace(sample, pairs=dataclasses.replace(sample.pairs, weights=[1, 2, 3, 0, 4]))
    assert values(Depth(m=np.array([[2, 4, 3, 3.05, 3, 5]])), weighed)["WHDR"] == pytest.approx(50)
    assert values(flat, weighed)["WKDR"] == pytest.approx(60)


def test_the_mean_over_images(sample):
    protocol = PROTOCOLS["ordinal"]()
    estimate = Depth(m=np.array([[2, 4, 3, 3.05, 3, 5]]))
    right = dataclasses.replace(sample, pairs=PointPairs(first=[[1, 0]], second=[[0, 0]], relation=[1]))
    assert protocol.aggregate([protocol.score(estimate, each) for each in (sample, right)])["WHDR"] == pytest.approx(
        100 / 6
    )


def test_pairs_drawn_from_depth_agree_with_it(depth):
    z = np.random.default_rng(1).choice([1, 1.01, 2, NAN], (20, 20))
    truth = depth(np.ones((20, 20)), z)[1]
    pairs = PointPairs.drawn_from(truth.depth, 500, seed=3)
    assert set(pairs.relation) == {-1, 0, 1}
    found = values(truth.depth, dataclasses.replace(truth, pairs=pairs))
    assert (found["WKDR"], found["WHDR"], found["density"]) == (0, 0, 100)
    assert not (pairs.first == pairs.second).all(axis=1).any()
    with pytest.raises(ValueError, match="pixels with depth 0; at least"):
        PointPairs.drawn_from(Depth(m=np.full((3, 3), NAN)))


def test_wrong_pairs_and_samples_without_are_told(sample, depth):
    flat = Depth(m=np.ones((1, 6)))
    with pytest.raises(ValueError, match="'tiny' has no pairs to compare with"):
        values(flat, depth([[1] * 6], [[1] * 6])[1])
    outside = dataclasses.replace(sample, pairs=PointPairs(first=[[6, 0]], second=[[0, 0]], relation=[1]))
    with pytest.raises(ValueError, match="1 points of 'tiny' lie outside its 6x1 pixels"):
        values(flat, outside)
    good = {"first": [[1, 0]], "second": [[0, 0]], "relation": [1]}
    for wrong, message in (
        ({"first": [[0.5, 0]]}, "first is float64"),
        ({"second": [[0, 0], [1, 1]]}, r"relation is \(1,\), first \(1,\), second \(2,\)"),
        ({"relation": [2]}, "numbers other than 1"),
        ({"first": [[-1, 0]]}, "pixels begin at 0"),
        ({"weights": [-1.0]}, "at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            PointPairs(**{**good, **wrong})
    assert not PROTOCOLS["ordinal"]().fits(depth([[1]], [[1]])[1])
    with pytest.raises(ValueError, match="no depth to compare with"):
        PROTOCOLS["depth"]().score(flat, sample)
