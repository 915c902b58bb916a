"""Solvers and decompositions: scenes whose pose is known, sets that leave it open, and any numbers at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, pose
from geomvision.geometry import (
    decompose_essential,
    decompose_homography,
    eight_point_fundamental,
    essential,
    five_point_essentials,
    four_point_homography,
    fundamental,
    seven_point_fundamentals,
    triangulate,
)

LEFT = Camera(width=752, height=480, fx=520, fy=515, cx=390, cy=231)
RIGHT = Camera(width=640, height=512, fx=545, fy=548, cx=301, cy=247)
A = np.radians(9.0)
T_1_0 = pose([[np.cos(A), 0, np.sin(A)], [0, 1, 0], [-np.sin(A), 0, np.cos(A)]], (-0.6, 0.08, 0.15))
NORMAL, DISTANCE = np.array([0.2, -0.3, 1.0]) / np.sqrt(1.13), 5.0


def seen(count, seed=0, flat=False, T=T_1_0):
    """Pixels of points, of the plane NORMAL · X = DISTANCE or not, in both views."""
    random = np.random.default_rng(seed)
    rays = LEFT.unproject(random.uniform((0, 0), (751, 479), (count, 2)))
    X = rays * (DISTANCE / (rays @ NORMAL) if flat else random.uniform(3, 9, count))[:, None]
    return LEFT.project(X), RIGHT.project(X @ T[:3, :3].T + T[:3, 3])


def alike(found, wanted):
    """Whether two matrices are equal up to scale and sign."""
    a, b = found / np.linalg.norm(found), wanted / np.linalg.norm(wanted)
    return min(np.abs(a - b).max(), np.abs(a + b).max()) < 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_the_true_matrix_is_among_the_solutions(seed):
    x0, x1 = seen(5, seed)
    found = five_point_essentials(LEFT.normalised(x0), RIGHT.normalised(x1))
    assert 1 <= len(found) <= 10
    assert any(alike(E, essential(T_1_0)) for E in found)
    F = fundamental(LEFT, RIGHT, T_1_0)
    found = seven_point_fundamentals(*seen(7, seed))
    assert len(found) in (1, 3)
    assert any(alike(each, F) for each in found)
    for count in (8, 40):
        (found,) = eight_point_fundamental(*seen(count, seed))
        assert alike(found, F)
    H = RIGHT.K @ (T_1_0[:3, :3] + np.outer(T_1_0[:3, 3], NORMAL / DISTANCE)) @ np.linalg.inv(LEFT.K)
    (found,) = four_point_homography(*seen(4, seed, flat=True))
    assert alike(found, H)


@pytest.mark.parametrize("scale", [1.0, -3e5, 1e-9])
def test_one_of_the_four_poses_has_the_points_before_both_cameras(scale):
    x0, x1 = seen(30)
    poses = decompose_essential(scale * essential(T_1_0))
    assert len(poses) == 4
    before = [triangulate(x0, x1, LEFT, RIGHT, T).valid.sum() for T in poses]
    assert sorted(before)[:3] == [0, 0, 0]
    right = poses[int(np.argmax(before))]
    np.testing.assert_allclose(right[:3, :3], T_1_0[:3, :3], atol=1e-9)
    np.testing.assert_allclose(right[:3, 3], T_1_0[:3, 3] / np.linalg.norm(T_1_0[:3, 3]), atol=1e-9)


def test_of_the_motions_of_a_plane_two_see_it_and_one_is_true():
    (H,) = four_point_homography(*seen(4, flat=True))
    motions = decompose_homography(-7.0 * H, LEFT, RIGHT)
    assert len(motions) == 4
    ahead = np.array([0.1, -0.05, 1.0])  # seen by camera 0, on the plane
    assert sum(m.normal @ ahead > 0 for m in motions) == 2
    wanted = pose(T_1_0[:3, :3], T_1_0[:3, 3] / DISTANCE)
    off = [np.abs(m.T_1_0 - wanted).max() + np.abs(m.normal - NORMAL).max() for m in motions]
    assert sorted(off)[0] < 1e-7 < 1e-2 < sorted(off)[1]
    (turn,) = decompose_homography(5.0 * T_1_0[:3, :3])
    np.testing.assert_allclose(turn.T_1_0, pose(T_1_0[:3, :3]), atol=1e-9)


@pytest.mark.parametrize("shape", ["collinear", "one point", "a pair twice", "still"])
def test_sets_that_leave_the_matrix_open_give_none(shape):
    x0, x1 = seen(8)
    if shape == "collinear":
        x0 = np.outer(np.arange(8.0), (40.0, 20.0)) + 30
    elif shape == "one point":
        x0[:], x1[:] = x0[0], x1[0]
    elif shape == "a pair twice":
        x0[1], x1[1] = x0[0], x1[0]
    else:
        x1 = x0
    assert five_point_essentials(LEFT.normalised(x0)[:5], LEFT.normalised(x1)[:5]) == []
    assert seven_point_fundamentals(x0[:7], x1[:7]) == []
    assert eight_point_fundamental(x0, x1) == []
    if shape != "still":  # four points that did not move: the identity
        assert four_point_homography(x0[:4], x1[:4]) == []


def test_points_of_a_plane_and_a_camera_that_turns_do_not_determine_f():
    assert eight_point_fundamental(*seen(30, flat=True)) == []
    assert eight_point_fundamental(*seen(30, T=pose(T_1_0[:3, :3]))) == []


def test_wrong_input_is_told():
    x = np.ones((5, 2))
    for call, said in (
        (lambda: five_point_essentials(x.T, x.T), r"rays0 has shape \(2, 5\).*rays0\.T"),
        (lambda: five_point_essentials(x, x[:4]), "row i matches row i"),
        (lambda: seven_point_fundamentals(x, x), "hold 5 pairs; there must be 7"),
        (lambda: eight_point_fundamental(x, x), "hold 5 pairs; there must be at least 8"),
        (lambda: four_point_homography(x * np.nan, x), "not finite"),
        (lambda: decompose_essential(np.eye(3)), "singular values are as 1, 1, 1; they must be as 1, 1, 0"),
        (lambda: decompose_essential(np.diag([1.0, 0, 0])), "no essential matrix"),
        (lambda: decompose_essential(np.zeros((3, 3))), "no essential matrix"),
        (lambda: decompose_essential(np.full((3, 3), np.inf)), "E is .* finite 3x3"),
        (lambda: decompose_essential(np.eye(3), tolerance=0), "tolerance is 0"),
        (lambda: decompose_homography(np.diag([1.0, 1, 0])), "H is singular"),
        (lambda: decompose_homography(np.eye(4)), r"H is of shape \(4, 4\)"),
        (lambda: decompose_homography(np.eye(3), LEFT), "one of camera0 and camera1 is None"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
    bent = Camera(width=752, height=480, fx=520, fy=515, cx=390, cy=231, distortion=(0.1, 0, 0, 0))
    with pytest.raises(ValueError, match="camera1 is no pinhole without distortion"):
        decompose_homography(np.eye(3), LEFT, bent)


number = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, 1e-300, 1e6, -1e6, np.nan, np.inf, 1e300])


@settings(max_examples=150, derandomize=True)
@given(st.lists(st.tuples(number, number, number, number), max_size=9))
def test_any_numbers_give_matrices_that_hold_for_them_or_none(rows):
    values = np.array(rows, float).reshape(-1, 4)
    x0, x1 = values[:, :2], values[:, 2:]
    for solver, count in ((five_point_essentials, 5), (seven_point_fundamentals, 7), (eight_point_fundamental, 8),
                          (four_point_homography, 4)):  # fmt: skip
        enough = len(values) >= 8 if count == 8 else len(values) == count
        if not (enough and (np.abs(values) <= 1e7).all()):
            with pytest.raises(ValueError, match=r"hold|not finite"):
                solver(x0, x1)
            continue
        for found in solver(x0, x1):
            assert np.isfinite(found).all()
            assert np.linalg.norm(found) == pytest.approx(1.0)
            if count in (5, 7):
                assert abs(np.linalg.det(found)) < 1e-4  # where two solutions fall together, half of the digits
                a, b = (np.column_stack([x, np.ones(count)]) for x in (x0, x1))
                size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
                assert (np.abs(np.einsum("ni,ij,nj->n", b, found, a)) < 1e-6 * size).all()


@settings(max_examples=150, derandomize=True)
@given(st.lists(number, min_size=9, max_size=9))
def test_any_matrix_has_rigid_motions_or_is_refused(entries):
    given_ = np.array(entries).reshape(3, 3)
    for decompose in (decompose_essential, decompose_homography):
        try:
            found = decompose(given_)
        except ValueError as told:
            assert str(told)[:2] in ("E ", "H ")  # noqa: PT017
            continue
        for each in found:
            T = each if decompose is decompose_essential else each.T_1_0
            np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)
            assert np.linalg.det(T[:3, :3]) > 0
            assert np.isfinite(T).all()
