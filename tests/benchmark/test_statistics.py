"""Intervals and tests by hand, and beside scipy's own."""

import math

import numpy as np
import pytest
from scipy import stats

from geomvision.benchmark.statistics import aggregated, drawn, formed, holm, interval, paired

NAN = math.nan


def test_ratios_of_arrays_are_those_of_ratios():
    total, count = np.array([1.0, 9.0, 0.0]), np.array([4.0, 4.0, 0.0])
    np.testing.assert_array_equal(formed(total, count, "mean"), [0.25, 2.25, NAN])
    np.testing.assert_array_equal(formed(total, count, "percent"), [25.0, 225.0, NAN])
    np.testing.assert_array_equal(formed(total, count, "root"), [0.5, 1.5, NAN])


def test_scenes_drawn_twice_count_twice():
    """Scenes with 1 of 2 and 3 of 4 wrong: pooled 4 of 6, mean 62.5 %; the first twice: 2 of 4 and 50 %."""
    total, count = np.array([[1.0, 3.0], [0.0, 2.0]]), np.array([[2.0, 4.0], [0.0, 4.0]])
    draws = np.array([[1, 1], [2, 0], [0, 2]], np.float32)
    pooled = aggregated(total, count, "percent", "pooled", draws)
    np.testing.assert_allclose(pooled, [[100 * 4 / 6, 50], [50, NAN], [75, 50]])
    mean = aggregated(total, count, "percent", "mean", draws)
    np.testing.assert_allclose(mean, [[62.5, 50], [50, NAN], [75, 50]])
    halved = aggregated(total, count, "percent", "mean", draws * np.array([0.5, 1.0]))
    np.testing.assert_allclose(halved[0], [(0.5 * 50 + 75) / 1.5, 50])
    np.testing.assert_allclose(aggregated(4 * count, count, "root", "pooled", draws)[0], [2, 2])


def test_as_many_scenes_are_drawn_as_there_are():
    draws = drawn(7, 1000)
    assert draws.shape == (1000, 7)
    np.testing.assert_array_equal(draws.sum(axis=1), 7)
    np.testing.assert_allclose(draws.mean(axis=0), 1.0, atol=0.15)
    np.testing.assert_array_equal(draws, drawn.__wrapped__(7, 1000))
    with pytest.raises(ValueError, match="scenes is 0, resamples 5; both must be at least 1"):
        drawn(0, 5)


def test_the_interval_is_scipys():
    values = np.random.default_rng(3).gamma(2.0, 3.0, 40)
    ours = interval(aggregated(values[None], np.ones((1, 40)), "mean", "mean", drawn(40)))
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours[0][0] == pytest.approx(theirs.low, abs=0.08 * width)
    assert ours[1][0] == pytest.approx(theirs.high, abs=0.08 * width)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """400 data sets of 30 scenes whose true mean is 5: 95 % within sampling error, a little less as is known."""
    values = np.random.default_rng(0).normal(5.0, 2.0, (400, 30))
    low, high = interval(aggregated(values, np.ones(values.shape), "mean", "mean", drawn(30)))
    assert 0.89 < np.mean((low <= 5) & (high >= 5)) < 0.97


def test_no_figure_no_interval():
    low, high = interval(np.array([[1.0, NAN], [2.0, NAN]]))
    assert np.isnan([low[1], high[1]]).all()
    assert low[0] == pytest.approx(1.025)


def test_pairs_by_hand():
    """Six scenes, all lower: of 2⁶ signs two are as extreme, p = 2 / 64."""
    b = np.arange(1.0, 8.0)
    a = b - np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, NAN])
    found = paired(a, b)
    assert (found.scenes, found.lower, found.higher) == (6, 6, 0)
    assert found.p == pytest.approx(2 / 64)
    assert found.median_difference == pytest.approx(-0.35)
    mixed = paired(np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.0, 4.0, 0.0, 5.0]))  # ranks −1, −2, +3, none
    assert (mixed.lower, mixed.higher, mixed.p) == (2, 1, 1.0)
    assert paired(b, b).p == 1.0
    assert math.isnan(paired(b, np.full(7, NAN)).p)


def test_no_false_alarms_beyond_five_percent():
    random = np.random.default_rng(1)
    alarms = [paired(random.normal(size=20), random.normal(size=20)).p < 0.05 for _ in range(400)]
    assert np.mean(alarms) < 0.08


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, NAN, 0.9]) == pytest.approx([1.0, NAN, 1.0], nan_ok=True)
    assert holm([]) == []
