"""Small sets are flagged for what all of their matches say, not for what one of them does."""

from dataclasses import replace

import numpy as np
import pytest

from geomvision.pose import Essential
from geomvision.pose._base import Estimate
from geomvision.pose._diagnosis import Diagnosis
from geomvision.pose._doubt import is_open_afar, reach_deg
from geomvision.pose._intrinsics import FARTHEST, Agreement, _gain, agreement
from geomvision.pose._scatter import by_scatter, wald
from geomvision.pose._simpler import FAR, far_by
from geomvision.pose._views import view


def at_truth(scene, points1=None):
    """The true pose as an estimate, and the views."""
    T = scene.T_1_0.copy()
    T[:3, 3] /= np.linalg.norm(T[:3, 3])
    views = view(scene.points0, scene.camera0), view(scene.points1 if points1 is None else points1, scene.camera1)
    return T, views, Estimate(errors_px=np.zeros(len(scene.points0)), noise_px=0.5, inlier_px=1.5)


def test_a_relief_of_twice_the_noise_is_no_plane_though_no_point_is_far_from_it(matches):
    for seed in range(5):
        flat = matches("plane", 300, noise_px=0.5, seed=seed)
        # Each match of the plane is moved along its epipolar line, by 0.9 pixels either way.
        epipole = flat.camera1.project(flat.T_1_0[:3, 3] * np.sign(flat.T_1_0[2, 3]))
        along = flat.points1 - epipole
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.random.default_rng(seed).choice([-1.0, 1.0], 300)
        rough = flat.points1 + 0.9 * side[:, None] * along
        assert "plane" in Essential()(*flat.call).degeneracies
        assert "plane" not in Essential()(flat.points0, rough, *flat[2:4]).degeneracies


def test_what_a_change_of_the_intrinsics_brings_is_bounded_by_how_far_they_can_be_off():
    assert _gain(np.array([1.5, -0.5]), np.array([2.0, 4.0])) == pytest.approx(2 * 1.5**2 + 4 * 0.5**2)
    # In one direction: t (2 d L − L²), for a best change d beyond L.
    told, best = 0.25, 40.0
    assert _gain(np.array([best]), np.array([told])) == pytest.approx(told * (2 * best * FARTHEST - FARTHEST**2))
    # In two, by looking at all directions.
    change, told = np.array([9.0, -3.0]), np.array([0.3, 2.0])
    angle = np.linspace(0, 2 * np.pi, 100_001)
    step = FARTHEST * np.stack([np.cos(angle), np.sin(angle)])
    highest = (told[:, None] * step * (2 * change[:, None] - step)).sum(axis=0).max()
    assert _gain(change, told) == pytest.approx(highest, rel=1e-6)


def test_one_match_cannot_say_that_intrinsics_are_wrong():
    """One of 30 tells of the change, and misses by 15 standard deviations, which no scatter of others confirms."""
    rng = np.random.default_rng(0)
    slopes = np.zeros((30, 11))
    slopes[:, :5] = rng.normal(size=(30, 5))
    slopes[:, 5] = 1e-3 * rng.normal(size=30)
    slopes[0, 5] = 1.0
    along, residual = np.eye(6)[:, :1], rng.normal(size=30)
    residual[0] = 15.0
    assert wald(slopes, along, residual, np.ones(30), 1.0) < 2.7  # χ² has 225
    slopes[:, 5] = rng.normal(size=30)
    told = wald(slopes, along, rng.normal(size=30) + 20 * slopes[:, 5], np.ones(30), 1.0)
    assert told > 1000.0  # where all of them say so


def test_of_many_matches_too_the_scatter_of_their_gradients_must_confirm():
    """Of one slope and equal weights it is Student's t², n/(n − 1) times; a match alone makes 1 of it."""
    rng = np.random.default_rng(0)
    residual = 0.3 + rng.normal(size=80)
    student = residual.mean() ** 2 / (residual.var(ddof=1) / 80)
    assert by_scatter(np.ones((80, 1)), residual, np.ones(80)) == pytest.approx(student * 80 / 79)
    slopes = np.zeros((80, 2))
    slopes[3] = 2.0, 1.0
    assert by_scatter(slopes[:, :1], residual, np.ones(80)) == pytest.approx(80 / 79)
    assert by_scatter(np.zeros((80, 2)), residual, np.ones(80)) == 0.0  # they tell nothing
    told = Agreement(
        misfit=300.0,
        misfit_beyond=100.0,
        focal_misfit=0.0,
        scattered_misfit=12.0,  # χ² of 2 is beyond 13.8 in 1 of 1,000
        scattered_focal_misfit=0.0,
        matches=80.0,
        focal_sigma=0.1,
        covariance=np.eye(5),
        model_covariance=np.eye(5),
    )
    assert not told.is_refuted
    assert replace(told, scattered_misfit=20.0).is_refuted
    assert not replace(told, scattered_misfit=20.0, misfit=5.0, misfit_beyond=5.0).is_refuted


def test_the_interval_is_of_both_covariances():
    wide, narrow = (np.diag([1e-6] * 3 + [np.radians(deg) ** 2] * 2) for deg in (40.0, 2.0))
    # Student's 97.5 % with 20 degrees of freedom is 2.086, and the root of 40 · 2 is 8.94°: 18.7°.
    assert reach_deg(wide, narrow, 25) == pytest.approx(18.66, abs=0.01)
    assert reach_deg(wide, narrow / 2, 25) == pytest.approx(15.69, abs=0.01)


def test_with_right_intrinsics_and_one_wrong_match_nothing_is_refuted(matches):
    flagged = 0
    for seed in range(20):
        scene = matches(count=24, noise_px=0.3, seed=seed)
        moved = scene.points1.copy()
        T, (view0, view1), estimate = at_truth(scene)
        moved[0] += 1.2 * np.array([0.6, -0.8])  # within the band of inliers
        told = agreement(estimate, T, view0, replace(view1, points=moved, ideal=moved))
        flagged += told.is_refuted
    assert flagged == 0


def test_so_few_matches_that_agree_are_counted_in_the_band_that_their_noise_may_have(matches):
    scene = matches(count=13, noise_px=0.0, seed=1)
    _, views, estimate = at_truth(scene)
    diagnosis = Diagnosis("essential", *views, seed=0)

    def few(errors):
        judged = replace(estimate, errors_px=np.array(errors), noise_px=0.1, inlier_px=0.3)
        return diagnosis._are_few(np.abs(judged.errors_px) < judged.inlier_px, judged)

    assert few([0.1] * 11 + [5.0] * 2)
    assert not few([0.1] * 11 + [0.45] * 2)  # Student's 99.865 % with 6 degrees of freedom is 4.9
    assert not few([0.1] * 12 + [5.0])


@pytest.mark.parametrize(("count", "flagged"), [(13, True), (14, False)])
def test_matches_behind_a_camera_count_twice_against_few(matches, count, flagged):
    """Of 13 that agree one lies behind, so one in front is likely wrong, too: 11 are left, and 12 of 14."""
    scene = matches(count=count, noise_px=0.2, seed=5)
    far = scene.camera1.project(scene.camera0.unproject(scene.points0[:1]) @ scene.T_1_0[:3, :3].T)
    mirrored = scene.points1.copy()
    mirrored[0] = 2 * far[0] - scene.points1[0]  # on its epipolar line, beyond the point at infinity
    T, (view0, view1), estimate = at_truth(scene, mirrored)
    x, y, z = T[:3, 3]
    E = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ T[:3, :3]
    seen = replace(estimate, matrix=E, rotation=T[:3, :3], translation=T[:3, 3], noise_px=0.2, inlier_px=0.6)
    result = Diagnosis("essential", view0, view1, 0).result(seen)
    assert result.inliers.sum() == count - 1
    assert ("too_few_points" in result.degeneracies) == flagged
    clean = Diagnosis("essential", view0, view(scene.points1, scene.camera1), 0).result(seen)
    assert "too_few_points" not in clean.degeneracies


def test_a_simpler_model_leaves_over_what_neither_noise_nor_freedom_explains(matches):
    """Of 13 inliers, noise's tail is 0.26 of a match, and 1.53 by chance."""
    scene = matches(count=20, noise_px=0.2, seed=1)
    _, views, estimate = at_truth(scene)
    diagnosis = Diagnosis("essential", *views, seed=0)

    def left_over(far, inliers, free):
        errors = np.where(np.arange(20) < inliers, 0.1, 5.0)
        judged = replace(estimate, errors_px=errors)
        off = np.where(np.arange(20) < far, 1e6, 0.0)  # too far away for a right match's error
        return diagnosis._left_over(off, FAR, np.arange(20) < inliers, judged, judged.noise_px, free)

    assert [left_over(far, 20, 0) for far in (2, 3, 20)] == [False, True, True]  # 0.4 and 1.9 by chance
    assert [left_over(far, 20, 5) for far in (7, 8)] == [False, True]  # E went through five for nothing
    assert [left_over(far, 20, 2) for far in (4, 5)] == [False, True]
    # 8 agree with E and 12 do not: all of what moved is no minority that could be so by chance.
    assert left_over(8, 8, 5)
    assert not left_over(4, 8, 5)


def test_a_camera_that_moved_is_not_called_still_for_its_wrong_matches(matches):
    for seed in range(20):
        scene = matches(count=16, outliers=0.4, noise_px=0.3, seed=seed)  # 10 right ones, each moved by pixels
        result = Essential()(*scene.call)
        assert result.degeneracies
        assert not result.degeneracies & {"no_motion", "pure_rotation"}
        assert not np.array_equal(result.T_1_0, np.eye(4))


def test_few_points_of_a_plane_are_one_within_noise_that_so_few_tell(matches):
    """Twelve points leave E seven degrees of freedom to tell the noise by: 1 in 1,000 exceeds 43, not 13.8."""
    assert far_by(12) == pytest.approx(2 * 21.69, rel=1e-3)
    assert far_by(5000) == pytest.approx(13.84, rel=1e-2)
    missed = sum(
        "plane" not in Essential()(*matches("plane", 13, noise_px=0.5, seed=seed).call).degeneracies
        for seed in range(40)
    )
    assert missed <= 4


def test_a_direction_is_open_that_the_matches_allow_far_away(matches):
    """The stated interval of 2 degrees says otherwise, which looks at one pose alone."""
    scene = matches(count=60, noise_px=0.5, seed=2)
    T, views, estimate = at_truth(scene)
    narrow = np.diag([1e-6] * 3 + [np.radians(2.0) ** 2, np.radians(1.0) ** 2])
    assert not is_open_afar(T, narrow, narrow, 60, estimate, *views)
    # Without parallax, every direction explains as much as the true one does.
    turned = scene.camera1.project(scene.camera0.unproject(scene.points0) @ T[:3, :3].T)
    told_nothing = view(turned, scene.camera1)
    assert is_open_afar(T, narrow, narrow, 60, estimate, views[0], told_nothing)
