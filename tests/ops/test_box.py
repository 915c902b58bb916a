import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.box")

NAN = np.nan


def test_sums_of_ones_count_the_pixels_of_the_window():
    found = ops.box_aggregation(np.ones((4, 5, 2), np.uint8), window=3, mean=False)
    expected = np.outer([2, 3, 3, 2], [2, 3, 3, 3, 2])
    np.testing.assert_array_equal(found, np.repeat(expected[..., None], 2, 2))
    assert found.dtype == np.float32


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_costs_that_are_none_do_not_count_and_stay_none(dtype):
    none = np.inf if dtype.startswith("float") else np.iinfo(dtype).max
    volume = np.array([[[3], [none], [9]], [[1], [5], [none]]], dtype)
    mean = ops.box_aggregation(volume, window=3)[..., 0]
    np.testing.assert_allclose(mean, [[3, NAN, 7], [3, 4.5, NAN]], rtol=1e-6)
    total = ops.box_aggregation(volume, window=3, mean=False)[..., 0]
    np.testing.assert_array_equal(total, np.array([[9, NAN, 14], [9, 18, NAN]]))
    assert mean.dtype == ("float64" if dtype == "float64" else "float32")


@pytest.mark.parametrize("large", [1e12, 3e38])
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_large_cost_spoils_the_windows_that_hold_it_and_no_other(large, level):
    volume = np.full((30, 150, 20), level, np.float32)
    volume[8, 20, 3] = large
    found = ops.box_aggregation(volume, window=5)
    spoilt = np.zeros(volume.shape, bool)
    spoilt[6:11, 18:23, 3] = True
    np.testing.assert_allclose(found[~spoilt], level, rtol=1e-7)
    np.testing.assert_allclose(found[spoilt], large / 25, rtol=1e-6)


def test_a_plane_is_its_own_mean_inside():
    y, x = np.mgrid[:9, :11]
    volume = np.stack([2.0 * x + 3 * y, 5.0 - x], -1)
    np.testing.assert_allclose(ops.box_aggregation(volume, window=5)[2:-2, 2:-2], volume[2:-2, 2:-2], rtol=1e-12)


def test_a_window_beyond_the_image_and_one_of_a_pixel():
    volume = np.random.default_rng(0).random((5, 6, 3))
    np.testing.assert_allclose(ops.box_aggregation(volume, window=99), np.broadcast_to(volume.mean((0, 1)), (5, 6, 3)))
    np.testing.assert_array_equal(ops.box_aggregation(volume, window=1), volume)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_kernel_equals_its_twin_on_any_size_and_number_of_threads(data):
    shape = [data.draw(st.integers(0, 2)), *(data.draw(st.integers(0, 8)) for _ in range(3))]
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "int32", "float32", "float64"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    volume = rng.integers(0, 100, shape).astype(dtype)
    volume[rng.random(shape) < 0.2] = np.nan if dtype.startswith("float") else np.iinfo(dtype).max
    window, mean = data.draw(st.sampled_from([1, 3, 7])), data.draw(st.booleans())
    found = ops.box_aggregation(volume, window=window, mean=mean, num_threads=1)
    np.testing.assert_array_equal(ops.box_aggregation(volume, window=window, mean=mean, num_threads=4), found)
    expected = twin._box(torch.from_numpy(volume), window, mean, 0).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_operator(assert_operator, assert_compiles):
    volume = torch.rand((1, 5, 6, 3), generator=torch.Generator().manual_seed(0))
    assert_operator(torch.ops.geomvision.box_aggregation.default, twin._box, volume, 3, True, 0)
    assert_compiles(lambda v: ops.box_aggregation(v, window=3, mean=False), volume)


@pytest.mark.parametrize(
    ("volume", "window", "kind", "message"),
    [
        (np.zeros((3, 3, 2), np.uint8), 4, ValueError, "window is 4; allowed is odd"),
        (np.zeros((3, 3), np.uint8), 3, ValueError, r"\(\.\.\., H, W, D\)"),
        (np.zeros((3, 3, 2), np.int8), 3, TypeError, "int8; .*int32, float32, float64 and half precisions: convert"),
        ([1], 3, TypeError, "list"),
    ],
)
def test_wrong_input_says_what_is_allowed(volume, window, kind, message):
    with pytest.raises(kind, match=message):
        ops.box_aggregation(volume, window=window)
