import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.ops import correlation_lookup, correlation_lookup_1d, warp, warp_by_disparity

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.warping")


def pair(shape=(2, 3, 5, 7), size=(4, 6), dtype=torch.float32, requires_grad=False, spread=2.0):
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(shape, generator=generator, dtype=torch.float64)
    field = spread * torch.randn((shape[0], 2, *size), generator=generator, dtype=torch.float64)
    return image.to(dtype).requires_grad_(requires_grad), field.to(dtype).requires_grad_(requires_grad)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_plane_is_sampled_exactly(height, width, seed):
    # Bilinear interpolation reproduces a + b·x + c·y.
    rng = np.random.default_rng(seed)
    displacement = rng.uniform(-3, 3, (height, width, 2)).astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    image = 1 + 2 * x - 3 * y
    sampled = warp(image, displacement)
    u, v = x + displacement[..., 0], y + displacement[..., 1]
    inside = (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)
    assert np.array_equal(~np.isnan(sampled), inside)
    assert sampled[inside] == pytest.approx((1 + 2 * u - 3 * v)[inside], abs=1e-4)


def test_a_quadric_is_sampled_exactly_by_cubic_convolution():
    # Keys' kernel reproduces polynomials of degree two, away from the border that repeats.
    y, x = np.mgrid[:40, :90].astype(np.float32)
    displacement = np.dstack([3 * np.sin(x / 9 + y / 7), 2 * np.cos(x / 8 - y / 5)]).astype(np.float32)

    def quadric(u, v):
        return 1 + 0.2 * u - 0.3 * v + 0.01 * u * u - 0.02 * v * v + 0.015 * u * v

    sampled = warp(quadric(x, y), displacement, mode="bicubic")
    expected = quadric(x + displacement[..., 0], y + displacement[..., 1])
    np.testing.assert_allclose(sampled[5:-5, 5:-5], expected[5:-5, 5:-5], atol=1e-4)


def bilinear(image, displacement):
    """The formula on whole arrays, operation by operation in float32; NaN outside."""
    height, width = image.shape[:2]
    y, x = np.mgrid[: displacement.shape[0], : displacement.shape[1]].astype(np.float32)
    x, y = x + displacement[..., 0], y + displacement[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    x0, y0 = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0).astype(np.float32)[..., None], (y - y0).astype(np.float32)[..., None]
    source = image.astype(np.float32)
    top = source[y0, x0] * (1 - fx) + source[y0, x1] * fx
    bottom = source[y1, x0] * (1 - fx) + source[y1, x1] * fx
    return np.where(inside[..., None], top * (1 - fy) + bottom * fy, np.float32(np.nan))


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 12), st.sampled_from([1, 2, 31, 32, 70]), st.integers(1, 5)),
    st.tuples(st.integers(1, 5), st.sampled_from([1, 15, 16, 65, 130])),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
    st.sampled_from([0.0, 0.2, 3.0, 60.0]),
    st.integers(0, 2**32 - 1),
)
def test_every_pixel_is_the_formula_bit_for_bit(shape, size, dtype, spread, seed):
    rng = np.random.default_rng(seed)
    image = rng.uniform(0, 65535 if dtype == np.uint16 else 255, shape).astype(dtype)
    displacement = (spread * rng.standard_normal((*size, 2))).astype(np.float32)
    displacement[rng.random(size) < 0.05] = np.nan
    displacement[rng.random(size) < 0.05, 1] = np.inf
    expected = bilinear(image, displacement)
    found, valid = warp(image, displacement, return_valid=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(valid, ~np.isnan(expected[..., 0]))
    zero = warp(image, displacement, outside="zero", dtype=dtype)
    assert zero.dtype == dtype
    whole = np.rint(expected) if dtype != np.float32 else expected
    np.testing.assert_array_equal(zero, np.nan_to_num(whole).astype(dtype))


@settings(deadline=None, max_examples=50)
@given(
    st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 70), st.sampled_from([1, 2, 3, 33, 70])),
    st.tuples(st.integers(1, 3), st.sampled_from([1, 16, 65])),
    st.sampled_from([False, True]),
    st.sampled_from(["nan", "zero", "border"]),
    st.sampled_from([0.3, 2.0, 40.0]),
)
def test_any_size_has_the_values_and_derivatives_of_the_twin(shape, size, bicubic, outside, spread):
    image, field = pair(shape, size, requires_grad=True, spread=spread)
    field.data[0, 0, 0, 0] = torch.nan
    field.data[0, 1, -1, -1] = torch.inf
    found, inside = torch.ops.geomvision.warp_features(image, field, bicubic, outside, 2)
    expected, expected_inside = twin._twin(image, field, bicubic, outside, 0)
    torch.testing.assert_close(found, expected, equal_nan=True, rtol=1e-4, atol=1e-4)
    assert torch.equal(inside, expected_inside)
    weight = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    slopes = torch.autograd.grad(found, (image, field), weight)
    torch.testing.assert_close(
        slopes, torch.autograd.grad(expected, (image, field), weight), rtol=1e-3, atol=1e-3, equal_nan=True
    )
    assert all(slope.isfinite().all() for slope in slopes)


def test_images_and_features_agree_in_every_mode():
    image, field = (a.numpy() for a in pair((1, 3, 40, 50), (30, 70), spread=3.0))
    pixels, displacement = np.moveaxis(image[0], 0, 2).copy(), np.moveaxis(field[0], 0, 2).copy()
    for mode in ("bilinear", "bicubic"):
        for outside in ("nan", "zero", "border"):
            found = warp(pixels, displacement, mode=mode, outside=outside)
            expected = warp(torch.from_numpy(image), torch.from_numpy(field), mode=mode, outside=outside)
            np.testing.assert_array_equal(np.moveaxis(found, 2, 0), expected[0].numpy())
            grey = warp(pixels[..., 1], displacement, mode=mode, outside=outside)
            np.testing.assert_array_equal(grey, found[..., 1])


def test_beyond_the_border_it_repeats():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    displacement = np.zeros((3, 4, 2), np.float32)
    displacement[0, 0] = -5, 1
    displacement[2, 3] = np.inf, 9
    displacement[1, 1] = np.nan, 0
    expected = image.copy()
    expected[0, 0], expected[1, 1] = 4, 0
    for mode in ("bilinear", "bicubic"):
        found, valid = warp(image, displacement, mode=mode, outside="border", return_valid=True)
        np.testing.assert_array_equal(found, expected)
        assert np.argwhere(~valid).tolist() == [[0, 0], [1, 1], [2, 3]]


def test_channels_and_gaps():
    image = np.dstack([np.arange(6).reshape(2, 3), np.ones((2, 3))])
    displacement = np.zeros((2, 3, 2), np.float32)
    displacement[0, 1] = np.nan
    sampled = warp(image, displacement)
    assert np.isnan(sampled[0, 1]).all()
    assert sampled[1, 2].tolist() == [5.0, 1.0]


def test_a_disparity_points_to_the_left():
    right = np.arange(20, dtype=np.uint8).reshape(2, 10)
    disparity = np.full((2, 10), 2.5, np.float32)
    disparity[1, 7] = np.nan
    found = warp_by_disparity(right, disparity)
    np.testing.assert_array_equal(found[:, 3:7], right[:, 3:7] - 2.5)
    assert np.isnan(found[:, :3]).all()
    assert np.isnan(found[1, 7])
    tensor = warp_by_disparity(
        torch.from_numpy(right.astype(np.float32))[None, None], torch.from_numpy(disparity)[None]
    )
    np.testing.assert_array_equal(tensor[0, 0].numpy(), found)


def test_every_number_of_threads_gives_the_same():
    image, field = pair((2, 18, 70, 33), (90, 40), spread=9.0)
    for bicubic in (False, True):
        arguments = image, field, bicubic, "border"
        expected = torch.ops.geomvision.warp_features(*arguments, 1)[0]
        slopes = torch.ops.geomvision.warp_features_backward(expected, *arguments, 1)
        for threads in range(2, 9):
            assert torch.equal(torch.ops.geomvision.warp_features(*arguments, threads)[0], expected)
            found = torch.ops.geomvision.warp_features_backward(expected, *arguments, threads)
            assert all(map(torch.equal, found, slopes))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("bicubic", [False, True])
def test_operator(assert_operator, dtype, bicubic):
    image, field = pair(dtype=dtype, requires_grad=True)
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4)
    if dtype.itemsize == 2:  # sums of a position and a fraction that the halves hold, so that both see one place
        field = (field.detach() * 2).round().div(2).requires_grad_()
    operator = torch.ops.geomvision.warp_features.default
    assert_operator(operator, twin._twin, image, field, bicubic, "zero", 0, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("outside", ["zero", "border"])
def test_derivative(mode, outside):
    inputs = pair((1, 2, 4, 5), (3, 4), torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: warp(a, b, mode=mode, outside=outside), inputs)


def test_compiles(assert_compiles):
    assert_compiles(lambda a, b: warp(a, b, outside="zero") * 2, *pair(requires_grad=True))


GREY, FIELD = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 2), np.float32)


@pytest.mark.parametrize(
    ("image", "displacement", "options", "kind", "message"),
    [
        (GREY, GREY, {}, ValueError, r"displacement has shape \(2, 2\)"),
        (GREY[0], FIELD, {}, ValueError, r"image has shape \(2,\)"),
        (GREY[:0], FIELD, {}, ValueError, "no pixels"),
        (GREY, FIELD, {"mode": "cubic"}, ValueError, "mode is 'cubic'; allowed are 'bilinear', 'bicubic'"),
        (GREY, FIELD, {"outside": None}, ValueError, "outside is None; allowed are 'nan', 'zero', 'border'"),
        (GREY, FIELD, {"dtype": np.uint8}, ValueError, "uint8 cannot be NaN"),
        (GREY, FIELD, {"dtype": np.uint16, "outside": "zero"}, TypeError, "dtype is uint16; allowed are"),
        (GREY.astype(complex), FIELD, {}, TypeError, "must be real numbers"),
        (GREY, [[0, 0]], {}, TypeError, "displacement is a list; it must be a numpy array or a torch tensor"),
        (torch.zeros(1, 1, 2, 2), torch.zeros(2, 2, 2, 2), {}, ValueError, r"it must be \(1, 2, h, w\)"),
        (torch.zeros(1, 2, 2), torch.zeros(1, 2, 2, 2), {}, ValueError, r"it must be \(B, C, H, W\)"),
        (torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 2), {"dtype": "uint8"}, TypeError, "tensors keep theirs"),
    ],
)
def test_wrong_input_says_what_is_allowed(image, displacement, options, kind, message):
    with pytest.raises(kind, match=message):
        warp(image, displacement, **options)


def test_places_beyond_float32_are_outside_without_a_warning():
    image, far = np.arange(9, dtype=np.float32).reshape(3, 3), np.full((3, 3), 1e300)
    np.testing.assert_array_equal(warp(image, np.stack([far, 0 * far], 2), outside="border"), image[:, [2, 2, 2]])
    np.testing.assert_array_equal(warp_by_disparity(image, far, outside="border"), image[:, [0, 0, 0]])
    features = np.ones((1, 2, 3, 3), np.float32)
    assert not correlation_lookup(features, features, np.full((1, 2, 3, 3), 1e300), levels=1).any()
    assert not correlation_lookup_1d(features, features, np.full((1, 3, 3), -1e300), levels=1).any()
