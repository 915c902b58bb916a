"""What a flow net learns from a video without truth: frames must match along their flow, flow must be smooth.

Losses and their balance are of Jonschkowski et al. (ECCV 2020) and, for recurrent nets, Stone et al. (SMURF, CVPR
2021): census where both directions agree, edge-aware smoothness, over all estimates of a net with later ones counting
more; and self-distillation (Liu et al., SelFlow, CVPR 2019; ARFlow, CVPR 2020): from a part of the images, with other
colours and a hidden patch, the net must find the flow that it found from all of them.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import ops, weights
from ..losses.consistency import visible_by_check
from ..losses.flow_supervised import sequence_weights
from ..losses.photometric import census, charbonnier
from ..losses.smoothness import first_order, second_order
from ._flow import FlowNet, FlowTask, maps
from ._flow_pairs import erased
from ._frames import Frame, Frames
from ._start import Start
from .adaptation_recipes import SelfSupervisedRecipe

#: Every so many pairs one is held out, where there are as many.
HELD_OUT = 8
#: Frames of a larger side are judged by their middle of this many times the recipe's size.
JUDGED = 2


@dataclass(frozen=True)
class Look:
    """A pair of frames, and how it is seen."""

    pair: int
    seed: int
    #: Whether the net's own flow is a target, too.
    distil: bool = False


@dataclass(frozen=True)
class Seen:
    """What is learnt from: images (B, 3, H, W), and parts of them as a student sees them, at (row, column)."""

    images: tuple[Tensor, Tensor]
    student: tuple[Tensor, Tensor] | None
    places: list[tuple[int, int]]


Loaded = tuple[Frame, Frame, Frame, Frame, int, int, bool]


class SelfSupervised(FlowTask):
    """The task of a net that goes on learning from a video."""

    preparing = "reading"
    recipe: SelfSupervisedRecipe  # type: ignore[assignment]
    start: Start

    def __init__(
        self, name: str, taught: FlowNet, recipe: SelfSupervisedRecipe, folder: Path, *, video: Path, start: Start
    ) -> None:
        self.name, self.method, self.taught = f"{name}_adapted", f"flow/{name}", taught
        self.network, self.only = taught.path, taught.halved
        self.frames, self.start = Frames(video, folder, recipe.pairs), start
        self.recipe = dataclasses.replace(recipe, video=self.frames.key, **start.entries)
        self.real = []
        self.learnt: list[int] = []
        self.held_out: list[int] = []
        self.before: dict[str, float] = {}

    @property
    def scene_count(self) -> int:
        """About how many pairs will be read."""
        return self.frames.count

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:  # noqa: ARG002
        """Read the video, and judge the net as it is."""
        self.frames.prepare(advance)
        count = len(self.frames.pairs)
        height, width = self.frames.load(0)[0].shape[:2]
        if min(height, width) < self.taught.least:
            told = f"{self.frames.source}: frames are {width}x{height} pixels"
            raise ValueError(f"{told}; {self.method} is adapted to {self.taught.least}x{self.taught.least} and more")
        self.learnt, self.held_out = split(count)
        self.before = self._scores(self.net().eval())

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        pairs, name = len(self.learnt), self.frames.source.name
        return f"{pairs} pairs of frames of the user's own {name}, without truth; before: {self.start.training_data}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from. Warns where frames match worse."""
        warn_of_worse(self.before, scores)
        return super().card(steps, scores, training_run)

    def samples(self, step: int) -> list[Look]:  # type: ignore[override]
        """What a step learns from, drawn from the seed and the step alone."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, step, 29])
        distil = recipe.distil > 0 and step >= recipe.distil_from * recipe.steps
        return [Look(int(rng.choice(self.learnt)), int(rng.integers(1 << 31)), distil) for _ in range(recipe.batch)]

    def load(self, sample: Look) -> Loaded:  # type: ignore[override]
        """The part of the frames that is seen, the part of it that a student sees, and where that lies."""
        rng = np.random.default_rng([sample.seed, 31])
        frames = self.frames.load(sample.pair)
        height, width = (self._side(side, most) for side, most in zip(frames[0].shape, self._size, strict=False))
        top, left = (
            int(rng.integers(side - kept + 1)) for side, kept in zip(frames[0].shape, (height, width), strict=False)
        )
        first, second = (frame[top : top + height, left : left + width] for frame in frames)
        if rng.random() < 0.5:
            first, second = first[:, ::-1], second[:, ::-1]
        rows, columns = (self._side(side - 2 * self.taught.stride, side) for side in (height, width))
        y, x = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        part = (slice(y, y + rows), slice(x, x + columns))
        gain, shift = rng.uniform(0.8, 1.25, (2, 3)), rng.uniform(-15, 15, (2, 1))
        gain[1], shift[1] = gain[0] * rng.uniform(0.95, 1.05), shift[0] + rng.uniform(-4, 4)
        seen = [
            np.clip(np.rint(f[part] * g + s), 0, 255).astype(np.uint8)
            for f, g, s in zip((first, second), gain, shift, strict=True)
        ]
        return first, second, seen[0], erased(rng, seen[1]), y, x, sample.distil

    @staticmethod
    def stacked(loaded: list[Loaded], device: torch.device) -> Seen:  # type: ignore[override]
        """Tensors on a device."""
        images = [maps([each[part] for each in loaded], device) for part in range(4 if loaded[0][6] else 2)]
        student = (images[2], images[3]) if loaded[0][6] else None
        return Seen((images[0], images[1]), student, [(each[4], each[5]) for each in loaded])

    def batch_loss(self, net: nn.Module, batch: Seen) -> Tensor:  # type: ignore[override]
        """The mean loss of a batch. Raises FloatingPointError when the net's flow is no number any more."""
        recipe, (images0, images1) = self.recipe, batch.images
        here, there = torch.cat([images0, images1]), torch.cat([images1, images0])
        steps = self.estimates(net, here, there).steps
        with torch.autocast(here.device.type, enabled=False):
            final = steps[-1].detach().float()
            if not bool(final.isfinite().all()):
                raise FloatingPointError("the net's flow is not finite: start anew with a smaller learning rate")
            flow, backward = final.chunk(2)
            visible = visible_by_check(final, torch.cat([backward, flow]))
            counted = _counted(visible)
            smoothness = {1: first_order, 2: second_order}[recipe.smoothness_order]
            terms = []
            for share, step in zip(sequence_weights(len(steps), recipe.decay), steps, strict=True):
                found = step.float()
                data = census(here, ops.warp(there, found), radius=recipe.census_radius, weight=counted)
                terms.append(share * (data + recipe.smoothness * smoothness(found, here, edge=recipe.edge)))
            total = torch.stack(terms).sum()
        if batch.student is None:
            return total
        return total + recipe.distil * self._distilled(net, batch, flow, visible[: len(flow)])

    def _distilled(self, net: nn.Module, batch: Seen, flow: Tensor, visible: Tensor) -> Tensor:
        """How far the student's flow is from the teacher's, where that was confirmed from both sides."""
        assert batch.student is not None
        rows, columns = batch.student[0].shape[2:]
        steps = self.estimates(net, *batch.student).steps
        with torch.autocast(flow.device.type, enabled=False):
            parts = [(slice(y, y + rows), slice(x, x + columns)) for y, x in batch.places]
            target = torch.stack([flow[k][:, p[0], p[1]] for k, p in enumerate(parts)])
            sure = torch.stack([visible[k][:, p[0], p[1]] for k, p in enumerate(parts)])
            shares = sequence_weights(len(steps), self.recipe.decay)
            terms = [s * charbonnier(f.float(), target, weight=sure) for s, f in zip(shares, steps, strict=True)]
            return torch.stack(terms).sum()

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Photometric scores of the net, and what they were before; end-point errors on real scenes with truth."""
        scores = self._scores(net)
        return scores | {f"{name}, before": value for name, value in self.before.items()}

    def _scores(self, net: nn.Module) -> dict[str, float]:
        """Over every pixel, also those that the other frame hides: a net cannot choose what it is judged by."""
        found = []
        for pair in self.held_out or self.learnt:
            frame0, frame1 = (self._middle(frame) for frame in self.frames.load(pair))
            flow, backward = self.flow_of(net, frame0, frame1), self.flow_of(net, frame1, frame0)
            with torch.inference_mode():
                image0, image1 = maps([frame0, frame1], flow.device).chunk(2)
                warped = ops.warp(image1, flow, outside="border")
                bits = census(image0, warped, radius=self.recipe.census_radius, exponent=0.5, epsilon=0.0)
                found.append([float(bits), 100 * float(visible_by_check(flow, backward).float().mean())])
        bits, agree = np.mean(found, axis=0)
        where = f"{len(found)} {'held-out' if self.held_out else 'learnt'} pairs"
        scores = {
            f"{where}, census bits that differ": round(float(bits), 3),
            f"{where}, pixels whose flow agrees there and back, percent": round(float(agree), 2),
        }
        return scores | self.real_scores(net)

    @property
    def _size(self) -> tuple[int, int]:
        return self.recipe.height, self.recipe.width

    def _side(self, side: int, most: int) -> int:
        """The longest side that the net takes, of at most both."""
        return max(self.taught.least, min(side, most) // self.taught.stride * self.taught.stride)

    def _middle(self, frame: Frame) -> Frame:
        height, width = (min(side, JUDGED * most) for side, most in zip(frame.shape, self._size, strict=False))
        top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
        return np.ascontiguousarray(frame[top : top + height, left : left + width])


def split(count: int) -> tuple[list[int], list[int]]:
    """Which of `count` pairs are learnt from, and which are held out."""
    held_out = list(range(HELD_OUT // 2, count, HELD_OUT)) if count >= HELD_OUT else []
    return [pair for pair in range(count) if pair not in held_out], held_out


def warn_of_worse(before: dict[str, float], after: dict[str, float]) -> None:
    """Warn where the first score, of which less is better, has risen."""
    first = next(iter(before))
    if after[first] > before[first]:
        told = f"{first} rose from {before[first]} to {after[first]}: the first weights fit better"
        warnings.warn(told, UserWarning, stacklevel=3)


def _counted(visible: Tensor) -> Tensor:
    """1 where both directions agree, elsewhere the share of the pixels that do not.

    A check by a net that hardly agrees with itself says little of occlusion; and what it hid would be no loss, so that
    a net could end up agreeing nowhere.
    """
    found = visible.float()
    return found.clamp(min=1 - float(found.mean()))
