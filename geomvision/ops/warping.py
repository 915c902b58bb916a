"""Backward warping: look up an image where a displacement field points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Image


def warp(image: Image, displacement: NDArray[np.floating]) -> Float32:
    """Sample `image` at (x + dx, y + dy), bilinearly.

    Args:
        image: (H, W) or (H, W, C), any real dtype.
        displacement: (h, w, 2) as (dx, dy) in pixels.

    Returns:
        float32 (h, w) or (h, w, C); NaN where the displacement is NaN or points outside [0, W − 1] x [0, H − 1].
    """
    if displacement.ndim != 3 or displacement.shape[2] != 2:
        raise ValueError(f"displacement has shape {displacement.shape}; it must be (H, W, 2) as (dx, dy)")
    height, width = image.shape[:2]
    rows, columns = displacement.shape[:2]
    x = np.arange(columns, dtype=np.float32) + displacement[..., 0]
    y = np.arange(rows, dtype=np.float32)[:, None] + displacement[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
    x0 = np.minimum(x.astype(np.intp), max(width - 2, 0))
    y0 = np.minimum(y.astype(np.intp), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    if image.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    source = image.astype(np.float32, copy=False)
    top = source[y0, x0] * (1 - fx) + source[y0, x1] * fx
    bottom = source[y1, x0] * (1 - fx) + source[y1, x1] * fx
    sampled: Float32 = (top * (1 - fy) + bottom * fy).astype(np.float32)
    sampled[~inside] = np.nan
    return sampled
