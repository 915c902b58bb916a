"""A small net that corrects, fills and sharpens the disparity of a classical matcher.

It never invents a disparity from nothing: its estimate is a convex sum of candidates (the matcher's own estimate
carried in from four directions, and a coarse estimate with a wide view), spread along learned affinities, plus at
most one pixel. All it sees of disparities are differences, so an offset of the whole map changes nothing but the
offset of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._memory import again, joined, made, reusable
from ._windows import box
from .blocks import (
    Convolution,
    Down,
    Pointwise,
    Residual,
    Up,
    convex_weights,
    shuffled_onto,
)
from .trust import FirstLook, Trust

#: Sizes are padded to a multiple of this inside the net.
STRIDE = 32
#: Pixels of disparity that count as "far" where differences are clipped for the net to see.
FAR_PX = 4.0


@dataclass(frozen=True)
class Refined:
    """What the net returns, each (B, 1, H, W) unless said: pixels, and logits of two probabilities."""

    disparity: Tensor
    #: The estimate before spreading, and the coarse ones, (B, K, H, W), the last of which counts: all are supervised in
    #: training.
    mixed: Tensor
    coarse: Tensor
    #: Candidates (B, K, H, W) and the weights with which they were mixed.
    candidates: Tensor
    weights: Tensor
    #: Logit of the probability that `disparity` is less than one pixel off.
    confidence: Tensor
    #: Logit of the probability that the right view does not see the pixel.
    occluded: Tensor


@dataclass(frozen=True)
class Evidence:
    """What the net looks at, all (B, ·, H, W)."""

    features: Tensor
    #: Carried in from the left, right, above, below, and as filled by the matcher: the candidates that need no net.
    fills: Tensor
    #: Level and spread of each map, (B, 1, 1, 1): the frame in which differences are expressed.
    level: Tensor
    spread: Tensor
    left: Tensor
    right: Tensor
    #: Colour and local contrast of both views, (B, 4, H, W).
    views: tuple[Tensor, Tensor]


def local_contrast(image: Tensor, size: int = 9) -> Tensor:
    """Mean-free grey over its local deviation, in [−3, 3]: what exposure and shading leave unchanged."""
    grey = image.mean(dim=1, keepdim=True)
    mean = box(grey, size)
    variance = again(torch.sub, box(again(torch.mul, grey, grey), size), again(torch.mul, mean, mean))
    deviation = again(torch.sqrt, again(torch.add, again(torch.clamp, variance, min=0), 1e-3))
    return again(torch.clamp, again(torch.div, again(torch.sub, grey, mean), deviation), -3, 3)


def normalised(image: Tensor) -> Tensor:
    """(B, 3, H, W) in any unit, freed of its mean colour and its contrast: exposure and scale no longer matter."""
    over: dict[str, Any] = {"keepdim": True, "dtype": torch.float64}  # sums in float32 depend on how threads share them
    centred = again(torch.sub, image, image.mean(dim=(2, 3), **over).to(image.dtype))
    deviation = again(torch.square, centred).mean(dim=(1, 2, 3), **over).sqrt().to(image.dtype)
    # A picture without contrast stays flat: what is left of it after subtraction is rounding.
    floor = 1e-4 * image.abs().amax(dim=(1, 2, 3), keepdim=True) + torch.finfo(image.dtype).tiny
    return again(torch.div, centred, torch.maximum(deviation, floor))


def _frame(values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the valid disparities; a spread of at least 2 px, so that noise stays small."""
    exact = values.double()
    count = valid.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    level = (exact * valid).sum(dim=(2, 3), keepdim=True) / count
    variance = ((exact - level).square() * valid).sum(dim=(2, 3), keepdim=True) / count
    return level.to(values.dtype), variance.sqrt().clamp(min=2.0).to(values.dtype)


def evidence(left: Tensor, right: Tensor, disparity: Tensor, confidence: Tensor) -> Evidence:
    """Turn a pair and the matcher's answer into what the net sees.

    Args:
        left: (B, 3, H, W), `normalised`; `right` likewise.
        disparity: (B, 1, H, W) pixels, gaps filled as well as the matcher can; NaN where it could not.
        confidence: (B, 1, H, W) in [0, 1]; 0 where the matcher has no estimate of its own.
    """
    valid = (confidence > 0) & ~disparity.isnan()
    level, spread = _frame(torch.where(valid, disparity, 0.0), valid)
    fills = ops.nearest_known(torch.where(valid, disparity, torch.nan)[:, 0])
    lowest = fills.nan_to_num(torch.inf).amin(dim=1, keepdim=True)
    given = torch.where(disparity.isnan(), torch.where(lowest.isinf(), level, lowest), disparity)
    fills = joined([again(torch.where, fills.isnan(), given, fills), given])
    contrast, contrast_right = local_contrast(left), local_contrast(right)
    columns = torch.arange(left.shape[3], device=left.device, dtype=left.dtype)
    both = (left, contrast), (right, contrast_right)
    views = [joined([again(torch.clamp, colour, -3, 3), grey]) for colour, grey in both]
    shown = [
        views[0],
        valid.float(),
        confidence,
        again(torch.div, again(torch.sub, given, level), spread),
        apart(given, box(given, 17)),
        apart(fills[:, :4], given),
        _disagreement(contrast, contrast_right, given),
        (columns - given < 0).float(),
    ]
    return Evidence(joined(shown), fills, level, spread, contrast, contrast_right, (views[0], views[1]))


def _disagreement(left: Tensor, right: Tensor, disparity: Tensor) -> Tensor:
    """How differently the two views look at each candidate (B, K, H, W): 3×3 mean, in [0, 2]."""
    seen = _seen_at(right, disparity)
    return box(again(torch.clamp, again(torch.abs, again(torch.sub, left, seen)), max=2), 3)


def _seen_at(right: Tensor, disparity: Tensor) -> Tensor:
    """The right view (B, 1, H, W) as each candidate (B, K, H, W) sees it, at its border beyond."""
    if not reusable(right, disparity):
        each = [ops.warp_by_disparity(right, one, outside="border") for one in disparity.unbind(dim=1)]
        return torch.cat(each, dim=1)
    many, size = disparity.shape[0] * disparity.shape[1], disparity.shape[2:]
    away = made(many, 2, *size)
    torch.neg(disparity.flatten(0, 1), out=away[:, 0])
    away[:, 1].zero_()
    views = made(*disparity.shape).copy_(right).view(many, 1, *size)
    seen: Tensor = ops.warp(views, away, outside="border")
    return seen.view(disparity.shape)


def apart(first: Tensor, second: Tensor) -> Tensor:
    """first − second, pixels, clipped where it is far, in [−2, 2]."""
    return again(torch.clamp, again(torch.div, again(torch.sub, first, second), FAR_PX), -2, 2)


class Refiner(nn.Module):
    """U-Net down to 1/32 for a wide view; candidates are weighed and spread at full resolution.

    Args:
        width: channels at full resolution; coarser levels have two and three times as many.
        reach: pixels that each step spreads the estimate along learned affinities.
        trust: channels of the head that looks at the answer once more and says how sure it is (`nets.trust`); 0: none.
    """

    FEATURES = 14
    CANDIDATES = 6

    def __init__(self, width: int = 16, reach: Sequence[int] = (6, 3, 1), *, trust: int = 0) -> None:
        super().__init__()
        self.reach = tuple(reach)
        w0, w1, w2, w3, w4 = width, 2 * width, 3 * width, 3 * width, 3 * width
        self.enter = Convolution(self.FEATURES, w0)
        self.to2 = Down(w0, w1)
        self.to4 = Down(w1, w2, (1, 2))
        self.to8 = Down(w2, w3, (1, 2))
        self.to16 = Down(w3, w4, (1, 2))
        self.to32 = Down(w4, w4)
        self.up16, self.up8, self.up4, self.up2 = Up(w4, w4), Up(w4, w3), Up(w3, w2), Up(w2, w1)
        self.coarse = Convolution(w2, 1)
        self.upsample = Pointwise(w2, 9 * 16)
        self.lift = Pointwise(w1, 4 * w0)
        self.join = Convolution(w0 + 2 * self.CANDIDATES, w0)
        self.block = Residual(w0)
        self.heads = Convolution(w0, self.CANDIDATES + 9 * len(self.reach) + 3)
        self.trust = Trust(trust) if trust else None
        self._start_plain()

    def _start_plain(self) -> None:
        """Begin near what needs no net: the matcher's answer with most of the weight, hardly spread."""
        for head in (self.coarse, self.heads):
            nn.init.normal_(head.weight, std=0.01)
            assert head.bias is not None
            nn.init.zeros_(head.bias)
        assert self.heads.bias is not None
        with torch.no_grad():
            self.heads.bias[4] = 2.0  # the candidate that is the matcher's answer
            self.heads.bias[self.CANDIDATES + 4 : self.CANDIDATES + 9 * len(self.reach) : 9] = 3.0

    def forward(self, left: Tensor, right: Tensor, disparity: Tensor, confidence: Tensor) -> Refined:
        """Refine a batch of any size; images (B, 3, H, W) in any unit, the rest as for `evidence`."""
        height, width = disparity.shape[-2:]
        padding = (0, -width % STRIDE, 0, -height % STRIDE)
        seen = evidence(
            functional.pad(normalised(left), padding, mode="replicate"),
            functional.pad(normalised(right), padding, mode="replicate"),
            functional.pad(disparity, padding, value=torch.nan),
            functional.pad(confidence, padding),
        )
        result = self._refine(seen)
        return Refined(*(getattr(result, name)[..., :height, :width] for name in result.__dataclass_fields__))

    def _refine(self, seen: Evidence) -> Refined:
        full = self.enter(seen.features, relu=True)
        half = self.to2(full)
        quarter = self.to4(half)
        eighth = self.to8(quarter)
        sixteenth = self.to16(eighth)
        wide = self.up8(self.up16(self.to32(sixteenth), sixteenth), eighth)
        quarter = self.up4(wide, quarter)
        coarse = self._coarse(seen, quarter)
        half = self.up2(quarter, half)
        return self._sharpen(seen, shuffled_onto(full, self.lift(half)), coarse)

    def _coarse(self, seen: Evidence, quarter: Tensor) -> Tensor:
        """A rough estimate for every pixel, brought up with sharp edges; or several, (B, K, H, W), the best last."""
        logits: Tensor = self.upsample(quarter).float()
        return ops.convex_upsample(self._rough(seen, quarter), logits, factor=4)

    def _rough(self, seen: Evidence, quarter: Tensor) -> Tensor:
        """The fills' mean at 1/4, corrected."""
        change: Tensor = self.coarse(quarter).float() * seen.spread
        return change + functional.avg_pool2d(seen.fills[:, 4:], 4)

    def _sharpen(self, seen: Evidence, full: Tensor, coarse: Tensor) -> Refined:
        candidates = joined([seen.fills, coarse[:, -1:]])
        fixed = candidates.detach()
        differences = apart(fixed, fixed.mean(dim=1, keepdim=True))
        views = _disagreement(seen.left, seen.right, fixed)
        together = self.join(joined([full, differences, views]), relu=True)
        heads = self.heads(self.block(together)).float()
        choice, affinity, rest = heads.split([self.CANDIDATES, 9 * len(self.reach), 3], dim=1)
        weights = convex_weights(choice)
        mixed = again(torch.mul, weights, candidates).sum(dim=1, keepdim=True)
        spread = mixed
        for step, reach in zip(affinity.split(9, dim=1), self.reach, strict=True):
            spread = ops.convex_upsample(spread, step, factor=1, dilation=reach)
        disparity = spread + rest[:, :1].tanh()
        sure, occluded = rest[:, 1:2], rest[:, 2:3]
        if self.trust is not None:
            before = coarse[:, -1:], mixed
            sure = self.trust(FirstLook(sure, occluded, disparity, before, seen.features[:, 4:6], seen.views))
        return Refined(disparity, mixed, coarse, candidates, weights, sure, occluded)
