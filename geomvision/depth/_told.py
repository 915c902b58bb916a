"""Depth that is known at some pixels, as a net that can be told of it takes it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..images import Float32

#: Pixels of what the net sees, at which nearness is one half.
HALF_PX = 8.0


def told(sparse_m: Float32) -> Float32:
    """(2, H, W): the logarithm of the depth that the nearest known pixel has, less their median, and how near it is.

    The nearness is 1 / (1 + distance / 8 px). Both maps are 0 where nothing is known at all. Dense maps of few values
    are what Chen et al. (ECCV 2018) give their net.

    Args:
        sparse_m: depth (H, W), metres or any other unit; NaN where it is not known.
    """
    known = np.isfinite(sparse_m)
    if not known.any():
        return np.zeros((2, *sparse_m.shape), np.float32)
    distance, (rows, columns) = distance_transform_edt(~known, return_indices=True)
    logarithm = np.log(np.maximum(sparse_m[rows, columns], np.finfo(np.float32).tiny))
    middle = np.median(np.log(np.maximum(sparse_m[known], np.finfo(np.float32).tiny)))
    return np.stack([logarithm - middle, 1 / (1 + distance / HALF_PX)]).astype(np.float32)


def scattered(sparse_m: Float32, rows: int, columns: int) -> Float32:
    """Known depths (H, W) in a map of another size, NaN elsewhere; of several in one pixel the nearest counts."""
    height, width = sparse_m.shape
    y, x = np.nonzero(np.isfinite(sparse_m))
    found = np.full((rows, columns), np.inf, np.float32)
    np.minimum.at(found, (y * rows // height, x * columns // width), sparse_m[y, x])
    return np.where(np.isfinite(found), found, np.float32("nan"))
