"""A net that sees edges of things beside disparity, and lets them guide it (after Song et al., ACCV 2018; IJCV 2020).

As in EdgeStereo, one trunk serves both tasks: an edge branch with side outputs (as of HED: Xie & Tu, ICCV 2015) raises
its features, and the disparity branch begins with them beside correlations along rows and features of the left view;
then a residual pyramid sharpens the disparity from coarse to fine, and looks at each size at what the warped right view
still gets wrong. It is smaller than the paper's, whose trunk is VGG's, and learns on scenes alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import require_pair
from .blocks import Convolution, Down, Pointwise, Residual, Up, steady
from .blocks_3d import resized

#: Sides are multiples of this.
STRIDE = 32
#: Sizes as powers of two: the coarsest estimate, and that at which features are compared.
COARSEST, COMPARED = 5, 2
#: Pixels of the images that count as one where disparity is given to a convolution.
UNIT = 32.0


@dataclass(frozen=True)
class Edged:
    """What the net returns."""

    #: (B, 1, H, W), pixels, and the probability of an edge.
    disparity: Tensor
    edges: Tensor
    #: All estimates at full size while training, else none. The last is `disparity`.
    steps: tuple[Tensor, ...] = ()


class EdgeStereo(nn.Module):
    """Disparity from 1/32 of the size to all of it, and edges."""

    def __init__(self, *, width: int = 32, candidates: int = 48) -> None:
        """The net.

        Args:
            width: channels at half the size, at least 2.
            candidates: disparities that are compared, in pixels of a quarter of the size; more is for context to tell.
        """
        super().__init__()
        if width < 2 or candidates < 1:
            raise ValueError(f"width is {width}, candidates {candidates}; they must be at least 2 and 1")
        self.candidates = candidates
        self.enter = Convolution(3, width, size=5, stride=2)
        self.first = Residual(width)
        self.second = Down(width, 2 * width)
        self.edges = EdgeBranch(width)
        self.passed = Pointwise(2 * width, width)
        self.join = Convolution(candidates + 3 * width, 3 * width)
        plan = ((3, 3), (3, 4), (4, 4))
        dilations = ((1,), (1,), (1, 2, 4))
        self.down = nn.ModuleList(Down(a * width, b * width, d) for (a, b), d in zip(plan, dilations, strict=True))
        self.begin = Convolution(4 * width, 1)
        rising = ((4, 4), (4, 3), (3, 3), (3, 1))
        self.up = nn.ModuleList(Up(a * width, b * width) for a, b in rising)
        self.last = Pointwise(width, max(1, width // 2))
        views = (2 * width, 2 * width, 2 * width, width, 3)
        seen = (*(b * width for _, b in rising), max(1, width // 2))
        self.heads = nn.ModuleList(_Head(a + b + 2, width) for a, b in zip(seen, views, strict=True))

    def forward(self, left: Tensor, right: Tensor) -> Edged:
        """Disparity and edges of the left images, both (B, 3, H, W) RGB, 0 … 255; H and W multiples of 32."""
        steps = [self.raised(*each) for each in self.estimates(left, right)]
        kept = tuple(step[:, :1] for step in steps) if self.training else ()
        return Edged(steps[-1][:, :1], steps[-1][:, 1:], kept)

    def estimates(self, left: Tensor, right: Tensor) -> Iterator[tuple[Tensor, int, Tensor]]:
        """Disparity of each size from coarse to fine, (B, 1, h, w) in its own pixels, the size's power of two, and
        logits of edges (B, 4, H, W): the answer, and the sides that it is made of.
        """
        require_pair(left, right)
        height, width = left.shape[2:]
        if height % STRIDE or width % STRIDE:
            raise ValueError(f"images are {height} x {width} pixels; sides must be multiples of {STRIDE}: pad them")
        images = [(2 * (view / 255) - 1).contiguous(memory_format=torch.channels_last) for view in (left, right)]
        halves = [self.first(functional.relu(self.enter(image))) for image in images]
        quarters = [self.second(half) for half in halves]
        logits, cues = self.edges(halves[0], quarters[0])
        skips = [self._hybrid(quarters[0], quarters[1], cues)]
        for down in self.down:
            skips.append(down(skips[-1]))
        features = skips.pop()
        disparity = 2**COARSEST * self._of_one_channel(self.begin, features)
        yield disparity / 2**COARSEST, COARSEST, logits
        edges = torch.sigmoid(logits[:, :1])
        fine = [halves[0]]
        for level in range(COARSEST - 1, -1, -1):
            index = COARSEST - 1 - level
            if level:
                features = self.up[index](features, skips.pop() if skips else fine.pop())
            else:
                features = functional.relu(self.last(_raised(features, 2)))
            views = (images, halves, quarters)[min(level, COMPARED)]
            disparity = self._finer(index, level, disparity, features, views, edges)
            yield disparity / 2**level, level, logits

    @staticmethod
    def raised(disparity: Tensor, level: int, logits: Tensor) -> Tensor:
        """Disparity and probability of an edge at full size, (B, 2, H, W)."""
        full = _raised(disparity, 2**level) * 2.0**level
        return torch.cat([full, torch.sigmoid(logits[:, :1])], dim=1)

    def _hybrid(self, left: Tensor, right: Tensor, cues: Tensor) -> Tensor:
        """What is compared, the left view's features and those of its edges, at a quarter of the size."""
        costs = ops.correlation_volume(left.float(), right.float(), max_disparity=self.candidates)
        costs = functional.leaky_relu(costs, 0.1)
        joined: Tensor = self.join(torch.cat([costs, functional.relu(self.passed(left)), cues], dim=1))
        return functional.relu(joined)

    def _finer(
        self, index: int, level: int, before: Tensor, features: Tensor, views: list[Tensor], edges: Tensor
    ) -> Tensor:
        """The disparity, in pixels of the images, at twice its size: raised, and changed by what the views say."""
        disparity = _raised(before, 2)
        size = disparity.shape[2:]
        shrunk = [functional.avg_pool2d(view, view.shape[2] // size[0]).float() for view in views]
        moved = ops.warp_by_disparity(shrunk[1], disparity[:, 0].float() / 2**level, outside="border")
        wrong = (shrunk[0] - moved).abs()
        there = functional.max_pool2d(edges, 2**level)
        change: Tensor = self.heads[index](torch.cat([features, wrong, disparity / UNIT, there], dim=1))
        return disparity + 2.0**level * change.float()

    def _of_one_channel(self, layer: nn.Module, features: Tensor) -> Tensor:
        with steady(features, self.training, at_all_sizes=True):  # torch's depends on the number of threads
            found: Tensor = layer(features)
        return found.float()


class EdgeBranch(nn.Module):
    """Edges of the left view by its features at a half, a quarter and an eighth of the size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = Down(2 * width, 3 * width)
        self.up = nn.ModuleList((Up(3 * width, 2 * width), Up(2 * width, width)))
        self.sides = nn.ModuleList(Convolution(times * width, 1) for times in (3, 2, 1))
        self.fuse = Pointwise(3, 1)
        nn.init.constant_(self.fuse.weight, 1 / 3)  # as HED begins: each side counts alike

    def forward(self, half: Tensor, quarter: Tensor) -> tuple[Tensor, Tensor]:
        """Logits at full size, (B, 4, H, W), the fused first; and features for the disparity, (B, 2 width, h, w)."""
        eighth = self.down(quarter)
        cues = self.up[0](eighth, quarter)
        finest = self.up[1](cues, half)
        with steady(half, self.training, at_all_sizes=True):
            seen = zip(self.sides, (eighth, cues, finest), (8, 4, 2), strict=True)
            sides = torch.cat([_raised(side(x).float(), factor) for side, x, factor in seen], dim=1)
            return torch.cat([self.fuse(sides).float(), sides], dim=1), cues


class _Head(nn.Module):
    """What to add to a disparity, in pixels of its own size; nothing, before it has learned."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, width)
        self.last = Convolution(width, 1)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.first(x))
        with steady(x, self.training, at_all_sizes=True):
            change: Tensor = self.last(x)
        return change


def _raised(x: Tensor, factor: int) -> Tensor:
    return resized(x, (factor * x.shape[2], factor * x.shape[3]), corners=False) if factor > 1 else x
