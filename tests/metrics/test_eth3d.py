import math

import pytest

from geomvision.metrics import PROTOCOLS

NAN = math.nan


def test_every_figure_by_hand(stereo):
    truth = [[10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, NAN]]
    estimate = [[10.0, 10.5, 11.0, 12.0, 14.5, NAN, 9.25, 3.0]]  # errors 0, 0.5, 1, 2, 4.5, none, 0.75
    score = PROTOCOLS["eth3d"]().score(*stereo(estimate, truth, [[0, 0, 0, 1, 0, 0, 1, 0]]))
    expected = {
        "bad-0.5 noc": 100 * 2 / 4,
        "bad-1.0 noc": 100 * 1 / 4,
        "bad-2.0 noc": 100 * 1 / 4,
        "bad-4.0 noc": 100 * 1 / 4,
        "totbad-0.5 noc": 100 * 3 / 5,
        "totbad-1.0 noc": 100 * 2 / 5,
        "totbad-2.0 noc": 100 * 2 / 5,
        "totbad-4.0 noc": 100 * 2 / 5,
        "avgerr noc": 6.0 / 4,
        "rms noc": math.sqrt(21.5 / 4),
        "A50 noc": 0.5,  # of 0, 0.5, 1, 4.5: two of four do not exceed 0.5
        "A90 noc": 4.5,
        "A95 noc": 4.5,
        "A99 noc": 4.5,
        "bad-0.5 all": 100 * 4 / 6,
        "bad-1.0 all": 100 * 2 / 6,
        "bad-2.0 all": 100 * 1 / 6,
        "bad-4.0 all": 100 * 1 / 6,
        "totbad-0.5 all": 100 * 5 / 7,
        "totbad-1.0 all": 100 * 3 / 7,
        "totbad-2.0 all": 100 * 2 / 7,
        "totbad-4.0 all": 100 * 2 / 7,
        "avgerr all": 8.75 / 6,
        "rms all": math.sqrt(26.0625 / 6),
        "A50 all": 0.75,  # of 0, 0.5, 0.75, 1, 2, 4.5: three of six do not exceed 0.75
        "A90 all": 4.5,
        "A95 all": 4.5,
        "A99 all": 4.5,
        "density": 100 * 6 / 7,
    }
    assert {name: ratio.value for name, ratio in score.items()} == pytest.approx(expected)


def test_nothing_is_clipped(stereo):
    score = PROTOCOLS["eth3d"]().score(*stereo([[14.5]], [[10.0]], max_disparity=12))
    assert score["avgerr all"].value == 4.5


def test_an_empty_estimate(stereo):
    score = PROTOCOLS["eth3d"]().score(*stereo([[NAN]], [[10.0]]))
    assert score["totbad-4.0 all"].value == 100.0
    assert math.isnan(score["bad-4.0 all"].value)
    assert math.isnan(score["A50 all"].value)
