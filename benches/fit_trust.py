"""Fit the head that says how sure a refiner's answer is (`geomvision.nets.trust`), on rendered scenes alone.

    python benches/fit_trust.py --weights fast_stereo [--scenes 240] [--cache FOLDER] --out FOLDER

The net itself stays as it is. Of each view of each scene some thousand pixels are kept, as the head sees them; then
the head learns to put right pixels (less than 1 px off) before wrong ones of the same view, each view counting the
same: what a sparsification curve asks. At last its logit is shifted and scaled to a probability. The new weights and
their card, which tells of both trainings, go to FOLDER/NAME.safetensors and .json.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from geomvision import weights
from geomvision.training import _scenes
from geomvision.training.recipe import Recipe

SEED = 7100
SIZES = ((288, 416), (360, 520))
#: Harder than what the nets learn from: heads must see wrong pixels.
KNOBS = {"textureless": (0.0, 0.3), "noise": (0.0, 2.0), "vertical_misalignment": (-0.6, 0.6)}
CHANNELS, PIXELS, STEPS, VIEWS, EACH = 24, 4000, 2000, 32, 96

Cut = tuple[Tensor, Tensor]


def scene(index: int, cache: Path) -> Any:
    """A rendered scene with SGM's answers, from the cache where it is there."""
    path = cache / f"{index}.npz"
    if path.exists():
        return dict(np.load(path))
    usual = Recipe.read("refined_sgm").rendering
    height, width = SIZES[index % 2]
    knobs = {**usual.knobs, **KNOBS}
    asked = dataclasses.replace(usual, height=height, width=width, seed=SEED, max_disparity=(16, 120), knobs=knobs)
    found = _scenes.render(asked, index)
    np.savez(path, **found)
    return found


def cut(net: nn.Module, view: dict[str, Any], rng: np.random.Generator) -> Cut:
    """What the head sees of pixels with truth, (N, features), and whether the answer is less than 1 px off there."""
    seen: list[Tensor] = []
    watched = net.trust.enter.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    images = [torch.from_numpy(np.moveaxis(view[name], 2, 0).astype(np.float32))[None] for name in ("left", "right")]
    maps = [torch.from_numpy(view[name].astype(np.float32))[None, None] for name in ("matched", "confidence")]
    with torch.inference_mode():
        answer = net(*images, *maps).disparity[0, 0].clamp(min=0)
    watched.remove()
    truth = torch.from_numpy(view["disparity"].astype(np.float32))
    known = np.flatnonzero(np.isfinite(truth.numpy()))
    drawn = torch.from_numpy(rng.choice(known, min(PIXELS, known.size), replace=False))
    height, width = truth.shape
    features = seen[0][0, :, :height, :width].flatten(1)[:, drawn].T.clone()
    return features, ((answer - truth).abs().flatten()[drawn] <= 1).clone()


def fit(head: nn.Module, cuts: list[Cut]) -> float:
    """Train the head in place, on features of mean 0 and deviation 1; returns the loss of the last hundred steps."""
    every = torch.cat([features for features, _ in cuts])
    mean, deviation = every.mean(dim=0), every.std(dim=0) + 1e-3
    cuts = [((features - mean) / deviation, right) for features, right in cuts]
    parts = [(features[right], features[~right]) for features, right in cuts]
    parts = [part for part in parts if min(map(len, part)) > 20]
    rng, losses = np.random.default_rng(SEED), list[float]()
    optimiser = torch.optim.AdamW(head.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        drawn = [
            [part[torch.from_numpy(rng.integers(len(part), size=EACH))] for part in parts[i]]
            for i in rng.choice(len(parts), VIEWS)
        ]
        right, wrong = (torch.cat(side) for side in zip(*drawn, strict=True))
        above = logits(head, right).view(VIEWS, 1, EACH) - logits(head, wrong).view(VIEWS, EACH, 1)
        loss = functional.softplus(-above).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    calibrate(head, cuts)
    with torch.no_grad():  # the first layer takes features as they come
        head.enter.weight /= deviation[None, :, None, None]
        head.enter.bias -= head.enter.weight[:, :, 0, 0] @ mean
    return float(np.mean(losses[-100:]))


def logits(head: nn.Module, pixels: Tensor) -> Tensor:
    """(N, features) → (N,)."""
    seen = pixels.T[None, :, None]
    found: Tensor = head.leave(functional.relu(head.deeper(functional.relu(head.enter(seen)))))
    return found.flatten()


def calibrate(head: nn.Module, cuts: list[Cut]) -> None:
    """Scale and shift the last layer so that its logit is that of the share of right pixels, over all views."""
    right = torch.cat([each for _, each in cuts]).float()
    with torch.no_grad():
        said = torch.cat([logits(head, features) for features, _ in cuts])
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    solver = torch.optim.LBFGS([line], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        value = functional.binary_cross_entropy_with_logits(line[0] * said + line[1], right)
        value.backward()
        return value

    solver.step(loss)
    with torch.no_grad():
        head.leave.weight *= line[0]
        head.leave.bias.mul_(line[0]).add_(line[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="fast_stereo", help="name of shipped weights, or a path")
    parser.add_argument("--scenes", type=int, default=240)
    parser.add_argument("--cache", type=Path, default=Path("build/trust"), help="keeps scenes for the next time")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    given.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    state, card = weights.load(given.weights)
    module, _, kind = card.network.rpartition(".")
    arguments = {**card.arguments, "trust": CHANNELS}
    net = getattr(importlib.import_module(module), kind)(**arguments).eval()
    head = {name: value for name, value in net.state_dict().items() if name.startswith("trust.")}
    net.load_state_dict({**head, **{name: value for name, value in state.items() if name not in head}})
    rng, cuts = np.random.default_rng(SEED), list[Cut]()
    for index in range(given.scenes):
        stored = scene(index, given.cache)
        cuts += [cut(net, {name: stored[name][side] for name in _scenes.FIELDS}, rng) for side in (0, 1)]
    loss = fit(net.trust, cuts)
    before = card.training_data.partition("; the head")[0]
    data = f"{before}; the head of confidence: {given.scenes} scenes of the same (seed {SEED}), harder ones"
    run = {**card.training_run, "trust": f"benches/fit_trust.py, {STEPS} steps, loss {loss:.4f}"}
    card = dataclasses.replace(card, arguments=arguments, training_data=data, training_run=run)
    weights.save(given.out / f"{card.name}.safetensors", net, card, compact=True)
    print(f"wrote {given.out / card.name}.safetensors; loss {loss:.4f}")


if __name__ == "__main__":
    main()
