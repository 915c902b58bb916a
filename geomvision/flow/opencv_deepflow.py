"""OpenCV's DeepFlow, which has no options to change."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Image
from ..method import backend
from ..results import Flow
from ._opencv import OpenCVFlow, optflow


@dataclass(frozen=True, kw_only=True)
class OpenCVDeepFlow(OpenCVFlow):
    """The variational part of DeepFlow (Weinzaepfel et al., ICCV 2013); takes luma of 8 bits.

    Colour and gradient constancy with robust penalties by successive over-relaxation, on a fine pyramid. The deep
    matches of the paper are not part of OpenCV, and its Python module lets no option be changed. Needs
    opencv-contrib-python.
    """

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        deepflow = optflow("OpenCVDeepFlow", "createOptFlow_DeepFlow")()
        return self.run(frame0, frame1, lambda a, b: deepflow.calc(a, b, None))
