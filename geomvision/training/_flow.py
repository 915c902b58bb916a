"""What flow nets learn: pairs with exact flow, and how far off they are on pairs they never learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..losses.flow_supervised import sequence_loss
from ..nets.raft import Flows
from ..samples import FlowSample
from . import _flow_pairs, _scenes
from ._flow_pairs import Pair, Pairs, Sample
from ._rendered import ShippedTask
from .recipe import FlowRecipe

Batch = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class FlowNet:
    """A net that can be taught: what makes it, and how it is called."""

    make: type[nn.Module]
    #: Sides of images are multiples of this.
    stride: int
    #: Updates of a recurrent net when it is judged, at least; it learns by the recipe's. 0: it has none.
    least_updates: int = 0


class FlowTask(ShippedTask):
    """Batches, loss and scores of the training of one net."""

    kind = "flow_px"
    input_rule = "RGB, 0 … 255, of any size (sides are padded to multiples of the net's stride)"
    recipe: FlowRecipe

    def __init__(self, name: str, taught: FlowNet, recipe: FlowRecipe, folder: Path) -> None:
        self.name, self.method, self.taught = name, f"flow/{name}", taught
        self.network = f"{taught.make.__module__}.{taught.make.__qualname__}"
        self.recipe = recipe
        self.pairs = Pairs(recipe, folder)
        #: Scenes with truth of the user's own, to validate on besides.
        self.real: list[FlowSample] = []

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return self.taught.make(**self.recipe.network)

    def estimates(self, net: nn.Module, images0: Tensor, images1: Tensor) -> Flows:
        """What the net makes of images (B, 3, H, W): by the recipe's updates to learn, perhaps by more to be judged."""
        least, updates = self.taught.least_updates, self.recipe.iterations
        calls = {"iterations": updates if net.training else max(least, updates)} if least else {}
        found: Flows = net(images0, images1, **calls)
        return found

    @property
    def scene_count(self) -> int:
        """Scenes that are rendered once and kept."""
        return self.pairs.scene_count

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        recipe = self.recipe
        layered = f"{recipe.pairs_drawn} pairs of geomvision.datasets.Layered (seed {recipe.seed}), drawn"
        if not recipe.rendered_scenes:
            return layered + "; no photograph"
        early = recipe.batch * recipe.late_from / recipe.pairs_drawn
        share = round(100 * early * recipe.rendered_share)
        scenes = f"{recipe.rendered_scenes} scenes of geomvision.datasets.Synthetic"
        return f"{layered}, {share} % of them instead cut from {scenes}, rendered; no photograph"

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Render what is not rendered yet."""
        scenes = self.pairs.scenes
        _scenes.prepare(scenes, self.pairs.folder, self.scene_count, workers, advance, _flow_pairs.render)

    def samples(self, step: int) -> list[Sample]:
        """What a step learns from, drawn from the seed and the step alone."""
        return self.pairs.drawn(step)

    def load(self, sample: Sample) -> Pair:
        """The sample's frames and flow."""
        return self.pairs.load(sample)

    @staticmethod
    def stacked(loaded: list[Pair], device: torch.device) -> Batch:
        """Pairs as float32 tensors (B, C, H, W) on a device."""

        def stack(part: int) -> Tensor:
            maps = torch.from_numpy(np.stack([pair[part] for pair in loaded])).to(device)
            return maps.permute(0, 3, 1, 2).float().contiguous()

        return stack(0), stack(1), stack(2)

    def loss(self, net: nn.Module, sample: Sample) -> Tensor:
        """The loss of one sample, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        images0, images1, flow = batch
        steps = self.estimates(net, images0, images1).steps
        return sequence_loss(steps, flow, decay=self.recipe.decay, fastest=self.recipe.fastest)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """End-point errors on pairs never learnt from, layered and rendered, and on real scenes where there are."""
        scores: dict[str, float] = {}
        groups: dict[str, list[Pair]] = {}
        for sample in self.pairs.validation():
            groups.setdefault("rendered scenes" if sample.rendered else "layered pairs", []).append(self.load(sample))
        for name, pairs in groups.items():
            errors = np.concatenate([self._errors(net, *pair) for pair in pairs])
            scores[f"{name}, EPE"] = round(float(errors.mean()), 3)
            scores[f"{name}, above 1 px, percent"] = round(100 * float((errors > 1).mean()), 2)
            scores[f"{name}, above 3 px, percent"] = round(100 * float((errors > 3).mean()), 2)
        for scene in self.real:
            assert scene.flow is not None
            errors = self._errors(net, _rgb(scene.frame0), _rgb(scene.frame1), scene.flow.px)
            scores[f"{scene.name}, EPE"] = round(float(errors.mean()), 3)
        if self.real:
            real = [scores[f"{scene.name}, EPE"] for scene in self.real]
            scores[f"{len(real)} real scenes, mean EPE"] = round(float(np.mean(real)), 3)
        return scores

    def _errors(self, net: nn.Module, frame0: Any, frame1: Any, flow: Any) -> Any:
        """End-point errors of the known pixels, px."""
        height, width = frame0.shape[:2]
        device = next(net.parameters()).device
        images = self.stacked([(frame0, frame1, flow)], device)[:2]
        padding = (0, -width % self.taught.stride, 0, -height % self.taught.stride)
        images0, images1 = (functional.pad(image, padding, mode="replicate") for image in images)
        with torch.inference_mode():
            found = self.estimates(net, images0, images1).flow
        estimate = found[0, :, :height, :width].permute(1, 2, 0).float().cpu().numpy()
        errors = np.linalg.norm(estimate - flow, axis=2)
        return errors[~np.isnan(errors)]


def _rgb(image: Any) -> Any:
    """uint8 (H, W, 3) of an image of uint8 or uint16, grey or coloured."""
    levels = image if image.dtype == np.uint8 else np.asarray(image, float) * (255 / np.iinfo(image.dtype).max)
    levels = np.asarray(np.rint(levels), np.uint8)
    return np.repeat(levels[..., None], 3, axis=2) if levels.ndim == 2 else levels
