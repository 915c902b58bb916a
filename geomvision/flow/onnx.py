"""A flow net in an ONNX file, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Image
from ..method import backend
from ..onnx_runtime import ONNXMethod
from ..results import Flow
from ._base import FlowMethod
from ._exported import flow


@dataclass(frozen=True, kw_only=True)
class ONNX(ONNXMethod, FlowMethod):
    """A flow net that `geomvision export` wrote, run by onnxruntime.

    The file says what is done around the net. Sizes that it does not allow are refused. Each pair of a clip is
    estimated anew.
    """

    @backend("onnxruntime", requires="onnxruntime", extra="onnx")
    def _onnxruntime(self, frame0: Image, frame1: Image) -> Flow:
        return flow(self.card(), self.runner(), frame0, frame1)
