"""RAFT-S in torch's own modules, layouts and functions, as its authors write it (Teed & Deng, ECCV 2020): a peer.

Like theirs it needs images of which the last level of the pyramid has two pixels a side: 128 pixels.
"""

from __future__ import annotations

from typing import Any

import torch
import torch_peers
from torch import Tensor, nn
from torch.nn import functional

from geomvision.nets.raft import LEVELS, STRIDE, Flows, RAFTSmall


class PlainRAFT(nn.Module):
    """Takes the weights of a net of ours; all else is done here."""

    def __init__(self, net: RAFTSmall) -> None:
        super().__init__()
        self.net = net.to(memory_format=torch.contiguous_format)

    def forward(self, images0: Tensor, images1: Tensor, *, iterations: int) -> Flows:
        """Flow from images 0 to images 1, (B, 3, H, W)."""
        net, sizes = self.net, self.net.sizes
        images = [2 * (image / 255) - 1 for image in (images0, images1)]
        features = encoded(net.features, torch.cat(images)).chunk(2)
        hidden, context = encoded(net.context, images[0]).split([sizes.hidden, sizes.context], 1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        pyramid = torch_peers.all_pairs(*features, LEVELS)
        height, width = hidden.shape[2:]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        here = torch.stack([x, y]).to(hidden)[None]
        flow = torch.zeros_like(here).repeat(len(hidden), 1, 1, 1)
        for _ in range(iterations):
            motion = moved(net.motion, torch_peers.lookup(pyramid, here + flow, sizes.radius), flow)
            hidden = updated(net.recurrent, hidden, torch.cat([context, motion], 1))
            flow = flow + net.head(hidden)
        full = functional.interpolate(STRIDE * flow, scale_factor=STRIDE, mode="bilinear", align_corners=True)
        return Flows(flow=full, coarse=flow, steps=())


def encoded(encoder: Any, x: Tensor) -> Tensor:
    """What an encoder makes of images."""
    x = functional.relu(encoder.norm(encoder.enter(x)))
    for block in encoder.blocks:
        y = x
        for convolution, norm in zip(block.convolutions, block.norms, strict=True):
            y = functional.relu(norm(convolution(y)))
        x = functional.relu((block.skip(x) if hasattr(block, "skip") else x) + y)
    found: Tensor = encoder.leave(x)
    return found


def moved(encoder: Any, seen: Tensor, flow: Tensor) -> Tensor:
    """Features of motion: of correlations and flow."""
    motion = flow
    for convolution in encoder.seen:
        seen = functional.relu(convolution(seen))
    for convolution in encoder.moved:
        motion = functional.relu(convolution(motion))
    return torch.cat([functional.relu(encoder.join(torch.cat([seen, motion], 1))), flow], 1)


def updated(unit: Any, hidden: Tensor, x: Tensor) -> Tensor:
    """The unit's next state."""
    for update, reset, candidate in zip(unit.update, unit.reset, unit.candidate, strict=True):
        both = torch.cat([hidden, x], 1)
        z, r = torch.sigmoid(update(both)), torch.sigmoid(reset(both))
        hidden = (1 - z) * hidden + z * torch.tanh(candidate(torch.cat([r * hidden, x], 1)))
    return hidden
