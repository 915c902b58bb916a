"""NYU Depth v2 as papers report it: Eigen's crop, 10 m (Silberman et al., ECCV 2012; Eigen et al., NeurIPS 2014)."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ._metric_depth import CappedDepth

#: First row and the one after the last, the same of columns, of 480x640: where Kinect's depth, projected, has values.
ROWS, COLUMNS, SIZE = (45, 471), (41, 601), (480, 640)


class NYU(CappedDepth):
    """The errors of `Depth` over true depths of 1 mm to 10 m inside Eigen's crop; estimates are clipped to that range.

    The crop is rows 45 … 470 and columns 41 … 600 of 480x640. At another size of that shape it holds the pixels that
    lie wholly inside; an image of another shape is refused, for it is no image of NYU's camera.
    """

    name: ClassVar[str] = "nyu"
    cap_m: ClassVar[float] = 10.0

    def crop(self, height: int, width: int) -> tuple[slice, slice]:
        """The crop at this size."""
        if not _of_shape(height, width):
            raise ValueError(
                f"nyu crops images of 640x480 pixels, or of another size of that shape; this one is {width}x{height}: "
                "score it by depth, which does not crop"
            )
        rows, columns = (
            slice(math.ceil(first * length / full), math.floor(end * length / full))
            for (first, end), length, full in ((ROWS, height, SIZE[0]), (COLUMNS, width, SIZE[1]))
        )
        return rows, columns

    def fits(self, sample: Any) -> bool:
        """Whether the image is of that shape, and most of what is known in it nearer than 10 m."""
        truth = getattr(sample, "depth", None)
        if truth is None or not _of_shape(*truth.size) or not truth.valid.any():
            return False
        return bool(np.median(truth.m[truth.valid]) < self.cap_m)


def _of_shape(height: int, width: int) -> bool:
    """Whether width by height is 4 / 3, within a hundredth."""
    return abs(width * SIZE[0] / (height * SIZE[1]) - 1) <= 0.01
