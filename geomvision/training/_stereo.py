"""What stereo nets learn: rendered pairs with exact disparity, each net by a loss of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from . import _scenes
from ._recipe_checks import made
from ._rendered import RenderedTask
from ._taught_stereo import Pair, StereoNet
from .rendered_recipes import StereoNetRecipe


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Pairs to learn from."""

    #: (B, 3, H, W), 0 … 255.
    left: Tensor
    right: Tensor
    #: (B, 1, H, W), pixels, NaN where unknown.
    truth: Tensor
    #: Share of the training that is done.
    progress: float


#: The mean loss of a batch.
Loss = Callable[[nn.Module, Batch, StereoNetRecipe], Tensor]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A part of a view of a scene, and how it is shown; `whole` leaves nothing away."""

    scene: int
    view: int = 0
    whole: bool = False
    top: int = 0
    left: int = 0
    upside_down: bool = False
    channels: tuple[int, ...] = (0, 1, 2)
    gamma: float = 1.0
    progress: float = 0.0

    def shown(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """An image (H, W, 3) as (3, H, W), 0 … 255."""
        channels = np.moveaxis(image, 2, 0)[list(self.channels)].astype(np.float32)
        return np.float32(255) * np.power(channels / 255, self.gamma, dtype=np.float32)


class StereoTask(RenderedTask):
    """Batches, loss and scores of the training of one net."""

    kind = "disparity_px"
    input_rule = "RGB, 0 … 255, of any size (sides are padded to what the net takes)"
    recipe: StereoNetRecipe

    def __init__(self, name: str, teach: Loss, recipe: StereoNetRecipe, folder: Path) -> None:
        super().__init__(recipe, folder)
        self.name, self.method, self.teach, self.taught = name, f"stereo/{name}", teach, StereoNet.of(name)
        self.network = self.taught.path
        self.folder = folder / f"stereo-scenes-{recipe.scenes_key()}"

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Render what is not rendered yet."""
        rendering = self.recipe.rendering
        _scenes.prepare(rendering, self.folder, self.scene_count, workers, advance, _scenes.render_pair)

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return made(self.taught.make, self.recipe.network)

    def samples(self, step: int) -> list[Cut]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 29])
        return [self._drawn(rng, step / self.recipe.steps) for _ in range(self.recipe.batch)]

    def _drawn(self, rng: np.random.Generator, progress: float) -> Cut:
        recipe = self.recipe
        return Cut(
            scene=recipe.validation_scenes + int(rng.integers(recipe.scenes)),
            view=int(rng.integers(2)),
            top=int(rng.integers(recipe.margin + 1)),
            left=int(rng.integers(recipe.margin + 1)),
            upside_down=bool(rng.random() < 0.1),
            channels=tuple(int(channel) for channel in rng.permutation(3)),
            gamma=float(np.exp(rng.uniform(-0.4, 0.4))),
            progress=progress,
        )

    def load(self, sample: Cut) -> tuple[Cut, Mapping[str, NDArray[np.float32]]]:
        """The views (3, H, W), their disparity and what is occluded, (1, H, W)."""
        stored = _scenes.load(self.folder, sample.scene)
        views = [stored["left"], stored["right"]]
        if sample.view:
            views = [view[:, ::-1] for view in reversed(views)]
        truth = (stored[name][sample.view][None] for name in ("disparity", "occluded"))
        maps = [*(sample.shown(view) for view in views), *truth]
        if not sample.whole:
            rows = slice(sample.top, sample.top + self.recipe.height)
            columns = slice(sample.left, sample.left + self.recipe.width)
            maps = [each[:, rows, columns] for each in maps]
        if sample.upside_down:
            maps = [each[:, ::-1] for each in maps]
        names = ("left", "right", "truth", "occluded")
        return sample, {n: np.ascontiguousarray(m, np.float32) for n, m in zip(names, maps, strict=True)}

    @staticmethod
    def stacked(loaded: list[tuple[Cut, Mapping[str, NDArray[np.float32]]]], device: torch.device) -> Batch:
        """Pairs as float32 tensors on a device."""
        left, right, truth = (
            torch.from_numpy(np.stack([maps[name] for _, maps in loaded])).to(device)
            for name in ("left", "right", "truth")
        )
        return Batch(left=left, right=right, truth=truth, progress=loaded[0][0].progress)

    def loss(self, net: nn.Module, sample: Cut) -> Tensor:
        """The loss of one sample, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        return self.teach(net, batch, self.recipe)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean error, and pixels more than 2 px off, on whole scenes never learnt from."""
        device = next(net.parameters()).device
        errors, visible = [], []
        for index in range(self.recipe.validation_scenes):
            sample, maps = self.load(Cut(scene=index, whole=True))
            batch = self.stacked([(sample, maps)], device)
            found = self.disparity_of(net, batch.left, batch.right)
            known = batch.truth.isfinite()
            errors.append((found - batch.truth)[known].abs().cpu())
            visible.append(torch.from_numpy(maps["occluded"] == 0)[None][known.cpu()])
        error, seen = torch.cat(errors), torch.cat(visible)
        wrong = ~(error <= 2)
        return {
            "rendered scenes, totbad-2.0 all": round(100 * float(wrong.float().mean()), 3),
            "rendered scenes, totbad-2.0 noc": round(100 * float(wrong[seen].float().mean()), 3),
            "rendered scenes, mean error, px": round(float(error.mean()), 3),
        }

    def disparity_of(self, net: nn.Module, left: Tensor, right: Tensor) -> Tensor:
        """The net's disparity (B, 1, H, W) of images of any size."""
        recipe = self.recipe
        with torch.inference_mode():
            pair = Pair(left=left, right=right, searched=recipe.disparities)
            return self.taught(net, pair, recipe.iterations, every=False).disparities[-1]
