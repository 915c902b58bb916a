"""A stereo net in an ONNX file, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Image
from ..method import backend
from ..onnx_runtime import ONNXMethod
from ..results import Disparity
from ._base import StereoMethod
from ._exported import disparity


@dataclass(frozen=True, kw_only=True)
class ONNX(ONNXMethod, StereoMethod):
    """A stereo net that `geomvision export` wrote, run by onnxruntime.

    The file says what is done around the net. Of a net that refines a matcher, that matcher runs first, with the
    options that it was exported with. Sizes that the file does not allow are refused.
    """

    @backend("onnxruntime", requires="onnxruntime", extra="onnx")
    def _onnxruntime(self, left: Image, right: Image) -> Disparity:
        return disparity(self.card(), self.runner(), left, right, self.num_threads)
