import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.volume_lookup")
pairs = pytest.importorskip("geomvision.ops._torch.all_pairs_correlation")


def noise(*shape, dtype=torch.float64, seed=0, requires_grad=False):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values.to(dtype).requires_grad_(requires_grad)


def points(batch, axes, height, width, seed=9):
    return 5 + 6 * noise(batch, axes, height, width, seed=seed)


def test_volumes_hold_every_product():
    features0, features1 = noise(2, 4, 3, 5).numpy(), noise(2, 4, 6, 7, seed=1).numpy()
    volume = ops.all_pairs_correlation(features0, features1)
    assert volume.shape == (2, 3, 5, 6, 7)
    assert volume[1, 2, 4, 5, 3] == pytest.approx(features0[1, :, 2, 4] @ features1[1, :, 5, 3] / 2)
    rows = ops.all_pairs_correlation_1d(features0, features1[:, :, :3])
    assert rows.shape == (2, 3, 5, 7)
    assert rows[1, 2, 4, 3] == pytest.approx(features0[1, :, 2, 4] @ features1[1, :, 2, 3] / 2)
    np.testing.assert_allclose(ops.all_pairs_correlation(*map(torch.tensor, (features0, features1))).numpy(), volume)


def test_pyramids_average_the_second_image():
    volume = np.arange(2.0 * 5 * 7).reshape(1, 1, 2, 5, 7)
    level = ops.correlation_pyramid(volume, 2)[1]
    assert level.shape == (1, 1, 2, 2, 3)
    np.testing.assert_allclose(level[0, 0, 1, 1, 2], volume[0, 0, 1, 2:4, 4:6].mean())
    np.testing.assert_allclose(ops.correlation_pyramid_1d(volume[0], 3)[2], volume[0, ..., :4].mean(-1)[..., None])


def test_products_of_powers_of_two_are_exact():
    # Sizes beyond every block of the kernel, and odd; 2 / sqrt(4 * 64) and its multiples need no rounding.
    rng = np.random.default_rng(2)
    features0 = rng.integers(-3, 4, (2, 256, 9, 17)).astype(np.float32)
    features1 = rng.integers(-3, 4, (2, 256, 9, 23)).astype(np.float32)
    volume = ops.all_pairs_correlation(features0, features1)
    np.testing.assert_array_equal(volume, np.einsum("bcyx,bcji->byxji", features0, features1) / 16)
    rows = ops.all_pairs_correlation_1d(features0, features1)
    np.testing.assert_array_equal(rows, np.einsum("bcyx,bcyi->byxi", features0, features1) / 16)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lookups_with_and_without_the_volume_are_equal(dtype):
    features0, features1 = noise(2, 6, 9, 13, dtype=dtype), noise(2, 6, 9, 17, seed=1, dtype=dtype)
    volume, at = ops.all_pairs_correlation(features0, features1), points(2, 2, 9, 13)
    found = ops.pyramid_lookup(ops.correlation_pyramid(volume, 3), at, radius=3)
    torch.testing.assert_close(found, ops.correlation_lookup(features0, features1, at, radius=3, levels=3))
    volume, at = ops.all_pairs_correlation_1d(features0, features1), at[:, 0]
    found = ops.pyramid_lookup_1d(ops.correlation_pyramid_1d(volume, 3), at, radius=3)
    torch.testing.assert_close(found, ops.correlation_lookup_1d(features0, features1, at, radius=3, levels=3))
    pyramid = [level.numpy() for level in ops.correlation_pyramid_1d(volume, 3)]
    np.testing.assert_array_equal(ops.pyramid_lookup_1d(pyramid, at.numpy(), radius=3), found.numpy())


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(1, 35)),
    st.tuples(st.integers(1, 9), st.integers(1, 20)),
    st.integers(0, 2),
    st.integers(0, 8),
    st.booleans(),
    st.integers(0, 99),
)
def test_any_size_and_option_equals_the_twin(shape, size1, level, radius, along_rows, seed):
    size1 = (1, size1[1]) if along_rows else size1
    volume, at = noise(*shape, *size1, seed=seed), points(shape[0], 1 if along_rows else 2, *shape[1:], seed=seed)
    options = (level, radius, 0)
    found = twin.volume_lookup(volume.float(), at.float(), *options)
    torch.testing.assert_close(found.double(), twin._look_up(volume, at, *options), rtol=1e-4, atol=1e-4)
    d_out = noise(*found.shape, seed=seed + 1)
    found = twin.volume_lookup_backward(d_out.float(), at.float(), *size1, *options)
    expected = twin._look_up_backward(d_out, at, *size1, *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-3)
    found = twin.volume_lookup_backward_coordinates(d_out.float(), volume.float(), at.float(), *options)
    expected = twin._look_up_backward_coordinates(d_out, volume, at, *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("axes", [1, 2])
def test_operators(assert_operator, dtype, axes):
    close = dict.fromkeys(("rtol", "atol"), {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4))
    names = torch.ops.geomvision
    volume = noise(2, 4, 5, 1 if axes == 1 else 7, 9, dtype=dtype, requires_grad=True)
    at = points(2, axes, 4, 5).to(torch.float64 if dtype == torch.float64 else torch.float32)
    assert_operator(names.volume_lookup.default, twin._look_up, volume, at, 1, 2, 0, **close)
    d_out, size1 = noise(2, 5**axes, 4, 5, dtype=dtype, seed=1), volume.shape[3:]
    arguments = (d_out, at, *size1, 1, 2, 0)
    assert_operator(names.volume_lookup_backward.default, twin._look_up_backward, *arguments, **close)
    arguments = (d_out, volume.detach(), at, 1, 2, 0)
    coordinates = names.volume_lookup_backward_coordinates.default
    assert_operator(coordinates, twin._look_up_backward_coordinates, *arguments, **close)


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(0, 300), st.integers(1, 6), st.integers(1, 40)),
    st.tuples(st.integers(1, 6), st.integers(1, 40)),
    st.booleans(),
    st.integers(0, 99),
)
def test_products_of_any_size_equal_the_twin(shape, size1, along_rows, seed):
    size1 = (shape[2], size1[1]) if along_rows else size1
    name = "all_pairs_correlation_1d" if along_rows else "all_pairs_correlation"
    product, derivative = (
        ("_correlate_rows", "_correlate_rows_backward") if along_rows else ("_correlate", "_correlate_backward")
    )
    pair = noise(*shape, seed=seed), noise(*shape[:2], *size1, seed=seed + 1)
    found = getattr(pairs, name)(*(each.float() for each in pair), 2)
    torch.testing.assert_close(found.double(), getattr(pairs, product)(*pair, 0), rtol=1e-4, atol=1e-4)
    d_volume = noise(*found.shape, seed=seed + 2)
    found = getattr(pairs, f"{name}_backward")(d_volume.float(), *(each.float() for each in pair), 3)
    expected = getattr(pairs, derivative)(d_volume, *pair, 0)
    for each, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(each.double(), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operators_of_products_and_levels(assert_operator, dtype):
    close = dict.fromkeys(("rtol", "atol"), {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4))
    names = torch.ops.geomvision
    pair = [noise(2, 6, 5, width, dtype=dtype, seed=width, requires_grad=True) for width in (4, 7)]
    d_pairs, d_rows = noise(2, 5, 4, 5, 7, dtype=dtype), noise(2, 5, 4, 7, dtype=dtype)
    assert_operator(names.all_pairs_correlation.default, pairs._correlate, *pair, 0, **close)
    assert_operator(names.all_pairs_correlation_1d.default, pairs._correlate_rows, *pair, 0, **close)
    pair = [each.detach() for each in pair]
    assert_operator(names.all_pairs_correlation_backward.default, pairs._correlate_backward, d_pairs, *pair, 0, **close)
    assert_operator(
        names.all_pairs_correlation_1d_backward.default, pairs._correlate_rows_backward, d_rows, *pair, 0, **close
    )
    for height1 in (1, 7):
        volume = noise(2, 3, 4, height1, 9, dtype=dtype, requires_grad=True)
        assert_operator(names.halve_volume.default, pairs._halve, volume, 0, **close)
        d_half = noise(2, 3, 4, max(1, height1 // 2), 4, dtype=dtype)
        assert_operator(names.halve_volume_backward.default, pairs._halve_backward, d_half, height1, 9, 0, **close)


def test_derivative():
    pair = [noise(1, 2, 4, 5, seed=s, requires_grad=True) for s in (0, 1)]
    at = points(1, 2, 4, 5).requires_grad_()

    def both(features0, features1, at):
        pyramid = ops.correlation_pyramid(ops.all_pairs_correlation(features0, features1), 2)
        rows = ops.correlation_pyramid_1d(ops.all_pairs_correlation_1d(features0, features1), 2)
        return ops.pyramid_lookup(pyramid, at, radius=1), ops.pyramid_lookup_1d(rows, at[:, 0], radius=1)

    assert torch.autograd.gradcheck(both, [*pair, at])


def test_compiles(assert_compiles):
    volume = noise(1, 4, 5, 8, 9, dtype=torch.float32, requires_grad=True)
    assert_compiles(
        lambda v, at: ops.pyramid_lookup(ops.correlation_pyramid(v, 2), at), volume, points(1, 2, 4, 5).float()
    )


def test_products_compile(assert_compiles):
    pair = [noise(1, 3, 4, 6, dtype=torch.float32, seed=s, requires_grad=True) for s in (0, 1)]
    assert_compiles(lambda a, b: ops.correlation_pyramid(ops.all_pairs_correlation(a, b), 3)[2], *pair)
    assert_compiles(lambda a, b: ops.correlation_pyramid_1d(ops.all_pairs_correlation_1d(a, b), 3)[2], *pair)


def test_results_do_not_depend_on_threads():
    pair = noise(1, 300, 9, 41).numpy(), noise(1, 300, 9, 43, seed=1).numpy()
    expected = ops.correlation_pyramid(ops.all_pairs_correlation(*pair, num_threads=1), 2, num_threads=1)
    for threads in (2, 5, 8):
        found = ops.correlation_pyramid(ops.all_pairs_correlation(*pair, num_threads=threads), 2, num_threads=threads)
        for each, wanted in zip(found, expected, strict=True):
            np.testing.assert_array_equal(each, wanted)
    volume, at = noise(1, 21, 37, 9, 11).numpy(), points(1, 2, 21, 37).numpy()
    expected = ops.pyramid_lookup([volume], at, num_threads=1)
    for threads in range(2, 9):
        np.testing.assert_array_equal(ops.pyramid_lookup([volume], at, num_threads=threads), expected)


VOLUME = np.zeros((1, 3, 4, 5, 6), np.float32)
AT = np.zeros((1, 2, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ops.all_pairs_correlation(AT, AT[:, :1]), ValueError, "batch and channels must be equal"),
        (lambda: ops.all_pairs_correlation_1d(AT, AT[:, :, :1]), ValueError, "height must be equal"),
        (lambda: ops.correlation_pyramid(VOLUME, 4), ValueError, r"levels is 4 for a second image of \(5, 6\)"),
        (lambda: ops.correlation_pyramid_1d(VOLUME), ValueError, r"it must be \(B, H, W, W'\)"),
        (lambda: ops.pyramid_lookup([], AT), ValueError, "no level"),
        (lambda: ops.pyramid_lookup([VOLUME], AT[:, :1]), ValueError, r"it must be \(B, 2, H, W\)"),
        (lambda: ops.pyramid_lookup([VOLUME, VOLUME], AT), ValueError, r"size of this level \(2, 3\)"),
        (lambda: ops.pyramid_lookup([VOLUME], AT.astype(int)), TypeError, "int64; it must be floating point"),
        (lambda: ops.pyramid_lookup([VOLUME], AT, radius=-1), ValueError, "radius is -1"),
    ],
)
def test_wrong_input_says_what_is_allowed(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
