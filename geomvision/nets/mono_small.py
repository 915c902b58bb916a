"""A small net from one image to depth up to scale, told some depths or none: a U-Net with a view of the whole scene.

Depth from one image is a matter of context: where the floor ends, what stands on it, how large things look. So the
coarsest features are few and see far (dilated convolutions, and the mean of the whole map), and the way up restores
borders (Eigen et al., NeurIPS 2014; Ronneberger et al., MICCAI 2015). Zeros beyond the border of its convolutions tell
it where in the image it is (Islam et al., ICLR 2020), which is a cue here. Depths given at some pixels come in as two
dense maps, so that few and many look alike (Chen et al., ECCV 2018); their convolution has no bias: zeros tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Convolution, Pointwise, steady
from .blocks_3d import Normed
from .residual_features import initialised

#: Sides of images are multiples of this.
STRIDE = 32
#: Logarithms of depth stay within this, either way.
LARGEST = 8.0


class Relative(NamedTuple):
    """What the net returns: depth up to an unknown scale, (B, 1, H, W), coarse to fine."""

    estimates: tuple[Tensor, ...]


class MonoSmall(nn.Module):
    """Depth up to scale, 2.5 million parameters."""

    def __init__(self, *, width: int = 24, depths: tuple[int, ...] = (1, 2, 2, 3)) -> None:
        """The net.

        Args:
            width: channels at half the size; levels below have 2, 4, 5 and 5 times as many.
            depths: residual blocks at a quarter of the size and at each level below it.
        """
        super().__init__()
        if width < 1 or len(depths) != 4 or min(depths) < 1:
            raise ValueError(f"width is {width}, depths {depths}; width and each of four depths must be at least 1")
        widths = [width * times for times in (1, 2, 4, 5, 5)]
        self.enter = Normed(Convolution(3, width, size=5, stride=2, bias=False))
        self.given = Convolution(2, width, size=5, stride=2, bias=False)
        dilations = [(1,) * depths[0], (1,) * depths[1], (1, 2, 4)[: depths[2]], (1, 2, 4)[: depths[3]]]
        self.down = nn.ModuleList(_Down(a, b, d) for (a, b), d in zip(pairwise(widths), dilations, strict=True))
        self.whole = nn.Linear(widths[-1], widths[-1])
        self.up = nn.ModuleList(_Up(coarse, fine) for fine, coarse in reversed(list(pairwise(widths))))
        heads = [Pointwise(each, 1) for each in reversed(widths[:-1])]
        self.predict = nn.ModuleList(heads)
        initialised(self)
        nn.init.zeros_(self.given.weight)
        for head in heads:  # under a loss that knows no scale, what begins large changes slowly
            nn.init.normal_(head.weight, std=0.01)

    def forward(self, image: Tensor, given: Tensor | None = None) -> Relative:
        """Estimates at the size of the images, (B, 3, H, W) RGB, 0 … 255; H and W multiples of 32.

        `given` is what is known of depth, (B, 2, H, W): the logarithm that the nearest known pixel has, less their
        median, and how near it is, 0 … 1; an image with zeros in both is told nothing.
        """
        return Relative(tuple(self.raised(*each) for each in self.estimates(image, given)))

    def estimates(self, image: Tensor, given: Tensor | None = None) -> Iterator[tuple[Tensor, int]]:
        """Logarithms of depth (B, 1, h, w) at 1/16, 1/8, 1/4 and 1/2 of the size, and how often each is smaller."""
        height, width = image.shape[2:]
        if height % STRIDE or width % STRIDE:
            raise ValueError(f"images are {height} x {width} pixels; sides must be multiples of {STRIDE}: pad them")
        x = self.enter(normalised(image))
        x = functional.relu(x if given is None else x + self.given(given), inplace=True)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        x = functional.relu(x + self.whole(x.mean(dim=(2, 3)))[:, :, None, None])
        log_depth = None
        for k, (up, predict) in enumerate(zip(self.up, self.predict, strict=True)):
            x = up(x, skips.pop())
            finer = predict(x).float()
            log_depth = finer if log_depth is None else finer + _larger(log_depth, 2)
            yield log_depth, STRIDE >> (k + 1)

    @staticmethod
    def raised(log_depth: Tensor, times: int) -> Tensor:
        """The depth of an estimate at so many times its size; logarithms between pixels are bilinear."""
        return _larger(log_depth, times).clamp(-LARGEST, LARGEST).exp()


class _Down(nn.Module):
    """Half the size, then residual blocks (He et al., CVPR 2016)."""

    def __init__(self, inputs: int, outputs: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = Normed(Convolution(inputs, outputs, stride=2, bias=False))
        self.blocks = nn.Sequential(*(_Block(outputs, dilation) for dilation in dilations))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H/2, W/2)."""
        y: Tensor = self.blocks(functional.relu(self.enter(x), inplace=True))
        return y


class _Up(nn.Module):
    """Twice the size, joined with the finer features of the way down."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.reduce = Normed(Pointwise(coarse, fine, bias=False))
        self.block = _Block(fine)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(B, coarse, H/2, W/2) and (B, fine, H, W) → (B, fine, H, W)."""
        raised = functional.interpolate(self.reduce(coarse), scale_factor=2.0, mode="nearest")
        y: Tensor = self.block(functional.relu(raised + fine))
        return y


class _Block(nn.Module):
    """ReLU(x + f(x)), f two convolutions with batch normalisation."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = Normed(Convolution(channels, channels, dilation=dilation, bias=False))
        self.second = Normed(Convolution(channels, channels, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        return functional.relu(x + self.second(functional.relu(self.first(x), inplace=True)), inplace=True)


def _larger(maps: Tensor, times: int) -> Tensor:
    with steady(maps, training=False, at_all_sizes=True):
        return functional.interpolate(maps, scale_factor=float(times), mode="bilinear", align_corners=False)


def normalised(image: Tensor) -> Tensor:
    """(B, 3, H, W), 0 … 255, freed of the whole image's exposure: each image has mean 0 and deviation 1."""
    mean = image.mean(dim=(1, 2, 3), keepdim=True)
    deviation = (image - mean).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    y: Tensor = ((image - mean) / (deviation + 1.0)).contiguous(memory_format=torch.channels_last)
    return y
