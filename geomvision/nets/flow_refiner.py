"""A small net that weighs what flow methods answer, looks for what all of them missed, and sharpens the result.

Each answer is looked at in the same way: how alike the frames are through it, whether the way back returns, how it
differs from the others. From a mixture of the answers a recurrent unit (Teed & Deng, ECCV 2020) goes on matching at an
eighth and a quarter of the size. The flow is a convex sum of the answers and of what the unit found, spread along
learned affinities, plus at most a pixel. Any number of answers will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._memory import again, joined
from ._windows import box
from .blocks import Convolution, Down, Pointwise, Up, convex_weights, steady
from .flow_update import UpdateUnit, even, looking
from .pwc_small import Stage
from .refiner import local_contrast, normalised

#: Sizes are padded to a multiple of this inside the net.
STRIDE = 32
#: What is called the motions of planes in the base's answer.
MOTIONS = ("first motion", "second motion")
#: Answers that the net knows by name; all others are alike to it.
KNOWN = ("inverse_search", "tvl1", "pwc_small", *MOTIONS)
#: Kinds of a candidate: a known answer, another one, the net's own.
KINDS = len(KNOWN) + 2
OTHER, OWN = KINDS - 2, KINDS - 1
#: Pixels at which bent differences reach half of their range.
BEND_PX = 4.0


@dataclass(frozen=True)
class RefinedFlow:
    """What the net returns; flows (B, 2, H, W) in pixels."""

    flow: Tensor
    #: The mixture before spreading; and the estimates that the unit begins with and makes, the last of which counts.
    mixed: Tensor
    coarse: tuple[Tensor, ...]
    #: Candidates (B, K + 1, 2, H, W), the net's own last, and the weights with which they were mixed (B, K + 1, H, W).
    candidates: Tensor
    weights: Tensor
    #: Logits (B, 1, H, W) of the probability that `flow` is less than a pixel off, and that frame 1 hides the pixel.
    confidence: Tensor
    occluded: Tensor


@dataclass(frozen=True)
class _Scene:
    """What the net looks at, at full size."""

    #: Colour and local contrast of both frames, (B, 4, H, W), and the way back, (B, 2, H, W).
    views: tuple[Tensor, Tensor]
    back: Tensor
    #: The base's answer, (B, 2, H, W).
    base: Tensor


def bent(difference: Tensor) -> Tensor:
    """Differences in pixels, small ones kept and far ones bent, in (−4, 4)."""
    return again(torch.div, difference, again(torch.add, again(torch.abs, difference) / BEND_PX, 1.0))


def kinds(names: Sequence[str]) -> Tensor:
    """What the net is told of the methods that answered: (1, K, `KINDS`), 1 where it is that kind."""
    told = torch.zeros(1, len(names), KINDS)
    for row, name in enumerate(names):
        told[0, row, KNOWN.index(name) if name in KNOWN else OTHER] = 1
    return told


class FlowRefiner(nn.Module):
    """U-Net down to 1/16 over what the answers look like, and a recurrent unit at 1/8 and 1/4 of the size.

    Args:
        width: channels at half the size.
        wide: channels of all coarser levels.
        hidden: channels of the unit's state.
        looks: iterations of the unit at 1/8 and at 1/4.
        reach: pixels that each step spreads the mixture along learned affinities.
    """

    EVIDENCE = 17

    def __init__(
        self,
        width: int = 24,
        wide: int = 48,
        hidden: int = 32,
        looks: Sequence[int] = (4, 1),
        reach: Sequence[int] = (3, 1),
    ) -> None:
        super().__init__()
        self.looks, self.reach = tuple(looks), tuple(reach)
        self.pyramid = nn.ModuleList([Stage(3, 24), Stage(24, 32), Stage(32, 48)])
        self.shared = nn.ModuleList([Pointwise(32, 32), Pointwise(48, 32)])
        self.answer = Convolution(self.EVIDENCE + KINDS, width)
        self.deeper = Convolution(width, width)
        self.enter = Convolution(16 + 2 * width, width)
        self.to4, self.to8, self.to16 = Down(width, wide), Down(wide, wide, (1, 2)), Down(wide, wide, (2,))
        self.from4, self.from8 = Pointwise(32, wide), Pointwise(48, wide)
        self.up8, self.up4, self.up2 = Up(wide, wide), Up(wide, wide), Up(wide, width)
        self.first = nn.ModuleList([Pointwise(width + wide, width), Pointwise(width, 1)])
        self.unit = UpdateUnit(wide, hidden)
        self.twice = Pointwise(hidden, 9 * 4)
        self.link = Pointwise(hidden, hidden)
        self.fourfold = Pointwise(hidden, 9 * 16)
        self.back_in = Pointwise(hidden, wide)
        self.beside = Convolution(width, width)
        self.judged = Convolution(width, width)
        self.choice = Pointwise(width, 4)
        self.last = Convolution(2 * width, width)
        self.heads = Pointwise(width, 4 * (9 * len(self.reach) + 4))
        self._start_plain()

    def _start_plain(self) -> None:
        """Begin near what needs no net: the mean of the answers, hardly spread."""
        for head in (self.choice, self.heads, self.twice, self.fourfold, self.first[1]):
            assert isinstance(head, Convolution)
            nn.init.normal_(head.weight, std=0.01)
            assert head.bias is not None
            nn.init.zeros_(head.bias)
        assert self.heads.bias is not None
        with torch.no_grad():
            for step in range(len(self.reach)):
                middle = 4 * (9 * step + 4)
                self.heads.bias[middle : middle + 4] = 3.0

    def forward(self, images0: Tensor, images1: Tensor, answers: Tensor, told: Tensor, back: Tensor) -> RefinedFlow:
        """Refine flow from images 0 to images 1.

        Args:
            images0: (B, 3, H, W) RGB, 0 … 255, of any size.
            images1: of the same shape.
            answers: (B, K, 2, H, W), pixels, without NaN; the first is the base.
            told: (B, K, `KINDS`), see `kinds`.
            back: (B, 2, H, W), the base's flow from images 1 to images 0, without NaN.
        """
        height, width = images0.shape[2:]
        padding = (0, -width % STRIDE, 0, -height % STRIDE)

        def fitted(maps: Tensor) -> Tensor:
            return functional.pad(maps, padding, mode="replicate")

        images0, images1, back = fitted(images0), fitted(images1), fitted(back)
        answers = fitted(answers.flatten(1, 2)).view(*answers.shape[:3], *back.shape[2:])
        views = _view(images0), _view(images1)
        seen = _Scene(views, back, answers[:, 0])
        found = self._refined(seen, (images0, images1), answers, told)
        cut = {
            name: getattr(found, name)[..., :height, :width] for name in found.__dataclass_fields__ if name != "coarse"
        }
        return RefinedFlow(**cut, coarse=tuple(step[..., :height, :width] for step in found.coarse))

    def _refined(self, seen: _Scene, images: tuple[Tensor, Tensor], answers: Tensor, told: Tensor) -> RefinedFlow:
        looks = self._looked_at(seen, answers, told)
        features = [self._features(image) for image in images]
        half = functional.pixel_unshuffle(seen.views[0], 2)
        half = self.enter(joined([half, looks.mean(dim=1).to(half.dtype), looks.amax(dim=1).to(half.dtype)]), relu=True)
        quarter = self.to4(half) + self.from4(features[0][2])
        eighth = self.to8(quarter) + self.from8(features[0][3])
        eighth = self.up8(self.to16(eighth), eighth)
        quarter = self.up4(eighth, quarter)
        state, steps = self._matched(features, (eighth, quarter), answers, looks)
        coarse = ops.convex_upsample(steps.pop(), self.fourfold(state).float(), factor=4)
        half = self.up2(quarter + self.back_in(state), half)
        steps = [functional.interpolate(step, size=coarse.shape[2:], mode="bilinear") for step in steps]
        return self._sharpened(seen, half, (answers, coarse), looks, (*steps, coarse))

    def _looked_at(self, seen: _Scene, flows: Tensor, told: Tensor) -> Tensor:
        """What each flow (B, K, 2, H, W) looks like: (B, K, width, H / 2, W / 2)."""
        batch, count = flows.shape[:2]
        given = joined([self._evidence(seen, flows), _spread_over(told.flatten(0, 1), flows)])
        found: Tensor = self.deeper(self.answer(given, relu=True), relu=True)
        return found.view(batch, count, *found.shape[1:])

    def _evidence(self, seen: _Scene, flows: Tensor) -> Tensor:
        """What the frames say of each flow, (B K, `EVIDENCE`, H / 2, W / 2)."""
        count, flat = flows.shape[1], flows.flatten(0, 1)

        def each(maps: Tensor) -> Tensor:
            return maps.repeat_interleave(count, dim=0)

        there, inside = ops.warp(each(joined([seen.views[1], seen.back])), flat, outside="border", return_valid=True)
        apart = again(torch.clamp, again(torch.abs, again(torch.sub, each(seen.views[0]), there[:, :4])), max=2.0)
        unlike = box(joined([apart[:, :3].mean(dim=1, keepdim=True), apart[:, 3:]]), 3)
        missed = again(torch.abs, bent(again(torch.add, flat, there[:, 4:])))
        steady = joined([missed, inside[:, None].float(), bent(again(torch.sub, flat, each(seen.base)))])
        steady = joined([steady, bent(again(torch.sub, flat, box(flat, 17))), bent(again(torch.div, flat, 4.0))])
        return joined([functional.pixel_unshuffle(unlike, 2), functional.avg_pool2d(steady, 2)])

    def _features(self, images: Tensor) -> tuple[Tensor, ...]:
        """What is compared at 1/4 and 1/8, float32 of mean square 1 over channels; what it is made of, at both."""
        x = again(torch.sub, again(torch.div, images, 127.5), 1.0)
        quarter = self.pyramid[1](self.pyramid[0](x))
        eighth = self.pyramid[2](quarter)
        return even(self.shared[0](quarter)), even(self.shared[1](eighth)), quarter, eighth

    def _matched(
        self, features: list[tuple[Tensor, ...]], contexts: tuple[Tensor, Tensor], answers: Tensor, looks: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """The unit's state and its estimates at 1/8 and 1/4, pixels of the full size."""
        batch, count = answers.shape[:2]
        pooled = functional.avg_pool2d(looks.flatten(0, 1).float(), 4)
        given = joined([pooled, contexts[0].float().repeat_interleave(count, dim=0)])
        scores = self.first[1](self.first[0](given, relu=True)).float()
        weights = convex_weights(scores.view(batch, count, *scores.shape[2:]))
        estimate = (weights[:, :, None] * _pooled(answers, 8)).sum(dim=1)
        steps: list[Tensor] = []
        state: Tensor | None = None
        for level, size in ((1, 8), (0, 4)):
            context = contexts[1 - level]
            begun = self.unit.start(context)
            if state is not None:
                estimate = ops.convex_upsample(estimate, self.twice(state).float(), factor=2)
                begun = begun + functional.interpolate(self.link(state), scale_factor=2.0, mode="nearest")
            with steady(begun, self.training, at_all_sizes=True):
                state = torch.tanh(begun)
            look_up = looking(features[0][level], features[1][level], size)
            update = self.unit.prepared(context)
            near = torch.cat([functional.avg_pool2d(answers[:, 0], size), estimate.detach()], dim=1)
            steps.append(estimate)
            for _ in range(self.looks[1 - level]):
                estimate = estimate.detach()
                held = joined([bent(again(torch.sub, near, estimate.repeat(1, 2, 1, 1))), bent(estimate / 4)])
                change, state = update(state, look_up(estimate), held)
                estimate = estimate + size * change.float()
                steps.append(estimate)
        assert state is not None
        return state, steps

    def _sharpened(
        self, seen: _Scene, half: Tensor, flows: tuple[Tensor, Tensor], looks: Tensor, coarse: tuple[Tensor, ...]
    ) -> RefinedFlow:
        answers, own = flows
        told = own.new_zeros(len(own), 1, KINDS)
        told[..., OWN] = 1
        looks = torch.cat([looks, self._looked_at(seen, own.detach()[:, None], told)], dim=1)
        batch, count = looks.shape[:2]
        judged = self.judged(looks.flatten(0, 1), residual=self.beside(half).repeat_interleave(count, dim=0), relu=True)
        logits = functional.pixel_shuffle(self.choice(judged), 2).float()
        weights = convex_weights(logits.view(batch, count, *logits.shape[2:]))
        candidates = torch.cat([answers, own[:, None]], dim=1)
        mixed = (weights[:, :, None] * candidates).sum(dim=1)
        chosen = functional.avg_pool2d(weights, 2)[:, :, None] * judged.view(looks.shape)
        last = self.last(joined([chosen.sum(dim=1), half.to(chosen.dtype)]), relu=True)
        heads = functional.pixel_shuffle(self.heads(last), 2).float()
        flow, rest = mixed, heads[:, 9 * len(self.reach) :]
        for step, reach in enumerate(self.reach):
            flow = ops.convex_upsample(flow, heads[:, 9 * step : 9 * step + 9], factor=1, dilation=reach)
        with steady(flow, self.training, at_all_sizes=True):
            flow = flow + rest[:, :2].tanh()
        return RefinedFlow(flow, mixed, coarse, candidates, weights, rest[:, 2:3], rest[:, 3:])


def _view(images: Tensor) -> Tensor:
    """Colour and local contrast, (B, 4, H, W), in [−3, 3]."""
    colour = normalised(images)
    return joined([again(torch.clamp, colour, -3, 3), local_contrast(colour)])


def _spread_over(told: Tensor, flows: Tensor) -> Tensor:
    """A value for each map (B K, C) at all pixels of half the size."""
    height, width = flows.shape[-2] // 2, flows.shape[-1] // 2
    return told[:, :, None, None].expand(-1, -1, height, width).to(flows.dtype)


def _pooled(answers: Tensor, size: int) -> Tensor:
    """Means over size × size pixels of (B, K, 2, H, W)."""
    means = functional.avg_pool2d(answers.flatten(0, 1), size)
    return means.view(*answers.shape[:2], *means.shape[1:])
