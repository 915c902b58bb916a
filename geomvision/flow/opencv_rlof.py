"""OpenCV's robust local optical flow, made dense by interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Image
from ..method import OptionError, backend, option
from ..results import Flow
from ._opencv import OpenCVFlow, optflow

#: On less, the interpolation of OpenCV 5.0 runs out of seeds and asks for endless memory.
SMALLEST = 48


@dataclass(frozen=True, kw_only=True)
class OpenCVRLOF(OpenCVFlow):
    """Robust local optical flow (Senst et al., IEEE TCSVT 2012) on a grid of points, interpolated between them.

    Takes luma of 8 bits. Points that do not return when they are tracked back are left out before the interpolation
    (Geistert et al. 2016). Needs opencv-contrib-python.
    """

    large_window: int = option(21, "side of the largest support region", unit="px", minimum=3, maximum=255, odd=True)
    small_window: int = option(9, "side of the smallest support region", unit="px", minimum=3, maximum=255, odd=True)
    levels: int = option(5, "pyramid levels at most", minimum=1, maximum=16)
    iterations: int = option(30, "steps at most on each level", minimum=1, maximum=10_000)
    illumination: bool = option(True, "let brightness change by a gain and an offset within a window")
    grid: int = option(6, "distance between the points that are tracked", unit="px", minimum=1, maximum=8)
    forward_backward: float = option(
        1.0, "largest distance from the start after tracking back; 0 does not track back", unit="px", minimum=0.0
    )
    interpolation: str = option("edge_aware", "how to fill in between points", choices=("edge_aware", "geodesic"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.small_window > self.large_window:
            raise OptionError(
                f"OpenCVRLOF: small_window is {self.small_window}; allowed is at most large_window, {self.large_window}"
            )

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        flow = optflow("OpenCVRLOF", "calcOpticalFlowDenseRLOF")
        interpolations = {
            "edge_aware": optflow("OpenCVRLOF", "INTERP_EPIC"),
            "geodesic": optflow("OpenCVRLOF", "INTERP_GEO"),
        }
        options: dict[str, Any] = {
            "rlofParam": self._parameters(),
            "forwardBackwardThreshold": self.forward_backward,
            "gridStep": (self.grid, self.grid),
            "interp_type": interpolations[self.interpolation],
        }

        def match(bytes0: Image, bytes1: Image) -> Any:
            return flow(np.dstack([bytes0] * 3), np.dstack([bytes1] * 3), None, **options)

        return self.run(frame0, frame1, match, SMALLEST)

    def _parameters(self) -> Any:
        parameters = optflow("OpenCVRLOF", "RLOFOpticalFlowParameter").create()
        parameters.setLargeWinSize(self.large_window)
        parameters.setSmallWinSize(self.small_window)
        parameters.setMaxLevel(self.levels - 1)
        parameters.setMaxIteration(self.iterations)
        parameters.setUseIlluminationModel(self.illumination)
        return parameters
