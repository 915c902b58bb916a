"""Depth on KITTI as papers on Eigen's split report it: projected laser depth inside Garg's crop."""

from __future__ import annotations

from typing import Any

from ._metric_depth import CappedDepth

#: First and last row, first and last column, as shares of the size (Garg et al., ECCV 2016).
GARG_CROP = (0.40810811, 0.99189189, 0.03594771, 0.96405229)
#: Width by height of KITTI's images lies between these, whole or cropped to 352x1216.
KITTI_SHAPES = (3.2, 3.5)


def of_kitti_shape(sample: Any) -> bool:
    """Whether the sample has true depth of an image as wide as KITTI's."""
    truth = getattr(sample, "depth", None)
    if truth is None:
        return False
    height, width = truth.size
    return bool(KITTI_SHAPES[0] < width / height < KITTI_SHAPES[1])


class GargCrop(CappedDepth):
    """Errors inside Garg's crop, which is relative: an image of any size has one, rounded down to whole pixels."""

    def crop(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows 153 … 370 and columns 44 … 1196 of KITTI's 375x1242."""
        top, bottom, left, right = GARG_CROP
        return slice(int(top * height), int(bottom * height)), slice(int(left * width), int(right * width))

    def fits(self, sample: Any) -> bool:
        """Whether the image is as wide as KITTI's."""
        return of_kitti_shape(sample)
