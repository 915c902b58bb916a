"""Pairs with exact flow and what flow methods say of them, made once and kept: what a refiner of flow learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..samples import FlowSample
from ._scenes import Scene


@dataclass(frozen=True, kw_only=True)
class AnsweredPairs:
    """What decides the pairs and their answers: the same recipe gives the same."""

    height: int
    width: int
    seed: int
    #: Pixels between which the speed of a layer is drawn, and how many pieces lie before the background.
    motion: tuple[float, float]
    pieces: tuple[int, int]
    #: Share of rendered scenes among the pairs, and the speeds of what moves there.
    rendered_share: float
    rendered_motion: tuple[float, float]
    #: The methods that answer; the first one is asked for the way back, too.
    bases: tuple[str, ...]


def render(recipe: AnsweredPairs, index: int) -> Scene:
    """Pair `index`: both frames, flow, what frame 1 hides, flow of methods and planes (K, H, W, 2), and back."""
    from ..flow import METHODS

    rng = np.random.default_rng([recipe.seed, index, 29])
    rendered = bool(rng.random() < recipe.rendered_share)
    sample = _rendered(recipe, index, rng) if rendered else _layered(recipe, index)
    assert sample.flow is not None
    assert sample.occluded is not None
    frame0, frame1 = (np.ascontiguousarray(frame) for frame in (sample.frame0, sample.frame1))
    methods: list[Any] = [METHODS[name](num_threads=1) for name in recipe.bases]
    answers = np.stack([method(frame0, frame1).px for method in methods]).astype(np.float16)
    back = methods[0](frame1, frame0).px.astype(np.float16)
    return {
        "frame0": frame0,
        "frame1": frame1,
        "flow": sample.flow.px.astype(np.float16),
        "occluded": np.asarray(sample.occluded, dtype=bool),
        "answers": np.concatenate([answers, moving(answers[0], back)]),
        "back": back,
        "rendered": np.asarray(rendered),
    }


def moving(answer: NDArray[np.float16], back: NDArray[np.float16]) -> NDArray[np.float16]:
    """The motions of planes in the base's answer."""
    from ..flow.refined import motions

    return motions(answer.astype(np.float32), back.astype(np.float32)).astype(np.float16)


def _layered(recipe: AnsweredPairs, index: int) -> FlowSample:
    from ..datasets.layered import Layered

    options: dict[str, Any] = {name: getattr(recipe, name) for name in ("seed", "height", "width", "motion", "pieces")}
    return Layered(count=index + 1, **options)[index]


def _rendered(recipe: AnsweredPairs, index: int, rng: np.random.Generator) -> FlowSample:
    """A camera that moves, and things that move."""
    from ..datasets.synthetic import Synthetic

    low, high = np.log(recipe.rendered_motion)
    knobs: dict[str, Any] = {"exposure": (-0.2, 0.2), "noise": (0.0, 3.0), "blur": (0.2, 1.0)}
    knobs |= {"motion": float(np.exp(rng.uniform(low, high))), "height": recipe.height, "width": recipe.width}
    return Synthetic(seed=recipe.seed, count=index + 1, task="flow", **knobs).flow(index)
