"""What a training does, as data: one TOML file per method, one table per size."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._recipe_checks import ABOVE_ZERO, AT_LEAST_ONE, BELOW_ONE, SHARE, entry, problems

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training learns; equal recipes give equal weights on one machine."""

    network: Mapping[str, Any]
    seed: int
    batch: int = entry(AT_LEAST_ONE)
    steps: int = entry(AT_LEAST_ONE)
    learning_rate: float = entry(ABOVE_ZERO)
    weight_decay: float
    #: Share of the steps during which the rate rises; after that it falls along a cosine to zero.
    warm_up: float = entry(SHARE)
    clip_gradient: float = entry(ABOVE_ZERO)
    validate_every: int = entry(AT_LEAST_ONE)
    height: int
    width: int = entry(AT_LEAST_ONE)
    #: Samples that a thread of a CPU learns from at once, of one size; what is learnt depends on it in the last bits.
    chunk: int = entry(AT_LEAST_ONE, 1)
    #: Decay of the running average of the weights, which is what is validated and written; 0 takes the last weights.
    average: float = entry(BELOW_ONE, 0.0)

    @staticmethod
    def read(method: str, size: str = "cpu", path: Path | None = None) -> Any:
        """The recipe of a method ("refined_sgm") at a size, from a file of one's own where `path` is given.

        A file that names no task is for that of the method's own recipe. Raises ValueError, saying what there is.
        """
        if path is not None and not path.is_file():
            raise ValueError(f"{path} does not exist; give a recipe (TOML), or none for the package's own")
        own = FOLDER / f"{method}.toml"
        path = path or own
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in FOLDER.glob("[!_]*.toml")))
            raise ValueError(f"no recipe for {method!r}; there are {known}")
        entries = _entries(path)
        usual = _entries(own).get("task", "stereo") if own.is_file() else "stereo"
        task = entries.pop("task", usual)
        if task not in KINDS:
            raise ValueError(f"{path.name}: task is {task!r}; it must be one of {', '.join(KINDS)}")
        module, name = KINDS[task]
        kind = getattr(importlib.import_module(f".{module}", __package__), name)
        if size not in entries:
            raise ValueError(f"{path.name} has no size {size!r}; it has {', '.join(entries)}")
        if not isinstance(entries[size], dict):
            raise ValueError(f"{path.name}: {size} is {entries[size]!r}; it must be a table, [{size}]")
        wrong = list(problems(kind, entries[size]))
        if wrong:
            raise ValueError(f"{path.name}, size {size!r}: {'; '.join(wrong)}")
        return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in entries[size].items()})

    def rate_at(self, step: int) -> float:
        """Learning rate of a step: up in a line, down along a cosine (Loshchilov & Hutter, ICLR 2017)."""
        rising = max(1, round(self.warm_up * self.steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        return self.learning_rate * fallen(step - rising, self.steps - rising)

    def begins_anew(self, step: int) -> bool:  # noqa: ARG002
        """Whether the optimizer forgets before a step what it knows of slopes."""
        return False

    def chunk_at(self, step: int) -> int:  # noqa: ARG002
        """Samples that a thread learns from at once in a step."""
        return self.chunk

    def key(self) -> str:
        """A short hash: equal keys mean equal recipes. A default counts as absent: new fields keep old keys."""
        defaults = {f.name: f.default for f in dataclasses.fields(self) if f.default is not dataclasses.MISSING}
        entries = dataclasses.asdict(self)
        return short_hash({n: v for n, v in entries.items() if n not in defaults or v != defaults[n]})


#: By the task that a file of recipes names, the module and the class of its recipes.
KINDS: Mapping[str, tuple[str, str]] = {
    "stereo": ("rendered_recipes", "StereoRecipe"),
    "stereo_net": ("rendered_recipes", "StereoNetRecipe"),
    "depth": ("rendered_recipes", "MonoRecipe"),
    "flow": ("flow_recipe", "FlowRecipe"),
    "flow_refiner": ("flow_recipe", "FlowRefinerRecipe"),
    "self_supervised": ("adaptation_recipes", "SelfSupervisedRecipe"),
    "self_supervised_stereo": ("adaptation_recipes", "StereoAdaptationRecipe"),
    "self_supervised_depth": ("depth_adaptation_recipe", "DepthAdaptationRecipe"),
}


def fallen(step: int, steps: int) -> float:
    """Along half a cosine from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))


def _entries(path: Path) -> dict[str, Any]:
    """What a recipe's file says; what it leaves out of a table, the file says that it names as its base."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from None
    base = entries.pop("base", None)
    if base is None:
        return entries
    beneath = FOLDER / f"{base}.toml"
    if not beneath.is_file():
        raise ValueError(f"{path.name}: no recipe is called {base!r}, its base")
    whole = {"task": "stereo", **_entries(beneath)}
    for name, value in entries.items():
        whole[name] = {**whole.get(name, {}), **value} if isinstance(value, dict) else value
    return whole


def short_hash(entries: Mapping[str, Any]) -> str:
    """Of what JSON can hold."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:12]
