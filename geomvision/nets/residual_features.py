"""Features of PSMNet, which GwcNet took over: residual blocks to a quarter of the size (Chang & Chen, CVPR 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Convolution, Pointwise
from .blocks_3d import Normed

#: Of images as these nets take them: per channel of 0 … 1, red, green, blue.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
#: Of the four stages: what their first block divides the size by, their dilation, their width.
STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 1, 2)
WIDTHS = (1, 2, 4, 4)


def normalised(images: Tensor) -> Tensor:
    """(B, 3, H, W) RGB 0 … 255, less the mean of ImageNet and divided by its deviation."""
    mean, deviation = (images.new_tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    return (images / 255 - mean) / deviation


def filled_up(images: Tensor, multiple: int) -> Tensor:
    """Normalised images with zeros above and at the right, up to sides that are multiples."""
    height, width = images.shape[2:]
    return functional.pad(images, (0, -width % multiple, -height % multiple, 0))


class Residuals(nn.Module):
    """From an image to features at a quarter of its size, 2, 4 and 4 times `width` channels."""

    def __init__(self, width: int = 32, blocks: Sequence[int] = (3, 16, 3, 3)) -> None:
        """`blocks` is their number in each of the four stages."""
        super().__init__()
        enter = ((3, 2), (width, 1), (width, 1))
        self.enter = nn.ModuleList(Normed(Convolution(a, width, stride=stride, bias=False)) for a, stride in enter)
        widths = (width, *(width * times for times in WIDTHS))
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Block(a if k == 0 else b, b, stride if k == 0 else 1, dilation) for k in range(count)))
            for (a, b), stride, dilation, count in zip(pairwise(widths), STRIDES, DILATIONS, blocks, strict=True)
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised (B, 3, H, W) → what the last three stages make, each (B, channels, H / 4, W / 4)."""
        x = images.contiguous(memory_format=torch.channels_last)
        for layer in self.enter:
            x = functional.relu(layer(x), inplace=True)
        first = self.stages[1](self.stages[0](x))
        second = self.stages[2](first)
        return first, second, self.stages[3](second)


class _Block(nn.Module):
    """x + f(x), f two convolutions with a rectifier between."""

    def __init__(self, inputs: int, outputs: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = Normed(Convolution(inputs, outputs, stride=stride, dilation=dilation, bias=False))
        self.second = Normed(Convolution(outputs, outputs, dilation=dilation, bias=False))
        if stride != 1 or inputs != outputs:
            self.skip = Normed(Pointwise(inputs, outputs, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(functional.relu(self.first(x), inplace=True))
        return y + (self.skip(x[:, :, :: self.stride, :: self.stride]) if hasattr(self, "skip") else x)


class Reduced(nn.Module):
    """Features of several kinds, joined to few channels."""

    def __init__(self, inputs: int, between: int, outputs: int) -> None:
        super().__init__()
        self.join = Normed(Convolution(inputs, between, bias=False))
        self.leave = Pointwise(between, outputs, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W)."""
        y: Tensor = self.leave(functional.relu(self.join(features), inplace=True))
        return y


def initialised(net: nn.Module) -> None:
    """Convolutions at random, scaled by what they give to (He et al., ICCV 2015); none where weights follow anyway."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
