"""A U-Net that takes a pair for one image of six channels (Ronneberger, Fischer & Brox, MICCAI 2015).

Nothing in it compares the views: what lies at the same place in both is joined by the first convolution, and that a
match lies so many pixels to the left is for the weights to learn, for every disparity anew. It is the naive baseline.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._estimates import Disparities, require_pair
from .blocks import Convolution, Deconvolution, Pointwise, steady

#: Times that the size is halved; sides are multiples of 2 to this power.
HALVINGS = 4
STRIDE = 1 << HALVINGS


class UNetStereo(nn.Module):
    """The paper's net, 31 million parameters, with zeros beyond the border and one channel out: the disparity.

    A disparity depends on columns of either view that are no farther than 107 pixels.
    """

    def __init__(self, *, width: int = 64, scale: float = 20.0) -> None:
        """The net.

        Args:
            width: channels at full size; each halving doubles them.
            scale: pixels for a disparity of one, as the last layer says it.
        """
        super().__init__()
        if width < 1:
            raise ValueError(f"width is {width}; it must be at least 1")
        self.scale = scale
        widths = [width << level for level in range(HALVINGS + 1)]
        self.down = nn.ModuleList(_Twice(a, b) for a, b in zip((6, *widths), widths, strict=False))
        self.raise_ = nn.ModuleList(Deconvolution(2 * each, each, size=2) for each in reversed(widths[:-1]))
        self.up = nn.ModuleList(_Twice(2 * each, each) for each in reversed(widths[:-1]))
        self.predict = Pointwise(width, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight)  # the paper's section 3

    def forward(self, left: Tensor, right: Tensor) -> Disparities:
        """Disparity of the left images, both (B, 3, H, W) RGB, 0 … 255; H and W multiples of 16."""
        return Disparities.of(self, self.estimates(left, right))

    def estimates(self, left: Tensor, right: Tensor) -> Iterator[tuple[Tensor]]:
        """The only estimate, (B, 1, H, W), pixels."""
        require_pair(left, right)
        height, width = left.shape[2:]
        if height % STRIDE or width % STRIDE:
            raise ValueError(f"images are {height} x {width} pixels; sides must be multiples of {STRIDE}: pad them")
        x = (2 * (torch.cat([left, right], dim=1) / 255) - 1).contiguous(memory_format=torch.channels_last)
        skips = []
        for level, layers in enumerate(self.down):
            x = layers(functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for raising, layers in zip(self.raise_, self.up, strict=True):
            x = layers(torch.cat([skips.pop(), raising(x)], dim=1))
        with steady(x, self.training, at_all_sizes=True):  # of one channel, torch's depends on threads
            yield (self.scale * self.predict(x).float(),)

    @staticmethod
    def raised(disparity: Tensor) -> Tensor:
        """The estimate, which has the size of the images."""
        return disparity


class _Twice(nn.Module):
    """Two convolutions, each under ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, outputs)
        self.second = Convolution(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W)."""
        x = functional.relu(self.first(x), inplace=True)
        return functional.relu(self.second(x), inplace=True)
