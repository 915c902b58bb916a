"""OpenCV's DIS flow, at its best rather than at its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import OptionError, backend, option
from ..results import Flow
from ._opencv import OpenCVFlow

#: A side needs this many patches on the finest scale; on less OpenCV 5.0 refuses some images and crashes on others.
SMALLEST = 4
#: Side of a patch in every preset.
PATCH_SIZE = 8
TUNED = {"finest_scale": 0, "patch_stride": 2, "descent_iterations": 50, "refinement_iterations": 15}


@dataclass(frozen=True, kw_only=True)
class OpenCVDIS(OpenCVFlow):
    """OpenCV's dense inverse search (Kroeger et al., ECCV 2016) with variational refinement; takes luma of 8 bits.

    ``"tuned"`` works at full resolution with dense patches, many descents and refinements; the other presets are
    OpenCV's own. Options of −1 are what the preset says.
    """

    preset: str = option("tuned", "settings to start from", choices=("tuned", "medium", "fast", "ultrafast"))
    finest_scale: int = option(-1, "finest pyramid scale that is matched; 0 is full resolution", minimum=-1, maximum=6)
    patch_size: int = option(-1, "side of a patch; at least 4", unit="px", minimum=-1, maximum=64)
    patch_stride: int = option(-1, "distance between patches; at least 1", unit="px", minimum=-1, maximum=64)
    descent_iterations: int = option(-1, "gradient descents of a patch", minimum=-1, maximum=10_000)
    refinement_iterations: int = option(-1, "iterations of the variational refinement", minimum=-1, maximum=10_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("patch_size", 4), ("patch_stride", 1)):
            value = getattr(self, name)
            if 0 <= value < least:
                raise OptionError(f"OpenCVDIS: {name} is {value}; allowed is at least {least} px, or -1 (the preset's)")
        size = self.patch_size if self.patch_size >= 0 else PATCH_SIZE
        if self.patch_stride > size:  # OpenCV 5.0 writes beyond its memory then
            raise OptionError(
                f"OpenCVDIS: patch_stride is {self.patch_stride}; allowed is at most patch_size, {size} px"
            )

    @backend("cv2", requires="cv2")
    def _cv2(self, frame0: Image, frame1: Image) -> Flow:
        dis = self._made()
        return self.run(
            frame0, frame1, lambda a, b: dis.calc(a, b, None), SMALLEST * dis.getPatchSize() << dis.getFinestScale()
        )

    def _made(self) -> Any:
        import cv2

        presets = {
            "tuned": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
            "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
            "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
            "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
        }
        dis = cv2.DISOpticalFlow.create(presets[self.preset])
        setters = {
            "finest_scale": dis.setFinestScale,
            "patch_size": dis.setPatchSize,
            "patch_stride": dis.setPatchStride,
            "descent_iterations": dis.setGradientDescentIterations,
            "refinement_iterations": dis.setVariationalRefinementIterations,
        }
        for name, change in setters.items():
            value = getattr(self, name)
            if value < 0 and self.preset == "tuned":
                value = TUNED.get(name, -1)
            if value >= 0:
                change(value)
        return dis
