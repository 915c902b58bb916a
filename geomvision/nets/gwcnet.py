"""GwcNet: a volume of group-wise correlations, with both views' features or without (Guo et al., CVPR 2019).

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
from .blocks_3d import Entrance, Head, Hourglass
from .residual_features import Reduced, Residuals, initialised

HOURGLASSES = 3


class GwcNet(VolumeNet):
    """GwcNet-GC, 6.9 million parameters, or GwcNet-G; a head before the hourglasses and one after each."""

    corners: ClassVar[bool] = False

    def __init__(
        self, *, joined: int = 12, groups: int = 40, width: int = 32, blocks: Sequence[int] = (3, 16, 3, 3)
    ) -> None:
        """The net.

        Args:
            joined: channels of each view that stand beside correlations in the volume; 0 is GwcNet-G.
            groups: of channels that are correlated; they must divide 10 times `width`.
            width: channels of the first features, and of the volume's layers.
            blocks: of the four stages of features.
        """
        super().__init__()
        self.groups = groups
        self.features = Residuals(width, blocks)
        if joined:
            self.reduced = Reduced(10 * width, 4 * width, joined)
        self.entrance = Entrance(groups + 2 * joined, width)
        self.hourglasses = nn.ModuleList(_Skipping(width, 4 * width, beside=True) for _ in range(HOURGLASSES))
        self.heads = nn.ModuleList(Head(width) for _ in range(HOURGLASSES + 1))
        initialised(self)

    def _likely(
        self,
        left: Tensor,
        right: Tensor,
        candidates: int,
        every: bool,
        corners: bool,  # noqa: ARG002
    ) -> Iterator[Tensor]:
        out = self.entrance(self._volume(left, right, candidates))
        if every:
            yield self.heads[0](out)
        for k, hourglass in enumerate(self.hourglasses, start=1):
            out = hourglass(out)
            if every or k == HOURGLASSES:
                yield self.heads[k](out)

    def _volume(self, left: Tensor, right: Tensor, candidates: int) -> Tensor:
        first, second = (torch.cat(self.features(images), dim=1) for images in (left, right))
        volume: Tensor = ops.group_wise_volume(first, second, max_disparity=candidates, groups=self.groups)
        if not hasattr(self, "reduced"):
            return volume
        views = self.reduced(first), self.reduced(second)
        return torch.cat([volume, ops.concatenated_volume(*views, max_disparity=candidates)], dim=1)


class _Skipping(Hourglass):
    """An hourglass whose way up sees its own way down through 1×1×1 convolutions."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → the same shape."""
        half = functional.relu(self.down[0](x), inplace=True)
        half = functional.relu(self.down[1](half), inplace=True)
        deep = functional.relu(self.down[2](half), inplace=True)
        deep = functional.relu(self.down[3](deep), inplace=True)
        raised = functional.relu(self.up[0](deep) + self.beside[1](half), inplace=True)
        return functional.relu(self.up[1](raised) + self.beside[0](x), inplace=True)
