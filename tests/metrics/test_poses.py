"""Pose errors and their AUC, from poses whose distance is known."""

import numpy as np
import pytest

from geomvision import metrics
from geomvision.cameras import pose


def about_z(degrees):
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@pytest.mark.parametrize("degrees", [1e-6, 0.3, 45.0, 90.0, 179.0, 180.0])
def test_angles_are_exact_small_or_large(degrees):
    truth = pose(translation=(3.0, 0.0, 0.0))
    estimate = pose(about_z(degrees), about_z(degrees) @ (1.0, 0.0, 0.0))
    error = metrics.pose_error(estimate, truth)
    assert error.rotation_deg == pytest.approx(degrees, rel=1e-6)
    assert error.translation_deg == pytest.approx(degrees, rel=1e-6)
    assert error.worst_deg == pytest.approx(degrees, rel=1e-6)


def test_no_translation_is_wrong_where_there_is_one_and_so_is_no_pose():
    error = metrics.pose_error(pose(about_z(2.0), (0, 1, 0)), np.eye(4))
    assert np.isnan(error.translation_deg)
    assert error.worst_deg == pytest.approx(2.0)
    assert metrics.pose_error(pose(about_z(2.0)), pose(translation=(0, 1, 0))).worst_deg == 180.0
    assert metrics.pose_error(None, np.eye(4)) == (180.0, 180.0)
    with pytest.raises(ValueError, match="rigid"):
        metrics.pose_error(np.diag([2.0, 1, 1, 1]), np.eye(4))


def test_area_under_the_recall_curve():
    assert metrics.pose_auc([0.0, 0.0]) == {5.0: 1.0, 10.0: 1.0, 20.0: 1.0}
    assert metrics.pose_auc([2.5, np.nan], (5.0, 10.0)) == {5.0: 0.25, 10.0: 0.375}
    assert metrics.pose_auc([30.0])[20.0] == 0.0
    assert metrics.pose_auc([np.inf, 30.0])[20.0] == 0.0
    for bad in ([], [-1.0]):
        with pytest.raises(ValueError, match="errors_deg"):
            metrics.pose_auc(bad)
    with pytest.raises(ValueError, match="thresholds_deg"):
        metrics.pose_auc([1.0], (0.0,))


def by_trapezoids(errors, threshold):
    """The area, by numpy, under the curve through (0, 0), (e1, 1/N), (e2, 2/N) …, level after the last error below."""
    below = np.sort([e for e in errors if e < threshold])
    x = np.concatenate([[0.0], below, [threshold]])
    y = np.append(np.arange(len(below) + 1), len(below)) / len(errors)
    return np.trapezoid(y, x) / threshold


@pytest.mark.parametrize(
    "errors",
    [
        [0.5, 2.0, 3.0, 50.0],
        [1.0],
        [0.0, 0.0],
        [5.0, 7.0],
        [2.0, 2.0, 2.0, np.inf],
        [12.0, 170.0],
        list(np.arange(30.0)),
    ],
)
def test_a_curve_of_lines_has_the_area_of_its_trapezoids(errors):
    found = metrics.pose_auc(errors, curve="lines")
    for threshold in (5.0, 10.0, 20.0):
        assert found[threshold] == pytest.approx(by_trapezoids(errors, threshold), abs=1e-15)


def test_the_area_under_lines_by_hand():
    """Of 1° and 3° up to 5°: triangles and rectangles 1·½/2 + 2·(½ + 1)/2 + 2·1, over 5."""
    assert metrics.pose_auc([3.0, 1.0], (5.0,), curve="lines")[5.0] == pytest.approx((0.25 + 1.5 + 2.0) / 5)
    assert metrics.pose_auc([3.0, 1.0], (5.0,))[5.0] == pytest.approx((0.5 * 2 + 2.0) / 5)
    with pytest.raises(ValueError, match="curve"):
        metrics.pose_auc([1.0], curve="squares")
