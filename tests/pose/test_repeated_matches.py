"""A match that is given several times confirms nothing: it counts once."""

import numpy as np
import pytest

from geomvision.geometry._repeated import distinct
from geomvision.pose import METHODS, Essential


def test_groups_of_equal_matches_are_found_by_their_first():
    points0 = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [0.0, 5.0]])
    points1 = np.array([[7.0, 8.0], [9.0, 1.0], [7.0, 8.0], [7.0, 9.0], [9.0, 1.0], [2.0, 2.0]])
    kept, which = distinct(points0, points1)
    assert kept.tolist() == [0, 1, 3, 5]  # the fourth differs in one coordinate
    assert which.tolist() == [0, 1, 0, 2, 1, 3]
    assert distinct(points0[kept], points1[kept]) is None
    assert distinct(points0[:0], points1[:0]) is None


def test_different_matches_with_one_key_stay():
    """The key by which equal ones are looked for is rounded: of a large coordinate, small changes of another vanish."""
    points0, points1 = np.array([[1e7, 0.0], [1e7, 1e-12]]), np.zeros((2, 2))
    assert distinct(points0, points1) is None


@pytest.mark.parametrize("name", ["essential", "fundamental", "homography", "opencv_usac"])
def test_repeated_matches_change_nothing(matches, name):
    scene = matches(count=120, outliers=0.2, noise_px=0.4, seed=3)
    rng = np.random.default_rng(1)
    order = np.concatenate([np.arange(120), rng.choice(120, 90)])  # the first of each stay in their order
    once, again = (METHODS[name]()(*(p[chosen] for p in scene[:2]), *scene[2:4]) for chosen in (np.arange(120), order))
    assert np.array_equal(once.T_1_0, again.T_1_0)
    assert np.array_equal(once.matrix, again.matrix)
    assert once.degeneracies == again.degeneracies
    assert np.array_equal(again.inliers, once.inliers[order])
    if once.covariance is not None:
        assert np.array_equal(once.covariance, again.covariance)


@pytest.mark.parametrize("count", [3, 6, 8, 11])
@pytest.mark.parametrize("times", [2, 20])
def test_few_matches_are_few_however_often_they_are_given(matches, count, times):
    for seed in range(5):
        scene = matches(count=count, noise_px=0.5, seed=seed)
        points = [np.repeat(p, times, axis=0) for p in scene[:2]]
        result = Essential()(*points, *scene[2:4])
        assert "too_few_points" in result.degeneracies
        assert result.inliers.shape == (count * times,)


def test_wrong_matches_do_not_agree_by_being_repeated(matches):
    cameras = matches(count=5)[2:4]
    rng = np.random.default_rng(5)
    for _ in range(8):
        points0, points1 = (np.repeat(rng.uniform(0, 470, (15, 2)), 5, axis=0) for _ in range(2))
        assert Essential(max_iterations=2000)(points0, points1, *cameras).degeneracies
