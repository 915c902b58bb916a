"""A small flow net that learns fast: pyramid, warping and cost volume of PWC-Net, one decoder for all levels.

After Sun et al. (CVPR 2018), with three changes. Features are of unit length before they are compared, so costs mean
the same at every level and one decoder serves all. It is fed its own state of the level before. The last estimate, at a
quarter of the size, is raised by learned convex sums (Teed & Deng, ECCV 2020). Flow is detached from level to level:
each level learns to mend what it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from .blocks import Convolution, Pointwise
from .raft import Flows

#: Sides of images are multiples of this, and no shorter.
STRIDE = 32
#: Image pixels for one of the finest flow.
FINEST = 4
RADIUS = 4
COSTS = (2 * RADIUS + 1) ** 2


class PWCSmall(nn.Module):
    """0.7 million parameters: flow at 1/32, 1/16, 1/8 and 1/4 of the size, then at full size."""

    def __init__(self, pyramid: tuple[int, ...] = (24, 32, 48, 64, 96), shared: int = 32, hidden: int = 32) -> None:
        super().__init__()
        self.hidden = hidden
        self.pyramid = nn.ModuleList(Stage(a, b) for a, b in pairwise((3, *pyramid)))
        self.shared = nn.ModuleList(Pointwise(width, shared) for width in pyramid[1:])
        self.decoder = _Decoder(COSTS + shared + 2 + hidden, hidden)
        self.context = _Context(hidden + self.decoder.KEPT)
        self.mask = nn.Sequential(Convolution(hidden, 64), _leaky(), Pointwise(64, 9 * FINEST**2))

    def forward(self, images0: Tensor, images1: Tensor) -> Flows:
        """Flow from images 0 to images 1, both (B, 3, H, W) RGB, 0 … 255; H and W multiples of 32."""
        *coarser, (flow, state) = self.estimates(images0, images1)
        full = self.raised(flow, state)
        if not self.training:
            return Flows(flow=full, coarse=flow)
        steps = [bilinear(level, images0.shape[3] // level.shape[3]) for level in (*(f for f, _ in coarser), flow)]
        return Flows(flow=full, coarse=flow, steps=(*steps, full))

    def estimates(self, images0: Tensor, images1: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Flow of each level from coarse to fine, (B, 2, h, w) in pixels of its size, and the decoder's state."""
        if images0.shape != images1.shape or images0.ndim != 4 or any(side % STRIDE for side in images0.shape[2:]):
            raise ValueError(
                f"images are {tuple(images0.shape)} and {tuple(images1.shape)}; both must be (B, 3, H, W) with sides"
                f" that are multiples of {STRIDE}: pad them"
            )
        levels = zip(self._features(images0), self._features(images1), strict=True)
        flow = state = None
        for level, (features0, features1) in enumerate(levels):
            if flow is None or state is None:
                flow = features0.new_zeros(len(features0), 2, *features0.shape[2:])
                state = features0.new_zeros(len(features0), self.hidden, *features0.shape[2:])
                warped = features1
            else:
                flow = bilinear(flow.detach(), 2)
                state = functional.interpolate(state, scale_factor=2.0, mode="nearest")
                warped = ops.warp(features1, flow, outside="zero")
            costs = ops.local_correlation(_unit(features0), _unit(warped), radius=RADIUS)
            seen = torch.cat([functional.leaky_relu(costs, 0.1), features0, flow / 8, state], dim=1)
            change, state, kept = self.decoder(seen.contiguous(memory_format=torch.channels_last))
            flow = flow + change.float()
            if level == len(self.shared) - 1:
                flow = flow + self.context(torch.cat([kept, state], dim=1)).float()
            yield flow, state

    def raised(self, flow: Tensor, state: Tensor) -> Tensor:
        """The finest flow at full size."""
        logits: Tensor = self.mask(state).float()
        return ops.convex_upsample(FINEST * flow, logits, factor=FINEST)

    def _features(self, images: Tensor) -> list[Tensor]:
        """Features from coarse to fine, each of `shared` channels, float32."""
        x = (images / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        found = []
        for level, stage in enumerate(self.pyramid):
            x = stage(x)
            if level > 0:
                found.append(self.shared[level - 1](x).float())
        return found[::-1]


class Stage(nn.Module):
    """Half the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = Convolution(inputs, outputs, stride=2)
        self.same = Convolution(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H / 2, W / 2)."""
        x = functional.leaky_relu(self.down(x), 0.1)
        return functional.leaky_relu(x + self.same(x), 0.1)


class _Decoder(nn.Module):
    """Each convolution sees the two before it; the change of flow, the new state, and what was before the state."""

    KEPT = 64

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, 96)
        self.second = Convolution(96, 64)
        self.third = Convolution(96 + 64, self.KEPT)
        self.fourth = Convolution(64 + self.KEPT, hidden)
        self.change = Convolution(self.KEPT + hidden, 2)
        _shrink(self.change)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first = functional.leaky_relu(self.first(x), 0.1)
        second = functional.leaky_relu(self.second(first), 0.1)
        third = functional.leaky_relu(self.third(torch.cat([first, second], dim=1)), 0.1)
        state = functional.leaky_relu(self.fourth(torch.cat([second, third], dim=1)), 0.1)
        return self.change(torch.cat([third, state], dim=1)), state, third


class _Context(nn.Sequential):
    """A wide view of the finest level by dilated convolutions."""

    def __init__(self, inputs: int) -> None:
        last = Convolution(32, 2)
        _shrink(last)
        super().__init__(
            Convolution(inputs, 48),
            _leaky(),
            Convolution(48, 48, dilation=2),
            _leaky(),
            Convolution(48, 48, dilation=4),
            _leaky(),
            Convolution(48, 32, dilation=8),
            _leaky(),
            last,
        )


def bilinear(flow: Tensor, factor: int) -> Tensor:
    """The flow at `factor` times the size, in pixels of that size."""
    return factor * functional.interpolate(flow, scale_factor=factor, mode="bilinear")


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.1)


def _shrink(convolution: nn.Conv2d) -> None:
    """A net begins with no flow: its first steps are not spent on undoing a random one."""
    assert convolution.bias is not None
    nn.init.normal_(convolution.weight, std=1e-3)
    nn.init.zeros_(convolution.bias)


def _unit(features: Tensor) -> Tensor:
    """Root mean square 1 over channels: the mean product of two is their cosine. Zero stays zero."""
    return features * torch.rsqrt(features.square().mean(dim=1, keepdim=True) + 1e-6)
