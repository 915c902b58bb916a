"""What learned methods of one image share: the size that the net sees, the camera, and which kind of depth it gives."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ..cameras import Camera
from ..images import Float32, Image
from ..learned import Learned
from ..method import backend, option
from ..packages import needed_by
from ..results import Depth, RelativeDepth
from ..trace import NoTrace, Trace
from ._answers import Kind
from ._base import DepthMethod, checked

if TYPE_CHECKING:
    from torch import Tensor

    from ..samples import DepthSample

#: Nets of metric depth say the depth of a camera of this focal length, in pixels of what the net sees.
FOCAL_PX = 256.0
#: The kind of a net that says metres.
METRIC: Literal["metric"] = "metric"


@dataclass(frozen=True, kw_only=True)
class OneImageNet(Learned, DepthMethod, ABC):
    """What a net of one image sees: the image at the size that it takes."""

    #: Height and width that the net sees, where it takes but one.
    size: ClassVar[tuple[int, int] | None] = None
    first: ClassVar[str] = "image"
    outcome: ClassVar[str] = "depth"
    unit: ClassVar[str] = ""
    at_its_size: ClassVar[str] = "the net's estimate at its own size, in the net's own unit"

    side_px: int = option(
        256, "the image's longer side as the net sees it; 0: as it is", unit="px", minimum=0, maximum=8192
    )

    def seen(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what the net sees of an image of this size."""
        if self.size is not None:
            return self.size
        if not self.side_px:
            return height, width
        scale, stride = self.side_px / max(height, width), self.net.stride
        rows, columns = (max(self.net.least, round(scale * side / stride) * stride) for side in (height, width))
        return rows, columns

    def _given(self, images: tuple[Image, ...], memory: dict[str, Any]) -> tuple[Float32, ...]:
        given = super()._given(images, memory)
        height, width = memory["size"] = images[0].shape[:2]
        rows, columns = self.seen(height, width)
        camera: Camera | None = memory["camera"]
        if camera is not None:
            memory["focal_px"] = seen_focal_px(camera, rows, columns)
        return tuple(resized(each, rows, columns) for each in given)

    def _shown(self, estimate: Tensor) -> Float32:
        array: Float32 = estimate[0, 0].float().numpy()
        return array


@dataclass(frozen=True, kw_only=True)
class LearnedDepth(OneImageNet):
    """A net of one image in use: the image is brought to the size that the net sees, its answer back to the image's.

    `kind` is that of a `RelativeDepth`, or "metric". One image does not tell its camera, and twice the focal length
    shows things as half the distance does. So a metric net says the depth of a camera whose focal length is 256 pixels
    of what it sees (the canonical camera of Yin et al., ICCV 2023), which becomes metres by the focal length of the
    true camera. Without a camera its result is a `RelativeDepth` of kind "depth_scale".

    Channel 0 of what the net's `raised` returns is the prediction; a method whose net has more overrides `_result`.
    """

    kind: ClassVar[Kind]

    def __call__(self, image: Any, camera: Camera | None = None) -> Depth | RelativeDepth:
        """Depth of an image: metres where the net is metric and the camera is known, else relative.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            camera: the camera that took it, of the image's size; what is relative does not need it.

        Raises:
            ImageError: when the image is none, or of another size than the camera.
            TypeError: when the camera is none with a focal length.
            BackendError: when no backend of this method can run here.
        """
        result: Depth | RelativeDepth = self.execute(*checked(image, camera))
        return result

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image, with its camera."""
        return self(sample.image, sample.camera)

    def trace(self, image: Any, camera: Camera | None = None) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, and the depth."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(*_both(*checked(image, camera), trace))
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        result: Depth | RelativeDepth = self._estimated(*_both(image, camera, NoTrace()))
        return result

    def _map(self, result: Depth | RelativeDepth) -> Float32:
        return result.m if isinstance(result, Depth) else result.values

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Depth | RelativeDepth:
        values = resized(np.ascontiguousarray(maps[0], np.float32), *memory["size"])
        kind = self._said()
        if kind == METRIC:
            return metric(values, memory.get("focal_px"), FOCAL_PX)
        return RelativeDepth(values=values, kind=kind)

    def _said(self) -> Kind:
        """The kind of what the net says."""
        return self.kind


def seen_focal_px(camera: Camera, rows: int, columns: int) -> float:
    """The focal length of a camera whose image is brought to another size, pixels of that size."""
    focal_px: float = (abs(camera.fx * camera.fy) * rows / camera.height * columns / camera.width) ** 0.5
    return focal_px


def metric(values: Float32, focal_px: float | None, canonical_px: float) -> Depth | RelativeDepth:
    """Metres of what a net says for a camera of focal length `canonical_px`; relative where the true one is unknown.

    Both in pixels of what the net sees. What is not above 0 is unknown.
    """
    known = np.where(values > 0, values, np.float32("nan"))
    if focal_px is None:
        return RelativeDepth(values=known, kind="depth_scale")
    return Depth(m=known * np.float32(focal_px / canonical_px))


def resized(image: Float32, rows: int, columns: int) -> Float32:
    """An image or map at another size: means over areas where it shrinks, bilinear where it grows."""
    with needed_by("depth of one image"):
        import cv2

    height, width = image.shape[:2]
    shrunk = cv2.resize(image, (min(columns, width), min(rows, height)), interpolation=cv2.INTER_AREA)
    grown = cv2.resize(shrunk, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.float32)


def resized_inverse(depth: Float32, rows: int, columns: int) -> Float32:
    """Depth at another size, whose inverse is `resized`: between near and far, means of depth would lie far behind."""
    return np.asarray(1 / resized(np.ascontiguousarray(1 / depth, np.float32), rows, columns), np.float32)


def _both(image: Image, camera: Camera | None, trace: Trace) -> tuple[tuple[Image], Trace, dict[str, Any]]:
    """What `_estimated` takes."""
    return (image,), trace, {"camera": camera}
