"""OpenCV's quasi-dense stereo: sparse matches that grow into their surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Float32, Image, to_grey
from ..method import BackendError, OptionError, backend, option
from ..results import Disparity
from ._base import StereoMethod
from ._opencv import threads, to_8bit

#: OpenCV crashes on smaller images: its pyramid and its border leave nothing.
SMALLEST = 48


@dataclass(frozen=True, kw_only=True)
class OpenCVQuasiDense(StereoMethod):
    """OpenCV's QuasiDenseStereo (Stoyanov et al., MICCAI 2010); takes luma of 8 bits. Needs opencv-contrib-python.

    Corners are tracked into the right view, and matches spread from them, best correlation first. Matches are whole
    pixels in both directions; those that leave their row by more than `rows`, or the range of disparities, are dropped.
    OpenCV's own `getDisparity` gives the length of that two-dimensional motion, and no sign. Images below 48 pixels
    have no estimate.
    """

    min_disparity: int = option(0, "smaller estimates are dropped", unit="px", minimum=-8192, maximum=8191)
    max_disparity: int = option(128, "estimates from it on are dropped", unit="px", minimum=-8191, maximum=8192)
    rows: int = option(1, "rows by which a match may leave its own", unit="px", minimum=0, maximum=64)
    border: int = option(5, "columns and rows without estimates all around", unit="px", minimum=4, maximum=100)
    window: int = option(5, "side of the correlation window", unit="px", minimum=3, maximum=31, odd=True)
    correlation: float = option(0.5, "smallest correlation of a match", minimum=-1.0, maximum=1.0)
    texture: float = option(200.0, "texture a match needs", minimum=0.0, maximum=1e9)
    neighbourhood: int = option(
        5, "side of the window in which matches spread", unit="px", minimum=3, maximum=31, odd=True
    )
    gradient: int = option(1, "largest change of disparity between neighbours", unit="px", minimum=0, maximum=32)
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

    @backend("cv2", requires="cv2")
    def _cv2(self, left: Image, right: Image) -> Disparity:
        first, second = to_8bit(to_grey(left), to_grey(right))
        height, width = first.shape
        px = np.full((height, width), np.nan, np.float32)
        if min(height, width) < SMALLEST:
            return Disparity(px=px)
        matcher = self._made(width, height)
        with threads(self.num_threads):
            matcher.process(np.ascontiguousarray(first), np.ascontiguousarray(second))
            matches = matcher.getDenseMatches()
        return Disparity(px=self._placed(px, matches))

    def _placed(self, px: Float32, matches: Any) -> Float32:
        if not matches:
            return px
        places = np.array([(*match.p0, *match.p1) for match in matches], np.int64)
        x, y, u, v = places.T
        disparity = x - u
        kept = (abs(y - v) <= self.rows) & (disparity >= self.min_disparity) & (disparity < self.max_disparity)
        px[y[kept], x[kept]] = disparity[kept]
        return px

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
