"""What a training does, as data: one TOML file per method, one table per size."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ._scenes import SceneRecipe

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training learns; equal recipes give equal weights on one machine."""

    network: Mapping[str, Any]
    seed: int
    #: Rendered pairs to learn from, and others to validate on. Each counts twice: as it is, and mirrored.
    scenes: int
    validation_scenes: int
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
    max_disparity: tuple[float, float]
    knobs: Mapping[str, Any] = field(default_factory=dict)
    matcher: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, method: str, size: str = "cpu") -> Self:
        """The recipe of a method ("refined_sgm") at a size. Raises ValueError, saying what there is."""
        path = FOLDER / f"{method}.toml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
            raise ValueError(f"no recipe for {method!r}; there are {known}")
        sizes = tomllib.loads(path.read_text(encoding="utf-8"))
        if size not in sizes:
            raise ValueError(f"{path.name} has no size {size!r}; it has {', '.join(sizes)}")
        entries = {**sizes[size], "max_disparity": tuple(sizes[size]["max_disparity"])}
        return cls(**entries)

    @property
    def rendering(self) -> SceneRecipe:
        """The part that decides how scenes look."""
        names = {f.name for f in dataclasses.fields(SceneRecipe)}
        return SceneRecipe(**{name: value for name, value in vars(self).items() if name in names})

    def key(self) -> str:
        """A short hash: equal keys mean equal recipes."""
        return _hash(dataclasses.asdict(self))

    def scenes_key(self) -> str:
        """A short hash of what decides the scenes: recipes that share it can share a folder of them."""
        return _hash(dataclasses.asdict(self.rendering))


def _hash(entries: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:12]
