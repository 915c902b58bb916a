"""How sure an answer is, by a second look: the views through it, what it was made of, and what lies around a pixel.

The first look's logit comes from the layer that makes the answer and so has not seen it. Here its own answer is
looked at: whether both views agree there, how far it is from the estimates before it, where it jumps.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .. import ops
from ._memory import again, joined
from ._windows import box, maxima
from .blocks import Pointwise

#: Logits beyond this are as sure as can be.
MOST = 8.0
#: Sides of the wide windows, pixels.
WIDE, WIDER = 9, 25


class FirstLook(NamedTuple):
    """What is known of an answer when it is made."""

    #: The logit of being right, and that of not being seen by the right view, (B, 1, H, W).
    sure: Tensor
    occluded: Tensor
    #: The answer, pixels, (B, 1, H, W).
    disparity: Tensor
    #: The coarse estimate and the mixture of candidates, pixels, (B, 1, H, W).
    before: tuple[Tensor, Tensor]
    #: Whether the matcher had an estimate of its own, and its confidence, (B, 2, H, W).
    given: Tensor
    #: Colours and local contrast of both views, (B, 4, H, W).
    views: tuple[Tensor, Tensor]


class Trust(nn.Module):
    """Three layers that look at single pixels, after windows have looked around them."""

    FEATURES = 14

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = Pointwise(self.FEATURES, channels)
        self.deeper = Pointwise(channels, channels)
        self.leave = Pointwise(channels, 1)

    def forward(self, first: FirstLook) -> Tensor:
        """The logit of the probability that the answer is less than one pixel off, (B, 1, H, W)."""
        seen = self.features(first)
        logit: Tensor = self.leave(self.deeper(self.enter(seen, relu=True), relu=True))
        return logit.float()

    def features(self, first: FirstLook) -> Tensor:
        """What the layers see, (B, 14, H, W)."""
        logits = again(torch.clamp, joined([first.sure, first.occluded]), -MOST, MOST)
        away = again(torch.abs, again(torch.sub, first.disparity, joined(first.before)))
        unlike = self._unlike(first.disparity, first.views)
        chances = again(torch.sigmoid, logits)
        wide = [box(joined([chances, unlike[:, 1:]]), WIDE), box(chances, WIDER)]
        far = joined([away, _range(first.disparity)])
        return joined([again(torch.div, logits, 4), again(torch.log1p, far), first.given, box(unlike, 3), *wide])

    def _unlike(self, disparity: Tensor, views: tuple[Tensor, Tensor]) -> Tensor:
        """How differently the views look at the answer: colours, and contrast, (B, 2, H, W) in [0, 2]."""
        left, right = views
        there = ops.warp_by_disparity(right, disparity[:, 0], outside="border")
        apart = again(torch.abs, again(torch.sub, left, there))
        colour = apart[:, :3].mean(dim=1, keepdim=True)
        return again(torch.clamp, joined([colour, apart[:, 3:]]), max=2.0)


def _range(disparity: Tensor) -> Tensor:
    """The largest less the smallest disparity of the wide window, (B, 1, H, W) pixels."""
    return maxima(joined([disparity, -disparity]), WIDE).sum(dim=1, keepdim=True)
