"""OpenCV's semi-global block matching, at its best rather than at its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image, to_grey
from ..method import OptionError, backend, option
from ..results import Disparity
from ._opencv import OpenCVStereo

MODES = ("sgbm", "hh", "hh4", "3way")
#: A tolerance that no disparity exceeds: OpenCV reads 0 and less as 1, and always checks.
NO_CHECK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class OpenCVSGBM(OpenCVStereo):
    """OpenCV's StereoSGBM (Hirschmüller, PAMI 2008, on Birchfield–Tomasi costs of blocks).

    The defaults are what an expert runs where every pixel counts: horizontal and vertical paths, a small block,
    left–right check, no uniqueness test, no speckle filter, a padded left border.
    """

    mode: str = option(
        "hh4", "paths: 5 in one pass (sgbm), 8 (hh), 4 along rows and columns (hh4), 3 (3way)", choices=MODES
    )
    window: int = option(3, "side of the block", unit="px", minimum=1, maximum=31, odd=True)
    p1: int = option(8, "penalty of a change by 1 px, per block pixel and channel", minimum=0, maximum=1000)
    p2: int = option(32, "penalty of a larger change, per block pixel and channel", minimum=1, maximum=4000)
    colour: bool = option(False, "match the three channels rather than the luma")
    prefilter_cap: int = option(63, "clip of the horizontal gradients", unit="levels", minimum=1, maximum=63)
    uniqueness: int = option(0, "margin of the best cost over the second", unit="%", minimum=0, maximum=99)
    left_right: int = option(1, "largest left–right difference; -1 checks nothing", unit="px", minimum=-1, maximum=255)
    speckle_size: int = option(0, "smallest region that stays; 0 keeps all", unit="px", minimum=0)
    speckle_range: int = option(2, "largest step inside a region", unit="px", minimum=1, maximum=255)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p2 <= self.p1:
            raise OptionError(f"OpenCVSGBM: p2 is {self.p2}; it must be larger than p1, {self.p1}")
        if self.left_right == 0:
            raise OptionError("OpenCVSGBM: left_right is 0; OpenCV allows no less than 1, or −1 for no check")

    @backend("cv2", requires="cv2")
    def _cv2(self, left: Image, right: Image) -> Disparity:
        if not self.colour:
            left, right = to_grey(left), to_grey(right)
        matcher = self._matcher(channels=left.shape[2] if left.ndim == 3 else 1)
        return Disparity(px=self.run_padded(left, right, self.window, matcher.compute))

    def _matcher(self, channels: int) -> Any:
        import cv2

        modes = {
            "sgbm": cv2.STEREO_SGBM_MODE_SGBM,
            "hh": cv2.STEREO_SGBM_MODE_HH,
            "hh4": cv2.STEREO_SGBM_MODE_HH4,
            "3way": cv2.STEREO_SGBM_MODE_SGBM_3WAY,
        }
        block = channels * self.window * self.window
        return cv2.StereoSGBM.create(
            minDisparity=self.min_disparity,
            numDisparities=self.range_px,
            blockSize=self.window,
            P1=self.p1 * block,
            P2=self.p2 * block,
            disp12MaxDiff=self.left_right if self.left_right > 0 else NO_CHECK,
            preFilterCap=self.prefilter_cap,
            uniquenessRatio=self.uniqueness,
            speckleWindowSize=self.speckle_size,
            speckleRange=self.speckle_range,
            mode=modes[self.mode],
        )
