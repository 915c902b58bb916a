"""The loop that all trainings share: deterministic, interruptible, on one process or several.

On a CPU each chunk of samples is learnt from by one thread on its own and the gradients are added up in the samples'
order, so that for nets whose own results are repeatable neither threads nor other load change a bit of the result.
"""

from __future__ import annotations

import copy
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ._gradients import Learner
from ._team import Team
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
    #: The running average of the weights (Polyak & Juditsky, 1992), where the recipe asks for it.
    average: nn.Module | None = None
    step: int = 0
    seconds: float = 0.0
    #: Losses of the steps so far, and (step, scores) of the validations.
    losses: list[float] = field(default_factory=list)
    scores: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    #: Whether no step and no validation is under way: what broke off in the middle is not gone on from.
    whole: bool = True

    @property
    def best(self) -> nn.Module:
        """The net to validate and to write: the average, or the net itself."""
        return self.net if self.average is None else self.average

    def save(self, path: Path, key: str) -> None:
        """Write a checkpoint beside `path` and rename it: there is always a whole one. OSError where it has no room."""
        passing = path.with_name(path.name + ".tmp")
        entries = {"key": key, "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        if self.average is not None:
            entries["average"] = self.average.state_dict()
        entries |= {n: getattr(self, n) for n in ("step", "seconds", "losses", "scores")}
        try:
            torch.save(entries, passing)
            passing.replace(path)
        except (OSError, RuntimeError) as error:  # torch tells a full disk by the latter
            passing.unlink(missing_ok=True)
            told = " ".join(str(error).split())
            raise OSError(
                f"{path} cannot be written: {told}; make room and run it again: it goes on from the last one"
            ) from error

    def restore(self, path: Path, key: str) -> None:
        """Go on from a checkpoint. Raises ValueError when it is of another recipe, or damaged."""
        anew = "give another `out`, or resume=False (--fresh) to start anew"
        try:
            entries = torch.load(path, weights_only=True, map_location="cpu")
            written = entries["key"]
        except Exception as error:  # a damaged file fails in many ways
            told = f"{type(error).__name__} {str(error).partition('.')[0]}"
            raise ValueError(f"{path} is no checkpoint that can be read ({told}); {anew}") from error
        if written != key:
            raise ValueError(f"{path} was written by another recipe; {anew}")
        self.net.load_state_dict(entries["net"])
        self.optimizer.load_state_dict(entries["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(entries["average"])
        for name in ("step", "seconds", "losses", "scores"):
            setattr(self, name, entries[name])


def begin(task: Any, team: Team | None = None) -> State:
    """The state before the first step."""
    recipe: Recipe = task.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        net = task.net().to((team or Team()).device)
    groups = task.groups(net) if hasattr(task, "groups") else net.parameters()
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return State(net, optimizer, copy.deepcopy(net) if recipe.average > 0 else None)


def advance(
    task: Task,
    state: State,
    checkpoint: Path,
    *,
    threads: int,
    deadline: float,
    tell: Callable[[State], None],
    team: Team | None = None,
) -> None:
    """Train to the recipe's last step, or until `deadline` (`time.monotonic`); a checkpoint is left either way.

    Ctrl-C ends it after the step that is under way, then raises KeyboardInterrupt; pressed twice, at once.
    """
    recipe, last, team = task.recipe, time.monotonic(), team or Team()
    earlier, started = state.seconds, time.monotonic()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool, _patient() as pressed:
            learner = Learner(task, pool, team)
            going = state.step < recipe.steps and _agreed(team, time.monotonic() < deadline and not pressed)
            while going:
                _step(task, state, learner)
                state.seconds = earlier + time.monotonic() - started
                if state.step % recipe.validate_every == 0 or state.step == recipe.steps:
                    if team.leads:
                        state.scores.append((state.step, task.validate(state.best.eval())))
                    state.net.train()
                    last = -math.inf
                state.whole = True
                if team.leads and time.monotonic() - last > CHECKPOINT_S:
                    state.save(checkpoint, recipe.key())
                    last = time.monotonic()
                tell(state)
                going = state.step < recipe.steps and _agreed(team, time.monotonic() < deadline and not pressed)
            if pressed:
                raise KeyboardInterrupt
    finally:
        torch.set_num_threads(before)
        if team.leads and state.whole:
            state.save(checkpoint, recipe.key())


@contextmanager
def _patient() -> Iterator[list[int]]:
    """Holds something once Ctrl-C was pressed; the second time it interrupts at once, as it does elsewhere."""
    pressed: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            signal.default_int_handler(number, frame)
        pressed.append(number)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _agreed(team: Team, going: bool) -> bool:
    """Whether every member goes on: one that stopped alone would leave the others waiting."""
    if team.size == 1:
        return going
    return round(float(team.total([torch.tensor(float(going), device=team.device)])[0])) == team.size


def _step(task: Task, state: State, learner: Learner) -> None:
    recipe, parameters = task.recipe, list(state.net.parameters())
    state.whole = next(state.net.buffers(), None) is None  # statistics of batches change while they are learnt from
    loss, gradients, count = learner.learn(state.net, state.step)
    state.whole = False
    if recipe.begins_anew(state.step):
        state.optimizer.state.clear()
    tallies = [loss, torch.tensor(float(count), dtype=torch.float64, device=loss.device)]
    loss, samples, *gradients = learner.team.total([*tallies, *gradients])
    whole = round(float(samples))
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient / whole
    nn.utils.clip_grad_norm_(parameters, recipe.clip_gradient)
    for group in state.optimizer.param_groups:
        group["lr"] = recipe.rate_at(state.step) * group.get("share", 1.0)
    state.optimizer.step()
    state.losses.append(float(loss) / whole)
    state.step += 1
    if state.average is not None:
        _follow(state.average, state.net, min(recipe.average, state.step / (state.step + 10)))


def _follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    """average ← decay · average + (1 − decay) · net; what is no floating number is taken over."""
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)
