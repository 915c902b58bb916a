"""What flow nets learn from: layers drawn when they are asked for, and rendered scenes that were made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..datasets.layered import Layered
from . import _scenes
from .flow_recipe import FlowRecipe

#: Pairs that a seed gives, and more than any training takes.
ENDLESS = 1 << 40
#: Pixels that a rendered scene is larger than what is cut from it.
MARGIN = 64


class Pair(NamedTuple):
    """Frames (H, W, 3), the flow (H, W, 2) in pixels, what of frame 0 frame 1 does not show, and the step it is for."""

    frame0: NDArray[np.uint8]
    frame1: NDArray[np.uint8]
    flow: NDArray[np.float32]
    hidden: NDArray[np.bool_]
    step: int = 0


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
    #: That learns from it.
    step: int = 0


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
            seed=recipe.seed,
            count=ENDLESS,
            height=recipe.height,
            width=recipe.width,
            motion=recipe.motion,
            pieces=recipe.pieces,
        )
        rows, columns = recipe.late_size
        self.large = replace(self.layers, height=rows, width=columns) if recipe.late_share else self.layers
        height, width = recipe.height + MARGIN, recipe.width + MARGIN
        self.scenes = FlowScenes(height, width, recipe.seed, recipe.rendered_motion)
        key = "-".join(f"{v:g}" for v in (recipe.seed, height, width, *recipe.rendered_motion))
        self.folder = folder / f"hidden-flow-scenes-{key}"

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
            return [Sample(first + place, large=True, step=step) for place in range(recipe.late_batch)]
        rng = np.random.default_rng([recipe.seed, step, 17])
        samples = []
        for place in range(recipe.batch):
            if recipe.rendered_scenes and rng.random() < recipe.rendered_share:
                scene = self.validation_scenes + int(rng.integers(recipe.rendered_scenes))
                samples.append(Sample(scene, True, turn=step * recipe.batch + place, step=step))
            else:
                samples.append(Sample(recipe.validation_pairs + step * recipe.batch + place, step=step))
        return samples

    def load(self, sample: Sample) -> Pair:
        """The pair."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, sample.index, sample.turn, int(sample.rendered), 19])
        pair = self._scene(sample, rng) if sample.rendered else self._layered(sample)
        if sample.altered and rng.random() < recipe.erased:
            frame1 = erased(rng, pair.frame1)
            hidden = pair.hidden | _leads_into((frame1 != pair.frame1).any(axis=2), pair.flow)
            pair = pair._replace(frame1=frame1, hidden=hidden)
        return pair._replace(step=sample.step)

    def _layered(self, sample: Sample) -> Pair:
        drawn = (self.large if sample.large else self.layers)[sample.index]
        assert drawn.flow is not None
        assert drawn.occluded is not None
        return Pair(drawn.frame0, drawn.frame1, drawn.flow.px, drawn.occluded)

    def _scene(self, sample: Sample, rng: np.random.Generator) -> Pair:
        stored = _scenes.load(self.folder, sample.index)
        rows, columns = self.recipe.height, self.recipe.width
        if sample.altered:
            top, left = (int(v) for v in rng.integers(0, MARGIN + 1, 2))
        else:
            top = left = MARGIN // 2
        window = (slice(top, top + rows), slice(left, left + columns))
        frame0, frame1, flow, hidden = (stored[name][window] for name in ("frame0", "frame1", "flow", "hidden"))
        pair = Pair(frame0, frame1, flow, hidden)
        if sample.altered:
            pair = _mirrored(rng, pair)
            channels = rng.permutation(3)
            pair = pair._replace(frame0=pair.frame0[..., channels], frame1=pair.frame1[..., channels])
        return pair


def _mirrored(rng: np.random.Generator, pair: Pair) -> Pair:
    """Left and right exchanged in half of the looks, above and below in a tenth."""
    for axis, chance in ((1, 0.5), (0, 0.1)):
        if rng.random() < chance:
            sign = np.where(np.arange(2) == 1 - axis, -1, 1).astype(np.float32)
            parts: list[Any] = [np.flip(values, axis) for values in pair[:4]]
            pair = Pair(parts[0], parts[1], parts[2] * sign, parts[3], pair.step)
    return pair


def _leads_into(part: NDArray[np.bool_], flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where flow (H, W, 2) leads into a part (H, W) of frame 1; what leads out of the frame does not."""
    height, width = part.shape
    rows, columns = np.indices(part.shape)
    x, y = (np.rint(np.nan_to_num(flow[..., k], nan=-1e6)) + base for k, base in enumerate((columns, rows)))
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    there = (np.where(inside, places, 0).astype(np.int64) for places in (y, x))
    return np.asarray(inside & part[tuple(there)], dtype=np.bool_)


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
    assert sample.occluded is not None
    return {"frame0": sample.frame0, "frame1": sample.frame1, "flow": sample.flow.px, "hidden": sample.occluded}
