import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.ops import warp


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


def test_channels_and_gaps():
    image = np.dstack([np.arange(6).reshape(2, 3), np.ones((2, 3))])
    displacement = np.zeros((2, 3, 2), np.float32)
    displacement[0, 1] = np.nan
    sampled = warp(image, displacement)
    assert np.isnan(sampled[0, 1]).all()
    assert sampled[1, 2].tolist() == [5.0, 1.0]


def test_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"displacement has shape \(2, 2\)"):
        warp(np.zeros((2, 2)), np.zeros((2, 2)))
