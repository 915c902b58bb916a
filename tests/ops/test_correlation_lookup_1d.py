import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.correlation_lookup_1d")


def noise(*shape, dtype=torch.float32, seed=0, requires_grad=False):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values.to(dtype).requires_grad_(requires_grad)


def columns(batch, height, width, dtype=torch.float32, seed=9):
    """Columns some way from their pixels, some of them outside."""
    return (torch.arange(width) + 4 * noise(batch, height, width, seed=seed, dtype=torch.float64)).to(dtype)


def test_a_ramp_is_sampled_exactly():
    # Features 10 x + y: level 1 has 10 (2 x + 0.5) + y at its pixel x.
    y, x = np.mgrid[:3, :16]
    features1 = (10.0 * x + y)[None, None]
    found = ops.correlation_lookup_1d(np.ones((1, 1, 3, 1)), features1, np.full((1, 3, 1), 6.25), radius=2, levels=2)
    i = np.arange(-2, 3)[:, None]
    np.testing.assert_allclose(found[0, :5, :, 0], 10 * (6.25 + i) + np.arange(3))
    np.testing.assert_allclose(found[0, 5:, :, 0], 10 * (2 * (3.125 + i) + 0.5) + np.arange(3))


def test_what_cannot_be_seen_is_zero():
    ones = np.ones((1, 3, 4, 4), np.float32)
    for far in (np.nan, np.inf, -1e30, 1e6):
        assert not ops.correlation_lookup_1d(ones, ones, np.full((1, 4, 4), far, np.float32), levels=2).any()


def test_features_without_channels_have_products_of_zero():
    pair, x = (torch.zeros(1, 0, 5, 6), torch.zeros(1, 0, 5, 9)), columns(1, 5, 6)
    found = ops.correlation_lookup_1d(*pair, x, radius=1, levels=2)
    torch.testing.assert_close(found, twin._look_up(*pair, x, 1, 2, 0))
    assert not found.any()
    derivatives = twin._look_up_backward(torch.ones_like(found), *pair, x, 1, 2, 0)
    assert [d.shape for d in derivatives] == [each.shape for each in pair]


def reference(features0, features1, x, radius, levels):
    """RAFT-Stereo as published: the volume, its average pools, and grid_sample along its last axis."""
    batch, channels, height, width = features0.shape
    volume = torch.einsum("bchi,bchj->bhij", features0, features1) / math.sqrt(channels)
    level = volume.reshape(batch * height * width, 1, 1, -1)
    offsets = torch.arange(-radius, radius + 1, dtype=features0.dtype)
    out = []
    for k in range(levels):
        at = x.reshape(-1, 1, 1) / 2**k + offsets
        grid = torch.stack([2 * at / (level.shape[3] - 1) - 1, torch.zeros_like(at)], -1)
        sampled = torch.nn.functional.grid_sample(level, grid, align_corners=True)
        out.append(sampled.reshape(batch, height, width, -1))
        level = torch.nn.functional.avg_pool2d(level, (1, 2))
    return torch.cat(out, -1).permute(0, 3, 1, 2)


def test_equal_to_the_volume_path_as_published():
    kind = {"dtype": torch.float64, "requires_grad": True}
    pair = [noise(2, 6, 5, 18, **kind), noise(2, 6, 5, 23, seed=1, **kind)]
    x = columns(2, 5, 18, dtype=torch.float64).requires_grad_()
    found, expected = ops.correlation_lookup_1d(*pair, x, radius=3, levels=3), reference(*pair, x, 3, 3)
    torch.testing.assert_close(found, expected)
    d_out = noise(*found.shape, seed=3, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad(found, [*pair, x], d_out), torch.autograd.grad(expected, [*pair, x], d_out)
    )


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(*(st.integers(1, n) for n in (2, 40, 5, 37))),
    st.integers(4, 40),
    st.integers(0, 8),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_any_size_and_option_equals_the_twin(shape, width1, radius, levels, seed):
    features0, features1 = noise(*shape, seed=seed), noise(*shape[:3], width1, seed=seed + 1)
    x = columns(shape[0], *shape[2:], seed=seed)
    single, double = (features0, features1, x), (features0.double(), features1.double(), x.double())
    options = (radius, levels, 0)
    found = ops.correlation_lookup_1d(*single, radius=radius, levels=levels)
    torch.testing.assert_close(found.double(), twin._look_up(*double, *options), rtol=1e-4, atol=1e-4)
    d_out = noise(*found.shape, seed=seed + 2)
    found = twin.correlation_lookup_1d_backward(d_out, *single, *options)
    expected = twin._look_up_backward(d_out.double(), *double, *options)
    torch.testing.assert_close(tuple(f.double() for f in found), expected, rtol=1e-3, atol=1e-3)
    found = twin.correlation_lookup_1d_backward_coordinates(d_out, *single, *options)
    expected = twin._look_up_backward_coordinates(d_out.double(), *double, *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-2, atol=1e-2)


def test_results_do_not_depend_on_threads():
    arguments = noise(1, 70, 13, 37), noise(1, 70, 13, 37, seed=1), columns(1, 13, 37)
    d_out = noise(1, 3 * 7, 13, 37, seed=2)

    def everything(threads):
        return (
            twin.correlation_lookup_1d(*arguments, 3, 3, threads),
            *twin.correlation_lookup_1d_backward(d_out, *arguments, 3, 3, threads),
            twin.correlation_lookup_1d_backward_coordinates(d_out, *arguments, 3, 3, threads),
        )

    expected = everything(1)
    for threads in range(2, 9):
        assert all(torch.equal(a, b) for a, b in zip(everything(threads), expected, strict=True))
    found = ops.correlation_lookup_1d(*(a.numpy() for a in arguments), radius=3, levels=3)
    np.testing.assert_array_equal(found, expected[0].numpy())


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(*(st.integers(1, n) for n in (2, 40, 5, 80))),
    st.integers(8, 90),
    st.integers(0, 8),
    st.integers(1, 4),
    st.sampled_from([torch.float64, torch.float32, torch.float16]),
    st.integers(0, 99),
)
def test_prepared_features_give_the_same_bits(shape, width1, radius, levels, dtype, seed):
    pair = noise(*shape, dtype=dtype, seed=seed), noise(*shape[:3], width1, dtype=dtype, seed=seed + 1)
    options = {"radius": radius, "levels": levels}
    prepared = ops.CorrelationLookup1D(*pair, **options)
    arrays = ops.CorrelationLookup1D(*(p.numpy() for p in pair), **options)
    for step in range(6):
        x = columns(shape[0], *shape[2:], seed=seed + step // 2) + step % 2
        x.view(-1)[0] = float("nan")
        expected = ops.correlation_lookup_1d(*pair, x, **options)
        assert torch.equal(prepared(x), expected)
        found = arrays(x.numpy())
        assert found.dtype == expected.numpy().dtype
        np.testing.assert_array_equal(found, expected.numpy())


def test_prepared_features_take_a_tenth_of_the_volume():
    features = np.zeros((1, 1, 1, 480), np.float32)
    prepared = ops.CorrelationLookup1D(features, features)
    assert sum(memory.nbytes for memory in prepared._memory) <= 4 * 480 * 480 / 10


def test_prepared_features_are_differentiable():
    pair = [noise(1, 3, 4, 5, dtype=torch.float64, seed=s, requires_grad=True) for s in (0, 1)]
    x = columns(1, 4, 5, dtype=torch.float64).requires_grad_()
    found = ops.CorrelationLookup1D(*pair, radius=1, levels=2)(x)
    expected = ops.correlation_lookup_1d(*pair, x, radius=1, levels=2)
    d_out = noise(*found.shape, seed=3, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad(found, [*pair, x], d_out), torch.autograd.grad(expected, [*pair, x], d_out)
    )


def test_prepared_features_compile(assert_compiles):
    pair = [noise(1, 3, 8, 9, seed=s) for s in (0, 1)]
    prepared = ops.CorrelationLookup1D(*pair, radius=2, levels=2)
    assert_compiles(prepared, columns(1, 8, 9))
    assert_compiles(prepared, columns(1, 8, 9) + 3)


def test_prepared_features_serve_in_and_outside_of_inference_mode():
    pair = [noise(1, 3, 8, 9, seed=s) for s in (0, 1)]
    with torch.inference_mode():
        prepared = ops.CorrelationLookup1D(*pair, levels=2)
        first = prepared(columns(1, 8, 9))
    assert torch.equal(prepared(columns(1, 8, 9)), first)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operators(assert_operator, dtype):
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4)
    names = torch.ops.geomvision
    pair = [noise(2, 5, 6, 9, dtype=dtype, seed=s, requires_grad=True) for s in (0, 1)]
    x = columns(2, 6, 9, dtype=torch.float64 if dtype == torch.float64 else torch.float32)
    forward = names.correlation_lookup_1d.default
    assert_operator(forward, twin._look_up, *pair, x, 2, 2, 0, rtol=tolerance, atol=tolerance)
    memory = torch.zeros(2, 6, 9, 16, dtype=x.dtype), torch.full((2, 6, 9, 1), -(2**31), dtype=torch.int32)
    if dtype.itemsize >= 4:  # half precisions are prepared as float32
        kept = names.kept_lookup_1d.default
        detached = [p.detach() for p in pair]
        assert_operator(kept, twin._look_up_kept, *detached, x, *memory, 2, 2, 0, rtol=1e-4, atol=1e-4)
    arguments = (noise(2, 10, 6, 9, dtype=dtype, seed=2), *(p.detach() for p in pair), x, 2, 2, 0)
    close = {"rtol": tolerance, "atol": 3 * tolerance}
    assert_operator(names.correlation_lookup_1d_backward.default, twin._look_up_backward, *arguments, **close)
    coordinates = names.correlation_lookup_1d_backward_coordinates.default
    assert_operator(coordinates, twin._look_up_backward_coordinates, *arguments, **close)


def test_derivative():
    pair = [noise(1, 3, 4, 5, dtype=torch.float64, seed=s, requires_grad=True) for s in (0, 1)]
    x = columns(1, 4, 5, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda *a: ops.correlation_lookup_1d(*a, radius=1, levels=2), [*pair, x])


def test_compiles(assert_compiles):
    pair = [noise(1, 3, 8, 9, seed=s, requires_grad=True) for s in (0, 1)]
    assert_compiles(lambda *a: ops.correlation_lookup_1d(*a, radius=2, levels=2), *pair, columns(1, 8, 9))


FEATURES = np.zeros((1, 2, 4, 4), np.float32)
X = np.zeros((1, 4, 4), np.float32)


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        ((FEATURES[0], FEATURES, X), {}, ValueError, r"features0 has shape \(2, 4, 4\); it must be \(B, C, H, W\)"),
        ((FEATURES, FEATURES[:, :1], X), {}, ValueError, "only their widths may differ"),
        ((FEATURES, FEATURES, X[:, :1]), {}, ValueError, r"x has shape \(1, 1, 4\); it must be \(1, 4, 4\)"),
        ((FEATURES, FEATURES, X.astype(int)), {}, TypeError, "x is int64; it must be floating point"),
        ((FEATURES, FEATURES, X), {"radius": 101}, ValueError, "radius is 101; allowed is"),
        ((FEATURES, FEATURES, X), {"levels": 4}, ValueError, "levels is 4 for rows of 4 pixels"),
    ],
)
def test_wrong_input_says_what_is_allowed(arguments, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.correlation_lookup_1d(*arguments, **({"levels": 2} | options))


def test_what_is_kept_lies_where_the_features_lie():
    features, x = torch.ones(1, 2, 3, 8), torch.full((1, 3, 8), 2.5)
    with torch.device("meta"):  # what torch makes without a word about a device
        found = ops.CorrelationLookup1D(features, features, radius=1, levels=2)(x)
    torch.testing.assert_close(found, ops.correlation_lookup_1d(features, features, x, radius=1, levels=2))
