"""RAFT-Stereo's levels: a context and a recurrent unit at each of several sizes (Lipson, Teed & Deng, 3DV 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import steady
from .raft_encoder import Block, Trunk, begin
from .raft_update import Prepared, Recurrent


class Context(Trunk):
    """What each level begins with and what it is told in every iteration; each is half the size of the one before."""

    def __init__(
        self, stages: tuple[int, int, int, int], hidden: int, *, levels: int, halvings: int, norm: str
    ) -> None:
        super().__init__(stages, bottleneck=False, norm=norm, halvings=halvings)
        width = stages[-1]
        self.deeper = nn.ModuleList(
            nn.Sequential(*(Block(width, width, stride, bottleneck=False, norm=norm) for stride in (2, 1)))
            for _ in range(levels - 1)
        )
        self.ends = nn.ModuleList(
            nn.ModuleList(self._end(level, width, hidden, norm) for _ in range(2)) for level in range(levels)
        )
        begin(self)

    @staticmethod
    def _end(level: int, width: int, hidden: int, norm: str) -> nn.Sequential:
        """The coarsest of three levels has no block of its own."""
        blocks = [Block(width, width, 1, bottleneck=False, norm=norm)] if level < 2 else []
        return nn.Sequential(*blocks, nn.Conv2d(width, hidden, 3, padding=1))

    def levels(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Of the trunk's features: each level's first hidden state, and its context, from fine to coarse."""
        hidden, context = [], []
        for level, end in enumerate(self.ends):
            if level:
                x = self.deeper[level - 1](x)
            hidden.append(torch.tanh(end[0](x)))  # type: ignore[index]
            context.append(torch.relu(end[1](x)))  # type: ignore[index]
        return hidden, context


class Level(Recurrent):
    """A gated recurrent unit of 3 x 3 whose share of the context has a convolution and biases of its own."""

    def __init__(self, hidden: int, inputs: int) -> None:
        super().__init__(hidden, 0, inputs, ((3, 3),))
        self.told = nn.Conv2d(hidden, 3 * hidden, 3, padding=1)

    def prepared(self, context: Tensor) -> list[Prepared]:
        """What `forward` takes beside state and inputs; the same in all iterations."""
        with steady(context, self.training):
            share = self.told(context)
        (update,), (reset,), (candidate,) = self.update, self.reset, self.candidate
        gates = torch.cat([update.weight, reset.weight]).contiguous(memory_format=torch.channels_last)  # type: ignore[list-item]
        biases = torch.cat([gate.bias for gate in (update, reset, candidate)])  # type: ignore[misc]
        share = share + biases.view(1, -1, 1, 1)
        gates_share, candidate_share = share.split([2 * self.hidden, self.hidden], dim=1)
        return [Prepared(gates, gates_share, candidate.weight, candidate_share)]  # type: ignore[arg-type]


def halved(x: Tensor) -> Tensor:
    """Means over 3 x 3, every other one; beyond the border are zeros."""
    with steady(x, x.requires_grad):
        return functional.avg_pool2d(x, 3, stride=2, padding=1)


def like(x: Tensor, finer: Tensor) -> Tensor:
    """At the size of the finer level, bilinear from corner to corner."""
    with steady(x, x.requires_grad):
        return functional.interpolate(x, size=finer.shape[2:], mode="bilinear", align_corners=True)
