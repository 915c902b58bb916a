"""What `refined_sgm` and `refined` learn: a matcher's answers to rendered scenes, and the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import weights
from ..losses.flow_supervised import sequence_weights
from ..losses.robust import expected_log_error, known_cross_entropy, log_error
from ..nets.refiner import Refined, Refiner
from . import _matchers, _scenes
from ._recipe_checks import made
from ._rendered import RenderedTask
from .rendered_recipes import StereoRecipe

Batch = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A view of a scene, and how it is shown.

    SGM compares brightness by order alone and treats rows from either end alike. So its answer, once computed, stays
    its answer when both images are turned upside down or their brightness is bent by a power. Of other matchers it may
    not be the very answer, but one that they might give; what is true stays true.
    """

    scene: int
    view: int = 0
    upside_down: bool = False
    grey: bool = False
    channels: tuple[int, ...] = (0, 1, 2)
    gamma: float = 1.0

    def at(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """An image (H, W, 3) as (3, H, W)."""
        channels = np.moveaxis(image, 2, 0)[list(self.channels)].astype(np.float32)
        shown = np.power(channels / 255, self.gamma, dtype=np.float32)
        return np.repeat(shown.mean(axis=0, keepdims=True), 3, axis=0) if self.grey else shown


class Task(RenderedTask):
    """Net, loss and scores of one training."""

    name = "refined_sgm"
    method = "stereo/refined_sgm"
    kind = "disparity_px"
    compact = True
    network = "geomvision.nets.refiner.Refiner"
    input_rule = (
        "RGB of any unit and size (the net frees it of mean and contrast); a matcher's disparity in pixels, "
        "gaps filled; its confidence in [0, 1], 0 in the gaps"
    )

    net_class: type[Refiner] = Refiner
    recipe: StereoRecipe

    def net(self) -> nn.Module:
        """The net with its first weights: those of the recipe's refiner, where it names one, and new ones beside them.

        A head that judges that refiner's answers is left out where the recipe has none: it is fitted to a finished net.

        Raises WeightsError when that refiner has other weights than the net.
        """
        net = made(self.net_class, self.recipe.network)
        if self.recipe.refiner:
            state, card = weights.load(self.recipe.refiner)
            begun = {name: value for name, value in state.items() if net.trust or not name.startswith("trust.")}
            weights.put_into(net, net.state_dict() | begun, card)
        return net

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        if not self.recipe.refiner:
            return super().training_data
        before = weights.load(self.recipe.refiner)[1].training_data
        return f"{super().training_data}; the refiner's weights before: {before}"

    def samples(self, step: int) -> list[Look]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 11])
        return [self._drawn(rng) for _ in range(self.recipe.batch)]

    def _drawn(self, rng: np.random.Generator) -> Look:
        return Look(
            scene=self.recipe.validation_scenes + int(rng.integers(self.recipe.scenes)),
            view=int(rng.integers(2)),
            upside_down=bool(rng.random() < 0.3),
            grey=bool(rng.random() < 0.3),
            channels=tuple(int(channel) for channel in rng.permutation(3)),
            gamma=float(np.exp(rng.uniform(-0.4, 0.4))),
        )

    def loss(self, net: nn.Module, sample: Look) -> Tensor:
        """The loss of one sample, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """Estimate, its two predecessors, choice of candidates, confidence and occlusion, each by its loss."""
        refined: Refined = net(batch["left"], batch["right"], batch["matched"], batch["confidence"])
        truth = batch["disparity"]
        known = ~truth.isnan()
        good = (refined.disparity.detach() - truth).abs() < 1
        return (
            log_error(refined.disparity, truth)
            + 0.5 * log_error(refined.mixed, truth)
            + 0.3 * self._coarse_loss(refined.coarse, truth)
            + 0.3 * expected_log_error(refined.candidates, refined.weights, truth)
            + 0.1 * known_cross_entropy(refined.confidence, good, known)
            + 0.1 * known_cross_entropy(refined.occluded, batch["occluded"], torch.ones_like(known))
        )

    def _coarse_loss(self, coarse: Tensor, truth: Tensor) -> Tensor:
        """Of all estimates (B, K, H, W), later ones counting more (as in RAFT's training)."""
        steps = torch.split(coarse, 1, dim=1)
        weights = sequence_weights(len(steps), 0.8)
        return torch.stack([weight * log_error(step, truth) for weight, step in zip(weights, steps, strict=True)]).sum()

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Scores on scenes never learnt from: pixels more than 2 px off or missing, as filled and as refined.

        With several matchers: over all scenes, and over those that each one answers.
        """
        device, counted = next(net.parameters()).device, dict[str, Tensor]()
        for index in range(self.recipe.validation_scenes):
            matcher = _scenes.answering(self.recipe.rendering, index)[1]
            counts = counted.setdefault(matcher, torch.zeros(2, 3, dtype=torch.float64))
            batch = self.stacked([self.load(Look(scene=index))], device)
            with torch.inference_mode():
                after = net(batch["left"], batch["right"], batch["matched"], batch["confidence"]).disparity
            truth, before = batch["disparity"], batch["matched"]
            known = ~truth.isnan()
            for row, region in enumerate((known, known & ~batch["occluded"])):
                wrong = [region & ~((estimate - truth).abs() <= 2) for estimate in (before, after)]
                counts[row] += torch.stack([mask.sum() for mask in (region, *wrong)]).cpu()
        whole = torch.stack([*counted.values()]).sum(dim=0)
        if not _matchers.several(self.recipe.matcher):
            return _percentages(whole, "SGM filled", "refined")
        scores = _percentages(whole, "matchers filled", "refined")
        for matcher, counts in sorted(counted.items()):
            scores |= _percentages(counts, f"{matcher} filled", f"{matcher} refined")
        return scores

    def load(self, sample: Look) -> dict[str, NDArray[np.float32]]:
        """A view of a scene as the net takes it, with its truth: maps by name, (3, H, W) or (1, H, W)."""
        scene = self.scene(sample.scene, sample.view)
        if sample.upside_down:
            scene = {name: np.flip(values, axis=0) for name, values in scene.items()}
        maps = {name: scene[name][None] for name in ("matched", "confidence", "disparity", "occluded")}
        maps |= {name: sample.at(scene[name]) for name in ("left", "right")}
        return {name: np.ascontiguousarray(values, np.float32) for name, values in maps.items()}

    @staticmethod
    def stacked(loaded: list[dict[str, NDArray[np.float32]]], device: torch.device) -> Batch:
        """Samples as float32 tensors on a device, `occluded` as bool."""
        batch = {name: torch.from_numpy(np.stack([maps[name] for maps in loaded])).to(device) for name in loaded[0]}
        return {**batch, "occluded": batch["occluded"] > 0}


def _percentages(counts: Tensor, *who: str) -> dict[str, float]:
    """Scores of (all, seen by both) × (pixels, wrong before, wrong after), by who was wrong."""
    percent = (100 * counts[:, 1:] / counts[:, :1].clamp(min=1)).tolist()
    return {
        f"rendered scenes, totbad-2.0 {region}, {name}": round(percent[row][column], 3)
        for row, region in enumerate(("all", "noc"))
        for column, name in enumerate(who)
    }
