import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.guided_filter")


def noise(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype(dtype)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_linear_function_of_the_guide_is_kept(channels):
    guide = noise(20, 30, *channels, dtype=np.float64)
    image = 3 * guide + 5 if not channels else guide @ [1.0, -2.0, 0.5] + 7
    found = ops.guided_filter(image, guide, radius=4, epsilon=1e-6)
    np.testing.assert_allclose(found, image, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-300, 1e-30, 1e-9])
@pytest.mark.parametrize("shape", [(1, 6), (2, 1), (1, 40)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 0.05), (np.float64, 3e-5)])
def test_fewer_pixels_than_channels_are_fitted_exactly(shape, dtype, tolerance, epsilon):
    """A plane through at most three colours meets them all; nothing but epsilon keeps the matrix regular there."""
    image, guide = noise(*shape, dtype=dtype) / 100, noise(*shape, 3, seed=1, dtype=dtype)
    np.testing.assert_allclose(ops.guided_filter(image, guide, radius=1, epsilon=epsilon), image, atol=tolerance)
    plain = twin._twin(torch.tensor(image)[None, ..., None], torch.tensor(guide)[None], 1, epsilon, 0)
    np.testing.assert_allclose(plain[0, ..., 0].numpy(), image, atol=tolerance)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0, 200])
def test_a_flat_guide_needs_no_epsilon(channels, dtype, level):
    flat = np.full((5, 7, *channels), level, dtype)
    np.testing.assert_allclose(ops.guided_filter(np.full((5, 7), 3, dtype), flat, radius=2, epsilon=1e-308), 3)


def test_a_flat_guide_gives_the_mean_of_means():
    image = noise(13, 17, dtype=np.float64)
    found = ops.guided_filter(image, np.full((13, 17), 9.0), radius=30, epsilon=1)
    np.testing.assert_allclose(found, image.mean(), rtol=1e-12)
    middle = ops.guided_filter(image, np.full((13, 17, 3), 9.0), radius=1, epsilon=1)[6, 8]
    means = [image[y - 1 : y + 2, x - 1 : x + 2].mean() for y in (5, 6, 7) for x in (7, 8, 9)]
    assert middle == pytest.approx(np.mean(means), rel=1e-12)


def test_one_window_follows_the_regression_line():
    # all windows hold the whole image: the result is the ridge regression of the image on the guide
    guide, image = noise(6, 7, seed=1, dtype=np.float64), noise(6, 7, seed=2, dtype=np.float64)
    slope = ((guide - guide.mean()) * (image - image.mean())).mean() / (guide.var() + 50)
    expected = image.mean() + slope * (guide - guide.mean())
    np.testing.assert_allclose(ops.guided_filter(image, guide, radius=7, epsilon=50), expected, rtol=1e-12)


@pytest.mark.parametrize("large", [1e12, 1e30, np.inf, np.nan])
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_large_cost_spoils_the_windows_that_hold_it_and_no_other(large, level):
    volume, guide = np.full((60, 150, 20), level, np.float32), noise(60, 150, 3)
    volume[7, 9, 3] = volume[30, 100, 3] = large
    volume[:, :, 11] = large  # "none" is that cost, but in one corner
    volume[:20, :20, 11] = level
    found = ops.guided_aggregation(volume, guide, radius=4, epsilon=20)
    spoilt = np.zeros(volume.shape, bool)
    for y, x in ((7, 9), (30, 100)):
        spoilt[max(0, y - 8) : y + 9, max(0, x - 8) : x + 9, 3] = True
    spoilt[:, :, 11] = True
    spoilt[:12, :12, 11] = False
    np.testing.assert_allclose(found[~spoilt], level, rtol=1e-5, atol=1e-7)
    assert not np.isclose(found[7, 9, 3], level)
    image = ops.guided_filter(volume[..., 3], guide[..., 0], radius=4, epsilon=20)
    np.testing.assert_allclose(image[~spoilt[..., 3]], level, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("large", [1e12, np.nan])
def test_so_does_a_guide(large):
    guide, image = noise(90, 150, 3), np.full((90, 150), 0.3, np.float32)
    guide[70, 50, 1] = large
    found = ops.guided_filter(image, guide, radius=4, epsilon=20)
    reached = np.zeros(image.shape, bool)
    reached[62:79, 42:59] = True
    np.testing.assert_allclose(found[~reached], 0.3, rtol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 90), st.integers(1, 35)),
    st.sampled_from([(), (1,), (3,)]),
    st.integers(1, 30),
    st.sampled_from([np.float32, np.float64]),
    st.integers(2, 8),
)
def test_any_volume_gives_what_the_twin_gives(shape, channels, radius, dtype, threads):
    volume, guide = noise(*shape, dtype=dtype)[:, ::-1], noise(*shape[:3], *channels, seed=1).astype(np.uint8)
    found = ops.guided_aggregation(volume, guide, radius=radius, epsilon=20, num_threads=1)
    again = ops.guided_aggregation(volume, guide, radius=radius, epsilon=20, num_threads=threads)
    np.testing.assert_array_equal(again, found)
    edges = torch.from_numpy((guide if channels else guide[..., None]).astype(dtype))
    expected = twin._twin(torch.from_numpy(volume.copy()), edges, radius, 20.0, 0)
    close = 1e-4 if dtype == np.float32 else 1e-10
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=close, atol=1e2 * close)
    if volume.size:
        image = ops.guided_filter(volume[..., 0], guide, radius=radius, epsilon=20)
        np.testing.assert_allclose(image, found[..., 0], rtol=close, atol=close)


def test_operator(assert_operator):
    named = torch.ops.geomvision.guided_filter.default
    for channels in (1, 3):
        values, guide = torch.from_numpy(noise(1, 9, 12, 4)), torch.from_numpy(noise(1, 9, 12, channels, seed=1))
        assert_operator(named, twin._twin, values, guide, 2, 10.0, 0, rtol=1e-4, atol=1e-3)


def test_compiles(assert_compiles):
    volume, guide = torch.from_numpy(noise(9, 12, 4)), torch.from_numpy(noise(9, 12))
    assert_compiles(lambda v, g: ops.guided_aggregation(v, g, radius=2, epsilon=9).amin(-1), volume, guide)
    assert_compiles(lambda v, g: ops.guided_filter(v, g, radius=2, epsilon=9), volume[..., 0], guide)


def test_dtypes():
    image, guide = noise(9, 12), noise(9, 12, seed=1)
    expected = ops.guided_filter(image.astype(np.uint8), guide, radius=2, epsilon=9)
    assert expected.dtype == np.float32
    half = ops.guided_filter(
        torch.from_numpy(image.astype(np.uint8)).half(), torch.from_numpy(guide), radius=2, epsilon=9
    )
    assert half.dtype == torch.float16
    np.testing.assert_allclose(half.numpy(), expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"radius": 0}, ValueError, "radius is 0"),
        ({"epsilon": 0}, ValueError, "epsilon 0.0; allowed are 1 to 1000, and above 0"),
        ({"guide": np.zeros((4, 5, 2))}, ValueError, "it must have 1 or 3 channels"),
        ({"guide": np.zeros((5, 5))}, ValueError, r"it must be \(4, 5\) or \(4, 5, channels\)"),
        ({"guide": torch.zeros(4, 5)}, TypeError, "must all be numpy arrays or all torch tensors"),
    ],
)
def test_wrong_input_says_what_is_allowed(change, kind, message):
    given = {"guide": np.zeros((4, 5)), "radius": 1, "epsilon": 1} | change
    guide = given.pop("guide")
    with pytest.raises(kind, match=message):
        ops.guided_filter(np.zeros((4, 5), np.float32), guide, **given)
    with pytest.raises(kind, match=message):
        ops.guided_aggregation(np.zeros((4, 5, 2), np.float32), guide, **given)
