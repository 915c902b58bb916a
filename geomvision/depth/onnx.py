"""A net of depth from one image in an ONNX file, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..cameras import Camera
from ..images import Image
from ..method import backend
from ..onnx_runtime import ONNXMethod
from ..results import Depth, RelativeDepth
from ._base import DepthMethod, checked
from ._exported import depth

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class ONNX(ONNXMethod, DepthMethod):
    """A net of one image that `geomvision export` wrote, run by onnxruntime.

    The file says what is done around the net and which kind of depth it gives: metres where it is metric and the camera
    is known, else relative. Sizes that it does not allow are refused.
    """

    def __call__(self, image: Any, camera: Camera | None = None) -> Depth | RelativeDepth:
        """Depth of an image: metres where the net is metric and the camera is known, else relative.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            camera: the camera that took it, of the image's size; what is relative does not need it.

        Raises:
            ImageError: when the image is none, of another size than the camera, or of one that the file does not allow.
            TypeError: when the camera is none with a focal length.
            BackendError: when no backend of this method can run here.
            WeightsError: when the file is damaged, or no file for depth.
        """
        result: Depth | RelativeDepth = self.execute(*checked(image, camera))
        return result

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image, with its camera."""
        return self(sample.image, sample.camera)

    @backend("onnxruntime", requires="onnxruntime", extra="onnx")
    def _onnxruntime(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        return depth(self.card(), self.runner(), image, camera)
