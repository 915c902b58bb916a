"""OpenCV's quasi-dense stereo: sparse matches that grow into their surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Image, to_grey
from ..method import BackendError, OptionError, backend, option
from ..results import Disparity
from ._base import StereoMethod
from ._opencv import threads, to_8bit

#: What OpenCV needs beside its windows: nearer to the border it reads memory that nothing was written to.
BORDER = 10


@dataclass(frozen=True, kw_only=True)
class OpenCVQuasiDense(StereoMethod):
    """OpenCV's QuasiDenseStereo (Stoyanov et al., MICCAI 2010); takes luma of 8 bits. Needs opencv-contrib-python.

    Corners are tracked into the right view, and matches spread from them, best correlation first. Matches are whole
    pixels in both directions; those that leave their row by more than `rows`, or the range of disparities, are dropped.
    OpenCV's own `getDisparity` gives the length of that two-dimensional motion, and no sign. Images are widened,
    edges repeated, as OpenCV leaves out a border. Where the left view has no corner there is no estimate.
    """

    min_disparity: int = option(0, "smaller estimates are dropped", unit="px", minimum=-8192, maximum=8191)
    max_disparity: int = option(128, "estimates from it on are dropped", unit="px", minimum=-8191, maximum=8192)
    rows: int = option(1, "rows by which a match may leave its own", unit="px", minimum=0, maximum=64)
    window: int = option(5, "side of the correlation window", unit="px", minimum=3, maximum=15, odd=True)
    correlation: float = option(0.5, "smallest correlation of a match", minimum=-1.0, maximum=1.0)
    texture: float = option(200.0, "texture a match needs", minimum=0.0, maximum=1e9)
    neighbourhood: int = option(
        5, "side of the window in which matches spread", unit="px", minimum=3, maximum=15, odd=True
    )
    gradient: int = option(1, "largest change of disparity between neighbours", unit="px", minimum=0, maximum=8)
    corners: int = option(500, "corners to begin with", minimum=1, maximum=1_000_000)
    quality: float = option(0.01, "of the worst corner, as a part of the best", minimum=1e-6, maximum=1.0)
    separation: int = option(10, "between corners", unit="px", minimum=1, maximum=1000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_disparity <= self.min_disparity:
            raise OptionError(
                f"OpenCVQuasiDense: max_disparity is {self.max_disparity}; "
                f"it must be larger than min_disparity, {self.min_disparity} px"
            )

    @property
    def border(self) -> int:
        """Columns and rows that OpenCV is told to leave out all around."""
        return BORDER + self.window // 2 + self.neighbourhood // 2 + self.gradient

    @backend("cv2", requires="cv2")
    def _cv2(self, left: Image, right: Image) -> Disparity:
        height, width = left.shape[:2]
        margin = self.border + 1
        bytes_ = to_8bit(to_grey(left), to_grey(right))
        first, second = (np.pad(image, margin, mode="edge") for image in bytes_)
        with threads(self.num_threads):
            matches = self._matches(first, second)
        px = np.full((height, width), np.nan, np.float32)
        if matches:
            x, y, u, v = np.array([(*match.p0, *match.p1) for match in matches], np.int64).T - margin
            disparity = x - u
            kept = (abs(y - v) <= self.rows) & (disparity >= self.min_disparity) & (disparity < self.max_disparity)
            for at, size in ((x, width), (u, width), (y, height), (v, height)):
                kept &= (at >= 0) & (at < size)
            px[y[kept], x[kept]] = disparity[kept]
        return Disparity(px=px)

    def _matches(self, left: Image, right: Image) -> Any:
        """OpenCV's matches, with `p0` in the left view and `p1` in the right one."""
        import cv2

        matcher = self._made(left.shape[1], left.shape[0])
        if cv2.goodFeaturesToTrack(left, self.corners, self.quality, self.separation) is None:
            return []  # OpenCV would raise an error
        matcher.process(left, right)
        return matcher.getDenseMatches()

    def _made(self, width: int, height: int) -> Any:
        import cv2

        if not hasattr(getattr(cv2, "stereo", None), "QuasiDenseStereo"):
            raise BackendError(
                f"OpenCVQuasiDense cannot run here: OpenCV {cv2.__version__} has no QuasiDenseStereo; "
                "pip uninstall opencv-python opencv-python-headless, then pip install opencv-contrib-python"
            )
        matcher = cv2.stereo.QuasiDenseStereo.create((width, height))
        parameters = matcher.Param
        parameters.borderX = parameters.borderY = self.border
        parameters.corrWinSizeX = parameters.corrWinSizeY = self.window
        parameters.correlationThreshold = self.correlation
        parameters.textrureThreshold = self.texture  # OpenCV's spelling
        parameters.neighborhoodSize = self.neighbourhood
        parameters.disparityGradient = self.gradient
        parameters.gftMaxNumFeatures = self.corners
        parameters.gftQualityThres = self.quality
        parameters.gftMinSeperationDist = self.separation
        matcher.Param = parameters
        return matcher
