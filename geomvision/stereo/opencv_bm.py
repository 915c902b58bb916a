"""OpenCV's block matching, at its best rather than at its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image, to_grey
from ..method import backend, option
from ..results import Disparity
from ._opencv import OpenCVStereo


@dataclass(frozen=True, kw_only=True)
class OpenCVBM(OpenCVStereo):
    """OpenCV's StereoBM: sums of absolute differences of prefiltered luma, with texture and uniqueness tests."""

    window: int = option(15, "side of the block", unit="px", minimum=5, maximum=255, odd=True)
    prefilter: str = option("xsobel", "what is matched instead of the luma", choices=("xsobel", "normalized"))
    prefilter_size: int = option(9, "window of 'normalized'", unit="px", minimum=5, maximum=255, odd=True)
    prefilter_cap: int = option(31, "clip of the prefiltered image", unit="levels", minimum=1, maximum=63)
    texture: int = option(0, "sum of prefiltered magnitudes a block needs", unit="levels", minimum=0)
    uniqueness: int = option(0, "margin of the best cost over the second", unit="%", minimum=0, maximum=99)
    left_right: int = option(1, "largest left–right difference; -1 checks nothing", unit="px", minimum=-1, maximum=255)
    speckle_size: int = option(0, "smallest region that stays; 0 keeps all", unit="px", minimum=0)
    speckle_range: int = option(2, "largest step inside a region", unit="px", minimum=1, maximum=255)

    @backend("cv2", requires="cv2")
    def _cv2(self, left: Image, right: Image) -> Disparity:
        match = self._matcher().compute
        margin = self.window // 2  # OpenCV matches only blocks that lie inside the image
        return Disparity(px=self.run_padded(to_grey(left), to_grey(right), self.window, match, margin))

    def _matcher(self) -> Any:
        import cv2

        matcher = cv2.StereoBM.create(self.range_px, self.window)
        matcher.setMinDisparity(self.min_disparity)
        matcher.setPreFilterType(1 if self.prefilter == "xsobel" else 0)
        matcher.setPreFilterSize(self.prefilter_size)
        matcher.setPreFilterCap(self.prefilter_cap)
        matcher.setTextureThreshold(self.texture)
        matcher.setUniquenessRatio(self.uniqueness)
        matcher.setDisp12MaxDiff(self.left_right)
        matcher.setSpeckleWindowSize(self.speckle_size)
        matcher.setSpeckleRange(self.speckle_range)
        return matcher
