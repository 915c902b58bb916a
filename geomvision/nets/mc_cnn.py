"""MC-CNN, fast architecture: a learned matching cost (Žbontar & LeCun, JMLR 2016, section 3.2).

Weights of others fit through `geomvision.nets.public_mc_cnn`.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class MCCNNFast(nn.Module):
    """Unit vectors of `channels` numbers for every pixel; their dot product says how alike two patches are.

    `layers` 3 x 3 convolutions without padding between ReLUs, none after the last: each vector sees a patch of
    2 · layers + 1 pixels, 11 x 11 by default. Beyond the border the border repeats.
    """

    def __init__(self, layers: int = 5, channels: int = 64) -> None:
        super().__init__()
        sizes = [1, *[channels] * layers]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in pairwise(sizes))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, H, W) grey, any scale: each image is brought to mean 0 and deviation 1. Returns (B, C, H, W)."""
        mean = images.mean((1, 2, 3), keepdim=True)
        deviation = images.std((1, 2, 3), keepdim=True, correction=0)
        x = (images - mean) / deviation.clamp_min(1e-6)
        x = functional.pad(x, [len(self.layers)] * 4, mode="replicate")
        for place, layer in enumerate(self.layers):
            x = layer(x if place == 0 else functional.relu(x))
        return functional.normalize(x, dim=1)


@torch.no_grad()
def similarity(left: Tensor, right: Tensor, disparity: int) -> Tensor:
    """(B, H, W) dot products of left (x, y) and right (x − disparity, y); 0 where the right view has none."""
    width = left.shape[3]
    found = left.new_zeros(left[:, 0].shape)
    begin, end = max(disparity, 0), width + min(disparity, 0)
    found[:, :, begin:end] = (left[..., begin:end] * right[..., begin - disparity : end - disparity]).sum(1)
    return found
