"""What goes on matching in `flow_refiner`: features to compare, looks at them, and the unit that makes use of these."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import ops
from ._memory import again, joined
from .blocks import Convolution, Pointwise, steady

#: A look at the other frame: pixels of features either way, at so many levels.
RADIUS, LEVELS = 4, 3


class UpdateUnit(nn.Module):
    """A convolutional gated recurrent unit (Cho et al., EMNLP 2014) and what it says of the estimate."""

    #: The base's answer and the first estimate less the one so far, and this itself, bent: x and y of each.
    HELD = 6

    def __init__(self, context: int, hidden: int) -> None:
        super().__init__()
        self.start = Convolution(context, hidden)
        self.seen = Pointwise(LEVELS * (2 * RADIUS + 1) ** 2, hidden)
        self.held = Convolution(self.HELD, 16)
        self.join = Convolution(hidden + 16, hidden)
        self.gates = Convolution(2 * hidden + context, 2 * hidden)
        self.candidate = Convolution(2 * hidden + context, hidden)
        self.change = Convolution(hidden, 2)
        nn.init.zeros_(self.change.weight)
        assert self.change.bias is not None
        nn.init.zeros_(self.change.bias)

    def prepared(self, context: Tensor) -> Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]:
        """From the state, what is seen and what is held to the change of the estimate and the next state."""
        gates, candidate = self.gates.beside(context), self.candidate.beside(context)

        def update(state: Tensor, seen: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
            looked = joined([self.seen(seen, relu=True), self.held(held, relu=True)])
            looked = self.join(looked, relu=True)
            # Torch's functions have other last bits where the share of a thread ends.
            opened = gates(joined([state, looked]))
            with steady(opened, self.training, at_all_sizes=True):
                renewed, reset = again(torch.sigmoid, opened).chunk(2, dim=1)
            proposed = candidate(joined([again(torch.mul, reset, state), looked]))
            with steady(opened, self.training, at_all_sizes=True):
                state = again(torch.lerp, state, again(torch.tanh, proposed), renewed)
            return self.change(state), state

        return update


def even(features: Tensor) -> Tensor:
    """Root mean square 1 over channels, float32. Zero stays zero."""
    features = features.float()
    scale = torch.rsqrt(again(torch.square, features).mean(dim=1, keepdim=True) + 1e-6)
    return again(torch.mul, features, scale)


def looking(features0: Tensor, features1: Tensor, size: int) -> Callable[[Tensor], Tensor]:
    """From an estimate (B, 2, h, w), pixels of the full size, to the products around where it points."""
    look_up = ops.CorrelationLookup(features0, features1, radius=RADIUS, levels=LEVELS)
    height, width = features0.shape[2:]
    y = torch.arange(height, dtype=torch.float32, device=features0.device)
    x = torch.arange(width, dtype=torch.float32, device=features0.device)
    here = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])[None]

    def found(estimate: Tensor) -> Tensor:
        products: Tensor = look_up(here + estimate / size)
        return products

    return found
