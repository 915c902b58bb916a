"""RAFT: flow by a recurrent unit that looks up correlations again and again (Teed & Deng, ECCV 2020).

`RAFT` and `RAFTSmall` are the nets of the paper; weights of its authors fit through `geomvision.nets.public_raft`.
What the recurrent unit makes of the context is computed once, not in every iteration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from .blocks import Pointwise
from .correlation import CORRELATIONS, Correlation, correlation
from .raft_encoder import Encoder
from .raft_update import MotionEncoder, Recurrent

#: Image pixels for one of the features, and the levels of the correlation pyramid: sides of images are multiples of
#: the one, and no shorter than `LEAST`.
STRIDE = 8
LEVELS = 4
LEAST = STRIDE << (LEVELS - 1)


@dataclass(frozen=True)
class Flows:
    """What a flow net returns."""

    #: (B, 2, H, W), pixels (x, y).
    flow: Tensor
    #: The last estimate before it was raised to full size, (B, 2, h, w), in pixels of its own size.
    coarse: Tensor
    #: All estimates at full size while training, else none. The last is `flow`.
    steps: tuple[Tensor, ...] = ()
    #: While training, what a net that compares all pixels compared: features of images 0 and 1, (B, C, h, w).
    features: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """What distinguishes RAFT from RAFT-S."""

    #: Of the encoder's first convolution and its three stages.
    stages: tuple[int, int, int, int]
    #: Two convolutions in a block, or three of which the middle one is narrow.
    bottleneck: bool
    features: int
    hidden: int
    context: int
    radius: int
    #: Convolutions of the correlations; of the flow; and where both meet.
    motion: tuple[tuple[int, ...], tuple[int, int], int]
    head: int
    #: The recurrent unit's kernels (height, width), one after the other.
    kernels: tuple[tuple[int, int], ...]
    context_norm: str
    #: Whether the flow is raised by learned convex sums, or bilinearly.
    convex: bool


class RAFT(nn.Module):
    """RAFT, 5.3 million parameters."""

    sizes = Sizes(
        stages=(64, 64, 96, 128),
        bottleneck=False,
        features=256,
        hidden=128,
        context=128,
        radius=4,
        motion=((256, 192), (128, 64), 126),
        head=256,
        kernels=((1, 5), (5, 1)),
        context_norm="batch",
        convex=True,
    )

    def __init__(self, correlation: Correlation = "lookup", enlarge: int = 1) -> None:
        """`enlarge`: how many times as high and wide images become first; the flow has the size of what is given."""
        super().__init__()
        if correlation not in CORRELATIONS:
            raise ValueError(f"correlation is {correlation!r}; allowed are {', '.join(map(repr, CORRELATIONS))}")
        if enlarge not in (1, 2, 4):
            raise ValueError(f"enlarge is {enlarge!r}; allowed are 1, 2 and 4")
        self.correlation: Correlation = correlation
        self.enlarge = enlarge
        s = self.sizes
        self.features = Encoder(s.stages, s.features, bottleneck=s.bottleneck, norm="instance")
        self.context = Encoder(s.stages, s.hidden + s.context, bottleneck=s.bottleneck, norm=s.context_norm)
        self.motion = MotionEncoder(LEVELS * (2 * s.radius + 1) ** 2, *s.motion)
        self.recurrent = Recurrent(s.hidden, s.context, s.motion[2] + 2, s.kernels)
        self.head = nn.Sequential(
            nn.Conv2d(s.hidden, s.head, 3, padding=1), nn.ReLU(), nn.Conv2d(s.head, 2, 3, padding=1)
        )
        if s.convex:
            width = 9 * STRIDE**2
            self.mask = nn.Sequential(nn.Conv2d(s.hidden, 256, 3, padding=1), nn.ReLU(), Pointwise(256, width))

    def forward(
        self,
        images0: Tensor,
        images1: Tensor,
        *,
        iterations: int = 12,
        initial: Tensor | None = None,
        tolerance: float = 0.0,
    ) -> Flows:
        """Flow from images 0 to images 1.

        Args:
            images0: (B, 3, H, W) RGB, 0 … 255; H and W multiples of 8, at least 64.
            images1: of the same shape.
            iterations: of the recurrent unit.
            initial: where to begin, as `coarse` of a result, in pixels of its own size; None begins at zero.
            tolerance: end before when an iteration changes no flow by more than this, pixels; 0 never does.
        """
        steps, flow, coarse = [], None, None
        compared: list[Tensor] | None = [] if self.training else None
        for coarse, hidden in self.estimates(
            images0, images1, iterations=iterations, initial=initial, tolerance=tolerance, compared=compared
        ):
            flow = None
            if self.training:
                flow = self.raised(coarse, hidden)
                steps.append(flow)
        if coarse is None:
            raise ValueError(f"iterations is {iterations}; it must be at least 1")
        flow = self.raised(coarse, hidden) if flow is None else flow
        return Flows(flow=flow, coarse=coarse, steps=tuple(steps), features=tuple(compared or ()))

    def estimates(
        self,
        images0: Tensor,
        images1: Tensor,
        *,
        iterations: int,
        initial: Tensor | None,
        tolerance: float,
        compared: list[Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """After each iteration the flow at an eighth of the (enlarged) size, and the hidden state that `raised` takes.

        What was correlated is appended to `compared`, if there is such a list.
        """
        _check(images0, images1)
        zero = self._scaled(images0)
        context = self.context(zero)
        hidden, context = context.split([self.sizes.hidden, self.sizes.context], dim=1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        features = self._encoded(zero, self._scaled(images1))
        if compared is not None:
            compared.extend(features)
        del zero
        look_up = correlation(self.correlation, *features, radius=self.sizes.radius, levels=LEVELS)
        del features
        recurrent = self.recurrent.prepared(context)
        here = _places(hidden)
        flow = here.new_zeros(here.shape).expand(len(hidden), -1, -1, -1)
        if initial is not None:
            flow = flow + initial.float()
        for _ in range(iterations):
            flow = flow.detach()
            motion = self.motion(look_up(here + flow), flow)
            hidden = self.recurrent(hidden, motion, recurrent)
            change = self.head(hidden).float()
            flow = flow + change
            yield flow, hidden
            if tolerance > 0 and float(change.detach().abs().max()) * STRIDE / self.enlarge <= tolerance:
                return

    def encoded(self, images0: Tensor, images1: Tensor) -> tuple[Tensor, ...]:
        """The features of both images that are correlated, (B, C, h, w) as `coarse`, and nothing else."""
        _check(images0, images1)
        return self._encoded(self._scaled(images0), self._scaled(images1))

    def _encoded(self, *scaled: Tensor) -> tuple[Tensor, ...]:
        # One image after the other: half the memory of both at once.
        return tuple(self.features(image).float() for image in scaled)

    def raised(self, flow: Tensor, hidden: Tensor) -> Tensor:
        """The flow at full size: the mean of the enlarged pixels that one is made of."""
        if self.sizes.convex:
            logits: Tensor = 0.25 * self.mask(hidden).float()
            found = ops.convex_upsample(STRIDE * flow, logits, factor=STRIDE, outside="zero")
        else:
            found = functional.interpolate(STRIDE * flow, scale_factor=STRIDE, mode="bilinear", align_corners=True)
        return found if self.enlarge == 1 else functional.avg_pool2d(found, self.enlarge) / self.enlarge

    def _scaled(self, images: Tensor) -> Tensor:
        scaled = 2 * (images / 255) - 1
        if self.enlarge > 1:
            scaled = functional.interpolate(scaled, scale_factor=self.enlarge, mode="bilinear", align_corners=False)
        return scaled.contiguous(memory_format=torch.channels_last)


class RAFTSmall(RAFT):
    """RAFT-S, 1.0 million parameters: bottleneck blocks, one recurrent step of 3 x 3, a bilinear end."""

    sizes = Sizes(
        stages=(32, 32, 64, 96),
        bottleneck=True,
        features=128,
        hidden=96,
        context=64,
        radius=3,
        motion=((96,), (64, 32), 80),
        head=128,
        kernels=((3, 3),),
        context_norm="none",
        convex=False,
    )


def _places(like: Tensor) -> Tensor:
    """(1, 2, h, w): x and y of each pixel."""
    height, width = like.shape[-2:]
    y = torch.arange(height, dtype=torch.float32, device=like.device)
    x = torch.arange(width, dtype=torch.float32, device=like.device)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])[None]


def _check(images0: Tensor, images1: Tensor) -> None:
    if images0.shape != images1.shape or images0.ndim != 4 or images0.shape[1] != 3:
        raise ValueError(f"images are {tuple(images0.shape)} and {tuple(images1.shape)}; both must be (B, 3, H, W)")
    height, width = images0.shape[2:]
    if height % STRIDE or width % STRIDE or min(height, width) < LEAST:
        raise ValueError(
            f"images are {height} x {width} pixels; sides must be multiples of {STRIDE}, at least {LEAST}: pad them"
        )
