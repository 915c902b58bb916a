"""OpenCV's block matchers with the weighted least squares filter: dense, edge-aware disparities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Image, to_grey
from ..method import BackendError, OptionError, backend, option
from ..results import Disparity
from ._opencv import OpenCVStereo


@dataclass(frozen=True, kw_only=True)
class OpenCVWLS(OpenCVStereo):
    """Both views matched by OpenCV, then smoothed along the image's edges (Min et al., TIP 2014) by confidence.

    Needs `cv2.ximgproc`, which is part of opencv-contrib-python.
    """

    base: str = option(
        "sgbm", "matcher of both views: StereoSGBM with three paths, or StereoBM", choices=("bm", "sgbm")
    )
    window: int = option(3, "side of the block of sgbm", unit="px", minimum=1, maximum=31, odd=True)
    window_bm: int = option(9, "side of the block of bm", unit="px", minimum=5, maximum=255, odd=True)
    colour: bool = option(True, "match the three channels rather than the luma (sgbm)")
    p1: int = option(24, "penalty of a change by 1 px, per block pixel (sgbm)", minimum=0, maximum=1000)
    p2: int = option(96, "penalty of a larger change, per block pixel (sgbm)", minimum=1, maximum=4000)
    prefilter_cap: int = option(63, "clip of the horizontal gradients", unit="levels", minimum=1, maximum=63)
    smoothness: float = option(8000.0, "λ, weight of the smoothness", minimum=0.0, maximum=1e6)
    edge_sigma: float = option(1.5, "σ, how much an edge cuts smoothness; small cuts more", minimum=0.01, maximum=100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p2 <= self.p1:
            raise OptionError(f"OpenCVWLS: p2 is {self.p2}; it must be larger than p1, {self.p1}")

    @backend("cv2", requires="cv2")
    def _cv2(self, left: Image, right: Image) -> Disparity:
        def match(left8: Image, right8: Image) -> NDArray[np.int16]:
            return self._filtered(left8, right8)

        window = self.window_bm if self.base == "bm" else self.window
        margin = window // 2 if self.base == "bm" else 0  # StereoBM matches only blocks inside the image
        return Disparity(px=self.run_padded(left, right, window, match, margin))

    def _filtered(self, left: Image, right: Image) -> NDArray[np.int16]:
        ximgproc = _ximgproc()
        matcher = self._matcher()
        right_matcher = ximgproc.createRightMatcher(matcher)
        views = (left, right)
        if self.base == "bm" or not self.colour:
            views = (to_grey(left), to_grey(right))
        fixed = matcher.compute(*views)
        fixed_right = right_matcher.compute(*views[::-1])
        smooth = ximgproc.createDisparityWLSFilter(matcher)
        smooth.setLambda(self.smoothness)
        smooth.setSigmaColor(self.edge_sigma)
        filtered: NDArray[np.int16] = smooth.filter(fixed, left, disparity_map_right=fixed_right)
        return filtered

    def _matcher(self) -> Any:
        import cv2

        if self.base == "bm":
            matcher = cv2.StereoBM.create(self.range_px, self.window_bm)
            matcher.setMinDisparity(self.min_disparity)
            matcher.setPreFilterCap(self.prefilter_cap)
            matcher.setTextureThreshold(0)
            matcher.setUniquenessRatio(0)
            return matcher
        block = self.window * self.window
        return cv2.StereoSGBM.create(
            minDisparity=self.min_disparity,
            numDisparities=self.range_px,
            blockSize=self.window,
            P1=self.p1 * block,
            P2=self.p2 * block,
            preFilterCap=self.prefilter_cap,
            mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
        )


def _ximgproc() -> Any:
    import cv2

    if not hasattr(cv2, "ximgproc"):
        raise BackendError(
            "OpenCVWLS needs cv2.ximgproc, which this OpenCV lacks: install opencv-contrib-python, "
            "and uninstall opencv-python if both are there"
        )
    return cv2.ximgproc
