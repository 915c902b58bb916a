"""What transformers' DPT and Depth Anything share: the image processor of DPT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..cameras import Camera
from ._adapted import RGB, bicubic
from ._transformers import TransformersDepth

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class DPTLike(TransformersDepth):
    """A net behind `DPTImageProcessor`.

    Where that adds zeros around the image, they are cut off again: the pipeline of transformers stretches them over the
    image, which shifts its depth.
    """

    processor: ClassVar[str] = "DPTImageProcessorPil"

    def _seen(self, processor: Any, image: RGB) -> Tensor:
        import torch

        unpadded = _unpadded(processor, image)
        (top, bottom), (left, right) = _around(processor, unpadded)
        return torch.nn.functional.pad(unpadded, (left, right, top, bottom))

    def _raised(self, said: Any, processor: Any, image: RGB, camera: Camera | None) -> Tensor:  # noqa: ARG002
        values: Tensor = said.predicted_depth[0]
        if processor.do_pad and processor.size_divisor:
            height, width = (unpadded := _unpadded(processor, image)).shape[2:]
            (top, bottom), (left, right) = _around(processor, unpadded)
            values = bicubic(values, (height + top + bottom, width + left + right))
            values = values[top : top + height, left : left + width]
        return bicubic(values, image.shape[:2])


def _unpadded(processor: Any, image: RGB) -> Tensor:
    found = processor(images=image, return_tensors="pt", input_data_format="channels_last", do_pad=False)
    values: Tensor = found["pixel_values"]
    return values


def _around(processor: Any, image: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros above and below, left and right."""
    divisor = processor.size_divisor if processor.do_pad and processor.size_divisor else 1
    added = [-side % divisor for side in image.shape[2:]]
    return (added[0] // 2, added[0] - added[0] // 2), (added[1] // 2, added[1] - added[1] // 2)
