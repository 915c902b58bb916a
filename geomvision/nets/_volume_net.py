"""What PSMNet and GwcNet share: any size of images, several heads, one estimate of each, the last of which counts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .. import ops
from ._estimates import require_pair
from .blocks_3d import confidence, regressed
from .residual_features import filled_up, normalised

#: Sides of images, and the number of disparities, must be multiples of this inside.
STRIDE = 16
#: Pixels for a voxel of the volume, along all three sides.
VOXEL = 4
#: Pixels. How far from the estimate a disparity is taken for the same by the confidence: one voxel.
WITHIN = 4.0


@dataclass(frozen=True)
class Regressed:
    """What a net of volumes gives: disparity and confidence (B, 1, H, W); in training the disparity of each head."""

    disparity: Tensor
    confidence: Tensor | None
    steps: tuple[Tensor, ...]


class VolumeNet(nn.Module):
    """A net of a volume at a quarter of the size, in disparities too."""

    #: How the volume is raised to full size: whether first and last voxels fall together with first and last pixels.
    corners: ClassVar[bool]

    def forward(self, left: Tensor, right: Tensor, disparities: int = 192) -> Regressed:
        """Disparity of the left images, both (B, 3, H, W) RGB, 0 … 255, of any size.

        Raises ValueError where they are no such pair, or the number of disparities is no multiple of 16.
        """
        found = list(self.estimates(left, right, disparities, every=self.training))
        if self.training:
            steps = tuple(self._disparity(likely, size) for _, likely, size, _ in found)
            return Regressed(steps[-1], None, steps)
        maps = self.raised(*found[-1])
        return Regressed(maps[:, :1], maps[:, 1:], ())

    def estimates(
        self, left: Tensor, right: Tensor, disparities: int, *, every: bool = False, corners: bool | None = None
    ) -> Iterator[tuple[Tensor, Tensor, tuple[int, int], bool]]:
        """A rough estimate by each head that is asked, in pixels of a quarter of the size, and what `raised` needs.

        `every` asks all heads, also those that only training does; `corners` takes the place of the net's own.
        """
        require_pair(left, right)
        if disparities < STRIDE or disparities % STRIDE:
            raise ValueError(f"disparities is {disparities}; it must be a multiple of {STRIDE}, at least one")
        size = (left.shape[2], left.shape[3])
        left, right = (filled_up(normalised(images), STRIDE) for images in (left, right))
        corners = self.corners if corners is None else corners
        for said in self._likely(left, right, disparities // VOXEL, every, corners):
            likely = said.float()  # a mean of two hundred disparities in half precision is good to a pixel
            yield ops.soft_argmin(-likely)[:, None], likely, size, corners

    @abstractmethod
    def _likely(self, left: Tensor, right: Tensor, candidates: int, every: bool, corners: bool) -> Iterator[Tensor]:
        """What each head says of the voxels, (B, candidates, H / 4, W / 4), larger where likelier."""

    @staticmethod
    def raised(_estimate: Tensor, likely: Tensor, size: tuple[int, int], corners: bool) -> Tensor:
        """Disparity, and the probability of those within 4 pixels of it, at the size of the images: (B, 2, H, W)."""
        full = _full(likely)
        disparity = regressed(likely, full, corners=corners)
        sure = confidence(likely, disparity, full, corners=corners, within=WITHIN)
        return _cut(torch.cat([disparity, sure], dim=1), size)

    def _disparity(self, likely: Tensor, size: tuple[int, int]) -> Tensor:
        return _cut(regressed(likely, _full(likely), corners=self.corners), size)


def _full(likely: Tensor) -> tuple[int, int, int]:
    disparities, height, width = (VOXEL * side for side in likely.shape[1:])
    return disparities, height, width


def _cut(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Without what was filled up above and at the right."""
    height, width = size
    return maps[:, :, maps.shape[2] - height :, :width]
