"""RAFT's recurrent unit: what it sees of motion, and how it remembers (Teed & Deng, ECCV 2020, section 3.3)."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Pointwise, steady


class MotionEncoder(nn.Module):
    """Correlations and flow to features of motion; the flow itself is their last two channels."""

    def __init__(self, correlations: int, seen: tuple[int, ...], moved: tuple[int, int], outputs: int) -> None:
        super().__init__()
        first = Pointwise(correlations, seen[0])
        self.seen = nn.ModuleList([first, *(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(seen))])
        self.moved = nn.ModuleList([nn.Conv2d(2, moved[0], 7, padding=3), nn.Conv2d(*moved, 3, padding=1)])
        self.join = nn.Conv2d(seen[-1] + moved[-1], outputs, 3, padding=1)

    def forward(self, correlations: Tensor, flow: Tensor) -> Tensor:
        """(B, correlations, h, w) and (B, 2, h, w) → (B, outputs + 2, h, w)."""
        with steady(flow, self.training):
            return self._encoded(correlations, flow)

    def _encoded(self, correlations: Tensor, flow: Tensor) -> Tensor:
        seen = correlations.contiguous(memory_format=torch.channels_last)
        for convolution in self.seen:
            seen = functional.relu(convolution(seen), inplace=True)
        moved = flow = flow.contiguous(memory_format=torch.channels_last)
        for convolution in self.moved:
            moved = functional.relu(convolution(moved), inplace=True)
        joined = functional.relu(self.join(torch.cat([seen, moved], dim=1)), inplace=True)
        return torch.cat([joined, flow.to(joined.dtype)], dim=1)


class Prepared(NamedTuple):
    """One step of the unit with the context's share of its sums computed: update and reset gates together."""

    gates: Tensor
    gates_share: Tensor
    candidate: Tensor
    candidate_share: Tensor


class Recurrent(nn.Module):
    """Convolutional gated recurrent units, one for each kernel, each fed the one before (Cho et al., EMNLP 2014)."""

    def __init__(self, hidden: int, context: int, motion: int, kernels: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        self.hidden, self.context = hidden, context
        inputs = hidden + context + motion
        self.update, self.reset, self.candidate = (
            nn.ModuleList(nn.Conv2d(inputs, hidden, size, padding=(size[0] // 2, size[1] // 2)) for size in kernels)
            for _ in range(3)
        )

    def prepared(self, context: Tensor) -> list[Prepared]:
        """What `forward` takes beside state and motion; the same in all iterations."""
        found = []
        for update, reset, candidate in zip(self.update, self.reset, self.candidate, strict=True):
            (update_weight, update_bias), (reset_weight, reset_bias), last = map(
                _parameters, (update, reset, candidate)
            )
            gates = torch.cat([update_weight, reset_weight]), torch.cat([update_bias, reset_bias])
            found.append(Prepared(*self._split(*gates, context), *self._split(*last, context)))
        return found

    def forward(self, hidden: Tensor, motion: Tensor, prepared: list[Prepared]) -> Tensor:
        """The next state, (B, hidden, h, w)."""
        for step in prepared:
            gates = _added(step.gates_share, torch.cat([hidden, motion], dim=1), step.gates, self.training)
            with steady(gates, self.training, at_all_sizes=True):  # torch's has other last bits at the ends of threads
                update, reset = torch.sigmoid(gates).chunk(2, dim=1)
            seen = torch.cat([reset * hidden, motion], dim=1)
            candidate = torch.tanh(_added(step.candidate_share, seen, step.candidate, self.training))
            hidden = torch.lerp(hidden, candidate.to(hidden.dtype), update.to(hidden.dtype))
        return hidden

    def _split(self, weight: Tensor, bias: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """The weights of state and motion, and what the context adds to their sums."""
        own, shared, rest = torch.tensor_split(weight, (self.hidden, self.hidden + self.context), dim=1)
        with steady(context, self.training):
            share = functional.conv2d(context, shared, bias, padding=_padding(weight))
        weights = torch.cat([own, rest], dim=1).contiguous(memory_format=torch.channels_last)
        return weights, share


def _parameters(module: nn.Module) -> tuple[Tensor, Tensor]:
    assert isinstance(module, nn.Conv2d)
    assert module.bias is not None
    return module.weight, module.bias


def _added(share: Tensor, x: Tensor, weight: Tensor, training: bool) -> Tensor:
    with steady(x, training):
        return functional.conv2d(x, weight, padding=_padding(weight)).add_(share)


def _padding(weight: Tensor) -> tuple[int, int]:
    return weight.shape[2] // 2, weight.shape[3] // 2
