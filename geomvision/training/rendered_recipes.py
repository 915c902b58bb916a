"""Recipes of what learns from rendered scenes: stereo pairs, or single images."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _matchers
from ._recipe_checks import ABOVE_ZERO, AT_LEAST_ONE, SHARE, SHARE_ABOVE_ZERO, entry
from ._scenes import SceneRecipe
from .recipe import Recipe, short_hash


@dataclass(frozen=True, kw_only=True)
class RenderedRecipe(Recipe):
    """For what learns from rendered stereo pairs."""

    #: Rendered pairs to learn from, and others to validate on. Each counts twice: as it is, and mirrored.
    scenes: int = entry(AT_LEAST_ONE)
    validation_scenes: int = entry(AT_LEAST_ONE)
    max_disparity: tuple[float, float]
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rendering(self) -> SceneRecipe:
        """The part that decides how scenes look."""
        names = {f.name for f in dataclasses.fields(SceneRecipe)}
        return SceneRecipe(**{name: value for name, value in vars(self).items() if name in names})

    def scenes_key(self) -> str:
        """A short hash of what decides the scenes: recipes that share it can share a folder of them."""
        return short_hash(dataclasses.asdict(self.rendering))


@dataclass(frozen=True, kw_only=True)
class StereoRecipe(RenderedRecipe):
    """For what learns from rendered stereo pairs and a matcher's answers to them."""

    #: Options of SGM, or a table of options for each of several matchers (`_matchers`).
    matcher: Mapping[str, Any] = field(default_factory=dict)
    #: Shipped weights of a refiner to begin with.
    refiner: str = ""

    def __post_init__(self) -> None:
        _matchers.check(self.matcher)


@dataclass(frozen=True, kw_only=True)
class StereoNetRecipe(RenderedRecipe):
    """For nets that learn disparity from rendered pairs alone."""

    #: Pixels that a scene is larger than what is cut from it.
    margin: int = 32
    #: Disparities that a net of a volume searches, and updates of a recurrent one while it learns.
    disparities: int = entry(AT_LEAST_ONE, 192)
    iterations: int = entry(AT_LEAST_ONE, 12)

    @property
    def rendering(self) -> SceneRecipe:
        """The part that decides how scenes look, which are larger than what is cut from them."""
        whole = super().rendering
        return dataclasses.replace(whole, height=whole.height + self.margin, width=whole.width + self.margin)


@dataclass(frozen=True, kw_only=True)
class MonoRecipe(Recipe):
    """For nets that learn depth from rendered single images."""

    #: Rendered scenes to learn from, and others to validate on; each counts twice: as it is, and mirrored.
    scenes: int = entry(AT_LEAST_ONE)
    validation_scenes: int = entry(AT_LEAST_ONE)
    #: Layouts of `datasets.Synthetic`, taken in turn: one that is named twice makes twice as many scenes.
    layouts: tuple[str, ...]
    #: Options of `datasets.Synthetic` besides.
    knobs: Mapping[str, Any] = field(default_factory=dict)
    #: What is learnt from is cut from a scene: at least this share of its sides, brought to the scene's size.
    least_share: float = entry(SHARE_ABOVE_ZERO, 0.6)
    #: Depth of a camera with a focal length of 256 pixels from which on it counts as unknown, metres.
    farthest_m: float = entry(ABOVE_ZERO, math.inf)
    #: Share of the images with which the net is told some of the depths; 0 for nets that cannot be told.
    told: float = entry(SHARE, 0.0)
    #: Degrees up to which the camera is rolled either way, as one in a hand is.
    turn: float = 0.0
    #: The hash of the weights that it started from: filled in. A recipe that says anything here needs such weights.
    start: str = ""

    def scenes_key(self) -> str:
        """A short hash of what decides the scenes: recipes that share it can share a folder of them."""
        return short_hash({name: getattr(self, name) for name in ("height", "width", "seed", "layouts", "knobs")})
