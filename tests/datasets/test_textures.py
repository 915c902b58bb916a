import array_api_compat.numpy as xp
import numpy as np
import pytest

from geomvision.datasets._noise import SIZE, smooth_noise
from geomvision.datasets._patterns import KINDS
from geomvision.datasets._textures import LEVELS, lookup, pyramid


@pytest.mark.parametrize("kind", KINDS)
def test_patterns_fill_their_range_and_tile(kind):
    pattern = pyramid(kind, 3)[: SIZE * SIZE].reshape(SIZE, SIZE, 2)
    assert pattern.dtype == np.float32
    assert 0 <= pattern.min() <= pattern.max() <= 1
    if kind not in ("plain", "marks"):
        assert pattern[..., 0].std() > 0.08
    seam = abs(pattern[:, 0] - pattern[:, -1]).mean()
    inside = np.percentile(abs(np.diff(pattern, axis=1)).mean(axis=(0, 2)), 99)
    assert seam <= 2.0 * inside + 0.02


def test_near_textureless_patterns_are_faint():
    assert pyramid("plain", 0)[: SIZE * SIZE, 0].std() < 0.1


def test_levels_are_means_of_the_pattern():
    table = pyramid("leaves", 0)
    np.testing.assert_allclose(table[-1], table[: SIZE * SIZE].mean(axis=0), atol=1e-4)
    assert len(table) == sum((SIZE >> level) ** 2 for level in range(LEVELS))


def test_lookup_returns_texels_at_their_centres_and_blends_between():
    table = pyramid("noise", 1)
    u, v = np.float32([3.5, 255.5, 4.0]), np.float32([7.5, 0.5, 7.5])
    value = lookup(xp, table, u, v, np.zeros(3, dtype=np.float32))
    np.testing.assert_allclose(value[0], table[7 * SIZE + 3], atol=1e-6)
    np.testing.assert_allclose(value[1], table[255], atol=1e-6)
    np.testing.assert_allclose(value[2], 0.5 * (table[7 * SIZE + 3] + table[7 * SIZE + 4]), atol=1e-6)


def test_lookup_wraps_and_wide_footprints_average():
    table = pyramid("cells", 2)
    u, v = np.float32([10.25, 10.25 - 512, 10.25 + 256]), np.float32([20.5, 20.5 + 1024, 20.5])
    values = lookup(xp, table, u, v, np.full(3, 1.7, dtype=np.float32))
    np.testing.assert_allclose(values[1:], np.broadcast_to(values[0], (2, 2)), atol=1e-6)
    many = np.random.default_rng(0).uniform(0, 256, (2, 400)).astype(np.float32)
    spread = [lookup(xp, table, *many, np.full(400, w, dtype=np.float32)).std() for w in (1, 4, 16, 64)]
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < 0.25 * spread[0]


def test_smooth_noise_passes_through_its_grid():
    noise = smooth_noise(np.random.Generator(np.random.PCG64(0)), 4, 8, 32)
    np.testing.assert_allclose(noise[::8, ::4], np.random.Generator(np.random.PCG64(0)).random((4, 8)))
