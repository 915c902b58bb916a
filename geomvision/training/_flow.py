"""What flow nets learn: pairs with exact flow, and how far off they are on pairs they never learn from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from .. import weights
from ..losses.flow_supervised import sequence_loss
from ..losses.matching import matching
from ..nets.raft import RAFT, Flows
from ..samples import FlowSample
from . import _flow_pairs, _scenes
from ._flow_pairs import Pair, Pairs, Sample
from ._frames import rgb
from ._recipe_checks import made
from ._rendered import ShippedTask
from ._start import Start
from ._taught import TaughtNet
from .flow_recipe import FlowRecipe


class Batch(NamedTuple):
    """Images (B, 3, H, W), flow (B, 2, H, W), what is hidden (B, 1, H, W) as 0 or 1, the step that learns from it."""

    images0: Tensor
    images1: Tensor
    flow: Tensor
    hidden: Tensor
    step: int


@dataclass(frozen=True, kw_only=True)
class FlowNet(TaughtNet):
    """A flow net that can be taught."""

    #: Updates of a recurrent net when it is judged, at least; it learns by the recipe's. 0: it has none.
    least_updates: int = 0
    #: How the names of those tensors begin that are written with 4 bits; others have 8.
    halved: tuple[str, ...] = ()


class FlowTask(ShippedTask):
    """Batches, loss and scores of the training of one net."""

    kind = "flow_px"
    compact = True
    bits = 4
    input_rule = "RGB, 0 … 255, of any size (sides are padded to multiples of the net's stride)"
    recipe: FlowRecipe

    def __init__(
        self, name: str, taught: FlowNet, recipe: FlowRecipe, folder: Path, *, start: Start | None = None
    ) -> None:
        self.name, self.method, self.taught = name, f"flow/{name}", taught
        self.network, self.only = taught.path, taught.halved
        self.start = start
        self.recipe = recipe if start is None else dataclasses.replace(recipe, **start.entries_beneath(recipe.network))
        if self.recipe.features_share > 0 and not (self.recipe.matching > 0 and self.recipe.features_rate > 0):
            raise ValueError("features_share needs a matching loss: matching and features_rate must be above 0")
        if self.recipe.matching > 0 and not issubclass(taught.make, RAFT):
            raise ValueError(f"flow/{name} does not compare all features: matching must be 0")
        self.pairs = Pairs(self.recipe, folder)
        #: Scenes with truth of the user's own, to validate on besides.
        self.real: list[FlowSample] = []

    def net(self) -> nn.Module:
        """The net with its first weights, or those that it starts from."""
        net = made(self.taught.make, self.recipe.network)
        if self.start is not None:
            self.start.put_into(net, self.recipe.network)
        return net

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
        before = "no photograph" if self.start is None else f"before: {self.start.training_data}"
        if not recipe.rendered_scenes:
            return f"{layered}; {before}"
        early = recipe.batch * recipe.late_from / recipe.pairs_drawn
        share = round(100 * early * recipe.rendered_share)
        scenes = f"{recipe.rendered_scenes} scenes of geomvision.datasets.Synthetic"
        return f"{layered}, {share} % of them instead cut from {scenes}, rendered; {before}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from."""
        made = super().card(steps, scores, training_run)
        return made if self.start is None else self.start.passed_on(made)

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
        first, second, flow = (maps([pair[part] for pair in loaded], device) for part in range(3))
        hidden = maps([pair.hidden[..., None] for pair in loaded], device)
        return Batch(first, second, flow, hidden, loaded[0].step)

    def loss(self, net: nn.Module, sample: Sample) -> Tensor:
        """The loss of one sample, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        recipe = self.recipe
        if batch.step < recipe.flow_from:
            return matched(cast(RAFT, net).encoded(batch.images0, batch.images1), batch)
        found = self.estimates(net, batch.images0, batch.images1)
        loss = sequence_loss(found.steps, batch.flow, decay=recipe.decay, fastest=recipe.fastest)
        weight = recipe.matching_at(batch.step)
        return loss + weight * matched(found.features, batch) if weight > 0 else loss

    def validate(self, net: nn.Module) -> dict[str, float]:
        """End-point errors on pairs never learnt from, layered and rendered, and on real scenes where there are."""
        scores: dict[str, float] = {}
        groups: dict[str, list[Pair]] = {}
        for sample in self.pairs.validation():
            groups.setdefault("rendered scenes" if sample.rendered else "layered pairs", []).append(self.load(sample))
        for name, pairs in groups.items():
            errors = np.concatenate([self._errors(net, *pair[:3]) for pair in pairs])
            scores[f"{name}, EPE"] = round(float(errors.mean()), 3)
            scores[f"{name}, above 1 px, percent"] = round(100 * float((errors > 1).mean()), 2)
            scores[f"{name}, above 3 px, percent"] = round(100 * float((errors > 3).mean()), 2)
        return scores | self.real_scores(net)

    def real_scores(self, net: nn.Module) -> dict[str, float]:
        """End-point errors on the real scenes that were given."""
        scores: dict[str, float] = {}
        for scene in self.real:
            assert scene.flow is not None
            errors = self._errors(net, *rgb(scene.frame0, scene.frame1), scene.flow.px)
            scores[f"{scene.name}, EPE"] = round(float(errors.mean()), 3)
        if self.real:
            real = [scores[f"{scene.name}, EPE"] for scene in self.real]
            scores[f"{len(real)} real scenes, mean EPE"] = round(float(np.mean(real)), 3)
        return scores

    def _errors(self, net: nn.Module, frame0: Any, frame1: Any, flow: Any) -> Any:
        """End-point errors of the known pixels, px."""
        estimate = self.flow_of(net, frame0, frame1)[0].permute(1, 2, 0).cpu().numpy()
        errors = np.linalg.norm(estimate - flow, axis=2)
        return errors[~np.isnan(errors)]

    def flow_of(self, net: nn.Module, frame0: Any, frame1: Any) -> Tensor:
        """The net's flow (1, 2, H, W) of frames (H, W, 3) of any size."""
        height, width = frame0.shape[:2]
        images = maps([frame0, frame1], next(net.parameters()).device)
        images0, images1 = self.taught.fitted(images).chunk(2)
        with torch.inference_mode():
            found = self.estimates(net, images0, images1).flow
        return found[..., :height, :width].float()


def matched(features: tuple[Tensor, ...], batch: Batch) -> Tensor:
    """The matching loss of features at a part of the size, by what is true amid the pixels that one covers."""
    features0, features1 = features
    stride = batch.flow.shape[-1] // features0.shape[-1]
    amid = slice(stride // 2, None, stride)
    flow, hidden = (values[:, :, amid, amid] for values in (batch.flow, batch.hidden))
    return matching(features0, features1, flow / stride, weight=1 - hidden)


def maps(arrays: list[Any], device: torch.device) -> Tensor:
    """Arrays (H, W, C) as float32 (B, C, H, W)."""
    stacked = torch.from_numpy(np.stack(arrays)).to(device)
    return stacked.permute(0, 3, 1, 2).float().contiguous()
