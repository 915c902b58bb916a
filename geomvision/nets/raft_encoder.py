"""RAFT's encoders: an image to features at an eighth of its size, or a quarter (Teed & Deng, ECCV 2020, appendix)."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Convolution, Pointwise

#: Of all channels, these fill a part of the second cache.
PIXELS_AT_ONCE = 4096


def normalisation(kind: str, channels: int) -> nn.Module:
    """ "instance" without parameters, "batch", or "none"."""
    if kind == "instance":
        return nn.InstanceNorm2d(channels)
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


def activated(norm: nn.Module, x: Tensor) -> Tensor:
    """ReLU of x normalised; without gradients in x's own memory, of which `instance_norm` makes copies on a CPU."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return functional.relu(norm(x))
    slow = isinstance(norm, nn.InstanceNorm2d) and x.device.type == "cpu" and x.dtype == torch.float32
    if slow and x.is_contiguous(memory_format=torch.channels_last):
        return _normalised(x, cast(nn.InstanceNorm2d, norm).eps).relu_()
    return functional.relu(norm(x), inplace=True)


def _normalised(x: Tensor, eps: float) -> Tensor:
    """Each channel of each image to mean 0 and variance 1, in its own memory, so many pixels at a time as caches hold.

    Sums are of differences to the first pixels' mean: those of the values themselves would cancel.
    """
    for image in x.permute(0, 2, 3, 1).flatten(1, 2):
        parts = image.split(PIXELS_AT_ONCE)
        first = parts[0].mean(0)
        apart = (part - first for part in parts)
        sums = torch.stack([torch.stack([part.sum(0), part.square_().sum(0)]) for part in apart]).double().sum(0)
        mean, square = sums / len(image)
        scale = (square - mean.square() + eps).rsqrt().to(x.dtype)
        offset = -scale * (first + mean).to(x.dtype)
        for part in parts:
            part.mul_(scale).add_(offset)
    return x


class Block(nn.Module):
    """x + f(x), all under ReLU; f two convolutions, or three around a quarter of the channels."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, bottleneck: bool, norm: str) -> None:
        super().__init__()
        narrow = outputs // 4
        widths = (inputs, narrow, narrow, outputs) if bottleneck else (inputs, outputs, outputs)
        strides, sizes = ((1, stride, 1), (1, 3, 1)) if bottleneck else ((stride, 1), (3, 3))
        self.convolutions = nn.ModuleList(
            Pointwise(a, b) if size == 1 else nn.Conv2d(a, b, size, stride=step, padding=size // 2)
            for (a, b), step, size in zip(pairwise(widths), strides, sizes, strict=True)
        )
        self.norms = nn.ModuleList(normalisation(norm, width) for width in widths[1:])
        if stride != 1:
            self.skip = nn.Sequential(Convolution(inputs, outputs, size=1, stride=stride), normalisation(norm, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H / stride, W / stride)."""
        y = x
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            y = activated(norm, convolution(y))
        skip = self.skip(x) if hasattr(self, "skip") else x
        return functional.relu(skip + y) if torch.is_grad_enabled() else y.add_(skip).relu_()


class Trunk(nn.Module):
    """Three stages of two blocks each after a 7 x 7 convolution; the last two stages halve the size.

    So does the convolution, unless the size is to be halved but twice.
    """

    def __init__(self, stages: tuple[int, int, int, int], *, bottleneck: bool, norm: str, halvings: int = 3) -> None:
        super().__init__()
        if halvings not in (2, 3):
            raise ValueError(f"halvings is {halvings}; allowed are 2 and 3")
        self.enter = nn.Conv2d(3, stages[0], 7, stride=halvings - 1, padding=3)
        self.norm = normalisation(norm, stages[0])
        blocks = []
        for stage, (inputs, width) in enumerate(pairwise(stages)):
            stride = 1 if stage == 0 else 2
            blocks.append(Block(inputs, width, stride, bottleneck=bottleneck, norm=norm))
            blocks.append(Block(width, width, 1, bottleneck=bottleneck, norm=norm))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, stages[-1], H / 2^halvings, W / 2^halvings)."""
        y: Tensor = self.blocks(activated(self.norm, self.enter(images)))
        return y


class Encoder(Trunk):
    """A trunk, and a 1 x 1 convolution."""

    def __init__(
        self, stages: tuple[int, int, int, int], outputs: int, *, bottleneck: bool, norm: str, halvings: int = 3
    ) -> None:
        super().__init__(stages, bottleneck=bottleneck, norm=norm, halvings=halvings)
        self.leave = Pointwise(stages[-1], outputs)
        begin(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, outputs, H / 2^halvings, W / 2^halvings)."""
        y: Tensor = self.leave(super().forward(images))
        return y


def begin(encoder: nn.Module) -> None:
    """Weights of convolutions at random (He et al., ICCV 2015)."""
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
