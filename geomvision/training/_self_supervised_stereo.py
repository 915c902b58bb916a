"""What a stereo net learns from a user's own pairs without truth: one view must look like the other, seen through it.

Three teachers, weighed by the recipe: the pair itself (Godard et al., CVPR 2017: appearance or census, smoothness,
agreement of left and right); SGM where it is sure (Tonioni et al., ICCV 2017); and the net as it was before, on the
whole of the views that the student is shown in other colours, where neither view tells: what one view alone shows, and
how sure the net is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import ops, weights
from ..losses import left_right, photometric
from ..losses.disparity_supervised import regression
from ..losses.flow_supervised import sequence_weights
from ..losses.robust import known_cross_entropy
from ._rendered import ShippedTask
from ._scenes import Scene
from ._self_supervised import JUDGED, split, warn_of_worse
from ._start import Start
from ._stereo_pairs import StereoPairs
from ._taught_stereo import Answer, StereoNet, Views
from .adaptation_recipes import StereoAdaptationRecipe

#: A crop is at least so many times as wide as disparities are searched: else most matches lie outside.
WIDEST = 2


@dataclass(frozen=True)
class Look:
    """A part of a pair, and how it is shown to the net."""

    pair: int
    seed: int


class SelfSupervisedStereo(ShippedTask):
    """The task of a net that goes on learning from pairs."""

    preparing = "matching"
    kind = "disparity_px"
    input_rule = "as that of the weights that it started from"
    recipe: StereoAdaptationRecipe

    def __init__(
        self,
        name: str,
        taught: StereoNet,
        recipe: StereoAdaptationRecipe,
        folder: Path,
        *,
        views: tuple[Path, Path],
        start: Start,
    ) -> None:
        self.name, self.method, self.taught, self.start = f"{name}_adapted", f"stereo/{name}", taught, start
        self.network = taught.path
        self.pairs = StereoPairs(*views, folder, most=recipe.pairs, matcher=recipe.matcher)
        self.recipe = dataclasses.replace(recipe, pairs_key=self.pairs.key, **start.entries)
        self.learnt: list[int] = []
        self.held_out: list[int] = []
        self.before: dict[str, float] = {}
        self.teacher = self.net().eval().requires_grad_(False)

    def net(self) -> nn.Module:
        """The net with the weights that it starts from. WeightsError where they are of another form of it."""
        net = self.taught.make(**self.recipe.network)
        try:
            net.load_state_dict(self.start.state)
        except RuntimeError as error:
            told = f"{self.start.name} is a checkpoint of another form of the net than weights without a card can be"
            raise weights.WeightsError(f"{told}: {error}") from None
        return net

    @property
    def scene_count(self) -> int:
        """How many pairs are matched first."""
        return self.pairs.count

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Look at the pairs, match them, and judge the net as it is."""
        self.pairs.prepare(workers, advance)
        for pair in range(self.pairs.count):
            height, width = self.pairs.load(pair)["left"].shape[1:3]
            if min(height, width) < self.taught.least:
                told = f"{self.pairs.listed.files[pair][0]} is {width}x{height} pixels"
                raise ValueError(
                    f"{told}; {self.method} is adapted to {self.taught.least}x{self.taught.least} and more"
                )
        self.learnt, self.held_out = split(self.pairs.count)
        self.before = self._scores(self.teacher)

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        pairs, name = len(self.learnt), self.pairs.source.name
        return f"{pairs} pairs of the user's own {name}, without truth; before: {self.start.training_data}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from. Warns where views match worse."""
        warn_of_worse(self.before, scores)
        return self.start.passed_on(super().card(steps, scores, training_run))

    def samples(self, step: int) -> list[Look]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 37])
        return [Look(int(rng.choice(self.learnt)), int(rng.integers(1 << 31))) for _ in range(self.recipe.batch)]

    def loss(self, net: nn.Module, sample: Look) -> Tensor:
        """The loss of one part of a pair, as seen from both views. FloatingPointError when the net gives no numbers."""
        recipe, rng = self.recipe, np.random.default_rng([sample.seed, 41])
        seen = views_of(self.pairs.load(sample.pair), partial(self._part, rng))
        answer = self.taught(net, shown(rng, seen), recipe.iterations)
        with torch.autocast(seen.left.device.type, enabled=False):
            if not bool(answer.disparities[-1].detach().isfinite().all()):
                raise FloatingPointError("the net's disparity is not finite: start anew with a smaller learning rate")
            shares = sequence_weights(len(answer.disparities), recipe.decay)
            steps = zip(shares, answer.disparities, strict=True)
            total = torch.stack([share * self._taught(seen, step) for share, step in steps]).sum()
            return total + self._kept(seen, answer) if recipe.keep else total

    def _taught(self, seen: Views, found: Tensor) -> Tensor:
        """What the pair itself and SGM say of an estimate."""
        recipe, terms = self.recipe, []
        if recipe.appearance:
            terms.append(recipe.appearance * self._own(seen, found))
        if recipe.proxy:
            sure = torch.where(seen.confidence >= recipe.proxy_least, seen.confidence, 0.0)
            terms.append(recipe.proxy * regression(found, seen.matched, weight=sure))
        return torch.stack(terms).sum()

    def _own(self, seen: Views, found: Tensor) -> Tensor:
        """What the pair itself says."""
        recipe = self.recipe
        match = partial(photometric.census, radius=recipe.census_radius) if recipe.census_radius else None
        return left_right.self_supervised(
            seen.left[:1],
            seen.right[:1],
            found[:1],
            found[1:].flip(3),
            match=match or photometric.appearance,
            hidden=recipe.hidden,  # type: ignore[arg-type]
            smooth=recipe.smooth,
            consistent=recipe.consistent,
        )

    def _kept(self, seen: Views, answer: Answer) -> Tensor:
        """What the net said before, where the other view shows nothing; and of how sure it is, everywhere."""
        with torch.no_grad():
            said = self.taught(self.teacher, seen, self.recipe.iterations)
        before, final = said.disparities[-1], answer.disparities[-1]
        unseen = 1 - left_right.visible_by_range(before.flip(0).flip(3))
        total = regression(final, before, weight=unseen) * unseen.mean()
        everywhere = torch.ones_like(final)
        for now, then in ((answer.confidence, said.confidence), (answer.occluded, said.occluded)):
            if now is not None and then is not None:
                total = total + known_cross_entropy(now, torch.sigmoid(then), everywhere)
        return self.recipe.keep * total

    def _part(self, rng: np.random.Generator, scene: Scene) -> tuple[slice, slice]:
        height, width = scene["left"].shape[1:3]
        wanted = (self.recipe.height, max(self.recipe.width, WIDEST * int(scene["searched"])))
        stride, least = self.taught.stride, self.taught.least
        rows, columns = (
            max(least, min(side, most) // stride * stride) for side, most in zip((height, width), wanted, strict=True)
        )
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        return slice(top, top + rows), slice(left, left + columns)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Photometric scores of the net, and what they were before."""
        scores = self._scores(net)
        return scores | {f"{name}, before": value for name, value in self.before.items()}

    def _scores(self, net: nn.Module) -> dict[str, float]:
        """Over every pixel that has a match inside the other view, also those hidden there."""
        found = []
        for pair in self.held_out or self.learnt:
            seen = views_of(self.pairs.load(pair), self._middle)
            with torch.inference_mode():
                answer = self.taught(net, seen, self.recipe.iterations).disparities[-1]
                left, right = answer[:1], answer[1:].flip(3)
                warped = ops.warp(seen.right[:1], left_right.as_flow(left), outside="border")
                radius = self.recipe.census_radius or 1
                bits = photometric.census(seen.left[:1], warped, radius=radius, exponent=0.5, epsilon=0.0)
                agree = left_right.visible_by_check(left, right).float().mean()
            found.append([float(bits), 100 * float(agree)])
        bits, agree = np.mean(found, axis=0)
        where = f"{len(found)} {'held-out' if self.held_out else 'learnt'} pairs"
        return {
            f"{where}, census bits that differ": round(float(bits), 3),
            f"{where}, pixels whose disparity agrees left and right, percent": round(float(agree), 2),
        }

    def _middle(self, scene: Scene) -> tuple[slice, slice]:
        """The middle of large images, of so many times the recipe's size."""
        height, width = scene["left"].shape[1:3]
        rows = min(height, JUDGED * self.recipe.height)
        columns = min(width, JUDGED * max(self.recipe.width, int(scene["searched"])))
        top, left = (height - rows) // 2, (width - columns) // 2
        return slice(top, top + rows), slice(left, left + columns)


def views_of(scene: Scene, part: Callable[[Scene], tuple[slice, slice]]) -> Views:
    """A part of a pair as the net takes it: first as it is, then the same part mirrored, from the right view."""
    rows, columns = part(scene)
    width = scene["left"].shape[2]
    mirrored = slice(width - columns.stop, width - columns.start)
    maps = {}
    for name, stored in (("left", "left"), ("right", "right"), ("matched", "disparity"), ("confidence", "confidence")):
        both = np.stack([scene[stored][0, rows, columns], scene[stored][1, rows, mirrored]])
        planes = np.moveaxis(both, 3, 1) if both.ndim == 4 else both[:, None]
        maps[name] = torch.from_numpy(np.ascontiguousarray(planes, np.float32))
    return Views(**maps, searched=int(scene["searched"]))


def shown(rng: np.random.Generator, views: Views) -> Views:
    """The same views in other colours, nearly the same in both: what the net sees, not what it is compared by."""
    gain, shift = rng.uniform(0.8, 1.25, (2, 3, 1, 1)), rng.uniform(-15, 15, (2, 1, 1, 1))
    gain[1], shift[1] = gain[0] * rng.uniform(0.95, 1.05), shift[0] + rng.uniform(-4, 4)
    power = float(np.exp(rng.uniform(-0.3, 0.3)))

    def bent(images: Tensor, order: tuple[int, int]) -> Tensor:
        faults = zip(
            images, torch.from_numpy(gain).float()[[*order]], torch.from_numpy(shift).float()[[*order]], strict=True
        )
        return torch.stack([255 * ((image * g + s) / 255).clamp(0, 1) ** power for image, g, s in faults])

    return dataclasses.replace(views, left=bent(views.left, (0, 1)), right=bent(views.right, (1, 0)))
