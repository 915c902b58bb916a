"""Where no alignment is known, the reason given is the right one."""

import numpy as np
import pytest

from geomvision.geometry import align_points
from geomvision.geometry._rotations import rotation_of

R, T = rotation_of(np.array([0.4, -1.1, 0.7])), np.array([0.3, -2.0, 5.0])


def cloud(count):
    return np.random.default_rng(3).normal(size=(count, 3)) * (2.0, 1.0, 0.5)


@pytest.mark.parametrize("scale", [0.2, 5.0, 1000.0])
def test_points_of_another_scale_are_not_called_collinear(scale):
    x = cloud(6)
    found = align_points(x, scale * x @ R.T + T)
    assert found.flags == ("other_scale",)
    assert not found.is_known
    assert align_points(x, scale * x @ R.T + T, with_scale=True).scale == pytest.approx(scale)


def test_pairs_that_do_not_belong_together_are_not_called_collinear():
    for seed in range(20):
        x, y = np.random.default_rng(seed).normal(size=(2, 6, 3))
        for with_scale in (False, True):
            assert "collinear" not in align_points(x, y, with_scale=with_scale).flags
        assert "no_consensus" in align_points(x, 100 * y).flags
