"""RAFT-Stereo: disparity by recurrent units that look up correlations along rows (Lipson, Teed & Deng, 3DV 2021).

Weights of its authors fit through `geomvision.nets.public_raft_stereo`. Correlations are computed where they are looked
up: no volume is held. What the recurrent units make of the context is computed once, not in every iteration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from .. import ops
from ._estimates import Disparities, require_pair
from .blocks import Pointwise
from .raft_encoder import Block, Encoder, begin
from .raft_stereo_levels import Context, Level, halved, like
from .raft_update import MotionEncoder, Prepared

#: Levels of the correlation pyramid, and how far around the estimate each is looked at.
LOOKUPS, RADIUS = 4, 4
#: Of what the motion encoder makes of correlations, of the estimate, and of both.
MOTION = ((64, 64), (64, 64), 126)


class RAFTStereo(nn.Module):
    """RAFT-Stereo, 11.1 million parameters.

    It compares all columns of a row with one another: disparities have no range, and may be negative.
    """

    def __init__(
        self,
        *,
        levels: int = 3,
        halvings: int = 2,
        shared: bool = False,
        slow_fast: bool = False,
        context_norm: str = "batch",
        stages: Sequence[int] = (64, 64, 96, 128),
        hidden: int = 128,
        features: int = 256,
    ) -> None:
        """The net.

        Args:
            levels: of recurrent units, 1 to 3, each at half the size of the one before.
            halvings: of the image, down to the finest level: 2 or 3.
            shared: whether features are made of the context's trunk, or by an encoder of their own.
            slow_fast: whether coarse levels go on alone before each iteration.
            context_norm: normalisation of the context: "batch", "instance" or "none".
            stages: channels of an encoder's first convolution and its three stages.
            hidden: channels of the recurrent units.
            features: channels that are correlated.
        """
        super().__init__()
        if not 1 <= levels <= 3 or context_norm not in ("batch", "instance", "none"):
            given = f"levels is {levels}, context_norm is {context_norm!r}"
            raise ValueError(f"{given}; allowed are 1 to 3, and 'batch', 'instance' or 'none'")
        first, second, third, width = stages
        plan = (first, second, third, width)
        self.stride, self.slow_fast = 1 << halvings, slow_fast
        self.context = Context(plan, hidden, levels=levels, halvings=halvings, norm=context_norm)
        self.features: nn.Module = (
            nn.Sequential(
                Block(width, width, 1, bottleneck=False, norm="instance"), nn.Conv2d(width, features, 3, padding=1)
            )
            if shared
            else Encoder(plan, features, bottleneck=False, norm="instance", halvings=halvings)
        )
        self.shared = shared
        if shared:
            begin(self.features)
        self.motion = MotionEncoder(LOOKUPS * (2 * RADIUS + 1), *MOTION)
        coarser = [hidden * (level < levels - 1) for level in range(levels)]
        seen = [MOTION[2] + 2, *[hidden] * (levels - 1)]
        self.recurrent = nn.ModuleList(Level(hidden, a + b) for a, b in zip(seen, coarser, strict=True))
        self.head = nn.Sequential(nn.Conv2d(hidden, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 2, 3, padding=1))
        sums = 9 * self.stride**2
        self.mask = nn.Sequential(nn.Conv2d(hidden, 256, 3, padding=1), nn.ReLU(), Pointwise(256, sums))

    def forward(
        self,
        left: Tensor,
        right: Tensor,
        *,
        iterations: int = 12,
        initial: Tensor | None = None,
        tolerance: float = 0.0,
    ) -> Disparities:
        """Disparity of the left images.

        Args:
            left: (B, 3, H, W) RGB, 0 … 255; H and W multiples of 2^halvings, W at least 2^(halvings + 3).
            right: of the same shape.
            iterations: of the recurrent units.
            initial: where to begin, (B, 1, H / 2^halvings, W / 2^halvings), in pixels of that size; None: at zero.
            tolerance: end before when an iteration changes no disparity by more than this, pixels; 0 never does.
        """
        found = self.estimates(left, right, iterations=iterations, initial=initial, tolerance=tolerance)
        return Disparities.of(self, found, given=f"iterations is {iterations}; it must be at least 1")

    def estimates(
        self, left: Tensor, right: Tensor, *, iterations: int, initial: Tensor | None, tolerance: float
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """After each iteration the disparity at its own size, and the hidden state that `raised` takes."""
        self._check(left, right)
        features, hidden, context = self._encoded(*(self._scaled(images) for images in (left, right)))
        look_up = ops.CorrelationLookup1D(*features, radius=RADIUS, levels=LOOKUPS)
        prepared = [unit.prepared(told) for unit, told in zip(self.recurrent, context, strict=True)]  # type: ignore[operator]
        here = torch.arange(hidden[0].shape[3], dtype=torch.float32, device=left.device)
        moved = torch.zeros_like(hidden[0][:, :1], dtype=torch.float32)  # of a column in the right view
        if initial is not None:
            moved = moved - initial.float()
        for _ in range(iterations):
            moved = moved.detach()
            seen = look_up(here + moved[:, 0])
            motion = self.motion(seen, torch.cat([moved, torch.zeros_like(moved)], dim=1))
            if self.slow_fast:
                for finest in range(len(hidden) - 1, 0, -1):
                    hidden = self._stepped(hidden, None, prepared, finest)
            hidden = self._stepped(hidden, motion, prepared, 0)
            change = self.head(hidden[0])[:, :1].float()
            moved = moved + change
            yield -moved, hidden[0]
            if tolerance > 0 and float(change.detach().abs().max()) * self.stride <= tolerance:
                return

    def raised(self, disparity: Tensor, hidden: Tensor) -> Tensor:
        """The disparity at full size."""
        logits: Tensor = 0.25 * self.mask(hidden).float()
        return ops.convex_upsample(self.stride * disparity, logits, factor=self.stride, outside="zero")

    def _stepped(
        self, hidden: list[Tensor], motion: Tensor | None, prepared: list[list[Prepared]], finest: int
    ) -> list[Tensor]:
        """Levels from coarse to `finest` after a step, each told of its neighbours: the coarser one has stepped."""
        hidden = list(hidden)
        for level in range(len(hidden) - 1, finest - 1, -1):
            inputs = [motion if motion is not None and level == 0 else halved(hidden[level - 1])]
            if level + 1 < len(hidden):
                inputs.append(like(hidden[level + 1], hidden[level]))
            hidden[level] = self.recurrent[level](hidden[level], torch.cat(inputs, dim=1), prepared[level])
        return hidden

    def _encoded(self, left: Tensor, right: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Features of both views, and each level's hidden state and context. One view after the other: less memory."""
        trunk = self.context(left)
        hidden, context = self.context.levels(trunk)
        if self.shared:
            features = [self.features(trunk), self.features(self.context(right))]
        else:
            del trunk
            features = [self.features(left), self.features(right)]
        return [each.float() for each in features], hidden, context

    @staticmethod
    def _scaled(images: Tensor) -> Tensor:
        return (2 * (images / 255) - 1).contiguous(memory_format=torch.channels_last)

    def _check(self, left: Tensor, right: Tensor) -> None:
        require_pair(left, right)
        height, width = left.shape[2:]
        least = self.stride << (LOOKUPS - 1)
        if height % self.stride or width % self.stride or width < least:
            raise ValueError(
                f"images are {height} x {width} pixels; sides must be multiples of {self.stride}, and the width at"
                f" least {least}: pad them"
            )
