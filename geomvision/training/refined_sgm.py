"""What `refined_sgm` learns: SGM's answers to rendered scenes, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import weights
from ..losses.robust import expected_log_error, known_cross_entropy, log_error
from ..nets.refiner import Refined, Refiner
from . import _scenes
from .recipe import Recipe

Batch = dict[str, Tensor]


class Task:
    """Scenes, net, loss and scores of one training; batches depend on recipe and step alone, so it can be resumed."""

    name = "refined_sgm"

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder / f"scenes-{recipe.scenes_key()}"

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Render what is not rendered yet."""
        _scenes.prepare(self.recipe.rendering, self.folder, self.scene_count, workers, advance)

    @property
    def scene_count(self) -> int:
        """Scenes to learn from and to validate on; the latter come first."""
        return self.recipe.scenes + self.recipe.validation_scenes

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return Refiner(**self.recipe.network)

    def samples(self, step: int) -> list[tuple[int, int]]:
        """Scene and view of each sample of a step, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 11])
        size = self.recipe.batch
        indices = self.recipe.validation_scenes + rng.integers(self.recipe.scenes, size=size)
        return [(int(index), int(view)) for index, view in zip(indices, rng.integers(2, size=size), strict=True)]

    def loss(self, net: nn.Module, sample: tuple[int, int]) -> Tensor:
        """Estimate, its two predecessors, choice of candidates, confidence and occlusion, each by its loss."""
        batch = self._batch(*sample)
        refined: Refined = net(batch["left"], batch["right"], batch["matched"], batch["confidence"])
        truth = batch["disparity"]
        known = ~truth.isnan()
        good = (refined.disparity.detach() - truth).abs() < 1
        return (
            log_error(refined.disparity, truth)
            + 0.5 * log_error(refined.mixed, truth)
            + 0.3 * log_error(refined.coarse, truth)
            + 0.3 * expected_log_error(refined.candidates, refined.weights, truth)
            + 0.1 * known_cross_entropy(refined.confidence, good, known)
            + 0.1 * known_cross_entropy(refined.occluded, batch["occluded"], torch.ones_like(known))
        )

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Scores on scenes never learnt from: pixels more than 2 px off or missing, as SGM filled them and refined."""
        counts = torch.zeros(2, 3, dtype=torch.float64)  # (all, seen by both) × (pixels, wrong before, wrong after)
        for index in range(self.recipe.validation_scenes):
            batch = self._batch(index, 0)
            with torch.inference_mode():
                after = net(batch["left"], batch["right"], batch["matched"], batch["confidence"]).disparity
            truth, before = batch["disparity"], batch["matched"]
            known = ~truth.isnan()
            for row, region in enumerate((known, known & ~batch["occluded"])):
                wrong = [region & ~((estimate - truth).abs() <= 2) for estimate in (before, after)]
                counts[row] += torch.stack([mask.sum() for mask in (region, *wrong)])
        percent = (100 * counts[:, 1:] / counts[:, :1].clamp(min=1)).tolist()
        return {
            f"rendered scenes, totbad-2.0 {region}, {who}": round(percent[row][column], 3)
            for row, region in enumerate(("all", "noc"))
            for column, who in enumerate(("SGM filled", "refined"))
        }

    def _batch(self, index: int, view: int) -> Batch:
        """One of a scene's two views as the net takes it, a batch of one."""
        scene = {name: values[view] for name, values in _scenes.load(self.folder, index).items()}
        maps = {name: scene[name][None] for name in ("matched", "confidence", "disparity")}
        images = {name: np.moveaxis(scene[name], 2, 0) for name in ("left", "right")}
        batch = {name: torch.from_numpy(values.astype(np.float32))[None] for name, values in {**maps, **images}.items()}
        return {**batch, "occluded": torch.from_numpy(scene["occluded"][None, None])}

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card of the finished weights (checksum and count are filled in when they are written)."""
        recipe = self.recipe
        return weights.Card(
            name=self.name,
            task="stereo/refined_sgm",
            kind="disparity_px",
            network="geomvision.nets.refiner.Refiner",
            arguments=dict(recipe.network),
            parameters=0,
            input_rule="RGB of any unit and size (the net frees it of mean and contrast); SGM's disparity in pixels, "
            "gaps filled; its confidence in [0, 1], 0 in the gaps",
            training_data=f"{recipe.scenes} scenes of geomvision.datasets.Synthetic (seed {recipe.seed}), rendered; "
            "no photograph",
            seed=recipe.seed,
            steps=steps,
            licence="Apache-2.0",
            commercial_use=True,
            sha256="",
            scores=scores,
            training_run=training_run,
        )
