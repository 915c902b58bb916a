"""Depth Pro, by transformers: metres, by the focal length of the camera or by the one that the net estimates."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..cameras import Camera
from ..images import Image
from ..method import option
from ..results import Depth
from ..trace import Trace
from ..weights import WeightsError
from ._adapted import RGB, Checkpoint
from ._answers import Kind
from ._hub import KNOWN_AS, WEIGHTS
from ._transformers import PROCESSOR, TransformersDepth

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINTS = {"apple/DepthPro-hf": Checkpoint("metric", "LicenseRef-Apple-AMLR", False)}
#: Inverse depths, in 1/m, that are told apart.
RANGE = (1e-4, 1e4)


@dataclass(frozen=True, kw_only=True)
class DepthPro(TransformersDepth):
    """Depth Pro (Bochkovskii et al., ICLR 2025) of `transformers`: sharp depth in metres.

    The net says inverse depth C of a camera as wide as its focal length is long; with width w and focal length f in
    pixels the depth is Z = f / (w·C) (their equation 1). f is that of the camera that is given, which is right, or the
    one that the net estimates. `Depth.focal_px` tells which f that was.
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = CHECKPOINTS
    model_type: ClassVar[str] = "depth_pro"
    architecture: ClassVar[str] = "DepthProForDepthEstimation"

    weights: str = option("apple/DepthPro-hf", WEIGHTS)
    known_as: str = option("", KNOWN_AS, choices=("", *CHECKPOINTS))

    def _kind(self, config: Mapping[str, Any]) -> Kind:  # noqa: ARG002
        return "metric"

    def _estimated(self, image: Image, camera: Camera | None, trace: Trace) -> Depth:
        values, said = self._run(image, camera, trace)
        found = self._result(values.numpy(), trace)
        assert isinstance(found, Depth)
        return dataclasses.replace(found, focal_px=self._focal_px(said, image.shape[1], camera))

    def _widest(self, processor: Any) -> float:  # noqa: ARG002
        return math.inf  # the image is stretched to a square, whatever its sides

    def _focal_px(self, said: Any, width: int, camera: Camera | None) -> float:
        """Focal length in pixels of the image."""
        if camera is not None:
            return abs(camera.fx)
        if said.field_of_view is None:
            raise WeightsError(f"{self.weights!r} estimates no focal length: give the camera, which has one")
        degrees = float(said.field_of_view[0])
        if not 0 < degrees < 180:
            told = f"{self.weights!r} estimates a field of view of {degrees:.3g} degrees"
            raise WeightsError(f"{told}, which no camera has: give the camera")
        return 0.5 * width / math.tan(0.5 * math.radians(degrees))

    def _seen(self, processor: Mapping[str, Any], image: RGB) -> Tensor:
        """By its configuration: transformers' own processor needs torchvision."""
        import torch

        try:
            size, mean, deviation = processor["size"], processor["image_mean"], processor["image_std"]
            rows, columns = int(size["height"]), int(size["width"])
        except (KeyError, TypeError) as error:
            raise WeightsError(f"{PROCESSOR} of {self.weights!r} lacks {error}") from None
        mean, deviation = (torch.tensor(each, dtype=torch.float32)[:, None, None] for each in (mean, deviation))
        values = torch.from_numpy(image).movedim(2, 0) * processor.get("rescale_factor", 1 / 255)
        given = ((values - mean) / deviation)[None]
        return torch.nn.functional.interpolate(given, size=(rows, columns), mode="bilinear", align_corners=False)

    def _raised(self, said: Any, processor: Any, image: RGB, camera: Camera | None) -> Tensor:  # noqa: ARG002
        import torch

        height, width = image.shape[:2]
        inverse = said.predicted_depth[0] * (width / self._focal_px(said, width, camera))
        at_size = torch.nn.functional.interpolate(inverse[None, None], size=(height, width), mode="bilinear")
        return 1 / at_size[0, 0].clamp(*RANGE)
