"""Rendered pairs with a matcher's answer to them, made once and kept in a folder: what a refiner learns from."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _matchers

Scene = dict[str, NDArray[Any]]

#: What is stored of a view: (as seen from the left, as seen from the mirrored right).
FIELDS = ("left", "right", "disparity", "occluded", "matched", "confidence")


@dataclass(frozen=True, kw_only=True)
class SceneRecipe:
    """What is rendered, and what the matcher is told: the same recipe gives the same scenes."""

    height: int
    width: int
    seed: int
    #: The largest disparity of a scene is drawn between these, pixels, evenly in its logarithm.
    max_disparity: tuple[float, float]
    #: Knobs of `datasets.Synthetic`: numbers or (low, high).
    knobs: Mapping[str, Any] = field(default_factory=dict)
    #: Options of SGM by name: a list is drawn from, anything else is fixed. Or such options by matcher, with shares.
    matcher: Mapping[str, Any] = field(default_factory=dict)


def render(recipe: SceneRecipe, index: int) -> Scene:
    """Scene `index`: two samples, the left view and the mirrored right view, each with the matcher's answer.

    Mirroring both images and exchanging them is a rectified pair again, so every scene counts twice.
    """
    largest, matcher, options = answering(recipe, index)
    samples = [_matched(matcher, options, *view) for view in _views(recipe, index, largest)]
    return {name: np.stack([sample[name] for sample in samples]) for name in FIELDS}


def render_pair(recipe: SceneRecipe, index: int) -> Scene:
    """Scene `index` without a matcher: both images, and the disparity and occlusion of both samples, (2, H, W)."""
    largest, _, _ = answering(recipe, index)
    views = _views(recipe, index, largest)
    disparity, occluded = (np.stack([view[part] for view in views]) for part in (2, 3))
    known = np.where(disparity <= largest, disparity, np.nan).astype(np.float16)
    left, right = views[0][:2]
    return {"left": left, "right": right, "disparity": known, "occluded": occluded.astype(bool)}


def _views(recipe: SceneRecipe, index: int, largest: int) -> list[tuple[Any, ...]]:
    """Of both samples the images, the disparity, and what is occluded."""
    from ..datasets.synthetic import Synthetic

    options: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in recipe.knobs.items()}
    options.update(height=recipe.height, width=recipe.width, max_disparity=largest)
    sample = Synthetic(seed=recipe.seed, count=index + 1, **options).stereo(index)
    true, true_right = sample.disparity, sample.disparity_right
    assert true is not None
    assert true_right is not None
    left, right = sample.left, sample.right
    mirrored = (right[:, ::-1], left[:, ::-1], true_right.px[:, ::-1], _flip(true_right.occluded))
    return [(left, right, true.px, true.occluded), mirrored]


def _flip(mask: Any) -> Any:
    return None if mask is None else mask[:, ::-1]


def answering(recipe: SceneRecipe, index: int) -> tuple[int, str, dict[str, Any]]:
    """The largest disparity of scene `index`, the matcher that answers it, and that one's options."""
    rng = np.random.default_rng([recipe.seed, index, 7])
    low, high = (math.log(v) for v in recipe.max_disparity)
    largest = round(math.exp(rng.uniform(low, high)))
    name, options = _matchers.drawn(recipe.matcher, rng)
    # Who matches a pair knows its range roughly: up to a third more is searched than there is.
    return largest, name, {**options, "max_disparity": round(largest * rng.uniform(1.02, 1.33)) + 1}


def _matched(name: str, options: dict[str, Any], left: Any, right: Any, disparity: Any, occluded: Any) -> Scene:
    from ..stereo import METHODS
    from ..stereo._base import StereoMethod
    from ..stereo._refining import answer, filling

    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    matcher = METHODS[name].from_options({**options, "num_threads": 1})
    assert isinstance(matcher, StereoMethod)
    found = answer(filling(matcher), left, right)
    # A plane that runs past the camera has disparities beyond any search: nobody could answer, so nobody is asked.
    known = np.where(disparity < options["max_disparity"], disparity, np.nan)
    return {
        "left": left,
        "right": right,
        "disparity": known.astype(np.float16),
        "occluded": np.asarray(occluded, dtype=bool),
        "matched": found.px.astype(np.float16),
        "confidence": np.asarray(found.confidence, dtype=np.float16),
    }


def scene_file(folder: Path, index: int) -> Path:
    """Where scene `index` is kept."""
    return folder / f"{index:05d}.npz"


def prepare(
    recipe: Any,
    folder: Path,
    count: int,
    workers: int,
    advance: Callable[[int], None],
    render: Callable[[Any, int], Scene] = render,
) -> None:
    """Render the scenes that `folder` still lacks, in `workers` processes; `advance(n)` is told of each n done."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [index for index in range(count) if not scene_file(folder, index).exists()]
    advance(count - len(missing))
    if workers <= 1 or len(missing) <= 1:
        for index in missing:
            _store(render, recipe, folder, index)
            advance(1)
        return
    context, parent = get_context("spawn"), os.getpid()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_with, initargs=(parent,)) as pool:
        futures = [pool.submit(_store, render, recipe, folder, index) for index in missing]
        try:
            for future in as_completed(futures):
                future.result()
                advance(1)
        except BaseException:  # Ctrl-C, a full disk: no scene is begun any more
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _leave_with(parent: int) -> None:
    """End this worker when its parent is gone: one that was killed cannot tell its workers to end.

    Ctrl-C reaches workers, too; what they have begun they finish, and their parent begins no more.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _store(render: Callable[[Any, int], Scene], recipe: Any, folder: Path, index: int) -> None:
    """Render and write under a passing name first: a file that has its name is whole."""
    target = scene_file(folder, index)
    passing = target.with_suffix(f".{os.getpid()}.tmp")
    scene = render(recipe, index)
    try:
        with passing.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **scene)
        passing.replace(target)
    except BaseException:
        passing.unlink(missing_ok=True)
        raise


def load(folder: Path, index: int) -> Scene:
    """Scene `index` as it was stored."""
    with np.load(scene_file(folder, index), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
