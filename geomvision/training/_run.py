"""One training from recipe to weights, with progress."""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich.progress
import torch

from .. import weights
from ..datasets.folder import Folder
from . import ADAPTABLE, Outcome, _curves, _loop
from ._depth_frames import folders_of, rigs_of
from ._flow import FlowTask
from ._mono import MonoTask
from ._self_supervised import SelfSupervised
from ._self_supervised_depth import SelfSupervisedDepth
from ._self_supervised_stereo import SelfSupervisedStereo
from ._start import Start
from ._stereo import StereoTask
from ._taught_stereo import StereoNet
from ._team import Team, kind_of
from .adaptation_recipes import SelfSupervisedRecipe, StereoAdaptationRecipe
from .depth_adaptation_recipe import DepthAdaptationRecipe
from .flow_nets import NETS
from .flow_recipe import FlowRecipe, FlowRefinerRecipe
from .mono_nets import LOSSES as MONO_LOSSES
from .recipe import KINDS, Recipe
from .rendered_recipes import MonoRecipe, StereoNetRecipe, StereoRecipe
from .stereo_nets import LOSSES


@dataclass(frozen=True, kw_only=True)
class Order:
    """What `geomvision.training.run` was asked for."""

    method: str
    folder: Path
    resume: bool
    size: str
    recipe: Path | None
    steps: int | None
    minutes: float | None
    num_threads: int
    progress: bool
    device: str
    scenes: Path | None
    adapt: Path | None
    right: Path | None
    weights: str | None
    camera: Any = None


def train(order: Order) -> Outcome:
    """See `geomvision.training.run`."""
    started = time.monotonic()
    task = _task(order)
    if order.scenes is not None:
        _validate_on(task, order.scenes)
    if kind_of(order.device) != "cpu" and not hasattr(task, "batch_loss"):
        raise ValueError(f"{order.method} learns sample by sample, on a CPU alone; device is {order.device!r}")
    if order.folder.is_file():
        raise ValueError(f"out is {order.folder}, which is a file; it must be a folder, which is made if need be")
    if order.weights is not None and not (order.resume and _checkpoint(order.folder).exists()):
        target = _target(task, order.folder)
        if target.exists() and target.samefile(weights.find(order.weights)):
            told = "which would be written over: give another folder (out)"
            raise ValueError(f"weights to start from are {target}, {told}")
    team = Team.join(order.device)
    order.folder.mkdir(parents=True, exist_ok=True)
    try:
        return _in_rounds(order, task, team, started)
    finally:
        team.leave()


def _task(order: Order) -> Any:
    """What is learnt. ValueError where method, recipe and the other choices do not go together."""
    if order.adapt is not None:
        return _adapting(order, order.adapt)
    if order.right is not None:
        raise ValueError(
            "right is the folder of right images that a stereo net is adapted to; adapt is that of left ones"
        )
    if order.camera is not None:
        raise ValueError(
            f"camera is {order.camera!r}, that of images which depth is adapted to: give these, too (adapt)"
        )
    method, taught = order.method, NETS.get(order.method)
    recipe = _recipe(order, method, _kind_of_recipe(method))
    kind = "flow" if taught is not None else "depth" if method in MONO_LOSSES else "stereo"
    if order.weights is not None and kind == "stereo":
        told = "weights to start from are for flow and depth, and for adapt"
        whole = "flow/refined" if method == "refined" else f"stereo/{method}"
        raise ValueError(f"{whole} starts from no weights; {told}")
    if getattr(recipe, "start", "") and order.weights is None:
        told = f"{order.recipe or f'the recipe of {kind}/{method}'} goes on from weights that have learnt before"
        raise ValueError(f"{told} at size {order.size!r}: give those, --weights NAME or FILE")
    start = None if order.weights is None else Start.read(f"{kind}/{method}", order.weights)
    if taught is not None:
        return FlowTask(method, taught, recipe, order.folder, start=start)
    if method in MONO_LOSSES:
        return MonoTask(method, MONO_LOSSES[method], recipe, order.folder, start=start)
    if method in LOSSES:
        return StereoTask(method, LOSSES[method], recipe, order.folder)
    return importlib.import_module(f"geomvision.training.{method}").Task(recipe, order.folder)


def _kind_of_recipe(method: str) -> type[Recipe]:
    if method in NETS:
        return FlowRecipe
    if method in MONO_LOSSES:
        return MonoRecipe
    if method == "refined":
        return FlowRefinerRecipe
    return StereoNetRecipe if method in LOSSES else StereoRecipe


def _adapting(order: Order, views: Path) -> Any:
    """What goes on learning from images without truth."""
    method, taught = order.method, NETS.get(order.method)
    if f"depth/{method}" in ADAPTABLE:
        return _adapting_depth(order, views)
    if order.camera is not None:
        raise ValueError(f"{method} needs no camera; cameras are for depth that is learnt without truth")
    if taught is not None:
        if order.right is not None:
            raise ValueError(f"flow/{method} is adapted to one video; right images are for stereo")
        video: Any = _recipe(order, "self_supervised", SelfSupervisedRecipe)
        start = Start.read(f"flow/{method}", order.weights)
        return SelfSupervised(method, taught, video, order.folder, video=views, start=start)
    net = StereoNet.of(method)
    if order.right is None:
        raise ValueError(f"stereo/{method} is adapted to rectified pairs: give the folder of right images, too (right)")
    pairs: Any = _recipe(order, "self_supervised_stereo", StereoAdaptationRecipe)
    start = Start.read(f"stereo/{method}", order.weights)
    return SelfSupervisedStereo(method, net, pairs, order.folder, views=(views, order.right), start=start)


def _adapting_depth(order: Order, views: Path) -> Any:
    """Depth that is learnt from a clip, or from pairs."""
    method = order.method
    recipe: Any = _recipe(order, "self_supervised_depth", DepthAdaptationRecipe)
    folders = folders_of(views, order.right)
    rigs = rigs_of(order.camera, folders)
    if not rigs and order.camera is not None:
        recipe = dataclasses.replace(recipe, learn_camera=True)
    start = None if order.weights is None else Start.read(f"depth/{method}", order.weights)
    return SelfSupervisedDepth(method, recipe, order.folder, folders=folders, rigs=rigs, start=start)


def _recipe(order: Order, name: str, kind: type[Recipe]) -> Any:
    """The recipe that was asked for, which must be of the kind. ValueError where it is not."""
    recipe = Recipe.read(name, order.size, order.recipe)
    adapting = isinstance(recipe, SelfSupervisedRecipe | StereoAdaptationRecipe | DepthAdaptationRecipe)
    if adapting != (order.adapt is not None):
        told = "recipes of task self_supervised need a video, alone, those of self_supervised_stereo rectified pairs"
        raise ValueError(f"{order.recipe} and adapt go together: {told}")
    if not isinstance(recipe, kind):
        wanted = next(task for task, (_, name_of) in KINDS.items() if name_of == kind.__name__)
        raise ValueError(f"the recipe is not for {order.method}: task must be {wanted!r}")
    return recipe if order.steps is None else dataclasses.replace(recipe, steps=order.steps)


def _in_rounds(order: Order, task: Any, team: Team, started: float) -> Outcome:
    """One training; or two, the first of which, in a folder of its own, tells the second what to leave out."""
    first = getattr(task, "first_round", None)
    if first is not None:
        folder = order.folder / "first"
        folder.mkdir(parents=True, exist_ok=True)
        outcome, state = _trained(dataclasses.replace(order, folder=folder), first, team, started)
        if outcome.weights is None:
            return outcome
        task.leave_out(state.best.eval())
    return _trained(order, task, team, started)[0]


def _trained(order: Order, task: Any, team: Team, started: float) -> tuple[Outcome, _loop.State]:
    recipe: Recipe = task.recipe
    threads = order.num_threads or max(1, (os.cpu_count() or 1) // team.size)
    deadline = math.inf if order.minutes is None else started + 60 * order.minutes
    checkpoint = _checkpoint(order.folder)
    with _bar(order.progress and team.leads) as bar:
        rendering = bar.add_task(task.preparing, total=task.scene_count, note="")
        if team.leads:
            task.prepare(threads, lambda done: bar.advance(rendering, done))
        team.wait()
        if not team.leads:
            task.prepare(threads, lambda _: None)
        state = _loop.begin(task, team)
        if order.resume and checkpoint.exists():
            state.restore(checkpoint, recipe.key())
        team.wait()
        state.seconds += time.monotonic() - started
        learning = bar.add_task("learning", total=recipe.steps, completed=state.step, note="")

        def tell(state: _loop.State) -> None:
            recent = statistics.fmean(state.losses[-50:])
            found = next(iter(state.scores[-1][1].items()), None) if state.scores else None
            judged = f", {found[0]} {found[1]:.3f}" if found else ""
            bar.update(learning, completed=state.step, note=f"loss {recent:.3f}{judged}")

        _loop.advance(task, state, checkpoint, threads=threads, deadline=deadline, tell=tell, team=team)
    return _finish(task, state, order.folder, threads, team), state


def _validate_on(task: Any, path: Path) -> None:
    """Real scenes with truth to validate on, besides the rendered ones."""
    if not hasattr(task, "real"):
        raise ValueError(f"{task.method} is validated on its rendered scenes; real scenes are for flow")
    scenes = [sample for sample in Folder(path, task="flow") if sample.flow is not None]  # type: ignore[union-attr]
    if not scenes:
        raise ValueError(f"{path} has no flow scene with truth")
    task.real = scenes


def _bar(shown: bool) -> rich.progress.Progress:
    columns = (*rich.progress.Progress.get_default_columns(), rich.progress.TextColumn("{task.fields[note]}"))
    return rich.progress.Progress(*columns, disable=not shown)


def _finish(task: Any, state: _loop.State, folder: Path, threads: int, team: Team) -> Outcome:
    """Write the curves; weights and card when the last step is done."""
    steps = task.recipe.steps
    scores = state.scores[-1][1] if state.scores else {}
    target = _target(task, folder)
    done = state.step >= steps
    if team.leads and state.losses:
        _curves.save(folder / "curves.svg", task.method, state.losses, state.scores)
    if done and team.leads:
        training_run = {
            "wall_minutes": round(state.seconds / 60, 1),
            "threads": threads,
            "machine": platform.machine(),
            "torch": torch.__version__,
            "recipe": task.recipe.key(),
        }
        if team.size > 1 or team.device.type != "cpu":
            training_run |= {"processes": team.size, "device": _device(team)}
        card = task.card(state.step, scores, training_run)
        rounding: dict[str, Any] = {"bits": getattr(task, "bits", 8), "only": getattr(task, "only", ("",))}
        weights.save(target, task.written(state.best), card, compact=task.compact, **rounding)
    return Outcome(folder=folder, step=state.step, steps=steps, weights=target if done else None, scores=scores)


def _checkpoint(folder: Path) -> Path:
    return folder / "checkpoint.pt"


def _target(task: Any, folder: Path) -> Path:
    """The weights that are written at the end, with their card beside them."""
    return folder / f"{task.name}{weights.SUFFIX}"


def _device(team: Team) -> str:
    return torch.cuda.get_device_name(team.device) if team.device.type == "cuda" else "cpu"
