"""What a training does, as data: one TOML file per method, one table per size."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _matchers
from ._scenes import SceneRecipe

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training learns; equal recipes give equal weights on one machine."""

    network: Mapping[str, Any]
    seed: int
    batch: int
    steps: int
    learning_rate: float
    weight_decay: float
    #: Share of the steps during which the rate rises; after that it falls along a cosine to zero.
    warm_up: float
    clip_gradient: float
    validate_every: int
    height: int
    width: int
    #: Samples that a thread of a CPU learns from at once, of one size; what is learnt depends on it in the last bits.
    chunk: int = 1
    #: Decay of the running average of the weights, which is what is validated and written; 0 takes the last weights.
    average: float = 0.0

    @staticmethod
    def read(method: str, size: str = "cpu", path: Path | None = None) -> Any:
        """The recipe of a method ("refined_sgm") at a size, from a file of one's own where `path` is given.

        Raises ValueError, saying what there is.
        """
        path = path or FOLDER / f"{method}.toml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in FOLDER.glob("[!_]*.toml")))
            raise ValueError(f"no recipe for {method!r}; there are {known}")
        entries = _entries(path)
        kind = KINDS.get(entries.pop("task", "stereo"))
        if size not in entries:
            raise ValueError(f"{path.name} has no size {size!r}; it has {', '.join(entries)}")
        given = {name: tuple(value) if name in PAIRS else value for name, value in entries[size].items()}
        try:
            assert kind is not None
            return kind(**given)
        except (TypeError, AssertionError) as error:
            told = error or f"task must be one of {', '.join(KINDS)}"
            raise ValueError(f"{path.name}, size {size!r}: {told}") from None

    def rate_at(self, step: int) -> float:
        """Learning rate of a step: up in a line, down along a cosine (Loshchilov & Hutter, ICLR 2017)."""
        rising = max(1, round(self.warm_up * self.steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        return self.learning_rate * _fallen(step - rising, self.steps - rising)

    def chunk_at(self, step: int) -> int:  # noqa: ARG002
        """Samples that a thread learns from at once in a step."""
        return self.chunk

    def key(self) -> str:
        """A short hash: equal keys mean equal recipes. A default counts as absent: new fields keep old keys."""
        defaults = {f.name: f.default for f in dataclasses.fields(self) if f.default is not dataclasses.MISSING}
        entries = dataclasses.asdict(self)
        return _hash({n: v for n, v in entries.items() if n not in defaults or v != defaults[n]})


#: Entries that are (low, high).
PAIRS = ("max_disparity", "motion", "pieces", "rendered_motion", "late_size")


@dataclass(frozen=True, kw_only=True)
class RenderedRecipe(Recipe):
    """For what learns from rendered stereo pairs."""

    #: Rendered pairs to learn from, and others to validate on. Each counts twice: as it is, and mirrored.
    scenes: int
    validation_scenes: int
    max_disparity: tuple[float, float]
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rendering(self) -> SceneRecipe:
        """The part that decides how scenes look."""
        names = {f.name for f in dataclasses.fields(SceneRecipe)}
        return SceneRecipe(**{name: value for name, value in vars(self).items() if name in names})

    def scenes_key(self) -> str:
        """A short hash of what decides the scenes: recipes that share it can share a folder of them."""
        return _hash(dataclasses.asdict(self.rendering))


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
    disparities: int = 192
    iterations: int = 12

    @property
    def rendering(self) -> SceneRecipe:
        """The part that decides how scenes look, which are larger than what is cut from them."""
        whole = super().rendering
        return dataclasses.replace(whole, height=whole.height + self.margin, width=whole.width + self.margin)


@dataclass(frozen=True, kw_only=True)
class FlowRecipe(Recipe):
    """For what learns from drawn layers and rendered scenes with exact flow."""

    #: Pixels between which the motion of a layer is drawn, and how many pieces lie before the background.
    motion: tuple[float, float]
    pieces: tuple[int, int]
    #: Pairs to validate on, half of them rendered where there are rendered scenes.
    validation_pairs: int
    #: Updates of a recurrent net while it learns.
    iterations: int = 1
    #: Weight of an estimate against the one after it, and the speed in pixels from which truth is left out.
    decay: float = 0.8
    fastest: float = 400.0
    #: Rendered three-dimensional scenes, made once and kept, and their share among what is learnt from.
    rendered_scenes: int = 0
    rendered_share: float = 0.0
    rendered_motion: tuple[float, float] = (1.0, 30.0)
    #: Share of the pairs that get a patch that frame 1 alone shows.
    erased: float = 0.3
    #: The last share of the steps learns from layered pairs of this size instead, this many at once: what a net makes
    #: of far correlations it must have seen them for. 0: all pairs are of one size.
    late_share: float = 0.0
    late_size: tuple[int, int] = (0, 0)
    late_batch: int = 1
    #: From which the rate falls once more during these steps.
    late_rate: float = 0.0
    #: The hash of the weights that it started from: filled in. A recipe that says anything here needs such weights.
    start: str = ""

    @property
    def late_from(self) -> int:
        """The first step that learns from large pairs."""
        return self.steps - round(self.late_share * self.steps)

    @property
    def pairs_drawn(self) -> int:
        """How many pairs all steps learn from."""
        return self.batch * self.late_from + self.late_batch * (self.steps - self.late_from)

    def rate_at(self, step: int) -> float:
        """Learning rate of a step; with the large pairs it starts anew."""
        late = step - self.late_from
        return super().rate_at(step) if late < 0 else self.late_rate * _fallen(late, self.steps - self.late_from)

    def chunk_at(self, step: int) -> int:
        """Samples that a thread learns from at once in a step: large pairs fill it alone."""
        return self.chunk if step < self.late_from else 1


def _fallen(step: int, steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))


@dataclass(frozen=True, kw_only=True)
class SelfSupervisedRecipe(Recipe):
    """For flow nets that go on learning from a video without truth."""

    #: Of neighbouring frames, at most.
    pairs: int
    #: Updates of a recurrent net, and the weight of an estimate against the one after it.
    iterations: int
    decay: float
    census_radius: int
    #: Weight of the smoothness, its order, and how much less it counts at edges, per grey level.
    smoothness: float
    smoothness_order: int
    edge: float = 150 / 255
    #: Weight of self-distillation, and the share of the steps from which on it counts.
    distil: float = 0.0
    distil_from: float = 0.0
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
    pairs: int
    #: Updates of a recurrent net.
    iterations: int
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
    proxy_least: float = 0.3
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


#: By the task that a file of recipes names.
KINDS: Mapping[str, Any] = {
    "stereo": StereoRecipe,
    "stereo_net": StereoNetRecipe,
    "flow": FlowRecipe,
    "self_supervised": SelfSupervisedRecipe,
    "self_supervised_stereo": StereoAdaptationRecipe,
}


def _entries(path: Path) -> dict[str, Any]:
    """What a recipe's file says; what it leaves out of a table, the file says that it names as its base."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML: {error}") from None
    base = entries.pop("base", None)
    if base is None:
        return entries
    beneath = FOLDER / f"{base}.toml"
    if not beneath.is_file():
        raise ValueError(f"{path.name}: no recipe is called {base!r}, its base")
    whole = _entries(beneath)
    for name, value in entries.items():
        whole[name] = {**whole.get(name, {}), **value} if isinstance(value, dict) else value
    return whole


def _hash(entries: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:12]
