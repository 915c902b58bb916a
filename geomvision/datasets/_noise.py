"""Tileable random maps, the stuff that patterns and outlines are made of."""

from __future__ import annotations

import numpy as np

#: Side of a pattern in texels.
SIZE = 256


def smooth_noise(rng: np.random.Generator, rows: int, columns: int, size: int = SIZE) -> np.ndarray:
    """Tileable value noise (size, size): a rows x columns grid of random values, interpolated by a cubic."""

    def blend(grid: np.ndarray, count: int) -> np.ndarray:
        at = np.arange(size) * (count / size)
        cell = np.floor(at).astype(np.int64)
        w = at - cell
        w = (w * w * (3.0 - 2.0 * w))[:, None]
        blended: np.ndarray = grid[cell % count] * (1.0 - w) + grid[(cell + 1) % count] * w
        return blended

    result: np.ndarray = blend(blend(rng.random((rows, columns)), rows).T, columns).T
    return result


def fractal(
    rng: np.random.Generator, first: int = 3, octaves: int = 6, gain: float = 0.6, size: int = SIZE
) -> np.ndarray:
    """Fractal noise in [0, 1]: octaves of `smooth_noise`, each twice as fine and `gain` as strong."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        cells = min(first << octave, size)
        total += gain**octave * (smooth_noise(rng, cells, cells, size) - 0.5)
    return stretch(total)


def stretch(values: np.ndarray) -> np.ndarray:
    """Scaled linearly to [0, 1]."""
    low, high = values.min(), values.max()
    result: np.ndarray = (values - low) / max(float(high - low), 1e-9)
    return result


def halved(image: np.ndarray) -> np.ndarray:
    """Box-filtered to half the size."""
    half: np.ndarray = 0.25 * (image[0::2, 0::2] + image[1::2, 0::2] + image[0::2, 1::2] + image[1::2, 1::2])
    return half
