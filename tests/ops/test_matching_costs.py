import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.matching_costs")

NAN = np.nan
DTYPES = ("uint8", "uint16", "float32", "float64")
PIXELWISE = ("absolute_differences", "squared_differences", "birchfield_tomasi")


def noise(shape=(9, 14), dtype="uint8", seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random(shape) * (255 if dtype == "uint8" else 65535)).astype(dtype)


def pair(shape=(9, 14), dtype="uint8"):
    return noise(shape, dtype, 1), noise(shape, dtype, 2)


def outside(width, first, count):
    """Which candidates of a row lie outside the right image."""
    met = np.arange(width)[:, None] - first - np.arange(count)
    return (met < 0) | (met >= width)


@pytest.mark.parametrize(
    ("dtype", "absolute", "squared"),
    [
        ("uint8", "uint16", "uint16"),
        ("uint16", "int32", "float32"),
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
    ],
)
def test_differences_by_hand(dtype, absolute, squared):
    left, right = np.array([[7, 0, 255]], dtype), np.array([[4, 255, 0]], dtype)
    expected = np.array([[[3, NAN, NAN], [255, 4, NAN], [255, 0, 251]]])
    for name, cost, curve in (("absolute_differences", absolute, np.abs), ("squared_differences", squared, np.square)):
        found = getattr(ops, name)(left, right, max_disparity=3)
        none = NAN if np.dtype(cost).kind == "f" else np.iinfo(cost).max
        assert found.dtype == cost
        wanted = curve(expected)
        np.testing.assert_array_equal(found, np.where(np.isnan(wanted), none, wanted).astype(cost))
    # right x + 1: disparity -1
    back = ops.absolute_differences(left, right, min_disparity=-1, max_disparity=0)[0, :2, 0]
    np.testing.assert_array_equal(back, [248, 0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*PIXELWISE, "ncc", "zncc", "census"])
@pytest.mark.parametrize("low", [-5, 0, 3, 20, -20])
def test_none_are_exactly_the_candidates_outside_the_right_image(dtype, name, low):
    volume = getattr(ops, name)(*pair(dtype=dtype), min_disparity=low, max_disparity=low + 7)
    none = np.isnan(volume) if volume.dtype.kind == "f" else volume == np.iinfo(volume.dtype).max
    np.testing.assert_array_equal(none, np.broadcast_to(outside(14, low, 7), (9, 14, 7)))


@pytest.mark.parametrize("name", [*PIXELWISE, "zncc", "census"])
def test_a_shifted_image_costs_nothing_at_its_shift(name):
    wide = noise((20, 60), "uint16")
    volume = getattr(ops, name)(wide[:, :50], wide[:, 6:56], max_disparity=10)
    cost = volume[4:-4, 12:-6]
    np.testing.assert_allclose(cost[..., 6], 0, atol=1e-6)
    if name != "birchfield_tomasi":  # which forgives noise too much
        np.testing.assert_array_equal(cost.argmin(-1), 6)


def test_birchfield_tomasi_is_blind_to_half_a_pixel_of_a_smooth_image():
    """Samples of one broken line half a pixel apart: each lies between two of the other image."""
    corners = np.random.default_rng(3).uniform(0, 9, (4, 12))
    line = np.array([np.interp(np.arange(45) / 4, np.arange(12), row) for row in corners])  # four samples a stretch
    left, right = line[:, 0::4], line[:, 2::4]
    both = ops.birchfield_tomasi(left[:, :11], right[:, :11], min_disparity=0, max_disparity=1)
    np.testing.assert_allclose(both[:, 1:-1], 0, atol=1e-12)
    assert (ops.absolute_differences(left[:, :11], right[:, :11], max_disparity=1)[:, 1:-1] > 0.05).mean() > 0.8


def test_birchfield_tomasi_by_hand_and_below_the_difference():
    left, right = np.array([[0, 10, 20]], np.float32), np.array([[0, 30, 20]], np.float32)
    # at x = 1, d = 0: left spans 5 ... 15, right 15 ... 30: min(|10 to span|, |30 to span|) = min(5, 15)
    found = ops.birchfield_tomasi(left, right, max_disparity=2)
    np.testing.assert_array_equal(found, np.array([[[0, NAN], [5, 0], [0, 0]]], np.float32))
    a, b = pair((8, 30), "float64")
    assert (
        np.nanmax(ops.birchfield_tomasi(a, b, max_disparity=9) - ops.absolute_differences(a, b, max_disparity=9)) <= 0
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_correlation_is_what_numpy_makes_of_the_windows(dtype):
    left, right = pair((12, 20), dtype)
    zncc = ops.zncc(left, right, max_disparity=6, window=5)
    ncc = ops.ncc(left, right, max_disparity=6, window=5)
    for y, x, d in ((5, 9, 0), (2, 12, 5), (9, 17, 3)):
        a = left[y - 2 : y + 3, x - 2 : x + 3].astype(float).ravel()
        b = right[y - 2 : y + 3, x - d - 2 : x - d + 3].astype(float).ravel()
        assert zncc[y, x, d] == pytest.approx(1 - np.corrcoef(a, b)[0, 1], abs=1e-6)
        assert ncc[y, x, d] == pytest.approx(1 - a @ b / np.sqrt((a @ a) * (b @ b)), abs=1e-6)


def test_zncc_is_blind_to_gain_and_offset_and_twice_as_dear_in_the_negative():
    left = noise((10, 24), "float64")
    np.testing.assert_allclose(ops.zncc(left, 3 * left + 100, max_disparity=1, window=7), 0, atol=1e-12)
    np.testing.assert_allclose(ops.zncc(left, 9 - left, max_disparity=1, window=7), 2, atol=1e-12)
    np.testing.assert_allclose(ops.ncc(left, 5 * left, max_disparity=1, window=7), 0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_windows_without_anything_have_no_correlation(dtype):
    flat = np.full((8, 9), 77, dtype)
    textured = noise((8, 9), dtype)
    assert np.isnan(ops.zncc(flat, textured, max_disparity=3, window=3)).all()
    assert np.isnan(ops.zncc(textured, flat, max_disparity=3, window=3)).all()
    assert np.isnan(ops.ncc(flat * 0, textured, max_disparity=3, window=3)).all()


@pytest.mark.parametrize(("window", "bits"), [("5x5", 24), ("7x7", 48), ("9x7", 62), ("sparse", 20)])
def test_census_bits_are_the_darker_neighbours_in_order(window, bits):
    image = noise((9, 12))
    word = int(ops.census_transform(image, window=window)[4, 6])
    step = 2 if window == "sparse" else 1
    x, y = {"5x5": (2, 2), "7x7": (3, 3)}.get(window, (4, 3))
    near = [(4 + v, 6 + u) for v in range(-y, y + 1, step) for u in range(-x, x + 1, step) if (u, v) != (0, 0)]
    assert len(near) == bits
    assert [word >> i & 1 for i in range(bits)] == [int(image[at] < image[4, 6]) for at in near]
    bright = np.zeros((9, 12))
    bright[4, 6] = 1
    assert int(ops.census_transform(bright, window=window)[4, 6]) == (1 << bits) - 1
    assert ops.census_transform(image, window=window).dtype == np.uint64


@pytest.mark.parametrize("window", ["5x5", "7x7", "9x7", "sparse"])
def test_census_counts_bits_and_sees_only_order(window):
    left, right = pair((9, 14))
    volume = ops.census(left, right, max_disparity=4, window=window)
    words = [ops.census_transform(image, window=window) for image in (left, right)]
    for y, x, d in ((0, 3, 3), (8, 13, 0), (4, 7, 2)):
        assert volume[y, x, d] == (int(words[0][y, x]) ^ int(words[1][y, x - d])).bit_count()
    curved = np.sqrt(right.astype(np.float64)) * 7 - 3
    np.testing.assert_array_equal(ops.census(left.astype(float), curved, max_disparity=4, window=window), volume)


def test_batches_strides_and_threads_change_nothing():
    left, right = pair((2, 3, 20, 17), "float32")
    for name in (*PIXELWISE, "ncc", "zncc", "census"):
        run = getattr(ops, name)
        together = run(left, right, max_disparity=5, num_threads=1)
        assert together.shape == (2, 3, 20, 17, 5)
        np.testing.assert_array_equal(together[1, 2], run(left[1, 2], right[1, 2], max_disparity=5))
        np.testing.assert_array_equal(together, run(left, right, max_disparity=5, num_threads=3))
        flipped = run(left[..., ::-1, :], right[..., ::-1, :], max_disparity=5)[..., ::-1, :, :]
        if name in PIXELWISE:
            np.testing.assert_array_equal(together, flipped)
        elif name != "census":
            np.testing.assert_allclose(together, flipped, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_kernels_equal_their_twins_on_any_size(data):
    shape = (data.draw(st.integers(0, 2)), data.draw(st.integers(0, 7)), data.draw(st.integers(0, 9)))
    dtype = data.draw(st.sampled_from(DTYPES))
    low, count = data.draw(st.integers(-12, 12)), data.draw(st.integers(1, 12))
    tensors = [torch.from_numpy(image) for image in pair(shape, dtype)]
    for name, twin in (
        ("absolute_differences", twins._absolute),
        ("squared_differences", twins._squared),
        ("birchfield_tomasi", twins._birchfield_tomasi),
    ):
        found = getattr(ops, name)(*tensors, min_disparity=low, max_disparity=low + count)
        torch.testing.assert_close(found, twin(*tensors, low, count, 0), equal_nan=True)
    window, means = data.draw(st.sampled_from([1, 3, 5])), data.draw(st.booleans())
    found = (ops.zncc if means else ops.ncc)(*tensors, min_disparity=low, max_disparity=low + count, window=window)
    expected = twins._correlation(*tensors, low, count, window, means, 0)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)
    window = data.draw(st.sampled_from(["5x5", "7x7", "9x7", "sparse"]))
    words = [twins._census_transform(image, window, 0) for image in tensors]
    found = ops.census(*tensors, min_disparity=low, max_disparity=low + count, window=window)
    torch.testing.assert_close(found, twins._hamming(*words, low, count, 0))


@pytest.mark.parametrize("name", ["absolute_differences", "squared_differences"])
def test_derivatives(name):
    images = [torch.from_numpy(image / 65535).requires_grad_() for image in pair((2, 3, 6), "float64")]
    met = ~torch.from_numpy(outside(6, -2, 5))
    assert torch.autograd.gradcheck(
        lambda a, b: getattr(ops, name)(a, b, min_disparity=-2, max_disparity=3)[..., met], images
    )


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 40)),
    st.integers(-50, 50),
    st.integers(0, 30),
    st.booleans(),
)
def test_derivatives_of_any_size_equal_the_twin(shape, first, count, squared):
    left, right = (torch.from_numpy(image) / 65535 for image in pair(shape, "float32"))
    d_volume = torch.randn((*shape, count), generator=torch.Generator().manual_seed(count))
    found = twins.differences_backward(d_volume, left, right, first, squared, 3)
    expected = twins._derive(d_volume.double(), left.double(), right.double(), first, squared, 0)
    torch.testing.assert_close(tuple(each.double() for each in found), expected, rtol=1e-4, atol=1e-4)


def test_the_operator_of_derivatives(assert_operator):
    left, right = (torch.from_numpy(image) for image in pair((2, 3, 6), "float32"))
    d_volume = torch.randn((2, 3, 6, 4), generator=torch.Generator().manual_seed(0))
    named = torch.ops.geomvision.differences_backward.default
    assert_operator(named, twins._derive, d_volume, left, right, -2, True, 0, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("name", ["absolute_differences", "squared_differences", "birchfield_tomasi"])
def test_operators_of_pixels(assert_operator, name, dtype):
    """Torch's checks take no NaN: one candidate, which every pixel has."""
    images = [torch.from_numpy(image).to(dtype) for image in pair((2, 3, 6))]
    if dtype.is_floating_point and name != "birchfield_tomasi":
        images = [image.requires_grad_() for image in images]
    twin = {"absolute_differences": "_absolute", "squared_differences": "_squared"}.get(name, f"_{name}")
    assert_operator(getattr(torch.ops.geomvision, name).default, getattr(twins, twin), *images, 0, 1, 0)


def test_operators_of_windows(assert_operator):
    images = [torch.from_numpy(image) for image in pair((2, 6, 9), "float32")]
    assert_operator(torch.ops.geomvision.correlation_costs.default, twins._correlation, *images, 0, 1, 3, True, 0)
    transform = torch.ops.geomvision.census_transform.default
    assert_operator(transform, twins._census_transform, images[0], "9x7", 0)
    words = [transform(image, "9x7", 0) for image in images]
    assert_operator(torch.ops.geomvision.hamming_distances.default, twins._hamming, *words, -1, 4, 0)


def test_compiles(assert_compiles):
    images = [torch.from_numpy(image) for image in pair((1, 4, 7), "float32")]
    assert_compiles(lambda a, b: ops.zncc(a, b, max_disparity=3), *images)
    leaves = [image.requires_grad_() for image in images]
    assert_compiles(lambda a, b: ops.absolute_differences(a, b, max_disparity=3)[:, :, 2:], *leaves)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precisions_are_computed_in_float32(dtype):
    images = [torch.from_numpy(image / 65535).to(dtype) for image in pair((4, 9), "float64")]
    for name in ("absolute_differences", "zncc"):
        run = getattr(ops, name)
        found = run(*images, max_disparity=3)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, run(*(i.float() for i in images), max_disparity=3), equal_nan=True)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda a, b: ops.census(a, b[:3], max_disparity=3), ValueError, "they must be equal"),
        (lambda a, b: ops.ncc(a, b.astype(float), max_disparity=3), TypeError, "one dtype"),
        (lambda a, b: ops.zncc(a, b, max_disparity=3, window=4), ValueError, "window is 4; allowed is odd"),
        (lambda a, b: ops.census(a, b, max_disparity=3, window="3x3"), ValueError, "window is '3x3'"),
        (lambda a, b: ops.absolute_differences(a, b, max_disparity=0), ValueError, "max_disparity must be larger"),
        (lambda a, b: ops.absolute_differences(a[0], b[0], max_disparity=2), ValueError, r"\(\.\.\., H, W\)"),
        (lambda a, b: ops.census_transform(a.astype("int32")), TypeError, "int32; allowed are uint8"),
        (lambda a, b: ops.squared_differences([1], b, max_disparity=2), TypeError, "list; it must be a numpy array"),
    ],
)
def test_wrong_input_says_what_is_allowed(call, kind, message):
    with pytest.raises(kind, match=message):
        call(*pair())
