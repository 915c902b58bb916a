import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.correlation_lookup")


def noise(*shape, dtype=torch.float32, seed=0, requires_grad=False):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values.to(dtype).requires_grad_(requires_grad)


def points(batch, height, width, spread=4.0, seed=9, **kind):
    """Coordinates some way from their pixels, some of them outside."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (torch.stack([x, y]) + spread * noise(batch, 2, height, width, seed=seed, dtype=torch.float64)).to(
        kind.get("dtype", torch.float32)
    )


def test_windows_are_ordered_as_by_the_authors_of_raft():
    # One pixel looks at (2.25, 1) in an image whose features are 100 x + y: channel 3 i + j of the window of radius 1
    # lies at x = 1.25 + i, y = j. The next level is the mean of 2 x 2 pixels, 100 (2 x + 0.5) + 2 y + 0.5, and the
    # point lies at (1.125, 0.5) there.
    y, x = np.mgrid[:6, :8]
    features1 = (100.0 * x + y)[None, None]
    found = ops.correlation_lookup(
        np.ones((1, 1, 1, 1)), features1, np.array([2.25, 1.0]).reshape(1, 2, 1, 1), radius=1, levels=2
    )
    i, j = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    np.testing.assert_allclose(found[0, :9, 0, 0], 100 * (1.25 + i) + j)
    coarse_x, coarse_y = 0.125 + i, -0.5 + j
    level1 = 100 * (2 * coarse_x + 0.5) + 2 * coarse_y + 0.5
    # Half a pixel above the image: half of row 0, whose value is 50 + 200 x + 0.5.
    level1[j == 0] = 0.5 * (100 * (2 * coarse_x[j == 0] + 0.5) + 0.5)
    np.testing.assert_allclose(found[0, 9:, 0, 0], level1)


def test_products_are_divided_by_the_root_of_the_channels():
    ones = np.ones((1, 49, 4, 4), np.float32)
    at = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)))[None].astype(np.float32)
    np.testing.assert_allclose(ops.correlation_lookup(ones, ones, at, radius=0, levels=1), 7.0, rtol=1e-6)


def test_what_cannot_be_seen_is_zero():
    ones = np.ones((1, 3, 4, 4), np.float32)
    for far in (np.nan, np.inf, -1e30, 1e6):
        at = np.full((1, 2, 4, 4), far, np.float32)
        assert not ops.correlation_lookup(ones, ones, at, levels=2).any()


def test_features_without_channels_have_products_of_zero():
    pair, at = (torch.zeros(1, 0, 5, 6), torch.zeros(1, 0, 8, 9)), points(1, 5, 6)
    packed = twin._pack(pair[1], 2, 0)
    torch.testing.assert_close(ops.correlation_features(pair[1], levels=2), packed)
    found = ops.correlation_lookup(*pair, at, radius=1, levels=2)
    torch.testing.assert_close(found, twin._look_up(pair[0], packed, at, 8, 9, 1, 2, 0))
    assert found.shape == (1, 18, 5, 6)
    assert not found.any()


def reference(features0, features1, coordinates, radius, levels):
    """RAFT as published: the volume, its average pools, and grid_sample."""
    batch, channels, height, width = features0.shape
    volume = features0.flatten(2).mT @ features1.flatten(2) / math.sqrt(channels)
    level = volume.reshape(batch * height * width, 1, *features1.shape[2:])
    centre = coordinates.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
    offsets = torch.arange(-radius, radius + 1, dtype=features0.dtype)
    delta = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), -1)
    out = []
    for k in range(levels):
        at = centre / 2**k + delta
        size = torch.tensor([level.shape[3] - 1, level.shape[2] - 1], dtype=features0.dtype)
        sampled = torch.nn.functional.grid_sample(level, 2 * at / size - 1, align_corners=True)
        out.append(sampled.reshape(batch, height, width, -1))
        level = torch.nn.functional.avg_pool2d(level, 2)
    return torch.cat(out, -1).permute(0, 3, 1, 2)


def test_equal_to_the_volume_path_as_published():
    pair = [noise(2, 6, 17, 21, dtype=torch.float64, seed=s, requires_grad=True) for s in (0, 1)]
    at = points(2, 17, 21, dtype=torch.float64).requires_grad_()
    found = ops.correlation_lookup(*pair, at, radius=3, levels=3)
    expected = reference(*pair, at, 3, 3)
    torch.testing.assert_close(found, expected)
    d_out = noise(*found.shape, seed=3, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad(found, [*pair, at], d_out), torch.autograd.grad(expected, [*pair, at], d_out)
    )


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(*(st.integers(1, n) for n in (2, 40, 9, 37))),
    st.tuples(st.integers(4, 20), st.integers(4, 20)),
    st.integers(0, 8),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_any_size_and_option_equals_the_twin(shape, size1, radius, levels, seed):
    features0, features1 = noise(*shape, seed=seed), noise(*shape[:2], *size1, seed=seed + 1)
    at = points(shape[0], *shape[2:], seed=seed)
    found = ops.correlation_lookup(features0, features1, at, radius=radius, levels=levels)
    packed = twin._pack(features1.double(), levels, 0)
    options = (at.double(), *size1, radius, levels, 0)
    expected = twin._look_up(features0.double(), packed, *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
    d_out = noise(*found.shape, seed=seed + 2)
    options32 = (at, *size1, radius, levels, 0)
    found = twin.packed_lookup_backward(d_out, features0, packed.float(), *options32)
    expected = twin._look_up_backward(d_out.double(), features0.double(), packed, *options)
    torch.testing.assert_close(tuple(f.double() for f in found), expected, rtol=1e-3, atol=1e-3)
    found = twin.packed_lookup_backward_coordinates(d_out, features0, packed.float(), *options32)
    expected = twin._look_up_backward_coordinates(d_out.double(), features0.double(), packed, *options)
    torch.testing.assert_close(found.double(), expected, rtol=1e-2, atol=1e-2)
    found = twin.correlation_features_backward(packed.float(), *features1.shape[1:], levels, 0)
    expected = twin._pack_backward(packed, *features1.shape[1:], levels, 0)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


def test_results_do_not_depend_on_threads():
    pair, at = [noise(1, 70, 13, 37, seed=s) for s in (0, 1)], points(1, 13, 37)
    packed = ops.correlation_features(pair[1], levels=3, num_threads=1)
    d_out = noise(1, 3 * 49, 13, 37, seed=2)

    def everything(threads):
        arguments = (pair[0], packed, at, 13, 37, 3, 3, threads)
        return (
            ops.correlation_features(pair[1], levels=3, num_threads=threads),
            twin.correlation_features_backward(packed, 70, 13, 37, 3, threads),
            twin.packed_lookup(*arguments),
            *twin.packed_lookup_backward(d_out, *arguments),
            twin.packed_lookup_backward_coordinates(d_out, *arguments),
        )

    expected = everything(1)
    for threads in range(2, 9):
        assert all(torch.equal(a, b) for a, b in zip(everything(threads), expected, strict=True))
    found = ops.CorrelationLookup(pair[0].numpy(), pair[1].numpy(), radius=3, levels=3)(at.numpy())
    np.testing.assert_array_equal(found, expected[2].numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operators(assert_operator, dtype):
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4)
    close = {"rtol": tolerance, "atol": tolerance}
    names = torch.ops.geomvision
    features0, features1 = (noise(2, 5, 6, 9, dtype=dtype, seed=s, requires_grad=True) for s in (0, 1))
    at = points(2, 6, 9, dtype=torch.float64 if dtype == torch.float64 else torch.float32)
    assert_operator(names.correlation_features.default, twin._pack, features1, 2, 0, **close)
    packed = twin._pack(features1.detach(), 2, 0)
    assert_operator(names.correlation_features_backward.default, twin._pack_backward, packed, 5, 6, 9, 2, 0, **close)
    options = (6, 9, 2, 2, 0)
    leaf = packed.clone().requires_grad_()
    assert_operator(names.packed_lookup.default, twin._look_up, features0, leaf, at, *options, **close)
    arguments = (noise(2, 50, 6, 9, dtype=dtype, seed=2), features0.detach(), packed, at, *options)
    close["atol"] *= 3
    assert_operator(names.packed_lookup_backward.default, twin._look_up_backward, *arguments, **close)
    coordinates = names.packed_lookup_backward_coordinates.default
    assert_operator(coordinates, twin._look_up_backward_coordinates, *arguments, **close)


def test_derivative():
    pair = [noise(1, 3, 4, 5, dtype=torch.float64, seed=s, requires_grad=True) for s in (0, 1)]
    at = points(1, 4, 5, spread=2.0, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda *a: ops.correlation_lookup(*a, radius=1, levels=2), [*pair, at])


def test_compiles(assert_compiles):
    pair = [noise(1, 3, 8, 9, seed=s, requires_grad=True) for s in (0, 1)]

    def twice(features0, features1, at):
        lookup = ops.CorrelationLookup(features0, features1, radius=2, levels=2)
        return lookup(at) + lookup(at + 0.5)

    assert_compiles(twice, *pair, points(1, 8, 9))


FEATURES = np.zeros((1, 2, 4, 4), np.float32)
AT = np.zeros((1, 2, 4, 4), np.float32)


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        ((FEATURES[0], FEATURES, AT), {}, ValueError, r"features0 has shape \(2, 4, 4\); it must be \(B, C, H, W\)"),
        ((FEATURES, FEATURES[:, :1], AT), {}, ValueError, "batch and channels must be equal"),
        ((FEATURES, FEATURES, AT[:, :1]), {}, ValueError, r"coordinates has shape \(1, 1, 4, 4\); it must be"),
        ((FEATURES, FEATURES, AT.astype(int)), {}, TypeError, "coordinates is int64; it must be floating point"),
        ((FEATURES, FEATURES, torch.tensor(AT)), {}, TypeError, "must all be numpy arrays or all torch tensors"),
        ((FEATURES, FEATURES, AT), {"radius": -1}, ValueError, "radius is -1; allowed is"),
        ((FEATURES, FEATURES, AT), {"levels": 4}, ValueError, r"levels is 4 for features of \(4, 4\) pixels"),
        ((FEATURES, FEATURES, AT), {"levels": 0}, ValueError, "levels is 0"),
    ],
)
def test_wrong_input_says_what_is_allowed(arguments, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.correlation_lookup(*arguments, **({"levels": 2} | options))
