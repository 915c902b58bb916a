"""Areas under sparsification curves in steps of 2 %, by hand."""

import dataclasses
import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS, sparsification
from geomvision.results import Depth

NAN = math.nan


def values(depth, given, truth, sure):
    estimate, sample = depth([given], [truth])
    judged = dataclasses.replace(estimate, confidence=None if sure is None else np.array([sure], np.float32))
    return {name: ratio.value for name, ratio in PROTOCOLS["uncertainty"]().score(judged, sample).items()}


def area(whole, rest):
    """Two pixels: their mean error at first, that of the one that stays from 2 % on, and 0 at the end."""
    return (whole / 2 + 49 * rest) / 50


def test_two_pixels_by_hand(depth):
    # 2 m off by 1 and 10 m off by 2: 0.5 and 0.2 relative; only the first is over 1.25 times off. The worse is surer.
    found = values(depth, [3, 12, NAN], [2, 10, 5], [0.9, 0.3, 0.5])
    rmse = math.sqrt(5 / 2)
    expected = {
        "AUSE AbsRel": area(0.35, 0.5) - area(0.35, 0.2),
        "AURG AbsRel": 0.35 - area(0.35, 0.5),
        "AUSE RMSE": 0,  # in metres the second is the worse
        "AURG RMSE": rmse - area(rmse, 1),
        "AUSE 100-delta1": area(50, 100) - area(50, 0),
        "AURG 100-delta1": 50 - area(50, 100),
        "density": 200 / 3,
    }
    assert found == pytest.approx(expected, rel=1e-6)
    right = values(depth, [3, 12], [2, 10], [0.3, 0.9])
    assert right["AUSE AbsRel"] == 0
    assert right["AURG AbsRel"] == pytest.approx(0.35 - area(0.35, 0.2))


def test_what_is_equally_sure_stays(depth):
    """The published code then takes nothing away before the end."""
    found = values(depth, [3, 12], [2, 10], [0.5, 0.5])
    assert found["AURG AbsRel"] == pytest.approx(0.35 - (0.35 * 49.5) / 50)


def test_many_steps_agree_with_the_exact_curve(depth):
    rng = np.random.default_rng(0)
    truth, noise = rng.uniform(1, 50, 5000), rng.uniform(0.01, 0.4, 5000)
    given, sure = truth * np.exp(rng.normal(0, noise)), 1 - noise
    found = values(depth, given, truth, sure)
    estimate, sample = depth([given], [truth])
    exact = sparsification(dataclasses.replace(estimate, confidence=np.array([sure], np.float32)), sample)
    assert found["AUSE AbsRel"] == pytest.approx(exact.area, rel=0.01)
    assert found["AURG AbsRel"] > 0.05


def test_without_confidence_there_is_nothing_to_judge(depth):
    with pytest.raises(ValueError, match="has no confidence"):
        values(depth, [1.0], [1.0], None)
    assert not PROTOCOLS["uncertainty"]().takes(Depth(m=np.ones((1, 1))))
    empty = values(depth, [NAN], [1.0], [0.0])
    assert empty.pop("density") == 0
    assert all(math.isnan(value) for value in empty.values())
