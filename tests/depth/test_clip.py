"""Bundles of a clip: a point that starts behind a frame does not keep all the others from being adjusted."""

import numpy as np

from geomvision.cameras import pose
from geomvision.depth._bundle import Bundle
from geomvision.depth._clip import _adjusted
from geomvision.depth._matches import Sightings
from geomvision.geometry._rotations import rotation_of


def test_a_point_behind_a_frame_is_left_out_and_the_others_are_adjusted():
    rng = np.random.default_rng(0)
    T = np.stack([pose(rotation_of(np.array([0.0, 0.02 * k, 0.0])), (-0.1 * k, 0.0, 0.0)) for k in range(3)])
    points = rng.uniform((-1, -1, 2), (1, 1, 4), (40, 3))
    frame, point = (part.ravel() for part in np.mgrid[:3, :40])
    seen = np.einsum("mij,mj->mi", T[frame, :3, :3], points[point]) + T[frame, :3, 3]
    rays = np.column_stack([seen[:, :2] / seen[:, 2:], np.ones(len(seen))])
    sightings = Sightings(frame, point, 500 * rays[:, :2], rays, 40)
    start = points + 0.01 * rng.normal(size=points.shape)
    start[7] = (0.0, 0.0, -3.0)
    found = _adjusted(Bundle(T.copy(), start), np.ones(3, bool), sightings, np.full(3, 500.0))
    assert np.isnan(found.points[7]).all()
    others = np.delete(np.arange(40), 7)
    # The scale of all is free: one factor takes the points to where they are.
    moved = np.einsum("ij,nj->ni", found.T[0][:3, :3], found.points[others]) + found.T[0][:3, 3]
    scale = np.linalg.norm(points[others]) / np.linalg.norm(moved)
    np.testing.assert_allclose(scale * moved, points[others], atol=1e-4)
