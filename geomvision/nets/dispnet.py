"""DispNet and DispNetC: FlowNet's plan for disparity (Mayer et al., CVPR 2016).

DispNet sees both images as six channels, and regresses. DispNetC makes features of each, compares those of one row with
the 41 that lie to the left in the other, and goes on with the result. Beside FlowNet, a convolution follows where
features are joined, and there is one finer estimate.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import Disparities, require_pair
from .blocks import Convolution, Deconvolution, steady
from .flownet import STAGES, Contraction, Unit

#: Sides are multiples of this.
STRIDE = 64
#: Disparities that DispNetC compares, of its features; they are a quarter of the size.
COMPARED = 41
#: Channels of the features raised to stages 5, 4, 3, 2 and 1; in units of twice the first stage's. Those of the
#: features of the left image that DispNetC passes on are as many as of the first stage.
RAISED = (16, 8, 4, 2, 1)


class DispNet(Contraction):
    """DispNet: estimates at 1/64, 1/32 … 1/2 of the size."""

    def __init__(self, *, width: int = 64, scale: float = 20.0) -> None:
        """The net.

        Args:
            width: channels of the first stage, even.
            scale: pixels of the images for a disparity of one, as the net predicts it.
        """
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError(f"width is {width}; it must be even, at least 2")
        self.scale = scale
        stages = [width * factor for factor in STAGES]
        self._first_part(stages)
        raised = [width // 2 * factor for factor in RAISED]
        before = [stages[5], *raised[:-1]]
        self.predict = nn.ModuleList(Convolution(channels, 1) for channels in (stages[5], *raised))
        self.features = nn.ModuleList(Deconvolution(a, b) for a, b in zip(before, raised, strict=True))
        self.join = nn.ModuleList(
            Convolution(fine + b + 1, b) for fine, b in zip(reversed(stages[:5]), raised, strict=True)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, 0.1)

    def _first_part(self, stages: list[int]) -> None:
        self._stages([6, *stages], (7, 5, 5, 3, 3, 3), stages[2], batch_norm=False)

    def forward(self, left: Tensor, right: Tensor) -> Disparities:
        """Disparity of the left images, both (B, 3, H, W) RGB, 0 … 255; H and W multiples of 64."""
        return Disparities.of(self, self.estimates(left, right))

    def estimates(self, left: Tensor, right: Tensor) -> Iterator[tuple[Tensor, int]]:
        """Disparity of each level from coarse to fine, (B, 1, h, w) in pixels of its size, and the level."""
        require_pair(left, right)
        height, width = left.shape[2:]
        if height % STRIDE or width % STRIDE:
            raise ValueError(f"images are {height} x {width} pixels; sides must be multiples of {STRIDE}: pad them")
        pair = [(2 * (images / 255) - 1).contiguous(memory_format=torch.channels_last) for images in (left, right)]
        *finer, seen = self._contracted(*pair)
        disparity = self._predicted(0, seen)
        yield self._in_pixels(disparity, 6), 6
        for k, fine in enumerate(reversed(finer)):
            raised = functional.leaky_relu(self.features[k](seen), 0.1)
            upsampled = functional.interpolate(disparity, scale_factor=2.0, mode="bilinear", align_corners=False)
            seen = functional.leaky_relu(self.join[k](torch.cat([fine, raised, upsampled], dim=1)), 0.1)
            disparity = self._predicted(k + 1, seen)
            yield self._in_pixels(disparity, 5 - k), 5 - k

    @staticmethod
    def raised(disparity: Tensor, level: int) -> Tensor:
        """An estimate at full size, bilinear."""
        factor = float(1 << level)
        raised: Tensor = functional.interpolate(disparity, scale_factor=factor, mode="bilinear", align_corners=False)
        return raised * factor

    def _predicted(self, k: int, seen: Tensor) -> Tensor:
        """Of one channel, torch's convolution depends on the number of threads."""
        with steady(seen, self.training, at_all_sizes=True):
            disparity: Tensor = self.predict[k](seen)
        return disparity

    def _in_pixels(self, disparity: Tensor, level: int) -> Tensor:
        return disparity.float() * (self.scale / (1 << level))

    def _contracted(self, left: Tensor, right: Tensor) -> list[Tensor]:
        """Features of stages 1 to 6."""
        first = self.down[0](torch.cat([left, right], dim=1))
        second = self.down[1](first)
        return [first, second, *self._further(self.down[2](second))]


class DispNetC(DispNet):
    """DispNetC: of disparities up to 160 pixels it compares features; beyond, it knows what context tells."""

    def _first_part(self, stages: list[int]) -> None:
        self.redirect = Unit(stages[1], stages[0], 1, 1, False)
        self._stages([3, *stages], (7, 5, 5, 3, 3, 3), stages[2], batch_norm=False)
        self.down[2] = Unit(stages[0] + COMPARED, stages[2], 5, 2, False)

    def _contracted(self, left: Tensor, right: Tensor) -> list[Tensor]:
        """Features of stages 1 to 6, the first two of the left image alone."""
        first = self.down[0](left)
        second = self.down[1](first)
        other = self.down[1](self.down[0](right))
        costs = ops.correlation_volume(second.float(), other.float(), max_disparity=COMPARED)
        joined = torch.cat([self.redirect(second), functional.leaky_relu(costs, 0.1)], dim=1)
        return [first, second, *self._further(self.down[2](joined))]
