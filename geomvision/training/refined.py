"""What `flow/refined` learns: the answers of flow methods to pairs with exact flow, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import weights
from ..losses._maps import length
from ..losses.flow_supervised import end_point_error, known_flow, sequence_weights
from ..losses.robust import known_cross_entropy
from ..nets.flow_refiner import MOTIONS, FlowRefiner, RefinedFlow, kinds
from . import _flow_answers, _scenes
from ._recipe_checks import made
from ._rendered import ShippedTask
from .flow_recipe import FlowRefinerRecipe

Batch = dict[str, Tensor]
#: Of the robust end-point error (Sun et al., CVPR 2018, eq. 5): slope 2 at no error, 0.3 at 5 px.
ROBUST = {"exponent": 0.6, "epsilon": 0.05}


@dataclass(frozen=True, kw_only=True)
class Look:
    """A pair, and how it is shown. What methods answered turns with the frames; brightness they compare locally."""

    scene: int
    flipped: tuple[bool, bool] = (False, False)
    grey: bool = False
    channels: tuple[int, ...] = (0, 1, 2)
    gamma: float = 1.0
    #: Which answers are shown, and under which names.
    shown: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    #: Where what is shown is cut out, from 0 (top, left) to 1; () shows all.
    place: tuple[float, ...] = ()

    def at(self, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A frame (H, W, 3) as (3, H, W), 0 … 255."""
        channels = np.moveaxis(frame, 2, 0)[list(self.channels)].astype(np.float32)
        shown = 255 * np.power(channels / 255, self.gamma, dtype=np.float32)
        return np.repeat(shown.mean(axis=0, keepdims=True), 3, axis=0) if self.grey else shown

    def turned(self, flow: NDArray[Any]) -> NDArray[np.float32]:
        """Flow (..., H, W, 2) of the frames that are flipped along y, x."""
        field = flow.astype(np.float32)
        for axis, (flip, component) in enumerate(zip(self.flipped, (1, 0), strict=True)):
            if flip:
                field = np.flip(field, axis=field.ndim - 3 + axis).copy()
                field[..., component] *= -1
        return np.moveaxis(field, -1, -3)


class Task(ShippedTask):
    """Net, loss and scores of one training."""

    name = "refined_flow"
    method = "flow/refined"
    kind = "flow_px"
    compact = True
    bits = 4
    network = "geomvision.nets.flow_refiner.FlowRefiner"
    input_rule = (
        "RGB, 0 … 255, of any size; flow of some methods in pixels without NaN, the base's first, which of them it is, "
        "and the base's flow back"
    )
    recipe: FlowRefinerRecipe

    def __init__(self, recipe: FlowRefinerRecipe, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder / f"flow-answers-{recipe.scenes_key()}"

    def net(self) -> nn.Module:
        """The net with its first weights: those of `begin`, or of another method's only what is compared."""
        net = made(FlowRefiner, self.recipe.network)
        if self.recipe.begin:
            state, card = weights.load(self.recipe.begin)
            own = net.state_dict()
            if card.task == self.method:
                own = {}  # all that it has learnt; what does not fit is told
            else:
                state = {k: v for k, v in state.items() if k.startswith(("pyramid.", "shared.")) and k in own}
            weights.put_into(net, own | state, card)
        return net

    @property
    def scene_count(self) -> int:
        """Pairs to learn from and to validate on; the latter come first."""
        return self.recipe.scenes + self.recipe.validation_scenes

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        recipe = self.recipe
        made = f"{recipe.scenes} pairs of geomvision.datasets.Layered and Synthetic (seed {recipe.seed})"
        answered = f"answers to them by {', '.join(recipe.bases)}; no photograph"
        if not recipe.begin:
            return f"{made}, {answered}"
        card = weights.load(recipe.begin)[1]
        taken = "all of" if card.task == self.method else "the features of"
        return f"{made}, {answered}; {taken} {card.name} before: {card.training_data}"

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Make the pairs that are not there yet."""
        recipe = self.recipe.answered
        _scenes.prepare(recipe, self.folder, self.scene_count, workers, advance, _flow_answers.render)

    def samples(self, step: int) -> list[Look]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 31])
        return [self._drawn(rng) for _ in range(self.recipe.batch)]

    def _drawn(self, rng: np.random.Generator) -> Look:
        recipe = self.recipe
        answers = (*recipe.bases, *MOTIONS)
        out, unnamed = rng.random((2, len(answers)))
        shown = tuple(k for k in range(len(answers)) if k == 0 or out[k] >= recipe.left_out)
        return Look(
            scene=recipe.validation_scenes + int(rng.integers(recipe.scenes)),
            flipped=(bool(rng.random() < 0.3), bool(rng.random() < 0.5)),
            grey=bool(rng.random() < 0.2),
            channels=tuple(int(channel) for channel in rng.permutation(3)),
            gamma=float(np.exp(rng.uniform(-0.3, 0.3))),
            shown=shown,
            names=tuple("" if unnamed[k] < recipe.unnamed else answers[k] for k in shown),
            place=tuple(float(v) for v in rng.random(2)),
        )

    def load(self, sample: Look) -> dict[str, NDArray[Any]]:
        """A pair as the net takes it, with its truth."""
        scene = _scenes.load(self.folder, sample.scene)
        axes = tuple(axis for axis, flip in enumerate(sample.flipped) if flip)
        frames = {f"images{k}": sample.at(np.flip(scene[f"frame{k}"], axes)) for k in (0, 1)}
        flows = {name: sample.turned(scene[name]) for name in ("answers", "back", "flow")}
        flows["answers"] = flows["answers"][list(sample.shown)]
        flows["flow"][:, np.hypot(*flows["flow"]) >= self.recipe.fastest] = np.nan
        told = kinds(sample.names)[0].numpy()
        maps = {**frames, **flows, "occluded": np.flip(scene["occluded"], axes)[None]}
        rows, columns = self._window(sample)
        cut = {name: values[..., rows, columns] for name, values in maps.items()}
        return {name: np.ascontiguousarray(values, np.float32) for name, values in (*cut.items(), ("told", told))}

    def _window(self, sample: Look) -> tuple[slice, slice]:
        """Rows and columns that are shown."""
        if not sample.place:
            return slice(None), slice(None)
        whole, cut = (self.recipe.height, self.recipe.width), self.recipe.cut
        top, left = (round(place * (whole[k] - cut[k])) for k, place in enumerate(sample.place))
        return slice(top, top + cut[0]), slice(left, left + cut[1])

    def loss(self, net: nn.Module, sample: Look) -> Tensor:
        """The loss of one pair, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    @staticmethod
    def stacked(loaded: list[dict[str, NDArray[np.float32]]], device: torch.device) -> Batch:
        """Pairs as float32 tensors on a device; one with fewer answers than another shows its first ones twice."""
        most = max(len(maps["answers"]) for maps in loaded)

        def of(maps: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float32]:
            values = maps[name]
            return values[np.arange(most) % len(values)] if name in ("answers", "told") else values

        return {name: torch.from_numpy(np.stack([of(maps, name) for maps in loaded])).to(device) for name in loaded[0]}

    def batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """Flow, its predecessors, the choice of candidates, confidence and occlusion, each by its loss."""
        found = refined(net, batch)
        truth = batch["flow"]
        known = known_flow(truth)
        error = length((found.flow.detach() - truth).nan_to_num(0.0))
        steps = sequence_weights(len(found.coarse), 0.8)
        coarse = [w * end_point_error(step, truth, **ROBUST) for w, step in zip(steps, found.coarse, strict=True)]
        return (
            end_point_error(found.flow, truth, **ROBUST)
            + 0.5 * end_point_error(found.mixed, truth, **ROBUST)
            + 0.3 * torch.stack(coarse).sum()
            + 0.3 * expected_error(found.candidates, found.weights, truth)
            + 0.1 * known_cross_entropy(found.confidence, error < 1, known)
            + 0.1 * known_cross_entropy(found.occluded, batch["occluded"] > 0, torch.ones_like(known))
        )

    def validate(self, net: nn.Module) -> dict[str, float]:
        """End-point errors on pairs never learnt from, of each base and of what the net makes of them."""
        answers = (*self.recipe.bases, *MOTIONS)
        device, names = next(net.parameters()).device, ("refined", *answers)
        errors: dict[str, list[Tensor]] = {"layered pairs": [], "rendered scenes": []}
        for index in range(self.recipe.validation_scenes):
            look = Look(scene=index, shown=tuple(range(len(answers))), names=answers)
            batch = self.stacked([self.load(look)], device)
            with torch.inference_mode():
                flow = refined(net, batch).flow
            off = torch.cat([flow, batch["answers"][0]]) - batch["flow"]
            known = known_flow(batch["flow"])[0, 0]
            group = "rendered scenes" if bool(_scenes.load(self.folder, index)["rendered"]) else "layered pairs"
            errors[group].append(off.square().sum(dim=1).sqrt()[:, known].double().mean(dim=1).cpu())
        scores: dict[str, float] = {}
        for group, found in errors.items():
            if found:
                means = torch.stack(found).mean(dim=0)
                scores |= {f"{group}, EPE, {name}": round(float(e), 3) for name, e in zip(names, means, strict=True)}
        return scores


def refined(net: nn.Module, batch: Batch) -> RefinedFlow:
    """What the net makes of a batch."""
    found: RefinedFlow = net(*(batch[name] for name in ("images0", "images1", "answers", "told", "back")))
    return found


def expected_error(candidates: Tensor, shares: Tensor, truth: Tensor) -> Tensor:
    """Mean of Σ_k w_k (‖c_k − truth‖ + ε)^q over known pixels: the loss of drawing a candidate, not of averaging them.

    Args:
        candidates: (B, K, 2, H, W), and their weights, which sum to 1 over K.
        shares: (B, K, H, W).
        truth: (B, 2, H, W), NaN where unknown.
    """
    known = known_flow(truth)
    off = torch.where(known[:, None], candidates - truth[:, None], 0.0)
    error = (length(off.flatten(0, 1)).view(shares.shape) + ROBUST["epsilon"]).pow(ROBUST["exponent"])
    return (known * (shares * error).sum(dim=1, keepdim=True)).sum() / known.sum().clamp(min=1)
