"""A refiner that goes on matching: between its rough estimate and the sharp one it looks at the pair again.

Features of both views at a quarter of the size are compared along the row around the estimate so far, and a recurrent
unit corrects it, a few times (RAFT-Stereo: Lipson, Teed & Deng, 3DV 2021). RAFT-Stereo begins at zero and needs dozens
of updates; this begins at what semi-global matching and the refiner's wide view say, and needs few. Its last layers
begin at zero, so that it starts as the refiner whose weights it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._memory import again, joined, reusable
from .blocks import Convolution, Down, Pointwise
from .refiner import Evidence, Refiner, apart

#: Image pixels for one of the features, the reach of a look in pixels of features, and the levels that it sees.
QUARTER = 4
RADIUS = 4
LEVELS = 2

Layer = Callable[[Tensor], Tensor]
#: From the state, what is seen and what is held to the change of the estimate and the next state.
Update = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class FastStereo(Refiner):
    """`Refiner` with features of its own and a recurrent unit, 0.8 million parameters in all.

    Args:
        width: channels at full resolution; coarser levels have two and three times as many.
        reach: pixels that each step spreads the estimate along learned affinities.
        features: channels that are compared.
        hidden: channels of the unit's state.
        iterations: of the unit.
        trust: channels of the head that says how sure the answer is, see `Refiner`.
    """

    def __init__(
        self,
        width: int = 16,
        reach: Sequence[int] = (6, 3, 1),
        features: int = 48,
        hidden: int = 32,
        iterations: int = 3,
        trust: int = 0,
    ) -> None:
        super().__init__(width, reach, trust=trust)
        self.iterations = iterations
        self.matching = MatchingFeatures(features)
        self.unit = UpdateUnit(3 * width, hidden)

    def _coarse(self, seen: Evidence, quarter: Tensor) -> Tensor:
        estimate = self._rough(seen, quarter)
        look_up = self._compared(seen)
        known = [functional.avg_pool2d(part, QUARTER) for part in (seen.fills, seen.features[:, 4:6])]
        state, update = self.unit.begin(quarter)
        steps = [estimate]
        for _ in range(self.iterations):
            estimate = estimate.detach()
            frame = (estimate - seen.level) / seen.spread
            beside = apart(known[0], estimate)
            change, state = update(state, look_up(estimate), joined([frame, beside, known[1]]))
            estimate = estimate + QUARTER * change.float()
            steps.append(estimate)
        logits = self.unit.upsample(state, residual=self.upsample(quarter)).float()
        kept = steps if self.training else steps[-1:]
        return torch.cat([ops.convex_upsample(step, logits, factor=QUARTER) for step in kept], dim=1)

    def _compared(self, seen: Evidence) -> Callable[[Tensor], Tensor]:
        """From an estimate (B, 1, h, w), pixels of the full size, to the products around it, (B, ·, h, w)."""
        features = self.matching(torch.cat(seen.views)).chunk(2)  # both at once: fewer, larger loops
        levels = min(LEVELS, int(features[1].shape[3]).bit_length())
        look_up = ops.CorrelationLookup1D(*features, radius=RADIUS, levels=levels)
        columns = torch.arange(features[0].shape[3], dtype=torch.float32, device=features[0].device)

        def found(estimate: Tensor) -> Tensor:
            products: Tensor = look_up(columns - estimate[:, 0] / QUARTER)
            return products

        return found


class MatchingFeatures(nn.Module):
    """Features of one view at a quarter of the size, of length 1: what is compared does not depend on contrast."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.enter = Convolution(4, 24, stride=2)
        self.deeper = Down(24, features, (1, 2))
        self.leave = Pointwise(features, features)

    def forward(self, view: Tensor) -> Tensor:
        """(B, 4, H, W) to (B, features, H / 4, W / 4), float32, of mean square 1 over the channels."""
        x: Tensor = self.leave(self.deeper(self.enter(view, relu=True))).float()
        return again(torch.mul, x, torch.rsqrt(again(torch.square, x).mean(dim=1, keepdim=True) + 1e-6))


class UpdateUnit(nn.Module):
    """A convolutional gated recurrent unit (Cho et al., EMNLP 2014) and what it says of the estimate."""

    SEEN = LEVELS * (2 * RADIUS + 1)
    #: The estimate in its frame, five fills beside it, whether the matcher has one of its own, and how sure it is.
    HELD = 8

    def __init__(self, context: int, hidden: int) -> None:
        super().__init__()
        self.start = Convolution(context, hidden)
        self.seen = Pointwise(self.SEEN, 32)
        self.held = Convolution(self.HELD, 16)
        self.join = Convolution(32 + 16, 48)
        inputs = hidden + 48 + context
        self.gates = Convolution(inputs, 2 * hidden)
        self.candidate = Convolution(inputs, hidden)
        self.change = Convolution(hidden, 1)
        self.upsample = Pointwise(hidden, 9 * QUARTER**2)
        for last in (self.change, self.upsample):
            nn.init.zeros_(last.weight)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def begin(self, context: Tensor) -> tuple[Tensor, Update]:
        """The state before the first look, and what a look makes of it: see `forward`."""
        given = self.gates.beside(context), self.candidate.beside(context)
        return torch.tanh(self.start(context)), lambda state, seen, held: self(state, seen, held, *given)

    def forward(
        self, state: Tensor, seen: Tensor, held: Tensor, gates: Layer, candidate: Layer
    ) -> tuple[Tensor, Tensor]:
        """The change of the estimate, pixels of a quarter of the size, and the next state."""
        if seen.shape[1] < self.SEEN:  # where a level has no pixel
            seen = functional.pad(seen, (0, 0, 0, 0, 0, self.SEEN - seen.shape[1]))
        looked = joined([self.seen(seen, relu=True), self.held(held, relu=True)])
        looked = self.join(looked, relu=True)
        both = joined([state, looked])
        update, reset = again(torch.sigmoid, gates(both)).chunk(2, dim=1)
        if reusable(both):
            both[:, : state.shape[1]] *= reset
        else:
            both = torch.cat([reset * state, looked], dim=1)
        state = again(torch.lerp, state, again(torch.tanh, candidate(both)), update)
        return self.change(state), state
