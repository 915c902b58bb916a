"""OpenCV's dual TV-L1 flow, at its best rather than at its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ._opencv import OpenCVFlow, optflow

SMALLEST = 16


@dataclass(frozen=True, kw_only=True)
class OpenCVTVL1(OpenCVFlow):
    """OpenCV's dual TV-L1 (Zach et al., DAGM 2007); takes luma of 8 bits. Needs opencv-contrib-python.

    The default pyramid halves the image down to 16 pixels: OpenCV's own (5 levels, each 0.8 of the last) cannot
    follow large motion.
    """

    data_weight: float = option(0.15, "weight of the data against smoothness (lambda)", minimum=1e-6, maximum=1e6)
    tau: float = option(0.25, "time step of the dual", minimum=1e-6, maximum=1.0)
    theta: float = option(0.3, "tightness of the coupling of data and smoothness", minimum=1e-6, maximum=1e6)
    levels: int = option(10, "pyramid levels at most", minimum=1, maximum=32)
    scale: float = option(0.5, "size of a level in the next finer one's", minimum=0.1, maximum=0.95)
    warps: int = option(5, "warps on each level", minimum=1, maximum=1000)
    inner_iterations: int = option(30, "iterations between two medians", minimum=1, maximum=10_000)
    outer_iterations: int = option(3, "medians in each warp", minimum=1, maximum=10_000)
    median: int = option(5, "side of the median filter; 1: none", unit="px", choices=(1, 3, 5))
    accuracy: float = option(0.01, "change at which iterations stop", minimum=0.0, maximum=1.0)

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        tvl1 = self._made()
        return self.run(frame0, frame1, lambda a, b: tvl1.calc(a, b, None), SMALLEST)

    def _made(self) -> Any:
        tvl1 = optflow("OpenCVTVL1", "createOptFlow_DualTVL1")()
        tvl1.setLambda(self.data_weight)
        tvl1.setTau(self.tau)
        tvl1.setTheta(self.theta)
        tvl1.setScalesNumber(self.levels)
        tvl1.setScaleStep(self.scale)
        tvl1.setWarpingsNumber(self.warps)
        tvl1.setInnerIterations(self.inner_iterations)
        tvl1.setOuterIterations(self.outer_iterations)
        tvl1.setMedianFiltering(self.median)
        tvl1.setEpsilon(self.accuracy)
        return tvl1
