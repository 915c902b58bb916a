"""Epipolar geometry against closed forms: points of known cameras, and distances done by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import Camera, pose
from geomvision.geometry import (
    epipolar_distances,
    epipolar_lines,
    epipoles,
    essential,
    fundamental,
    sampson_distance,
    skew,
    symmetric_epipolar_distance,
)

LEFT = Camera(width=320, height=200, fx=250.0, fy=260.0, cx=150.5, cy=97.25)
RIGHT = Camera(width=300, height=220, fx=240.0, fy=235.0, cx=155.0, cy=101.75)
#: A rectified pair: epipolar lines are rows.
ROWS = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def turned(x, y, z):
    """Rotation by the vector (x, y, z), radians (Rodrigues)."""
    v = np.array([x, y, z])
    angle = np.linalg.norm(v)
    if angle == 0:
        return np.eye(3)
    k = skew(v / angle)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


@given(st.integers(0, 10_000))
def test_points_of_two_cameras_lie_on_their_lines(seed):
    random = np.random.default_rng(seed)
    T = pose(turned(*random.normal(0, 0.2, 3)), random.normal(0, 0.4, 3))
    X = random.uniform((-2, -1, 3), (2, 1, 9), (20, 3))
    x0, x1 = LEFT.project(X), RIGHT.project(X @ T[:3, :3].T + T[:3, 3])
    F = fundamental(LEFT, RIGHT, T)
    # Where a point lies near an epipole its line turns fast: the distance is small all the same.
    assert np.nanmax(epipolar_distances(F, x0, x1)) < 1e-6
    assert np.nanmax(sampson_distance(F, x0, x1)) < 1e-6
    assert np.linalg.norm(F) == pytest.approx(1)
    e0, e1 = epipoles(F)
    centre = LEFT.K @ -T[:3, :3].T @ T[:3, 3]
    assert np.abs(np.cross(e0, centre)).max() < 1e-6 * np.linalg.norm(centre)
    assert np.abs(np.cross(e1, RIGHT.K @ T[:3, 3])).max() < 1e-6 * np.linalg.norm(RIGHT.K @ T[:3, 3])


def test_an_essential_matrix_has_two_equal_singular_values():
    E = essential(pose(turned(0.1, -0.2, 0.3), (3.0, -2.0, 5.0)))
    assert np.linalg.svd(E)[1] == pytest.approx([1, 1, 0], abs=1e-12)


def test_distances_are_those_done_by_hand():
    first, second = [[10.0, 20.0], [0.0, 0.0]], [[4.0, 23.0], [7.0, -4.0]]
    assert epipolar_lines(ROWS, first) == pytest.approx(np.array([[0, -1, 20], [0, -1, 0]]))
    assert epipolar_distances(ROWS, first, second) == pytest.approx(np.array([[3, 3], [4, 4]]))
    assert symmetric_epipolar_distance(ROWS, first, second) == pytest.approx([3 * 2**0.5, 4 * 2**0.5])
    # Both points move half the way.
    assert sampson_distance(ROWS, first, second) == pytest.approx([3 / 2**0.5, 4 / 2**0.5])


def test_sampson_is_how_far_the_points_must_move():
    """To first order: against the least shift found by projecting onto the exact constraint."""
    T = pose(turned(0.05, -0.1, 0.02), (-0.4, 0.1, 0.2))
    F = fundamental(LEFT, RIGHT, T)
    x0, x1 = np.array([[60.0, 140.0]]), np.array([[100.0, 120.0]])
    line = epipolar_lines(F, x0)[0]
    x1 -= (line @ [*x1[0], 1]) * line[:2]  # onto the line, then off it by a hundredth
    x1 += 0.01 * line[:2]
    v = np.concatenate([x0[0], x1[0]])
    for _ in range(20):  # Newton's way to the nearest (x0, x1) with x1ᵀ F x0 = 0
        a, b = np.array([*v[:2], 1]), np.array([*v[2:], 1])
        gradient = np.concatenate([(F.T @ b)[:2], (F @ a)[:2]])
        start = np.concatenate([x0[0], x1[0]]) - v
        v = v + start - gradient * (b @ F @ a + gradient @ start) / (gradient @ gradient)
    moved = np.linalg.norm(v - np.concatenate([x0[0], x1[0]]))
    assert sampson_distance(F, x0, x1)[0] == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_match_spoils_itself_alone(bad):
    first, second = [[bad, 20.0], [0.0, 0.0]], [[4.0, 23.0], [7.0, -4.0]]
    for distance in (symmetric_epipolar_distance, sampson_distance):
        assert np.isnan(distance(ROWS, first, second)).tolist() == [True, False]
    assert np.isnan(epipolar_lines(ROWS, first)).any(axis=1).tolist() == [True, False]
    assert sampson_distance(ROWS, np.empty((0, 2)), np.empty((0, 2))).shape == (0,)


def test_wrong_input_is_told():
    brown = Camera(width=9, height=8, fx=9.0, fy=9.0, cx=4.0, cy=4.0, distortion=(0.1, 0, 0, 0, 0))
    with pytest.raises(ValueError, match="curves"):
        fundamental(LEFT, brown, pose(translation=(1.0, 0.0, 0.0)))
    with pytest.raises(ValueError, match="no translation"):
        essential(np.eye(4))
    with pytest.raises(ValueError, match="transpose"):
        epipolar_lines(ROWS, np.zeros((2, 5)))
    with pytest.raises(ValueError, match="row i matches row i"):
        sampson_distance(ROWS, np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="not all zero"):
        sampson_distance(np.zeros((3, 3)), np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="real numbers"):
        epipolar_lines(ROWS, [["a", "b"]])


def test_matches_of_real_views_lie_on_the_lines_of_the_published_pose(real_data):
    from geomvision import io
    from geomvision.geometry import match_features

    folder = real_data / "twoview" / "temple_07_08"
    meta = json.loads((folder / "meta.json").read_text())
    images = [io.read_image(folder / f"image{i}.png") for i in (0, 1)]
    cameras = [Camera.from_matrix(meta[f"K{i}"], *images[i].shape[1::-1]) for i in (0, 1)]
    found = match_features(*images)
    apart = symmetric_epipolar_distance(fundamental(*cameras, meta["T_0to1"]), found.points0, found.points1)
    assert np.median(apart) < 0.5
    assert np.mean(apart < 2) > 0.8
