"""KITTI's depth devkit by hand: its filling, its units."""

import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS

NAN = math.nan


def values(pair):
    return {name: ratio.value for name, ratio in PROTOCOLS["kitti_improved"]().score(*pair).items()}


def test_by_hand(depth):
    # 5 of 4 m; the gap takes the nearer of 5 and 20 m: 5 of 10 m; 20 of 25 m, and 20 of 16 m beyond the last estimate
    found = values(depth([[5, NAN, 20, NAN, NAN]], [[4, 10, 25, 16, NAN]]))
    logs = [math.log(5 / 4), math.log(1 / 2), math.log(4 / 5), math.log(5 / 4)]
    inverse = [1000 * (1 / 5 - 1 / 4), 1000 * (1 / 5 - 1 / 10), 1000 * (1 / 20 - 1 / 25), 1000 * (1 / 20 - 1 / 16)]
    expected = {
        "SILog": 100 * math.sqrt(sum(x * x for x in logs) / 4 - (sum(logs) / 4) ** 2),
        "sqErrRel": 100 * (0.0625 + 0.25 + 0.04 + 0.0625) / 4,
        "absErrRel": 100 * (0.25 + 0.5 + 0.2 + 0.25) / 4,
        "iRMSE": math.sqrt(sum(x * x for x in inverse) / 4),
        "MAE": 15 / 4,
        "RMSE": math.sqrt((1 + 25 + 25 + 16) / 4),
        "iMAE": sum(map(abs, inverse)) / 4,
        "MAE-log": sum(map(abs, logs)) / 4,
        "RMSE-log": math.sqrt(sum(x * x for x in logs) / 4),
        "SILog est": 100 * math.sqrt((logs[0] ** 2 + logs[2] ** 2) / 2 - ((logs[0] + logs[2]) / 2) ** 2),
        "sqErrRel est": 100 * (0.0625 + 0.04) / 2,
        "absErrRel est": 100 * 0.45 / 2,
        "iRMSE est": math.sqrt((inverse[0] ** 2 + inverse[2] ** 2) / 2),
        "density": 50.0,
    }
    assert found == pytest.approx(expected, rel=1e-6)


def test_nothing_is_clipped_and_rows_are_extrapolated(depth):
    found = values(depth([[NAN, NAN], [200, 200], [NAN, NAN]], [[100, NAN], [NAN, NAN], [NAN, 400]]))
    assert found["MAE"] == pytest.approx((100 + 200) / 2)
    assert found["absErrRel"] == pytest.approx(100 * (1 + 0.5) / 2)
    assert math.isnan(found["SILog est"])


def test_empty_rows_in_between_leave_no_figure(depth):
    """The devkit fills no such row, and takes the logarithm of its invalid value."""
    found = values(depth([[5, 5], [NAN, NAN], [5, 5]], [[4, 4], [4, 4], [4, 4]]))
    assert math.isnan(found["SILog"])
    assert found["SILog est"] == pytest.approx(0, abs=1e-9)
    assert found["absErrRel est"] == pytest.approx(25)
    # where there is no truth they harm nothing
    assert values(depth([[5, 5], [NAN, NAN], [5, 5]], [[4, 4], [NAN, NAN], [4, 4]]))["absErrRel"] == pytest.approx(25)


def test_it_is_for_truth_denser_than_one_scan(depth):
    dense, sparse = np.full((30, 100), 5.0), np.full((30, 100), NAN)
    sparse[::5, ::5] = 5
    fits = PROTOCOLS["kitti_improved"]().fits
    assert fits(depth(dense, dense)[1])
    assert not fits(depth(dense, sparse)[1])
    assert not fits(depth(dense[:, :40], dense[:, :40])[1])
