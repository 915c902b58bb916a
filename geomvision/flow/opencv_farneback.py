"""OpenCV's Farnebäck flow, at its best rather than at its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ._opencv import OpenCVFlow


@dataclass(frozen=True, kw_only=True)
class OpenCVFarneback(OpenCVFlow):
    """OpenCV's polynomial expansion (Farnebäck, SCIA 2003), coarse to fine; takes luma of 8 bits."""

    levels: int = option(5, "pyramid levels at most", minimum=1, maximum=32)
    scale: float = option(0.5, "size of a level in the next finer one's", minimum=0.1, maximum=0.95)
    window: int = option(15, "side of the averaging window", unit="px", minimum=1, maximum=255)
    gaussian: bool = option(False, "average with a Gaussian window instead of a box")
    iterations: int = option(5, "iterations on each level", minimum=1, maximum=1000)
    poly_n: int = option(5, "side of the neighbourhood that is expanded", unit="px", choices=(5, 7))
    poly_sigma: float = option(0.7, "sigma of the expansion's weights", unit="px", minimum=0.1, maximum=10.0)

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        import cv2

        farneback: Any = cv2.calcOpticalFlowFarneback  # its stub does not know that the flow may be None
        pyramid = (self.scale, self.levels, self.window, self.iterations)
        flags = cv2.OPTFLOW_FARNEBACK_GAUSSIAN if self.gaussian else 0

        def match(bytes0: Image, bytes1: Image) -> Any:
            return farneback(bytes0, bytes1, None, *pyramid, self.poly_n, self.poly_sigma, flags)

        return self.run(frame0, frame1, match)
