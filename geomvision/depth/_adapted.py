"""What adapters of other packages' depth nets share: the call, the kind and licence of weights, the eight-bit image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..cameras import Camera
from ..images import Float32, Image, levels
from ..licences import Licence
from ..method import BackendError
from ..results import Depth, RelativeDepth
from ..trace import NoTrace, Trace
from ..weights import WeightsError
from ._answers import Kind
from ._base import DepthMethod, checked

if TYPE_CHECKING:
    from torch import Tensor

    from ..samples import DepthSample

RGB = NDArray[np.uint8]

#: The longer side over the shorter one that every net takes: beyond, the border is repeated.
WIDEST = 8.0


class Checkpoint(NamedTuple):
    """Published weights: the kind of what they predict, and their licence; "" is unknown and allows nothing."""

    kind: Kind
    licence: str = ""
    commercial_use: bool = False


@dataclass(frozen=True, kw_only=True)
class AdaptedDepth(DepthMethod):
    """A net of another package. Threads change its results by rounding errors.

    `kind` is that of a `RelativeDepth`, or "metric".
    """

    #: What is known of published weights, by their name.
    checkpoints: ClassVar[Mapping[str, Checkpoint]] = {}

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What these weights predict. Raises WeightsError where that is unknown."""

    @abstractmethod
    def known_name(self) -> str:
        """The name under which the weights are published, as far as that is known."""

    def licences(self) -> tuple[Licence, ...]:
        """Of published weights; that of others is unknown."""
        name = self.known_name()
        known = self.checkpoints.get(name)
        if known is None:
            return (Licence(weights=name),)
        return (Licence(weights=name, spdx=known.licence, commercial_use=known.commercial_use),)

    def __call__(self, image: Any, camera: Camera | None = None) -> Depth | RelativeDepth:
        """Depth of an image, of the kind that the weights predict.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64. Nets see eight bits of it.
            camera: the camera that took it, of the image's size; `depth_pro` alone takes its focal length.

        Raises:
            ImageError: when the image is none, or of another size than the camera.
            TypeError: when the camera is none with a focal length.
            BackendError: when the package, or weights, are not here; it says how to get them.
            WeightsError: when the weights are damaged, or of another net.
        """
        result: Depth | RelativeDepth = self.execute(*checked(image, camera))
        return result

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image, with its camera."""
        return self(sample.image, sample.camera)

    def trace(self, image: Any, camera: Camera | None = None) -> Trace:
        """The stages by name: what the net is given, its estimate at its own size, and the depth."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(*checked(image, camera), trace)
        return trace

    def _call(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        return self._estimated(image, camera, NoTrace())

    @abstractmethod
    def _estimated(self, image: Image, camera: Camera | None, trace: Trace) -> Depth | RelativeDepth:
        """The result, and its stages."""

    def _result(self, values: Float32, trace: Trace, confidence: Float32 | None = None) -> Depth | RelativeDepth:
        """Values of the image's size as what they are; depth in metres that is not positive is no estimate."""
        kind = self.kind
        trace.record("depth", values, "m" if kind == "metric" else "", f"the estimate at the image's size: {kind}")
        if kind == "metric":
            return Depth(m=np.where(values > 0, values, np.float32("nan")), confidence=confidence)
        return RelativeDepth(values=values, kind=kind, confidence=confidence)


def eight_bits(image: Image) -> RGB:
    """(H, W, 3) RGB in 0 … 255: what these nets were trained on."""
    grey = image if image.dtype == np.uint8 else np.rint(levels(image)[0]).astype(np.uint8)
    return grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)


def within(image: NDArray[Any], widest: float) -> tuple[NDArray[Any], tuple[slice, slice]]:
    """The image with its border repeated until no side is `widest` times longer than the other, and where it lies."""
    height, width = image.shape[:2]
    sides = max(height, int(np.ceil(width / widest))), max(width, int(np.ceil(height / widest)))
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    around = ((top, sides[0] - height - top), (left, sides[1] - width - left), (0, 0))
    return np.pad(image, around, mode="edge"), (slice(top, top + height), slice(left, left + width))


@contextmanager
def taken_by(net: str, image: NDArray[Any]) -> Iterator[None]:
    """The net sees the image in this block. Raises BackendError where it cannot, with its words."""
    try:
        yield
    except WeightsError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        size = f"{image.shape[1]}x{image.shape[0]}"
        told = " ".join(str(error).split())
        raise BackendError(f"{net} with these weights does not take an image of {size} pixels: {told}") from error


def bicubic(values: Tensor, size: Sequence[int]) -> Tensor:
    """A map (h, w) at another size, as the pipelines of these nets bring it to that of the image."""
    import torch

    if tuple(values.shape) == tuple(size):
        return values
    found: Tensor = torch.nn.functional.interpolate(
        values[None, None], size=tuple(size), mode="bicubic", align_corners=False
    )
    return found[0, 0]
