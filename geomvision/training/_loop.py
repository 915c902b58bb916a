"""The loop that all trainings share: deterministic, interruptible, one sample per thread.

Each sample's gradient is computed by one thread on its own and the gradients are added up in the samples' order, so
that neither the number of threads nor other load on the machine changes a bit of the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from .recipe import Recipe

#: Seconds between checkpoints; one is written at every validation and at every stop, too.
CHECKPOINT_S = 120.0


class Task(Protocol):
    """What a training must provide."""

    recipe: Recipe

    def samples(self, step: int) -> list[Any]:
        """What a step learns from; a function of the recipe and the step alone."""

    def loss(self, net: nn.Module, sample: Any) -> Tensor:
        """The loss of one sample."""

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Scores by name on samples that are never learnt from."""


@dataclass
class State:
    """All that a training is, between two steps."""

    net: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    #: Losses of the steps so far, and (step, scores) of the validations.
    losses: list[float] = field(default_factory=list)
    scores: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def save(self, path: Path, key: str) -> None:
        """Write a checkpoint beside `path` and rename it: there is always a whole one."""
        passing = path.with_name(path.name + ".tmp")
        entries = {"key": key, "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**entries, **{n: getattr(self, n) for n in ("step", "seconds", "losses", "scores")}}, passing)
        passing.replace(path)

    def restore(self, path: Path, key: str) -> None:
        """Go on from a checkpoint. Raises ValueError when it is of another recipe."""
        entries = torch.load(path, weights_only=True)
        if entries["key"] != key:
            raise ValueError(f"{path} was written by another recipe; give another `out`, or resume=False to start anew")
        self.net.load_state_dict(entries["net"])
        self.optimizer.load_state_dict(entries["optimizer"])
        for name in ("step", "seconds", "losses", "scores"):
            setattr(self, name, entries[name])


def begin(task: Any) -> State:
    """The state before the first step."""
    recipe: Recipe = task.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        net = task.net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return State(net, optimizer)


def rate(recipe: Recipe, step: int) -> float:
    """Learning rate of a step: up in a line, down along a cosine (Loshchilov & Hutter, ICLR 2017)."""
    rising = max(1, round(recipe.warm_up * recipe.steps))
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * (step - rising) / max(1, recipe.steps - rising)))


def advance(
    task: Task, state: State, checkpoint: Path, *, threads: int, deadline: float, tell: Callable[[State], None]
) -> None:
    """Train to the recipe's last step, or until `deadline` (`time.monotonic`); a checkpoint is left either way."""
    recipe, last = task.recipe, time.monotonic()
    earlier, started = state.seconds, time.monotonic()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            while state.step < recipe.steps and time.monotonic() < deadline:
                _step(task, state, pool)
                state.seconds = earlier + time.monotonic() - started
                if state.step % recipe.validate_every == 0 or state.step == recipe.steps:
                    state.scores.append((state.step, task.validate(state.net.eval())))
                    state.net.train()
                    last = -math.inf
                if time.monotonic() - last > CHECKPOINT_S:
                    state.save(checkpoint, recipe.key())
                    last = time.monotonic()
                tell(state)
    finally:
        torch.set_num_threads(before)
        state.save(checkpoint, recipe.key())


def _step(task: Task, state: State, pool: ThreadPoolExecutor) -> None:
    recipe = task.recipe
    parameters = list(state.net.parameters())

    def learn(sample: Any) -> tuple[float, tuple[Tensor, ...]]:
        torch.set_num_threads(1)  # is per thread
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_bfloat16()):
            loss = task.loss(state.net, sample)
        return loss.item(), torch.autograd.grad(loss, parameters)

    results = list(pool.map(learn, task.samples(state.step)))
    for index, parameter in enumerate(parameters):
        parameter.grad = sum((gradients[index] for _, gradients in results[1:]), results[0][1][index]) / len(results)
    nn.utils.clip_grad_norm_(parameters, recipe.clip_gradient)
    for group in state.optimizer.param_groups:
        group["lr"] = rate(recipe, state.step)
    state.optimizer.step()
    state.losses.append(sum(loss for loss, _ in results) / len(results))
    state.step += 1


def _bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where it does not, float32 is faster."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
