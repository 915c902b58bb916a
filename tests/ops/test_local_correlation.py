import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.local_correlation")


def features(shape=(2, 5, 7, 19), dtype=torch.float32, seed=0, requires_grad=False):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values.to(dtype).requires_grad_(requires_grad)


def test_a_shifted_image_answers_in_the_channel_of_its_shift():
    # One-hot features: pixel number n has its 1 in channel n, so only equal pixels correlate, by 1 / C.
    left = np.eye(30, dtype=np.float32).reshape(1, 30, 5, 6)
    right = np.roll(left, (1, -2), axis=(2, 3))  # left (x, y) lies at (x - 2, y + 1)
    found = ops.local_correlation(left, right, radius=2)
    expected = np.zeros((1, 25, 5, 6), np.float32)
    expected[0, (1 + 2) * 5 + (-2 + 2), :4, 2:] = 1 / 30
    inside = found[:, :, 2:3, 2:4]  # where no window meets what np.roll carried round
    np.testing.assert_array_equal(inside, expected[:, :, 2:3, 2:4])
    assert found[0, 15, 0, 2] == np.float32(1 / 30)


def test_constant_features_count_the_pixels_inside():
    ones = np.ones((1, 3, 8, 40))
    found = ops.local_correlation(ones, ones, radius=3, stride=2, dilation=2)
    assert found.shape == (1, 49, 4, 20)
    y, x = np.mgrid[0:8:2, 0:40:2]
    j, i = np.mgrid[-3:4, -3:4] * 2
    to_y, to_x = y + j.reshape(-1, 1, 1), x + i.reshape(-1, 1, 1)
    np.testing.assert_allclose(found[0], (to_y >= 0) & (to_y < 8) & (to_x >= 0) & (to_x < 40))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_spoils_what_meets_it_alone(dtype, bad):
    ones = torch.ones(1, 1, 9, 37, dtype=dtype)
    inside = twin._twin(ones, ones, 4, 1, 1, 0) != 0
    for spoilt in (0, 1):
        pair = [features((1, 40, 9, 37), dtype, s) for s in (0, 1)]
        for y, x in ((0, 0), (4, 17), (8, 36)):
            pair[spoilt][0, 3, y, x] = bad
        found = ops.local_correlation(*pair, radius=4, num_threads=2)
        expected = twin._twin(*pair, 4, 1, 1, 0)
        torch.testing.assert_close(found[inside], expected[inside], equal_nan=True, rtol=1e-4, atol=1e-4)
        finite = pair[0].isfinite().all(1, keepdim=True).expand_as(inside)
        for each in (found, expected):  # outside: 0, or of a left feature that is not finite NaN
            assert (each[~inside & finite] == 0).all()
            assert (each[~inside].nan_to_num() == 0).all()


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*(st.integers(1, n) for n in (2, 18, 12, 70))),
    st.integers(0, 6),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 99),
)
def test_any_size_and_option_equals_the_twin(shape, radius, stride, dilation, seed):
    left, right = features(shape, seed=seed), features(shape, seed=seed + 1)
    options = (radius, stride, dilation, 0)
    found = ops.local_correlation(left, right, radius=radius, stride=stride, dilation=dilation)
    expected = twin._twin(left.double(), right.double(), *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)
    d_out = features(tuple(expected.shape), seed=seed + 2)
    found = twin.local_correlation_backward(d_out, left, right, *options)
    expected = twin._twin_backward(d_out.double(), left.double(), right.double(), *options)
    torch.testing.assert_close(tuple(f.double() for f in found), expected, rtol=1e-4, atol=1e-4)


def test_strided_input_gives_what_its_copy_gives():
    left, right = (features(seed=s).numpy()[:, ::-1, ::2, ::-2] for s in (0, 1))
    expected = ops.local_correlation(left.copy(), right.copy(), radius=2)
    np.testing.assert_array_equal(ops.local_correlation(left, right, radius=2), expected)


def test_results_do_not_depend_on_threads():
    left, right = features((2, 9, 31, 75)), features((2, 9, 31, 75), seed=1)
    d_out = features((2, 49, 31, 75), seed=2)
    expected = ops.local_correlation(left.numpy(), right.numpy(), radius=3, num_threads=1)
    derivatives = twin.local_correlation_backward(d_out, left, right, 3, 1, 1, 1)
    for threads in range(2, 9):
        assert torch.equal(ops.local_correlation(left, right, radius=3, num_threads=threads), torch.tensor(expected))
        for a, b in zip(
            twin.local_correlation_backward(d_out, left, right, 3, 1, 1, threads), derivatives, strict=True
        ):
            assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operator(assert_operator, dtype):
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 1e-1}.get(dtype, 1e-5)
    left, right = features(dtype=dtype, requires_grad=True), features(dtype=dtype, seed=1, requires_grad=True)
    operator = torch.ops.geomvision.local_correlation.default
    assert_operator(operator, twin._twin, left, right, 2, 2, 1, 0, rtol=tolerance, atol=tolerance)
    backward = torch.ops.geomvision.local_correlation_backward.default
    d_out = features((2, 25, 7, 19), dtype, seed=2)
    arguments = (d_out, left.detach(), right.detach(), 2, 1, 1, 0)
    assert_operator(backward, twin._twin_backward, *arguments, rtol=tolerance, atol=3 * tolerance)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 3)])
def test_derivative(stride, dilation):
    pair = [features((2, 3, 5, 6), torch.float64, seed, requires_grad=True) for seed in (0, 1)]
    assert torch.autograd.gradcheck(
        lambda a, b: ops.local_correlation(a, b, radius=1, stride=stride, dilation=dilation), pair
    )


def test_compiles(assert_compiles):
    pair = [features(seed=seed, requires_grad=True) for seed in (0, 1)]
    assert_compiles(lambda a, b: ops.local_correlation(a * 2, b, radius=2), *pair)


@pytest.mark.parametrize(
    ("left", "right", "options", "kind", "message"),
    [
        (np.zeros((3, 4)), np.zeros((3, 4)), {}, ValueError, r"left has shape \(3, 4\); it must be \(B, C, H, W\)"),
        (np.zeros((1, 2, 3, 4)), np.zeros((1, 2, 3, 5)), {}, ValueError, "they must be equal"),
        (np.zeros((1, 2, 3, 4)), np.zeros((1, 2, 3, 4), np.float32), {}, TypeError, "must have one dtype"),
        (
            np.zeros((1, 2, 3, 4)),
            torch.zeros(1, 2, 3, 4),
            {},
            TypeError,
            "must all be numpy arrays or all torch tensors",
        ),
        (np.zeros((1, 2, 3, 4)), np.zeros((1, 2, 3, 4)), {"radius": -1}, ValueError, "radius is -1; allowed is"),
        (np.zeros((1, 2, 3, 4)), np.zeros((1, 2, 3, 4)), {"stride": 0}, ValueError, "stride is 0; allowed is"),
        (np.zeros((1, 2, 3, 4)), np.zeros((1, 2, 3, 4)), {"dilation": 0}, ValueError, "dilation is 0; allowed is"),
    ],
)
def test_wrong_input_says_what_is_allowed(left, right, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.local_correlation(left, right, **({"radius": 1} | options))


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (1, 0, 3, 4), (1, 3, 0, 4), (2, 1, 1, 1)])
def test_no_pixel_or_channel_is_a_size_too(shape):
    empty = np.zeros(shape, np.float32)
    found = ops.local_correlation(empty, empty, radius=1)
    assert found.shape == (shape[0], 9, *shape[2:])
    assert not found.any()
