"""Where the ground ends in each column, by its colour (Ulrich & Nourbakhsh, AAAI 2000)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..images import Image, Mask

#: Bits per channel of a colour bin.
BITS = 4
#: A colour belongs to the ground when it makes up at least this share of the reference region.
LEAST_SHARE = 0.002
#: So many pixels unlike the ground, one above the other, are an object.
LEAST_HEIGHT = 5


def contact_rows(image: Image, below: Mask) -> NDArray[np.intp]:
    """In each column the lowest row of an object, −1 where the ground reaches the horizon.

    What ground looks like is learned in front of the camera: the lowest quarter of the rows below the horizon, middle
    half of the columns.

    Args:
        image: (H, W) or (H, W, 3), the lower rows nearer.
        below: (H, W), which pixels lie below the horizon.
    """
    height, width = below.shape
    colours = _bins(image)
    rows = np.flatnonzero(below.any(axis=1))
    if rows.size == 0:
        return np.full(width, -1)
    first = height - max(1, rows.size // 4)
    quarter = width // 4
    reference = colours[first:, quarter : max(quarter + 1, width - quarter)]
    share = np.bincount(reference.ravel(), minlength=int(colours.max()) + 1) / reference.size
    unlike = (share[colours] < LEAST_SHARE) & below
    upright = unlike.copy()
    for offset in range(1, LEAST_HEIGHT):
        upright[offset:] &= unlike[:-offset]
        upright[:offset] = False
    lowest = height - 1 - upright[::-1].argmax(axis=0)
    return np.where(upright.any(axis=0), lowest, -1)


def _bins(image: Image) -> NDArray[np.intp]:
    """Each pixel's colour as the number of its bin; the image's range is cut into 2^BITS levels a channel."""
    channels = image.reshape(*image.shape[:2], -1).astype(np.float64)
    low, high = (0.0, 255.0) if image.dtype == np.uint8 else (channels.min(), channels.max())
    scale = (1 << BITS) / (high - low) if high > low else 0.0
    levels = np.minimum(((channels - low) * scale).astype(np.intp), (1 << BITS) - 1)
    bins = np.zeros(image.shape[:2], np.intp)
    for channel in range(levels.shape[2]):
        bins = (bins << BITS) | levels[..., channel]
    return bins
