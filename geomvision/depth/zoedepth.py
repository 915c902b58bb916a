"""ZoeDepth, by transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..cameras import Camera
from ..method import option
from ._adapted import RGB, Checkpoint, bicubic
from ._answers import Kind
from ._hub import KNOWN_AS, WEIGHTS
from ._transformers import TransformersDepth

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINTS = {f"Intel/zoedepth-{data}": Checkpoint("metric", "MIT", True) for data in ("nyu-kitti", "nyu", "kitti")}


@dataclass(frozen=True, kw_only=True)
class ZoeDepth(TransformersDepth):
    """ZoeDepth (Bhat et al., 2023) of `transformers`: metric bins on a relative net.

    Metres of cameras like those of NYU and KITTI. The border is mirrored before, and cut off after.
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = CHECKPOINTS
    model_type: ClassVar[str] = "zoedepth"
    architecture: ClassVar[str] = "ZoeDepthForDepthEstimation"
    processor: ClassVar[str] = "ZoeDepthImageProcessorPil"

    weights: str = option("Intel/zoedepth-nyu-kitti", WEIGHTS)
    known_as: str = option("", KNOWN_AS, choices=("", *CHECKPOINTS))

    def _kind(self, config: Mapping[str, Any]) -> Kind:  # noqa: ARG002
        return "metric"

    def _seen(self, processor: Any, image: RGB) -> Tensor:
        found: Tensor = processor(images=image, return_tensors="pt", input_data_format="channels_last")["pixel_values"]
        return found

    def _raised(self, said: Any, processor: Any, image: RGB, camera: Camera | None) -> Tensor:  # noqa: ARG002
        height, width = image.shape[:2]
        top, left = (int(np.sqrt(side / 2) * 3) if processor.do_pad else 0 for side in (height, width))
        values = bicubic(said.predicted_depth[0], (height + 2 * top, width + 2 * left))
        return values[top : top + height, left : left + width]
