"""The nets that can be taught: what makes each, where it is, and the sizes of images that it takes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class TaughtNet:
    """A net that can be taught."""

    make: type[nn.Module]
    #: Sides of images are multiples of `stride`, and no shorter than `least`.
    stride: int
    least: int

    @property
    def path(self) -> str:
        """Where the net is, as cards name it."""
        return f"{self.make.__module__}.{self.make.__qualname__}"

    def fitted(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) of any size with their border repeated, below and at the right, to a size it takes."""
        height, width = images.shape[2:]
        rows, columns = (max(self.least, -(-side // self.stride) * self.stride) for side in (height, width))
        return functional.pad(images, (0, columns - width, 0, rows - height), mode="replicate")
