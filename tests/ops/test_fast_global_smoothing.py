import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.fast_global_smoothing")

NAN = np.nan


def example(shape=(2, 37, 45), channels=3, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    disparity = rng.uniform(0, 60, shape).astype(dtype)
    guide = rng.integers(0, 256, (*shape, channels) if channels else shape).astype(np.uint8)
    return disparity, guide


def dense_solution(values, guide, lambda_, sigma):
    """One sweep along rows, by the normal equations written out."""
    solved = np.empty_like(values)
    for y, row in enumerate(values):
        weights = lambda_ * np.exp(-np.linalg.norm(np.diff(guide[y], axis=0), axis=-1) / sigma)
        system = np.eye(row.size)
        for s, weight in enumerate(weights):
            system[s : s + 2, s : s + 2] += weight * np.array([[1, -1], [-1, 1]])
        solved[y] = np.linalg.solve(system, row)
    return solved


def test_it_solves_the_normal_equations():
    disparity, guide = example((9, 14), dtype=np.float64)
    guide = guide.astype(float)
    expected = disparity
    for strength in (1.5 * 16 / 63, 1.5 * 4 / 63, 1.5 / 63):
        rows = dense_solution(expected, guide, strength * 300, 40)
        expected = dense_solution(rows.T, guide.swapaxes(0, 1), strength * 300, 40).T
    found = ops.fast_global_smoothing(disparity, guide, lambda_=300, sigma=40)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    single = ops.fast_global_smoothing(disparity.astype(np.float32), guide, lambda_=300, sigma=40)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=2e-6)


@pytest.mark.parametrize("lambda_", [1.0, 1e4, 1e9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_stays_whatever_the_guide(dtype, lambda_):
    disparity, guide = example(dtype=dtype)
    found = ops.fast_global_smoothing(disparity * 0 + 17, guide, lambda_=lambda_, sigma=3)
    np.testing.assert_allclose(found, 17, rtol=1e-4 if dtype == np.float32 else 1e-9)


def test_sums_are_kept_and_a_flat_guide_gives_the_mean():
    disparity, guide = example((20, 30), 0, dtype=np.float64)
    for edges in (guide, guide * 0):
        found = ops.fast_global_smoothing(disparity, edges, lambda_=1e9, sigma=50)
        assert found.sum() == pytest.approx(disparity.sum(), rel=1e-9)
    np.testing.assert_allclose(found, disparity.mean(), rtol=1e-4)


def test_gaps_are_filled_from_their_side_of_the_edge():
    guide = np.zeros((12, 80), np.uint8)
    guide[:, 40:] = 200
    disparity = np.full((12, 80), NAN, np.float32)
    disparity[3, 5], disparity[8, 75] = 7, 30
    found = ops.fast_global_smoothing(disparity, guide, lambda_=1e5, sigma=2)
    np.testing.assert_allclose(found[:, :40], 7, rtol=1e-5)
    np.testing.assert_allclose(found[:, 40:], 30, rtol=1e-5)
    disparity[8, 75] = np.inf  # not a number that can be averaged: no estimate either
    guide[:, 40:] = 255
    alone = ops.fast_global_smoothing(disparity, guide, lambda_=1e5, sigma=0.5)
    assert np.isnan(alone[:, 40:]).all()
    assert np.isnan(ops.fast_global_smoothing(disparity * NAN, guide, lambda_=1, sigma=1)).all()


def test_confidence_weighs():
    disparity = np.array([[10.0, 20.0]])
    confidence = np.array([[3.0, 1.0]])
    found = ops.fast_global_smoothing(
        disparity, np.zeros((1, 2)), lambda_=1e12, sigma=1, iterations=1, confidence=confidence
    )
    np.testing.assert_allclose(found, 12.5, rtol=1e-9)
    gaps = np.array([[10.0, NAN]])
    found = ops.fast_global_smoothing(gaps, np.zeros((1, 2)), lambda_=5, sigma=1, confidence=confidence)
    np.testing.assert_allclose(found, 10, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(0, 2), st.integers(0, 70), st.integers(0, 70)),
    st.sampled_from([0, 1, 3, 5]),
    st.sampled_from(["uint8", "uint16", "float32", "int16", "float64"]),
    st.booleans(),
    st.integers(0, 99),
)
def test_any_map_gives_what_the_twin_gives(shape, channels, guide_dtype, gaps, seed):
    disparity, guide = example(shape, channels, seed)
    if gaps:
        disparity[np.random.default_rng(seed).random(shape) < 0.3] = NAN
    disparity, guide = disparity[..., ::-1], guide.astype(guide_dtype)
    found = ops.fast_global_smoothing(disparity, guide, lambda_=100, sigma=30, num_threads=1)
    again = ops.fast_global_smoothing(disparity, guide, lambda_=100, sigma=30, num_threads=1 + seed % 8)
    np.testing.assert_array_equal(again, found)
    edges = torch.from_numpy((guide if channels else guide[..., None]).astype(np.float32))
    expected = twin._twin(torch.from_numpy(disparity.copy()), edges, None, 100.0, 30.0, 3, 0)
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-4, atol=1e-4, equal_nan=True)


def test_operator(assert_operator):
    disparity, guide = (torch.from_numpy(a) for a in example((1, 9, 12)))
    named = torch.ops.geomvision.fast_global_smoothing.default
    for confidence in (None, disparity / 60):
        assert_operator(named, twin._twin, disparity, guide, confidence, 50.0, 20.0, 2, 0)


def test_compiles(assert_compiles):
    disparity, guide = (torch.from_numpy(a) for a in example((9, 12)))
    assert_compiles(lambda d, g: ops.fast_global_smoothing(d, g, lambda_=50, sigma=20) * 2, disparity, guide)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_dtypes_come_back_as_they_were_given(dtype):
    disparity, guide = (torch.from_numpy(a) for a in example((9, 12)))
    found = ops.fast_global_smoothing(disparity.to(dtype), guide, lambda_=50, sigma=20)
    assert found.dtype == dtype
    expected = ops.fast_global_smoothing(disparity.to(dtype).float(), guide, lambda_=50, sigma=20)
    torch.testing.assert_close(found.float(), expected, rtol=1e-2 if dtype != torch.float64 else 1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"lambda_": -1}, ValueError, "lambda_ is -1"),
        ({"sigma": 0}, ValueError, "sigma 0.0, iterations 3; allowed are"),
        ({"iterations": 11}, ValueError, "iterations 11"),
        (
            {"guide": np.zeros((4, 4))},
            ValueError,
            r"guide has shape \(4, 4\); it must be \(4, 5\) or \(4, 5, channels\)",
        ),
        ({"guide": np.zeros((4, 5, 0))}, ValueError, "guide has shape"),
        ({"guide": np.zeros((4, 5), complex)}, TypeError, "it must be real numbers"),
        ({"confidence": np.zeros((4, 4), np.float32)}, ValueError, "they must be equal"),
        ({"confidence": np.full((4, 5), -1, np.float32)}, ValueError, "confidence must be between 0 and 1e6"),
        ({"guide": torch.zeros(4, 5)}, TypeError, "must all be numpy arrays or all torch tensors"),
    ],
)
def test_wrong_input_says_what_is_allowed(change, kind, message):
    given = {"guide": np.zeros((4, 5), np.uint8), "lambda_": 1, "sigma": 1} | change
    with pytest.raises(kind, match=message):
        ops.fast_global_smoothing(np.zeros((4, 5), np.float32), given.pop("guide"), **given)
