import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.convolution")


def test_a_single_weight_moves_the_image_and_zeros_follow():
    features = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4) + 1
    weight = np.zeros((1, 1, 3, 3), np.float32)
    weight[0, 0, 1, 2] = 1  # looks one pixel to the right
    found = ops.convolution(features, weight)
    np.testing.assert_array_equal(found[0, 0], [[2, 3, 4, 0], [6, 7, 8, 0], [10, 11, 12, 0]])
    apart = ops.convolution(features, weight, dilation=2, stride=2)
    np.testing.assert_array_equal(apart[0, 0], [[3, 0], [11, 0]])


def test_ones_count_the_pixels_of_the_window_then_bias_residual_and_relu():
    ones, bias = np.ones((1, 2, 3, 3), np.float32), np.array([-9, 100], np.float32)
    found = ops.convolution(ones, np.ones((2, 2, 3, 3), np.float32), bias, residual=ones, relu=True)
    counts = 2 * np.outer([2, 3, 2], [2, 3, 2])
    np.testing.assert_array_equal(found[0], [np.maximum(counts - 8, 0), counts + 101])


def test_a_ramp_has_the_sobel_slopes():
    y, x = np.mgrid[:9, :40]
    ramp = (2.0 * x + 3 * y)[None, None]
    sobel = np.outer([1, 2, 1], [-1, 0, 1]) / 8.0
    found = ops.convolution(ramp, np.stack([sobel, sobel.T])[:, None])
    np.testing.assert_allclose(found[0, :, 1:-1, 1:-1], np.broadcast_to([[[2.0]], [[3.0]]], (2, 7, 38)), rtol=1e-12)
    assert found.dtype == np.float64


def test_bfloat16_rounds_the_factors_and_not_the_sums():
    features = np.full((1, 300, 1, 1), 1 + 2**-9, np.float32)  # rounds to 1
    weight = np.full((1, 300, 1, 1), 1 + 3 * 2**-9, np.float32)  # rounds to 1 + 2**-7
    found = ops.convolution(features, weight, precision="bfloat16")
    np.testing.assert_array_equal(found, np.float32(300 * (1 + 2**-7)))  # of more than 8 bits
    np.testing.assert_allclose(ops.convolution(features, weight), features[:, :1] * weight[:, :1] * 300, rtol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_nan_stays_where_it_is_seen_and_infinity_too(precision):
    features = np.ones((1, 3, 7, 60), np.float32)
    features[0, 1, 3, 20], features[0, 2, 6, 50] = np.nan, np.inf
    found = ops.convolution(features, np.ones((2, 3, 3, 3), np.float32), relu=True, precision=precision)
    expected = np.zeros((7, 60), bool)
    expected[2:5, 19:22] = True
    np.testing.assert_array_equal(np.isnan(found), [[expected] * 2])
    expected[...] = False
    expected[5:, 49:52] = True
    np.testing.assert_array_equal(np.isinf(found), [[expected] * 2])


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_kernel_equals_its_twin_on_any_size_and_number_of_threads(data):
    draw = lambda least, most: data.draw(st.integers(least, most))  # noqa: E731
    batch, channels, outputs = draw(0, 2), draw(0, 70), draw(0, 40)
    height, width, side = draw(0, 20), draw(0, 60) * draw(1, 5), 2 * draw(0, 2) + 1
    stride, dilation, dtype = draw(1, 3), draw(1, 3), data.draw(st.sampled_from([np.float32, np.float64, np.float16]))
    rng = np.random.default_rng(draw(0, 99))
    features = rng.normal(size=(batch, channels, height, width)).astype(dtype)
    weight = rng.normal(size=(outputs, channels, side, side)).astype(dtype)
    bias = rng.normal(size=outputs).astype(dtype) if draw(0, 1) else None
    size = batch, outputs, -(-height // stride), -(-width // stride)
    residual = rng.normal(size=size).astype(dtype) if draw(0, 1) else None
    rounded, options = draw(0, 1) == 1, {"stride": stride, "dilation": dilation, "relu": draw(0, 1) == 1}
    options |= {"residual": residual, "precision": "bfloat16" if rounded else "float32"}
    found = ops.convolution(features, weight, bias, num_threads=1, **options)
    assert found.dtype == dtype
    assert found.shape == size
    np.testing.assert_array_equal(ops.convolution(features, weight, bias, num_threads=3, **options), found)
    if 0 in features.shape or 0 in weight.shape:
        return
    exact = [None if each is None else torch.from_numpy(each.astype(np.float64)) for each in (features, weight)]
    if rounded and dtype != np.float64:
        exact = [each.to(torch.bfloat16).double() for each in exact]
    more = [None if each is None else torch.from_numpy(each.astype(np.float64)) for each in (bias, residual)]
    expected = twin._twin(*exact, *more, stride, dilation, options["relu"], False, 0).numpy()
    np.testing.assert_allclose(found, expected, atol={2: 0.2, 4: 2e-3, 8: 1e-10}[found.itemsize], rtol=2e-3)


def test_operator(assert_operator, assert_compiles):
    random = torch.Generator().manual_seed(0)
    features, weight = torch.randn(2, 5, 9, 40, generator=random), torch.randn(7, 5, 3, 3, generator=random)
    bias, residual = torch.randn(7, generator=random), torch.randn(2, 7, 5, 20, generator=random)
    operator = torch.ops.geomvision.convolution.default
    assert_operator(operator, twin._twin, features, weight, bias, residual, 2, 1, True, False, 0, atol=1e-4)
    assert_operator(operator, twin._twin, features, weight, None, None, 1, 2, False, True, 0, atol=1e-4)
    leaves = [each.requires_grad_() for each in (features, weight, bias, residual)]
    assert_operator(operator, twin._twin, *leaves, 2, 1, True, False, 0, atol=1e-4)
    assert_compiles(lambda f, w, b, r: ops.convolution(f, w, b, residual=r, stride=2, relu=True), *leaves, rtol=1e-4)


@pytest.mark.parametrize("relu", [False, True])
def test_derivatives(relu):
    random = torch.Generator().manual_seed(1)
    sizes = (1, 2, 5, 7), (3, 2, 3, 3), (3,), (1, 3, 3, 4)
    leaves = [torch.randn(size, generator=random, dtype=torch.float64, requires_grad=True) for size in sizes]
    call = lambda f, w, b, r: ops.convolution(f, w, b, residual=r, stride=2, dilation=2, relu=relu)  # noqa: E731
    assert torch.autograd.gradcheck(call, leaves)
    found = torch.autograd.grad(ops.convolution(*leaves[:2]).sum(), leaves[0])[0]
    assert found.shape == leaves[0].shape


def test_a_net_in_automatic_precision_gets_what_it_asked_for():
    features, weight = torch.randn(1, 3, 8, 8), torch.randn(4, 3, 3, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = ops.convolution(features, weight)
        plain = twin._twin(features, weight, None, None, 1, 1, False, False, 0)
    assert found.dtype == plain.dtype == torch.float32
    torch.testing.assert_close(found, torch.nn.functional.conv2d(features, weight, padding=1), atol=1e-5, rtol=1e-5)


FEATURES, WEIGHT = np.zeros((1, 2, 4, 5), np.float32), np.zeros((3, 2, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("features", "weight", "options", "kind", "message"),
    [
        (FEATURES[0], WEIGHT, {}, ValueError, r"features has shape \(2, 4, 5\); it must be \(B, C, H, W\)"),
        (FEATURES, WEIGHT[:, :1], {}, ValueError, r"weight has shape \(3, 1, 3, 3\); it must be \(O, 2, K, K\)"),
        (FEATURES, WEIGHT[..., :2, :2], {}, ValueError, "with K odd and below 64"),
        (FEATURES, WEIGHT, {"bias": np.zeros(2, np.float32)}, ValueError, r"bias has shape \(2,\); it must be \(3,\)"),
        (FEATURES, WEIGHT, {"bias": np.zeros(3)}, TypeError, "they must have one dtype"),
        (FEATURES, WEIGHT, {"residual": FEATURES}, ValueError, r"residual .* it must be \(1, 3, 4, 5\)"),
        (FEATURES, WEIGHT, {"stride": 0}, ValueError, "stride is 0; allowed is between 1 and 64"),
        (FEATURES, WEIGHT, {"dilation": 65}, ValueError, "dilation is 65; allowed is between 1 and 64"),
        (FEATURES, WEIGHT, {"precision": "int8"}, ValueError, "precision is 'int8'; allowed are"),
        (FEATURES.astype(np.uint8), WEIGHT, {}, TypeError, "features is uint8; it must be floating point"),
    ],
)
def test_what_cannot_be_convolved_is_told(features, weight, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.convolution(features, weight, **options)
