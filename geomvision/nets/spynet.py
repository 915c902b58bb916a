"""SPyNet: the change of flow at each level of an image pyramid by a small net of its own (Ranjan & Black, CVPR 2017).

Weights of others fit through `geomvision.nets.public_spynet`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import Estimator, Full, fitted, stretched
from .blocks import Convolution

LEVELS = 6
#: Sides of images are stretched to multiples of this.
STRIDE = 1 << (LEVELS - 1)
#: Of images of 0 … 1: of ImageNet's red, green and blue.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class SPyNet(Estimator):
    """SPyNet, 1.44 million parameters: estimates at 1/32, 1/16 … 1 of the size."""

    def __init__(self, *, widths: Sequence[int] = (32, 64, 32, 16), coarsest: int = 32) -> None:
        """The net.

        Args:
            widths: channels of the layers between the eight that a level sees and the flow.
            coarsest: images are halved while a side is longer than this, five times at most. So smaller images have
                fewer levels, which the nets of the coarsest ones take. With 0 all have six levels.
        """
        super().__init__()
        self.coarsest = coarsest
        self.levels = nn.ModuleList(
            nn.ModuleList(Convolution(a, b, size=7) for a, b in pairwise((8, *widths, 2))) for _ in range(LEVELS)
        )

    def estimates(self, images0: Tensor, images1: Tensor) -> Iterator[tuple[Tensor, Full]]:
        """Flow of each level from coarse to fine, (B, 2, h, w) in pixels of its size, and how it becomes full size.

        Images are stretched to sides that are multiples of 32.
        """
        first, second = (self._pyramid(images) for images in stretched(images0, images1, STRIDE))
        size = (images0.shape[2], images0.shape[3])
        flow = None
        for image0, image1, layers in zip(first, second, self.levels, strict=False):
            if flow is None:
                flow = image0.new_zeros(len(image0), 2, *image0.shape[2:])
            else:
                flow = 2 * functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
            warped = ops.warp(image1, flow, outside="border")
            flow = flow + _change(layers, torch.cat([image0, warped, flow], dim=1)).float()
            yield fitted(flow, size)

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        """Normalised images from coarse to fine."""
        mean, deviation = (images.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        found = [(images / 255 - mean) / deviation]
        while len(found) < LEVELS and max(found[-1].shape[2:]) > self.coarsest:
            found.append(functional.avg_pool2d(found[-1], 2))
        return found[::-1]


def _change(layers: nn.Module, x: Tensor) -> Tensor:
    *first, last = layers.children()
    for layer in first:
        x = functional.relu(layer(x))
    y: Tensor = last(x)
    return y
