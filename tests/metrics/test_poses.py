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
    for bad in ([], [-1.0]):
        with pytest.raises(ValueError, match="errors_deg"):
            metrics.pose_auc(bad)
    with pytest.raises(ValueError, match="thresholds_deg"):
        metrics.pose_auc([1.0], (0.0,))
