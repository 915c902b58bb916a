"""ResNet-18 without what classifies: features at 1/2, 1/4 … 1/32 of the size (He et al., CVPR 2016, table 1)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Convolution
from .blocks_3d import Normed

#: Channels of the features from fine to coarse, in units of the first.
WIDTHS = (1, 1, 2, 4, 8)
#: What the smallest features divide the size by.
STRIDE = 32
#: Of images of 0 … 1, as Monodepth2 and what follows it take them; close to ImageNet's of the three colours.
MEAN, DEVIATION = 0.45, 0.225


def normalised(images: Tensor) -> Tensor:
    """(B, C, H, W), 0 … 255, less a mean and divided by a deviation, in the layout that convolutions are fastest in."""
    return ((images / 255 - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


class ResNet18(nn.Module):
    """The net up to its last block, 11.2 million parameters; of several images joined along channels, if need be."""

    def __init__(self, *, width: int = 64, images: int = 1) -> None:
        """`width` is the number of channels of the finest features, `images` how many are joined."""
        super().__init__()
        for name, value in (("width", width), ("images", images)):
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")
        self.widths = tuple(width * times for times in WIDTHS)
        self.enter = Normed(Convolution(3 * images, width, size=7, stride=2, bias=False))
        self.stages = nn.ModuleList(
            nn.Sequential(_Block(a, b, stride=2 if k else 1), _Block(b, b, stride=1))
            for k, (a, b) in enumerate(pairwise(self.widths))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> list[Tensor]:
        """Normalised (B, 3 · images, H, W) → five maps of features from fine to coarse, (B, widths[k], H / 2^(k+1), …).

        Sides that cannot be halved are rounded up.
        """
        found = [functional.relu(self.enter(images))]
        x = functional.max_pool2d(found[0], 3, stride=2, padding=1)
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


class _Block(nn.Module):
    """ReLU(x + f(x)), f two convolutions with a rectifier between."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.first = Normed(Convolution(inputs, outputs, stride=stride, bias=False))
        self.second = Normed(Convolution(outputs, outputs, bias=False))
        if stride != 1 or inputs != outputs:
            self.skip = Normed(Convolution(inputs, outputs, size=1, stride=stride, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(functional.relu(self.first(x), inplace=True))
        return functional.relu(y + (self.skip(x) if hasattr(self, "skip") else x))
