"""Which left pixels the right view does not see, from the truth of both views."""

from __future__ import annotations

import numpy as np

from ..images import Mask
from ..results import Disparity


def cross_check(left: Disparity, right: Disparity, threshold_px: float = 1.0) -> Mask:
    """Occlusion by comparing the truth of both views, bool (H, W).

    A left pixel (x, y) with disparity d counts as seen when, at one of the two right pixels around x − d, the
    right truth agrees with d to within `threshold_px`. All others that have truth count as occluded: outside the
    right image, covered by something nearer, or not confirmed because the right truth is unknown there.
    """
    if left.size != right.size:
        raise ValueError(f"the left truth is {left.size}, the right {right.size}; sizes must be equal")
    width = left.size[1]
    x = np.arange(width) - np.where(left.valid, left.px, 0.0).astype(np.float64)
    rows = np.arange(left.size[0])[:, None]
    seen = np.zeros(left.size, bool)
    for column in (np.floor(x), np.ceil(x)):
        inside = (x >= -0.5) & (column >= 0) & (column < width)  # the image begins half a pixel before column 0
        found = right.px[rows, np.where(inside, column, 0).astype(np.intp)]
        seen |= inside & (np.abs(found - left.px) <= threshold_px)  # a NaN on either side compares false
    return left.valid & ~seen
