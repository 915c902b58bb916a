"""Residual nets of bottlenecks, as ResNet-50 and 101 (He et al., CVPR 2016), dilated where asked."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Convolution, Pointwise
from .blocks_3d import Normed

#: Channels that leave a bottleneck, over those within.
EXPANSION = 4


class Bottlenecks(nn.Module):
    """From normalised images to 32 `width` channels at 1/32 of their size, or larger where stages are dilated."""

    def __init__(
        self,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 6, 3),
        *,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] = (1, 1, 1, 1),
        deep_stem: bool = False,
    ) -> None:
        """`blocks`: their number in each stage; `deep_stem`: three 3×3 convolutions for the first one of 7×7."""
        super().__init__()
        deep = ((3, width, 3, 2), (width, width, 3, 1), (width, 2 * width, 3, 1))
        plan = deep if deep_stem else ((3, width, 7, 2),)
        self.enter = nn.ModuleList(
            Normed(Convolution(a, b, size=kernel, stride=stride, bias=False)) for a, b, kernel, stride in plan
        )
        inputs, stages = plan[-1][1], []
        for level, (count, stride, dilation) in enumerate(zip(blocks, strides, dilations, strict=True)):
            layers = []
            for k in range(count):
                layers.append(Bottleneck(inputs, width << level, stride if k == 0 else 1, dilation))
                inputs = EXPANSION * width << level
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        self.channels = inputs

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, channels, H / 32, W / 32), sides rounded up."""
        x = images.contiguous(memory_format=torch.channels_last)
        for layer in self.enter:
            x = functional.relu(layer(x), inplace=True)
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        for stage in self.stages:
            x = stage(x)
        return x


class Bottleneck(nn.Module):
    """ReLU(x + f(x)), f of three convolutions, the middle one of 3×3 on few channels; at first f gives nothing."""

    def __init__(self, inputs: int, inner: int, stride: int, dilation: int) -> None:
        super().__init__()
        outputs = EXPANSION * inner
        self.stride = stride
        self.reduce = Normed(Pointwise(inputs, inner, bias=False))
        self.look = Normed(Convolution(inner, inner, stride=stride, dilation=dilation, bias=False))
        self.expand = Normed(Pointwise(inner, outputs, bias=False))
        if stride != 1 or inputs != outputs:
            self.skip = Normed(Pointwise(inputs, outputs, bias=False))
        nn.init.zeros_(self.expand.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, 4 inner, H / stride, W / stride)."""
        y = functional.relu(self.reduce(x), inplace=True)
        y = self.expand(functional.relu(self.look(y), inplace=True))
        if hasattr(self, "skip"):
            x = self.skip(x[:, :, :: self.stride, :: self.stride])
        return functional.relu(x + y)
