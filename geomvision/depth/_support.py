"""How much of the surface around each estimate other frames confirm."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..images import Float32, Mask
from ._agreement import Confirmed

#: Samples of a surface lie so many strides away, at most, and a stride is this share of the picture's size (the root
#: of its area): 5 pixels of 640 x 480. Inverse depth of one surface differs among them by so many hypotheses, at most.
STRIDES, STRIDE, ONE_SURFACE = 3, 0.009, 6.0
#: Grey levels by which a sample is taken for another surface's, one standard deviation.
LIKE = 25.0
#: Weights are whole numbers of up to this, so that sums do not depend on their order.
FULL = 64

_WEIGHTS = np.rint(FULL * np.exp(-0.5 * (np.arange(256) / LIKE) ** 2)).astype(np.uint16)


def supported(
    told: Confirmed, grey: NDArray[np.uint8], step: float, least: float, speckle: int
) -> tuple[Float32, Float32]:
    """Inverse depth (H, W) on surfaces of which others confirm `least`, NaN elsewhere, and the share that they do.

    Regions of fewer than `speckle` pixels are removed. With `least` = 0 each pixel must be confirmed itself.
    """
    at = told.mean / np.float32(step)
    share = support(at, ~np.isnan(told.q), grey)
    if not least:
        return told.q, share
    at[~(share >= least)] = np.nan
    at = ops.speckle(at, size=speckle, range=2.0)
    return np.where(np.isnan(at), np.float32(np.nan), told.mean), share


def support(at: Float32, confirmed: Mask, grey: NDArray[np.uint8]) -> Float32:
    """The share (H, W), 0 … 1, of the picture around each pixel where a confirmed estimate lies on the pixel's surface.

    An estimate confirmed by chance, or the rim of something near that windows have made too wide, lies among pixels
    of its colour that are unconfirmed or elsewhere; one that only its own frame sees lies on a surface which others
    see, too. Samples count by how like they are in grey, as in a bilateral filter (Tomasi & Manduchi, ICCV 1998).

    Args:
        at: (H, W) inverse depth in hypotheses, NaN where there is none: such pixels have no support.
        confirmed: (H, W), which of these other frames confirm.
        grey: (H, W) bytes, the picture.
    """
    told = np.where(confirmed, np.uint16(FULL), np.uint16(0))  # an estimate lies on its own surface
    every = np.full(at.shape, FULL, np.uint16)
    stride = max(1, round(STRIDE * math.sqrt(grey.size)))
    for down, right in product(range(STRIDES + 1), range(-STRIDES, STRIDES + 1)):
        if (down, right) > (0, 0):  # each pair once
            here, there = _overlap(at.shape, stride * down, stride * right)
            alike = _WEIGHTS[np.abs(grey[here].astype(np.int16) - grey[there])]
            with np.errstate(invalid="ignore"):
                joined = np.where(np.abs(at[here] - at[there]) <= ONE_SURFACE, alike, np.uint16(0))
            for one, other in ((here, there), (there, here)):
                every[one] += alike
                told[one] += joined * confirmed[other]
    return (told / every.astype(np.float32)).astype(np.float32)


def _overlap(shape: tuple[int, ...], dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that have another dy ≥ 0 rows down and dx columns right of them, and those others."""
    height, width = shape
    left, right = max(0, -dx), max(0, min(width, width - dx))
    rows, columns = slice(0, max(0, height - dy)), slice(left, max(left, right))
    return (rows, columns), (slice(dy, max(dy, height)), slice(columns.start + dx, columns.stop + dx))
