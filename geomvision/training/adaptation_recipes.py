"""Recipes of what goes on learning without truth: flow from a video, stereo from rectified pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._recipe_checks import AT_LEAST_ONE, SHARE, entry
from .recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class SelfSupervisedRecipe(Recipe):
    """For flow nets that go on learning from a video without truth."""

    #: Of neighbouring frames, at most.
    pairs: int = entry(AT_LEAST_ONE)
    #: Updates of a recurrent net, and the weight of an estimate against the one after it.
    iterations: int = entry(AT_LEAST_ONE)
    decay: float
    census_radius: int
    #: Weight of the smoothness, its order, and how much less it counts at edges, per grey level.
    smoothness: float
    smoothness_order: int
    edge: float = 150 / 255
    #: Weight of self-distillation, and the share of the steps from which on it counts.
    distil: float = 0.0
    distil_from: float = entry(SHARE, 0.0)
    #: What the frames are and what was started from, by their hashes: filled in.
    video: str = ""
    start: str = ""

    def __post_init__(self) -> None:
        if self.smoothness_order not in (1, 2):
            raise ValueError(f"smoothness_order is {self.smoothness_order}; it must be 1 or 2")


@dataclass(frozen=True, kw_only=True)
class StereoAdaptationRecipe(Recipe):
    """For stereo nets that go on learning from rectified pairs without truth."""

    #: At most.
    pairs: int = entry(AT_LEAST_ONE)
    #: Updates of a recurrent net.
    iterations: int = entry(AT_LEAST_ONE)
    #: Options of SGM, which looks at every pair first.
    matcher: Mapping[str, Any] = field(default_factory=dict)
    #: Weight of `left_right.self_supervised`, and its arguments: a census of this radius, or 0 for SSIM and L1; the
    #: weights of smoothness and of agreement left and right; which pixels are taken for hidden.
    appearance: float = 1.0
    census_radius: int = 0
    smooth: float = 0.1
    consistent: float = 1.0
    hidden: str = "range"
    #: Weight of SGM's answer where it is at least so sure.
    proxy: float = 0.0
    proxy_least: float = entry(SHARE, 0.3)
    #: Weight of what the net said before: where the other view shows nothing, and of how sure it is.
    keep: float = 0.0
    #: Weight of an estimate against the one after it, where a net gives several.
    decay: float = 0.8
    #: What the pairs are and what was started from, by their hashes: filled in.
    pairs_key: str = ""
    start: str = ""

    def __post_init__(self) -> None:
        if self.appearance <= 0 and self.proxy <= 0:
            raise ValueError("appearance and proxy are 0: nothing would teach the net")
