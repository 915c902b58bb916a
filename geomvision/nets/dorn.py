"""Depth as an ordered choice among intervals that widen with it (Fu et al., CVPR 2018)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Size, closer, require_images, require_positive, resized
from .blocks import Convolution, Pointwise, steady
from .bottlenecks import Bottlenecks
from .depth_bins import bin_edges, ordinal_depth
from .residual_features import initialised, normalised

#: The size of an image over that of its features, and the window over which those are averaged for the whole image.
STRIDE, WINDOW = 8, 8
DILATIONS = (6, 12, 18)


class Ordinal(NamedTuple):
    """What the net makes of images."""

    #: (B, 1, H, W), metres.
    depth: Tensor
    #: (B, K, H, W): log-odds that depth lies beyond bin k, as `losses.depth_ordinal` takes them.
    logits: Tensor


class DORN(nn.Module):
    """The paper's net: a dilated ResNet-101, a full-image encoder, pyramid pooling, and ordinal regression.

    It looks at images of one size alone, whatever theirs, since its full-image encoder has a weight for each place.
    """

    def __init__(
        self,
        *,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 23, 3),
        bins: int = 68,
        near: float = 0.657,
        far: float = 9.972,
        start: float | None = None,
        size: Size = (257, 353),
        dropout: float = 0.5,
    ) -> None:
        """The net; defaults are those of the authors' net for NYU Depth V2.

        Args:
            width: channels of the first convolution; the branches of the scene understanding have 8 times as many.
            blocks: bottlenecks in each of the four stages of the encoder.
            bins: intervals of depth.
            near: where the first begins, metres.
            far: where the last ends, metres.
            start: depth, metres, that the nearest is moved to before logarithms are taken; None leaves it.
            size: height and width of the images that it looks at, pixels.
            dropout: share of values that is left out in training.
        """
        super().__init__()
        require_positive(width=width, height=size[0], columns=size[1])
        self.size = (size[0], size[1])
        self._bins: tuple[int, float, float, float | None] = (bins, near, far, start)
        _ = self.edges  # refuses what cannot be
        self.encoder = Bottlenecks(width, blocks, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), deep_stem=True)
        inner, outer = self.encoder.channels, 8 * width
        cells = math.prod(max(1, -(-_eighth(side) // WINDOW)) for side in size)
        self.whole = nn.Linear(cells * inner, outer)
        self.spread = Pointwise(outer, outer)
        self.branches = nn.ModuleList(
            _Branch(inner, outer, kernel, dilation) for kernel, dilation in ((1, 1), *((3, each) for each in DILATIONS))
        )
        self.join = Pointwise(5 * outer, 32 * width)
        self.predict = Pointwise(32 * width, 2 * bins)
        self.dropout = nn.Dropout2d(dropout)
        initialised(self)
        with torch.no_grad():
            self.predict.weight *= 0.1

    @property
    def edges(self) -> Tensor:
        """Of the bins, K + 1 depths, metres."""
        count, near, far, start = self._bins
        return bin_edges(count, near, far, start=start)

    def forward(self, images: Tensor) -> Ordinal:
        """Depth of images (B, 3, H, W) RGB, 0 … 255, of any size, and what it is read off from."""
        (estimate,) = self.estimates(images)
        return Ordinal(self.raised(*estimate), resized(estimate[1], estimate[2]))

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Tensor, Size]]:
        """The only estimate, metres; the log-odds (B, K, h, w); the size of the images."""
        whole = require_images(images)
        features = self.encoder(normalised(resized(images, self.size)))
        logits = self._understood(features)
        yield ordinal_depth(logits, self.edges), logits, whole

    def _understood(self, x: Tensor) -> Tensor:
        """The log-odds from features: the scene understanding of figure 2."""
        glance = self.dropout(functional.avg_pool2d(x, WINDOW, ceil_mode=True, count_include_pad=False)).flatten(1)
        with steady(x, self.training, at_all_sizes=True):  # torch's depends on threads
            glance = functional.relu(self.whole(glance))
        glance = self.spread(glance[..., None, None], relu=True)
        seen = [glance.expand(-1, -1, *x.shape[2:])]
        seen += [branch(x) for branch in self.branches]
        joined = self.join(self.dropout(torch.cat(seen, dim=1)), relu=True)
        answers: Tensor = self.predict(self.dropout(joined)).float()
        return answers[:, 1::2] - answers[:, ::2]

    def raised(self, depth: Tensor, logits: Tensor, size: Size) -> Tensor:  # noqa: ARG002
        """Depth at the size of the images, (B, 1, H, W), metres: the log-odds are raised, then read."""
        return closer(self.size, size) * ordinal_depth(resized(logits, size), self.edges)


class _Branch(nn.Module):
    """Features of one reach: a convolution and a mixture, each under ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, dilation: int) -> None:
        super().__init__()
        self.look = Convolution(inputs, outputs, size=size, dilation=dilation)
        self.mix = Pointwise(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W)."""
        y: Tensor = self.mix(self.look(x, relu=True), relu=True)
        return y


def _eighth(side: int) -> int:
    """What three convolutions or poolings leave of a side that each halve it, rounding up."""
    return -(-side // STRIDE)
