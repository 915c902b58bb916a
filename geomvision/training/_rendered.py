"""What trainings on rendered scenes share: where the scenes are, and the card of the finished weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from torch import nn

from .. import weights
from . import _scenes
from .recipe import Recipe
from .rendered_recipes import RenderedRecipe


class ShippedTask(ABC):
    """What a training says of the weights that it writes."""

    #: Of the weights.
    name: str
    #: The method that takes them, as "stereo/refined_sgm".
    method: str
    #: What the net gives.
    kind: str
    network: str
    #: What the net takes.
    input_rule: str
    #: What `prepare` does, in a word.
    preparing: str = "rendering"
    #: Whether the weights are written compactly (`weights.save`).
    compact: bool = False
    #: Of a compact weight; where it is 4, how the names begin of those that it holds for.
    bits: Literal[4, 8] = 8
    only: tuple[str, ...] = ("",)
    recipe: Recipe

    @property
    @abstractmethod
    def training_data(self) -> str:
        """What was learnt from."""

    def written(self, net: nn.Module) -> nn.Module:
        """What the weights are written of: all of the net that learns, or the part of it that the method takes."""
        return net

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card of the finished weights (checksum and count are filled in when they are written)."""
        return weights.Card(
            name=self.name,
            task=self.method,
            kind=self.kind,
            network=self.network,
            arguments=dict(self.recipe.network),
            parameters=0,
            input_rule=self.input_rule,
            training_data=self.training_data,
            seed=self.recipe.seed,
            steps=steps,
            licence="Apache-2.0",
            commercial_use=True,
            sha256="",
            scores=scores,
            training_run=training_run,
        )


class RenderedTask(ShippedTask):
    """Stereo scenes of one training; batches depend on recipe and step alone, so it can be resumed."""

    recipe: RenderedRecipe

    def __init__(self, recipe: RenderedRecipe, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder / f"scenes-{recipe.scenes_key()}"

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Render what is not rendered yet."""
        _scenes.prepare(self.recipe.rendering, self.folder, self.scene_count, workers, advance)

    @property
    def scene_count(self) -> int:
        """Scenes to learn from and to validate on; the latter come first."""
        return self.recipe.scenes + self.recipe.validation_scenes

    def scene(self, index: int, view: int) -> dict[str, NDArray[Any]]:
        """The maps of a view of a rendered scene, by name."""
        return {name: values[view] for name, values in _scenes.load(self.folder, index).items()}

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        recipe = self.recipe
        return f"{recipe.scenes} scenes of geomvision.datasets.Synthetic (seed {recipe.seed}), rendered; no photograph"
