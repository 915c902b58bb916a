"""Alignment of points, against motions that are known."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geomvision import _core
from geomvision.geometry import align_points, align_points_robust


def rotation(axis, angle):
    """Rodrigues' formula."""
    k = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


R = rotation((0.3, -1.0, 0.5), 2.2)
T = np.array([0.4, -3.0, 12.0])


def cloud(count=60, seed=3):
    return np.random.default_rng(seed).normal(size=(count, 3)) * (2.0, 1.0, 0.5) + (5.0, 0.0, -2.0)


@pytest.mark.parametrize("scale", [1.0, 0.37])
@pytest.mark.parametrize("count", [3, 4, 60])
def test_exact_points_give_the_exact_motion(count, scale):
    x = cloud(count)
    found = align_points(x, scale * x @ R.T + T, with_scale=scale != 1.0)
    np.testing.assert_allclose(found.rotation, R, atol=1e-12)
    np.testing.assert_allclose(found.translation_m, T, atol=1e-11)
    assert found.scale == pytest.approx(scale, abs=1e-13)
    assert found.flags == ()
    assert found.inliers.all()
    assert found.rms_m < 1e-12
    np.testing.assert_allclose(found(x), scale * x @ R.T + T, atol=1e-11)
    np.testing.assert_allclose(found.T_target_source[:3], np.c_[scale * R, T], atol=1e-11)


def test_points_in_a_plane_give_a_rotation_and_no_reflection():
    x = cloud() * (1.0, 1.0, 0.0)
    found = align_points(x, x @ R.T + T)
    np.testing.assert_allclose(found.rotation, R, atol=1e-12)
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)
    assert found.flags == ()


def test_a_left_handed_set_is_flagged_and_still_gets_a_rotation():
    x = cloud()
    found = align_points(x * (1.0, 1.0, -1.0), x)
    assert found.flags == ("mirrored",)
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_weights_count_as_repetitions():
    x = cloud(20)
    y = x @ R.T + T + np.random.default_rng(5).normal(0, 0.05, (20, 3))
    times = np.arange(20) % 4
    weighted = align_points(x, y, weights=times, with_scale=True)
    repeated = align_points(np.repeat(x, times, axis=0), np.repeat(y, times, axis=0), with_scale=True)
    np.testing.assert_allclose(weighted.T_target_source, repeated.T_target_source, atol=1e-12)
    assert weighted.rms_m == pytest.approx(repeated.rms_m)
    np.testing.assert_array_equal(weighted.inliers, times > 0)


def test_least_squares_cannot_be_improved():
    """No small motion lowers the cost: the definition of the optimum."""
    x = cloud()
    y = 1.2 * x @ R.T + T + np.random.default_rng(9).normal(0, 0.1, x.shape)
    found = align_points(x, y, with_scale=True)
    least = ((found(x) - y) ** 2).sum()
    for turn in 1e-4 * np.concatenate([np.eye(3), -np.eye(3)]):
        moved = found.scale * x @ (rotation(turn, 1e-4) @ found.rotation).T + found.translation_m
        assert ((moved - y) ** 2).sum() > least
        assert ((found(x) + turn - y) ** 2).sum() > least
    for s in (0.9999, 1.0001):
        assert ((s * (found(x) - found.translation_m) + found.translation_m - y) ** 2).sum() > least


@pytest.mark.parametrize("with_scale", [False, True])
def test_covariance_is_that_of_many_trials(with_scale):
    random = np.random.default_rng(2)
    x = cloud(30)
    errors, predicted = [], []
    for _ in range(400):
        found = align_points(x, x @ R.T + T + random.normal(0, 0.02, x.shape), with_scale=with_scale)
        dR = found.rotation @ R.T
        turn = np.array([dR[2, 1] - dR[1, 2], dR[0, 2] - dR[2, 0], dR[1, 0] - dR[0, 1]]) / 2
        centre = x.mean(axis=0)
        error = np.concatenate([turn, found(centre) - (R @ centre + T)])
        errors.append(np.append(error, np.log(found.scale)) if with_scale else error)
        predicted.append(found.covariance)
    size = 7 if with_scale else 6
    truth, mean = np.cov(np.array(errors).T), np.mean(predicted, axis=0)
    assert mean.shape == (size, size)
    np.testing.assert_allclose(np.diag(mean), np.diag(truth), rtol=0.3)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8])
def test_outliers_do_not_matter(share):
    random = np.random.default_rng(1)
    x = cloud(400)
    y = x @ R.T + T + random.normal(0, 0.01, x.shape)
    wrong = random.random(400) < share
    y[wrong] = random.uniform(-8, 20, (int(wrong.sum()), 3))
    found = align_points_robust(x, y, max_error_m=0.05)
    assert found.flags == ()
    assert (found.inliers == ~wrong).mean() > 0.99
    np.testing.assert_allclose(found(x[~wrong]), x[~wrong] @ R.T + T, atol=0.01)
    again = align_points_robust(x, y, max_error_m=0.05)
    np.testing.assert_array_equal(found.T_target_source, again.T_target_source)


def test_pairs_may_have_noise_of_their_own():
    """Half of the pairs is ten times better than the rest, and decides."""
    errors = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        x, noise = cloud(200), np.where(np.arange(200) % 2 == 0, 2e-3, 2e-2)
        y = x @ R.T + T + random.normal(size=x.shape) * noise[:, None]
        known = align_points_robust(x, y, max_error_m=4 * noise)
        blind = align_points_robust(x, y, max_error_m=8e-2)
        assert known.inliers.mean() > 0.95
        errors.append([np.abs(found(x) - x @ R.T - T).max() for found in (known, blind)])
    informed, ignorant = np.median(errors, axis=0)
    assert informed < 0.4 * ignorant


def test_scale_survives_outliers():
    random = np.random.default_rng(4)
    x = cloud(200)
    y = 2.5 * x @ R.T + T
    y[:120] = random.uniform(-20, 20, (120, 3))
    found = align_points_robust(x, y, max_error_m=0.05, with_scale=True)
    assert found.scale == pytest.approx(2.5, abs=1e-10)
    assert found.inliers.sum() >= 80


def test_random_pairs_have_no_consensus():
    silent = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = align_points_robust(random.normal(size=(80, 3)), random.normal(size=(80, 3)), max_error_m=0.05)
        silent += found.is_known
    assert silent == 0


@pytest.mark.parametrize(
    ("points", "flag"),
    [
        (np.zeros((0, 3)), "too_few_points"),
        (cloud(2), "too_few_points"),
        (np.ones((9, 3)), "coincident"),
        (np.outer(np.arange(9.0), (1.0, 2.0, 3.0)), "collinear"),
        (np.outer(np.arange(9.0), (1.0, 2.0, 3.0)) + np.random.default_rng(0).normal(0, 0.3, (9, 3)), "collinear"),
    ],
)
@pytest.mark.parametrize("robust", [False, True])
def test_what_cannot_be_known_is_not_said(points, flag, robust):
    y = points @ R.T + T
    if flag == "collinear":
        y = y + np.random.default_rng(7).normal(0, 0.3, y.shape) * (points[0] != 0).any()
    found = align_points_robust(points, y, max_error_m=2.0) if robust else align_points(points, y)
    assert flag in found.flags or (robust and "no_consensus" in found.flags)
    assert not found.is_known
    assert np.isnan(found.T_target_source[:3]).all()
    assert np.isnan(found.scale)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((3, 5)), np.zeros((3, 5)), "transpose"),
        (np.zeros((4, 3)), np.zeros((5, 3)), "pairs"),
        (np.full((4, 3), np.nan), np.zeros((4, 3)), "4 of 4 rows"),
        (np.zeros((4, 3)), np.full((4, 3), np.inf), "not finite"),
        (np.zeros((4, 3), complex), np.zeros((4, 3)), "dtype"),
        (np.zeros(3), np.zeros(3), r"\(N, 3\)"),
    ],
)
def test_wrong_input_is_refused(x, y, said):
    with pytest.raises(ValueError, match=said):
        align_points(x, y)
    with pytest.raises(ValueError, match=said):
        align_points_robust(x, y, max_error_m=1.0)


def test_wrong_options_are_refused():
    x = cloud(5)
    for options in (
        {"max_error_m": 0.0},
        {"max_error_m": np.nan},
        {"max_error_m": [1.0, 2.0]},
        {"max_error_m": 1.0, "confidence": 1.0},
    ):
        with pytest.raises(ValueError, match=r"max_error_m|confidence"):
            align_points_robust(x, x, **options)
    with pytest.raises(ValueError, match="weights"):
        align_points(x, x, weights=[1, 2, -3, 4, 5])
    with pytest.raises(ValueError, match="weights"):
        align_points(x, x, weights=[1.0])


anything = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int16]), st.tuples(st.integers(0, 8), st.just(3)), fill=st.nothing()
)


@settings(max_examples=150)
@given(anything, st.booleans(), st.booleans())
def test_garbage_gives_an_error_a_flag_or_a_rotation(x, robust, with_scale):
    y = x[::-1]
    if not (np.abs(x.astype(float)) <= 1e30).all():
        with pytest.raises(ValueError, match="not finite"):
            align_points(x, y)
        return
    if robust:
        found = align_points_robust(x, y, max_error_m=0.1, with_scale=with_scale, max_iterations=64)
    else:
        found = align_points(x, y, with_scale=with_scale)
    assert found.is_known or found.flags
    if found.is_known:
        np.testing.assert_allclose(found.rotation @ found.rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(found.rotation) > 0


@pytest.mark.parametrize("with_scale", [False, True])
@pytest.mark.parametrize("count", [3, 4, 60])
def test_the_core_says_what_the_reference_says_and_both_the_truth(count, with_scale):
    random = np.random.default_rng(count)
    x, weights = cloud(count), random.uniform(0.5, 2.0, count)
    scale = 1.7 if with_scale else 1.0
    for noise in (0.0, 0.02):
        y = scale * x @ R.T + T + random.normal(0, noise, x.shape)
        ours, told = (
            align_points(x, y, weights=weights, with_scale=with_scale, backend=backend)
            for backend in ("cpp", "reference")
        )
        np.testing.assert_allclose(ours.T_target_source, told.T_target_source, atol=1e-11)
        np.testing.assert_allclose(ours.covariance, told.covariance, rtol=1e-6, atol=1e-18)
        assert ours.flags == told.flags == ()
        if not noise:
            np.testing.assert_allclose(told.T_target_source[:3], np.c_[scale * R, T], atol=1e-11)


@pytest.mark.parametrize("with_scale", [False, True])
def test_the_robust_search_draws_scores_and_refines_alike(with_scale):
    random = np.random.default_rng(8)
    x, limit = cloud(80), random.uniform(0.03, 0.06, 80)
    y = x @ R.T + T + random.normal(0, 0.01, x.shape)
    y[::2] = random.uniform(-8, 20, (40, 3))
    ours, told = (
        align_points_robust(x, y, max_error_m=limit, with_scale=with_scale, seed=3, backend=backend)
        for backend in ("cpp", "reference")
    )
    np.testing.assert_array_equal(ours.inliers, told.inliers)
    np.testing.assert_array_equal(ours.inliers, np.arange(80) % 2 == 1)
    np.testing.assert_allclose(ours.T_target_source, told.T_target_source, atol=1e-11)
    threaded = align_points_robust(x, y, max_error_m=limit, with_scale=with_scale, seed=3, num_threads=3)
    np.testing.assert_array_equal(ours.T_target_source, threaded.T_target_source)


def test_options_are_those_of_the_core():
    known = inspect.signature(align_points_robust).parameters.values()
    keywords = {p.name: p.default for p in known if p.kind is p.KEYWORD_ONLY}
    del keywords["max_error_m"], keywords["backend"]
    assert keywords == _core.align_points_robust_options()


def test_backends_that_there_are_not_are_refused():
    for call in (
        lambda: align_points(cloud(), cloud(), backend="cuda"),
        lambda: align_points_robust(cloud(), cloud(), max_error_m=1.0, backend="cuda"),
    ):
        with pytest.raises(ValueError, match="backend is 'cuda'; allowed are 'cpp', 'reference'"):
            call()


def test_the_core_itself_knows_a_line_and_refuses_what_is_none():
    line = np.outer(np.arange(9.0), (1.0, 2.0, 3.0))
    assert not _core.align_points(line, line, np.ones(9), False)[0]
    assert not _core.align_points(np.ones((9, 3)), np.ones((9, 3)), np.ones(9), False)[0]
    assert not _core.align_points(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), False)[0]
    for x, y, w, said in (
        (line, line[:5], np.ones(9), "both must be Nx3"),
        (line, np.where(line > 20, np.nan, line), np.ones(9), "not finite"),
        (line, line, np.ones(8), "weights"),
        (line, line, -np.ones(9), "weight 0 is -1"),
    ):
        with pytest.raises(ValueError, match=said):
            _core.align_points(x, y, w, False)
