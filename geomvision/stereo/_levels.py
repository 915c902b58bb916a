"""Grey levels that do not depend on the type of the images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..images import Image

#: Levels are told apart to this part of one.
PARTS = 64


def levels(left: Image, right: Image) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both views in 64ths of 0 … 255: 8 bits as they are, other images by the joint range of the pair."""
    low, high = 0.0, 255.0
    if left.dtype != np.uint8:
        low, high = float(min(left.min(), right.min())), float(max(left.max(), right.max()))
    scale = 255 * PARTS / (high - low) if high > low else 0.0
    first, second = (np.floor((view.astype(np.float64) - low) * scale + 0.5).astype(np.int64) for view in (left, right))
    return first, second
