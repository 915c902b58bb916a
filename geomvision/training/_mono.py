"""What nets of one image learn: rendered scenes with exact depth, each net by a loss of its own."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import weights
from ..depth._learned import FOCAL_PX
from ..depth._told import told
from . import _scenes
from ._mono_cuts import FEWEST, MOST, PATTERNS, TOLD_SHARE, MonoCut, points, seen
from ._recipe_checks import made
from ._rendered import ShippedTask
from ._start import Start
from ._taught_mono import MonoNet
from .rendered_recipes import MonoRecipe

#: Tensors of `mono_small` that ship rounded to 4 bits, others to 8: how their names begin.
HALVED = ("down.1.", "down.2.blocks.", "down.3.")
#: Scenes that constant answers are the mean and the median of, beside which a net's errors stand.
ASKED = 64


@dataclass(frozen=True, kw_only=True)
class MonoBatch:
    """Images to learn from."""

    #: (B, 3, H, W), 0 … 255.
    image: Tensor
    #: (B, 1, H, W), 1 / metres; 0 in the sky.
    inverse: Tensor
    #: (B,), pixels.
    focal_px: Tensor
    #: Share of the training that is done.
    progress: float
    #: (B, 2, H, W), what nets that can be told some depths are told (`depth._told`); None where none is.
    told: Tensor | None = None

    @property
    def canonical(self) -> Tensor:
        """Depth for a camera of 256 pixels' focal length (`LearnedDepth`), (B, 1, H, W), metres; NaN in the sky."""
        depth = 1 / torch.where(self.inverse > 0, self.inverse, torch.nan)
        return depth * (FOCAL_PX / self.focal_px).view(-1, 1, 1, 1)


#: The mean loss of a batch.
MonoLoss = Callable[[nn.Module, MonoBatch, MonoRecipe], Tensor]


def render(recipe: MonoRecipe, index: int) -> dict[str, NDArray[Any]]:
    """Scene `index`: the image (H, W, 3), its inverse depth (H, W) in 1 / metres, the focal length in pixels."""
    from ..datasets.synthetic import Synthetic

    options: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in recipe.knobs.items()}
    layout = recipe.layouts[index % len(recipe.layouts)]
    scenes = Synthetic(
        seed=recipe.seed, count=index + 1, height=recipe.height, width=recipe.width, layout=layout, **options
    )
    sample = scenes.depth(index)
    assert sample.depth is not None
    assert sample.camera is not None
    inverse = np.nan_to_num(1 / sample.depth.m, nan=0.0).astype(np.float16)
    return {"image": sample.image, "inverse": inverse, "focal_px": np.asarray(sample.camera.fx, np.float32)}


class MonoTask(ShippedTask):
    """Batches, loss and scores of the training of one net."""

    recipe: MonoRecipe
    input_rule = "RGB, 0 … 255; the longer side as the method's side_px says"

    def __init__(
        self, name: str, teach: MonoLoss, recipe: MonoRecipe, folder: Path, *, start: Start | None = None
    ) -> None:
        self.name, self.method, self.teach, self.start = name, f"depth/{name}", teach, start
        self.recipe = recipe if start is None else dataclasses.replace(recipe, **start.entries)
        self.taught = MonoNet.of(name, self.recipe.network)
        if self.taught.size not in (None, (recipe.height, recipe.width)):
            given = f"{recipe.height} x {recipe.width}"
            raise ValueError(f"the recipe's images are {given} pixels; depth/{name} takes {self.taught.size} alone")
        self.kind = f"depth_m of a focal length of {FOCAL_PX:g} px" if self.taught.metric else self.taught.kind
        self.network = self.taught.path
        self.compact, self.bits, self.only = name == "mono_small", 4, HALVED
        self.folder = folder / f"depth-scenes-{recipe.scenes_key()}"

    @property
    def scene_count(self) -> int:
        """Scenes to learn from and to validate on; the latter come first."""
        return self.recipe.scenes + self.recipe.validation_scenes

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        recipe = self.recipe
        before = "no photograph" if self.start is None else f"before: {self.start.training_data}"
        return f"{recipe.scenes} scenes of geomvision.datasets.Synthetic (seed {recipe.seed}), rendered; {before}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from."""
        made = super().card(steps, scores, training_run)
        return made if self.start is None else self.start.passed_on(made)

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Render what is not rendered yet."""
        _scenes.prepare(self.recipe, self.folder, self.scene_count, workers, advance, render)

    def net(self) -> nn.Module:
        """The net with its first weights, or those that it starts from."""
        net = made(self.taught.make, self.recipe.network)
        if self.start is not None:
            net.load_state_dict(self.start.state)
        return net

    def samples(self, step: int) -> list[MonoCut]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 31])
        return [self._drawn(rng, step / self.recipe.steps) for _ in range(self.recipe.batch)]

    def _drawn(self, rng: np.random.Generator, progress: float) -> MonoCut:
        recipe = self.recipe
        most = math.log(MOST * recipe.height * recipe.width)
        known = round(math.exp(rng.uniform(math.log(FEWEST), most))) if rng.random() < recipe.told else 0
        return MonoCut(
            known=known,
            pattern=str(rng.choice(PATTERNS)),
            seed=int(rng.integers(1 << 31)),
            scene=recipe.validation_scenes + int(rng.integers(recipe.scenes)),
            share=float(rng.uniform(recipe.least_share, 1)),
            down=float(rng.random()),
            across=float(rng.random()),
            mirrored=bool(rng.random() < 0.5),
            channels=tuple(int(channel) for channel in rng.permutation(3)),
            gamma=float(np.exp(rng.uniform(-0.5, 0.5))),
            turn=float(rng.uniform(-recipe.turn, recipe.turn)),
            progress=progress,
        )

    def load(self, sample: MonoCut) -> tuple[MonoCut, Mapping[str, NDArray[np.float32]]]:
        """The image (3, H, W), its inverse depth (1, H, W), and the focal length."""
        maps = seen(_scenes.load(self.folder, sample.scene), sample)
        inverse = maps["inverse"]
        maps["inverse"] = np.where(inverse > FOCAL_PX / (maps["focal_px"] * self.recipe.farthest_m), inverse, 0)
        if self.recipe.told:
            maps["told"] = told(points(maps["inverse"][0], sample))
        return sample, {name: np.ascontiguousarray(value, np.float32) for name, value in maps.items()}

    @staticmethod
    def stacked(loaded: list[tuple[MonoCut, Mapping[str, NDArray[np.float32]]]], device: torch.device) -> MonoBatch:
        """Images as float32 tensors on a device."""
        names = [name for name in ("image", "inverse", "focal_px", "told") if name in loaded[0][1]]
        maps = {name: torch.from_numpy(np.stack([each[name] for _, each in loaded])).to(device) for name in names}
        maps["focal_px"] = maps["focal_px"].flatten()
        return MonoBatch(**maps, progress=loaded[0][0].progress)

    def loss(self, net: nn.Module, sample: MonoCut) -> Tensor:
        """The loss of one sample, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: MonoBatch) -> Tensor:
        """The mean loss of a batch."""
        return self.teach(net, batch, self.recipe)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Errors on whole scenes never learnt from, and of the mean and the median of depth as the answer to all."""
        device, scores, completed = next(net.parameters()).device, [], []
        share = TOLD_SHARE if self.recipe.told else 0.0
        for index in range(self.recipe.validation_scenes):
            known = round(share * self.recipe.height * self.recipe.width)
            batch = self.stacked([self.load(MonoCut(scene=index, known=known, seed=index))], device)
            with torch.inference_mode():
                found = self.taught(net, batch.image)
                if batch.told is not None:
                    completed.append(self.errors(self.taught(net, batch.image, batch.told), batch)[0])
            constants = [self.errors(each, batch)[0] for each in self.constants(batch)]
            scores.append((*self.errors(found, batch), *constants))
        error, near, mean, median = (round(float(np.mean(each)), 4) for each in zip(*scores, strict=True))
        figures = {
            "rendered scenes, AbsRel": error,
            "rendered scenes, AbsRel of the mean as a constant": mean,
            "rendered scenes, AbsRel of the median as a constant": median,
            "rendered scenes, delta1, %": round(100 * near, 2),
        }
        if completed:
            figures[f"rendered scenes, AbsRel, told {share:.0%} of depths"] = round(float(np.mean(completed)), 4)
        return figures

    def errors(self, found: Tensor, batch: MonoBatch) -> tuple[float, float]:
        """AbsRel, and the share of pixels within a factor of 1.25; of what is relative, after its alignment."""
        truth, known = batch.canonical, batch.inverse > 0
        depth = self._in_metres(found, truth, known)
        ratio = (depth / truth)[known].clamp(min=1e-6)
        return float((ratio - 1).abs().mean()), float((torch.maximum(ratio, 1 / ratio) < 1.25).float().mean())

    def _in_metres(self, found: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        if self.taught.metric:
            return found
        if self.taught.kind == "depth_scale":
            return found * (truth / found)[known].median() if known.any() else found
        if self.taught.kind == "depth_affine":
            return aligned(found, truth, known)
        return 1 / aligned(found, 1 / truth, known).clamp(min=1e-3)

    def constants(self, batch: MonoBatch) -> tuple[Tensor, Tensor]:
        """The mean and the median depth of what is learnt from, each as an estimate."""
        if not hasattr(self, "_middles"):
            first = self.recipe.validation_scenes
            cuts = [MonoCut(scene=index) for index in range(first, first + min(ASKED, self.recipe.scenes))]
            depths = [self.stacked([self.load(cut)], torch.device("cpu")).canonical for cut in cuts]
            known = torch.cat([depth.flatten() for depth in depths])
            self._middles = (float(known.nanmean()), float(known.nanmedian()))
        mean, median = (torch.full_like(batch.inverse, middle) for middle in self._middles)
        return mean, median


def aligned(found: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """What is relative (1, 1, H, W) with the scale and shift of least squares against the truth where it is known.

    A scale that is not positive would turn near and far round: the mean of the truth is the answer then.
    """
    x, y = found[known].double(), truth[known].double()
    if x.numel() == 0:
        return found
    variance = x.var(correction=0)
    scale = ((x - x.mean()) * (y - y.mean())).mean() / variance if variance > 0 else x.new_zeros(())
    scale = scale.clamp(min=0)
    return (scale * (found.double() - x.mean()) + y.mean()).float()
