"""PSMNet: pooling in regions, a volume of both views' features, stacked hourglasses (Chang & Chen, CVPR 2018).

Weights of others fit through `geomvision.nets.public_psmnet`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._volume_net import VolumeNet
from .blocks import Pointwise
from .blocks_3d import Entrance, Head, Hourglass, Normed, resized
from .residual_features import Reduced, Residuals, initialised

#: Sides of the regions whose means are features, too, in pixels of a quarter of the size.
REGIONS = (64, 32, 16, 8)
HOURGLASSES = 3


class PSMNet(VolumeNet):
    """PSMNet with stacked hourglasses, 5.2 million parameters; each head adds to what those before it said."""

    corners: ClassVar[bool] = True

    def __init__(self, *, width: int = 32, blocks: Sequence[int] = (3, 16, 3, 3)) -> None:
        """`width` is the channels of features and of the volume's layers, `blocks` those of the four stages."""
        super().__init__()
        self.features = Residuals(width, blocks)
        self.regions = nn.ModuleList(Normed(Pointwise(4 * width, width, bias=False)) for _ in REGIONS)
        self.reduced = Reduced(10 * width, 4 * width, width)
        self.entrance = Entrance(2 * width, width)
        self.hourglasses = nn.ModuleList(_Stacked(width, 2 * width, beside=False) for _ in range(HOURGLASSES))
        self.heads = nn.ModuleList(Head(width) for _ in range(HOURGLASSES))
        initialised(self)

    def _likely(
        self,
        left: Tensor,
        right: Tensor,
        candidates: int,
        every: bool,  # noqa: ARG002
        corners: bool,
    ) -> Iterator[Tensor]:
        views = self._features(left, corners), self._features(right, corners)
        volume = ops.concatenated_volume(*views, max_disparity=candidates)
        del views
        entered = self.entrance(volume)
        del volume
        out, half, raised, said = entered, None, None, None
        for hourglass, head in zip(self.hourglasses, self.heads, strict=True):
            out, now, raised = hourglass(out, half, raised)
            half = now if half is None else half  # the first one's, for all that follow
            out = out + entered
            said = head(out) if said is None else head(out) + said
            yield said

    def _features(self, images: Tensor, corners: bool) -> Tensor:
        """Normalised (B, 3, H, W) → (B, width, H / 4, W / 4)."""
        raw, _, deep = self.features(images)
        size = (deep.shape[2], deep.shape[3])
        means = []
        for side, region in zip(REGIONS, self.regions, strict=True):
            mean = functional.avg_pool2d(deep, (min(side, size[0]), min(side, size[1])))
            if self.training and mean.numel() == mean.shape[1]:
                told = f"a single image of {4 * size[0]} x {4 * size[1]} pixels has one region of {4 * side} alone"
                raise ValueError(f"{told}, and no statistics of one; train on at least two at once, or on larger ones")
            means.append(resized(functional.relu(region(mean)), size, corners=corners))
        reduced: Tensor = self.reduced(torch.cat([raw, deep, *reversed(means)], dim=1))
        return reduced


class _Stacked(Hourglass):
    """An hourglass that sees what the first one and the one before it made at half the size."""

    def forward(self, x: Tensor, first: Tensor | None, before: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """(B, C, D, H, W) → the same shape, and what it makes at half the size on the ways down and up."""
        half = self.down[1](functional.relu(self.down[0](x), inplace=True))
        half = functional.relu(half if before is None else half + before)
        deep = functional.relu(self.down[2](half), inplace=True)
        deep = functional.relu(self.down[3](deep), inplace=True)
        raised = functional.relu(self.up[0](deep) + (half if first is None else first))
        return self.up[1](raised), half, raised
