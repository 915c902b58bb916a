"""Motions of planes: closed forms that are recovered, in order of size, and what is left where nothing is known."""

import numpy as np
import pytest

from geomvision.flow._planes import plane_motions


def plane(height, width, a):
    """The motion of a plane by its eight parameters, coordinates from the centre in halves of the longer side."""
    half = max(height, width) / 2
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = (x - (width - 1) / 2) / half, (y - (height - 1) / 2) / half
    u = a[0] + a[1] * x + a[2] * y + a[6] * x * x + a[7] * x * y
    v = a[3] + a[4] * x + a[5] * y + a[6] * x * y + a[7] * y * y
    return np.stack([u, v], axis=2).astype(np.float32)


GROUND = plane(80, 120, [3.0, 4.0, -2.0, -1.5, 1.0, 5.0, 0.8, -0.6])
WALL = plane(80, 120, [-9.0, 0.5, 0.0, 6.0, 0.0, -0.5, 0.0, 0.0])


def test_the_motion_of_one_plane_is_found_at_every_pixel():
    trusted = np.zeros((80, 120), bool)
    trusted[10:60:3, 5:100:2] = True
    flow = np.where(trusted[..., None], GROUND, np.float32(50))  # what is not trusted is not looked at
    found = plane_motions(flow, trusted, 1)[0]
    np.testing.assert_allclose(found[10:60, 5:100], GROUND[10:60, 5:100], atol=2e-3)
    low, high = GROUND[trusted].min(axis=0), GROUND[trusted].max(axis=0)
    reach = 1 + 0.1 * (high - low)
    assert (found >= low - reach - 1e-4).all()
    assert (found <= high + reach + 1e-4).all()


def test_two_planes_are_found_the_larger_one_first():
    flow = GROUND.copy()
    flow[20:50, 70:115] = WALL[20:50, 70:115]
    first, second = plane_motions(flow, np.ones((80, 120), bool), 2)
    np.testing.assert_allclose(first, GROUND, atol=0.05)
    np.testing.assert_allclose(second[20:50, 70:115], WALL[20:50, 70:115], atol=0.05)


def test_a_quarter_of_wrong_pixels_does_not_move_it():
    rng = np.random.default_rng(3)
    flow = GROUND + rng.normal(0, 0.1, GROUND.shape).astype(np.float32)
    wrong = rng.random((80, 120)) < 0.25
    flow[wrong] = rng.uniform(-30, 30, (wrong.sum(), 2))
    found = plane_motions(flow, np.ones((80, 120), bool), 1)[0]
    assert np.abs(found - GROUND).max() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2)])
def test_any_size(size):
    flow = np.random.default_rng(0).normal(0, 5, (*size, 2)).astype(np.float32)
    found = plane_motions(flow, np.ones(size, bool), 2)
    assert found.shape == (2, *size, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_without_a_trusted_pixel_it_is_the_flow_and_without_another_plane_the_one_before():
    none = np.zeros((80, 120), bool)
    np.testing.assert_array_equal(plane_motions(GROUND, none, 2), np.stack([GROUND, GROUND]))
    first, second = plane_motions(GROUND, ~none, 2)
    np.testing.assert_array_equal(first, second)


def test_one_trusted_pixel_carries_its_motion_everywhere():
    flow, trusted = np.zeros((6, 8, 2), np.float32), np.zeros((6, 8), bool)
    flow[2, 3], trusted[2, 3] = (4.0, -2.0), True
    found = plane_motions(flow, trusted, 1)[0]
    assert np.abs(found - (4.0, -2.0)).max() <= 1
    np.testing.assert_allclose(found[2, 3], (4.0, -2.0), atol=1e-3)
