"""What flow nets learn from: layers drawn when they are asked for, and rendered scenes that were made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets.layered import Layered
from . import _scenes
from .flow_recipe import FlowRecipe

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]
#: Pixels that a rendered scene is larger than what is cut from it.
MARGIN = 64


@dataclass(frozen=True)
class Sample:
    """One pair: of layers, or cut from a rendered scene."""

    index: int
    rendered: bool = False
    #: Validation takes pairs as they are.
    altered: bool = True
    #: Tells looks at one rendered scene apart.
    turn: int = 0
    #: Of the size of the last steps.
    large: bool = False


@dataclass(frozen=True)
class FlowScenes:
    """What decides how the rendered scenes look."""

    height: int
    width: int
    seed: int
    motion: tuple[float, float]


class Pairs:
    """Pairs by sample; a function of recipe and sample alone."""

    def __init__(self, recipe: FlowRecipe, folder: Path) -> None:
        self.recipe = recipe
        self.layers = Layered(
            seed=recipe.seed, height=recipe.height, width=recipe.width, motion=recipe.motion, pieces=recipe.pieces
        )
        rows, columns = recipe.late_size
        self.large = replace(self.layers, height=rows, width=columns) if recipe.late_share else self.layers
        height, width = recipe.height + MARGIN, recipe.width + MARGIN
        self.scenes = FlowScenes(height, width, recipe.seed, recipe.rendered_motion)
        key = "-".join(f"{v:g}" for v in (recipe.seed, height, width, *recipe.rendered_motion))
        self.folder = folder / f"flow-scenes-{key}"

    @property
    def scene_count(self) -> int:
        """Rendered scenes: those to validate on come first."""
        return self.recipe.rendered_scenes + self.validation_scenes if self.recipe.rendered_scenes else 0

    @property
    def validation_scenes(self) -> int:
        """How many of the validation pairs are rendered."""
        return self.recipe.validation_pairs // 2 if self.recipe.rendered_scenes else 0

    def validation(self) -> list[Sample]:
        """What is never learnt from."""
        scenes = self.validation_scenes
        layered = range(self.recipe.validation_pairs - scenes)
        return [Sample(i, altered=False) for i in layered] + [Sample(i, True, False) for i in range(scenes)]

    def drawn(self, step: int) -> list[Sample]:
        """What a step learns from."""
        recipe = self.recipe
        late = step - recipe.late_from
        if late >= 0:
            first = recipe.validation_pairs + recipe.batch * recipe.late_from + recipe.late_batch * late
            return [Sample(first + place, large=True) for place in range(recipe.late_batch)]
        rng = np.random.default_rng([recipe.seed, step, 17])
        samples = []
        for place in range(recipe.batch):
            if recipe.rendered_scenes and rng.random() < recipe.rendered_share:
                scene = self.validation_scenes + int(rng.integers(recipe.rendered_scenes))
                samples.append(Sample(scene, True, turn=step * recipe.batch + place))
            else:
                samples.append(Sample(recipe.validation_pairs + step * recipe.batch + place))
        return samples

    def load(self, sample: Sample) -> Pair:
        """The pair: both frames and the flow."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, sample.index, sample.turn, int(sample.rendered), 19])
        pair = self._scene(sample, rng) if sample.rendered else self._layered(sample)
        frame0, frame1, flow = pair
        if sample.altered and rng.random() < recipe.erased:
            frame1 = erased(rng, frame1)
        return frame0, frame1, flow

    def _layered(self, sample: Sample) -> Pair:
        return (self.large if sample.large else self.layers).pair(sample.index)

    def _scene(self, sample: Sample, rng: np.random.Generator) -> Pair:
        stored = _scenes.load(self.folder, sample.index)
        rows, columns = self.recipe.height, self.recipe.width
        if sample.altered:
            top, left = (int(v) for v in rng.integers(0, MARGIN + 1, 2))
        else:
            top = left = MARGIN // 2
        window = (slice(top, top + rows), slice(left, left + columns))
        frame0, frame1, flow = (stored[name][window] for name in ("frame0", "frame1", "flow"))
        if sample.altered:
            frame0, frame1, flow = _mirrored(rng, frame0, frame1, flow)
            channels = rng.permutation(3)
            frame0, frame1 = frame0[..., channels], frame1[..., channels]
        return frame0, frame1, flow


def _mirrored(rng: np.random.Generator, frame0: Any, frame1: Any, flow: Any) -> Pair:
    """Left and right exchanged in half of the looks, above and below in a tenth."""
    for axis, chance in ((1, 0.5), (0, 0.1)):
        if rng.random() < chance:
            frame0, frame1, flow = (np.flip(values, axis) for values in (frame0, frame1, flow))
            flow = flow * np.where(np.arange(2) == 1 - axis, -1, 1).astype(np.float32)
    return frame0, frame1, flow


def erased(rng: np.random.Generator, frame1: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frame 1 with one or two patches of its mean colour: what they hide must be guessed (as RAFT's training does)."""
    result = frame1.copy()
    height, width = frame1.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        rows, columns = (int(rng.integers(side // 8, side // 3)) for side in (height, width))
        top, left = int(rng.integers(0, height - rows // 2)), int(rng.integers(0, width - columns // 2))
        result[top : top + rows, left : left + columns] = frame1.mean(axis=(0, 1)).round()
    return result


def render(recipe: FlowScenes, index: int) -> dict[str, NDArray[Any]]:
    """Rendered scene `index`: a camera that moves, and things that move."""
    from ..datasets.synthetic import Synthetic

    rng = np.random.default_rng([recipe.seed, index, 23])
    low, high = np.log(recipe.motion)
    speed = float(np.exp(rng.uniform(low, high)))
    knobs: dict[str, Any] = {"exposure": (-0.2, 0.2), "noise": (0.0, 3.0), "blur": (0.2, 1.0), "motion": speed}
    knobs |= {"height": recipe.height, "width": recipe.width}
    sample = Synthetic(seed=recipe.seed, count=index + 1, task="flow", **knobs).flow(index)
    assert sample.flow is not None
    return {"frame0": sample.frame0, "frame1": sample.frame1, "flow": sample.flow.px}
