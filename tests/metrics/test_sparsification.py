import itertools
import math

import numpy as np
import pytest

import geomvision as gv
from geomvision.metrics import sparsification
from geomvision.results import Disparity, Flow, RelativeDepth
from geomvision.samples import StereoSample

ZEROS = np.zeros((1, 4), np.float32)


def judged(errors, confidence, **options):
    """The curves of an estimate whose truth is zero."""
    px = np.array([errors], np.float32)
    black = np.zeros((*px.shape, 3), np.uint8)
    sample = StereoSample(name="flat", left=black, right=black, disparity=Disparity(px=np.zeros_like(px)))
    sure = None if confidence is None else np.array([confidence], np.float32)
    return sparsification(Disparity(px=px, confidence=sure), sample, **options)


def test_by_hand():
    found = judged([4, 1, 0, 3], [0.1, 0.9, 0.4, 0.6])
    # The least sure go first: 4, 0, 3, 1.
    assert found.by_confidence.tolist() == [2, 4 / 3, 2, 1]
    assert found.oracle.tolist() == [2, 4 / 3, 0.5, 0]
    assert found.area == pytest.approx((0 + 0 + 1.5 + 1) / 4)
    assert found.normalised_area == pytest.approx(found.area / 2)


def test_the_oracle_is_the_best_and_its_reverse_the_worst():
    errors = [5, 0, 2, 7, 1]
    assert judged(errors, [1 / (1 + e) for e in errors]).area == 0
    worst = judged(errors, [e / 10 for e in errors]).area
    for order in itertools.permutations(range(5)):
        assert 0 <= judged(errors, [0.1 * (1 + each) for each in order]).area <= worst + 1e-12


def test_what_is_equally_sure_counts_as_the_mean_of_all_orders():
    errors = [3, 0, 6, 1]
    found = judged(errors, [0.5, 0.2, 0.5, 0.5])
    areas = [judged(errors, [0.5 + 0.1 * a, 0.2, 0.5 + 0.1 * b, 0.5 + 0.1 * c]).area for a, b, c in
             itertools.permutations(range(3))]  # fmt: skip
    assert found.area == pytest.approx(np.mean(areas))
    # Chance: nothing is told, so the mean stays.
    assert np.allclose(judged(errors, [0.5] * 4).by_confidence, 2.5)


def test_shares_of_wrong_pixels():
    found = judged([4, 1, 0, 3], [0.1, 0.9, 0.4, 0.6], threshold=2)
    assert found.by_confidence.tolist() == [0.5, 1 / 3, 0.5, 0]
    assert found.oracle.tolist() == [0.5, 1 / 3, 0, 0]
    assert judged([0, 0.5], [0.5, 0.5], threshold=1).normalised_area == 0


def test_gaps_do_not_count():
    assert judged([4, np.nan, 0, 3], [0.1, 0.9, 0.4, 0.6]).oracle.size == 3
    nothing = judged([np.nan] * 3, [0, 0, 0])
    assert math.isnan(nothing.area)
    assert math.isnan(nothing.normalised_area)


def test_a_confidence_that_is_one_over_the_noise_tells_more_than_chance():
    rng = np.random.default_rng(0)
    noise = rng.uniform(0.1, 3, 20_000)
    errors = rng.normal(0, noise)
    assert judged(errors, 1 / noise / 10).normalised_area < 0.7 * judged(errors, rng.random(20_000)).normalised_area


def test_flow_too():
    sample = gv.datasets.Synthetic(seed=1, height=40, width=60, task="flow")[0]
    estimate = Flow(px=sample.flow.px + np.float32([3, 4]), confidence=np.ones((40, 60), np.float32))
    assert sparsification(estimate, sample).by_confidence[0] == pytest.approx(5, rel=1e-5)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="has no confidence"):
        judged([1, 2], None)
    with pytest.raises(ValueError, match="threshold is -1"):
        judged([1, 2], [0.5, 0.5], threshold=-1.0)
    sample = gv.datasets.Synthetic(seed=1, height=20, width=30)[0]
    with pytest.raises(ValueError, match="sizes must be equal"):
        sparsification(Disparity(px=ZEROS, confidence=ZEROS), sample)
    with pytest.raises(TypeError):
        sparsification(sample, sample)
    with pytest.raises(TypeError, match="scale is unknown"):
        sparsification(RelativeDepth(values=ZEROS, kind="depth_scale"), sample)
