"""What the OpenCV flow peers share: 8-bit grey frames in, small images widened, threads, finite pixels out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Image
from ..method import BackendError
from ..results import Flow
from ..stereo._opencv import threads
from ._base import FlowMethod
from ._grey import grey_levels

#: Takes two 8-bit grey frames and gives float32 (height, width, 2).
Match = Callable[[Image, Image], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class OpenCVFlow(FlowMethod):
    """Brings two frames to OpenCV and its answer back. The result is dense, without confidence."""

    def run(self, frame0: Image, frame1: Image, match: Match, smallest: int = 1) -> Flow:
        """Match the frames in grey levels rounded to 8 bits (see `grey_levels`).

        OpenCV refuses or crashes on images below its smallest size: both sides are widened to `smallest` pixels by
        repeating the last row and column, and the flow is cropped.
        """
        height, width = frame0.shape[:2]
        missing = ((0, max(0, smallest - height)), (0, max(0, smallest - width)))
        bytes0, bytes1 = (
            np.pad(np.rint(grey).astype(np.uint8), missing, mode="edge") for grey in grey_levels(frame0, frame1)
        )
        with threads(self.num_threads):
            px = match(bytes0, bytes1)[:height, :width]
        return Flow(px=np.where(np.isfinite(px).all(axis=2, keepdims=True), px, np.float32(np.nan)))


def optflow(owner: str, function: str) -> Any:
    """A function of OpenCV's contributed module optflow; raises BackendError where OpenCV came without it."""
    import cv2

    found = getattr(getattr(cv2, "optflow", None), function, None)
    if found is None:
        raise BackendError(
            f"{owner} cannot run here: OpenCV {cv2.__version__} has no optflow.{function}; "
            "pip uninstall opencv-python opencv-python-headless, then pip install opencv-contrib-python"
        )
    return found
