"""The disparity range of a pair, from a small dense match: sparse features miss near and smooth objects."""

from __future__ import annotations

import numpy as np

from ..geometry.features import eight_bit
from ..images import Image
from ..packages import needed_by

#: Width at which the range is looked for, pixels.
WIDTH = 320
#: A hundredth of the pixels lies beyond the 99th percentile, some of it real: what is advised goes this far beyond.
MARGIN = 1.4
#: How far objects may lie beyond the features' 98th percentile.
BEYOND = 2.5


def disparity_range(left: Image, right: Image, features_px: float | None) -> tuple[float, float, float] | None:
    """The 1st, 50th and 99th percentile of the disparities in pixels; None when hardly a pixel finds its match.

    Disparities up to half the width are searched, on images widened on the left so that no column is lost. Where
    texture repeats or the exposure differs much, wrong matches lie anywhere: what goes beyond `BEYOND` times the
    disparity of the features, `features_px`, is not believed.
    """
    with needed_by("the range of disparities"):
        import cv2

    scale = min(1.0, WIDTH / left.shape[1])
    small = [eight_bit(image, scale) for image in (left, right)]
    height, width = small[0].shape
    search = width // 2
    if features_px is not None:
        search = min(search, int(BEYOND * max(features_px, 4.0) * scale) + 1)
    search = max(16, -(-search // 16) * 16)
    if min(height, width) < 16:
        return None
    wide = [cv2.copyMakeBorder(image, 0, 0, search, 0, cv2.BORDER_REPLICATE) for image in small]
    mode = cv2.STEREO_SGBM_MODE_SGBM_3WAY
    matcher = cv2.StereoSGBM.create(0, search, 5, 8 * 25, 32 * 25, 1, 63, 10, 40, 1, mode)
    fixed_point = matcher.compute(*wide)[:, search:]
    found = fixed_point[fixed_point >= 0]
    if found.size < 0.02 * width * height:
        return None
    low, middle, high = np.percentile(found / 16.0 / scale, (1, 50, 99))
    return float(low), float(middle), float(high)


def recommended(high: float, width: int) -> int:
    """The number of disparities to search for a 99th percentile `high`: a multiple of 16, at most the width."""
    wanted = 16 * int(np.ceil((high * MARGIN + 2) / 16))
    return min(wanted, max(16, width // 16 * 16))
