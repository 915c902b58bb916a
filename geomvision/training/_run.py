"""One training from recipe to weights, with progress."""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import rich.progress
import torch

from .. import weights
from . import Outcome, _loop
from .recipe import Recipe


def train(
    method: str,
    folder: Path,
    resume: bool,
    size: str,
    steps: int | None,
    minutes: float | None,
    num_threads: int,
    progress: bool,
) -> Outcome:
    """See `geomvision.training.run`."""
    started = time.monotonic()
    recipe = Recipe.read(method, size)
    if steps is not None:
        recipe = dataclasses.replace(recipe, steps=steps)
    task: Any = importlib.import_module(f"geomvision.training.{method}").Task(recipe, folder)
    folder.mkdir(parents=True, exist_ok=True)
    threads = num_threads or os.cpu_count() or 1
    deadline = math.inf if minutes is None else started + 60 * minutes
    checkpoint = folder / "checkpoint.pt"
    with _bar(progress) as bar:
        rendering = bar.add_task("rendering", total=task.scene_count, note="")
        task.prepare(threads, lambda done: bar.advance(rendering, done))
        state = _loop.begin(task)
        if resume and checkpoint.exists():
            state.restore(checkpoint, recipe.key())
        state.seconds += time.monotonic() - started
        learning = bar.add_task("learning", total=recipe.steps, completed=state.step, note="")

        def tell(state: _loop.State) -> None:
            recent = statistics.fmean(state.losses[-50:])
            bar.update(learning, completed=state.step, note=f"loss {recent:.3f}")

        _loop.advance(task, state, checkpoint, threads=threads, deadline=deadline, tell=tell)
    return _finish(task, state, folder, threads)


def _bar(shown: bool) -> rich.progress.Progress:
    columns = (*rich.progress.Progress.get_default_columns(), rich.progress.TextColumn("{task.fields[note]}"))
    return rich.progress.Progress(*columns, disable=not shown)


def _finish(task: Any, state: _loop.State, folder: Path, threads: int) -> Outcome:
    """Write weights and card when the last step is done."""
    steps = task.recipe.steps
    scores = state.scores[-1][1] if state.scores else {}
    target = folder / f"{task.name}.safetensors"
    done = state.step >= steps
    if done:
        training_run = {
            "wall_minutes": round(state.seconds / 60, 1),
            "threads": threads,
            "machine": platform.machine(),
            "torch": torch.__version__,
            "recipe": task.recipe.key(),
        }
        weights.save(target, state.net, task.card(state.step, scores, training_run))
    return Outcome(folder=folder, step=state.step, steps=steps, weights=target if done else None, scores=scores)
