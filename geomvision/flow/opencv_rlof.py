"""OpenCV's robust local optical flow, interpolated from a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ._opencv import OpenCVFlow, optflow

#: Smaller images end in std::bad_alloc; those that hold no point of the grid in an error.
SMALLEST = 64
#: Of OpenCV's three interpolations (0 geodesic, 1 epic, 2 ric) the one that answers alike from call to call.
GEODESIC = 0


@dataclass(frozen=True, kw_only=True)
class OpenCVRLOF(OpenCVFlow):
    """Robust local optical flow (Senst, Eiselein & Sikora, TCSVT 2012) on a grid, made dense along edges.

    Points of a grid are tracked with a robust norm and an illumination model, forward and backward; the dense flow is
    their geodesic interpolation. OpenCV 5's other interpolations (epic, ric) give other flows from call to call, and
    NaN at times, so they are not offered. Runs on one thread. Takes luma of 8 bits. Needs opencv-contrib-python.
    """

    grid_step: int = option(6, "distance of the tracked points", unit="px", minimum=1, maximum=64)
    forward_backward: float = option(
        1.0, "points that do not return to within this are not used", unit="px", minimum=0.0, maximum=100.0
    )
    region: str = option("fixed", "window: of fixed size, or its part of like colour", choices=("fixed", "cross"))
    post_filter: bool = option(True, "smooth along edges afterwards, by the fast global smoother")

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        match = optflow("OpenCVRLOF", "calcOpticalFlowDenseRLOF")
        tracking = optflow("OpenCVRLOF", "RLOFOpticalFlowParameter_create")()
        tracking.setSupportRegionType(("fixed", "cross").index(self.region))
        step = (self.grid_step, self.grid_step)

        def flow(first: Image, second: Image) -> NDArray[np.float32]:
            colour = [np.dstack([image] * 3) for image in (first, second)]
            options = {"interp_type": GEODESIC, "use_post_proc": self.post_filter}
            found: NDArray[np.float32] = match(
                *colour,
                None,
                rlofParam=tracking,
                forwardBackwardThreshold=self.forward_backward,
                gridStep=step,
                **options,
            )
            return found

        # On several threads OpenCV's smoother rounds otherwise, by a millionth of a pixel.
        return self.with_options(num_threads=1).run(frame0, frame1, flow, smallest=max(SMALLEST, self.grid_step + 1))
