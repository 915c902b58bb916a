"""Recipes of what learns flow from drawn and rendered pairs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ._flow_answers import AnsweredPairs
from ._recipe_checks import ABOVE_ZERO, AT_LEAST_ONE, SHARE, entry
from .recipe import Recipe, fallen, short_hash


@dataclass(frozen=True, kw_only=True)
class FlowRecipe(Recipe):
    """For what learns from drawn layers and rendered scenes with exact flow."""

    #: Pixels between which the motion of a layer is drawn, and how many pieces lie before the background.
    motion: tuple[float, float]
    pieces: tuple[int, int]
    #: Pairs to validate on, half of them rendered where there are rendered scenes.
    validation_pairs: int = entry(AT_LEAST_ONE)
    #: Updates of a recurrent net while it learns.
    iterations: int = entry(AT_LEAST_ONE, 1)
    #: Weight of an estimate against the one after it, and the speed in pixels from which truth is left out.
    decay: float = 0.8
    fastest: float = entry(ABOVE_ZERO, 400.0)
    #: Rendered three-dimensional scenes, made once and kept, and their share among what is learnt from.
    rendered_scenes: int = 0
    rendered_share: float = entry(SHARE, 0.0)
    rendered_motion: tuple[float, float] = (1.0, 30.0)
    #: Share of the pairs that get a patch that frame 1 alone shows.
    erased: float = entry(SHARE, 0.3)
    #: The last share of the steps learns from layered pairs of this size instead, this many at once: what a net makes
    #: of far correlations it must have seen them for. 0: all pairs are of one size.
    late_share: float = entry(SHARE, 0.0)
    late_size: tuple[int, int] = (0, 0)
    late_batch: int = entry(AT_LEAST_ONE, 1)
    #: From which the rate falls once more during these steps.
    late_rate: float = 0.0
    #: Weight of the matching loss of a net's features beside that of its flow, and to what it falls by the last step.
    matching: float = 0.0
    matching_last: float = 0.0
    #: The first share of the steps teaches the features alone, by their matching loss: each takes a third of the time.
    features_share: float = entry(SHARE, 0.0)
    #: Learning rate of these steps.
    features_rate: float = 0.0
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

    @property
    def flow_from(self) -> int:
        """The first step that learns flow; those before teach features alone."""
        return round(self.features_share * self.steps)

    def rate_at(self, step: int) -> float:
        """Learning rate of a step: it rises anew where flow begins, and starts anew with the large pairs."""
        late, rising = step - self.late_from, max(1, round(self.warm_up * self.steps))
        if late >= 0:
            return self.late_rate * fallen(late, self.steps - self.late_from)
        if step < self.flow_from:
            return self.features_rate * min(1.0, (step + 1) / rising)
        if self.flow_from and step < self.flow_from + rising:
            return self.learning_rate * (step - self.flow_from + 1) / rising
        return super().rate_at(step)

    def begins_anew(self, step: int) -> bool:
        """Where flow begins: what the optimizer knows of slopes that were none would make first steps far too long."""
        return 0 < step == self.flow_from

    def matching_at(self, step: int) -> float:
        """Weight of the matching loss in a step: along a line, from where flow begins."""
        share = max(0, step - self.flow_from) / max(1, self.steps - self.flow_from)
        return self.matching + share * (self.matching_last - self.matching)

    def chunk_at(self, step: int) -> int:
        """Samples that a thread learns from at once in a step: large pairs fill it alone."""
        return self.chunk if step < self.late_from else 1


@dataclass(frozen=True, kw_only=True)
class FlowRefinerRecipe(Recipe):
    """For what learns from pairs with exact flow and the answers of flow methods to them."""

    #: Pairs to learn from, and others to validate on; a share of both is rendered, the rest is drawn in layers.
    scenes: int = entry(AT_LEAST_ONE)
    validation_scenes: int = entry(AT_LEAST_ONE)
    motion: tuple[float, float]
    pieces: tuple[int, int]
    #: Height and width of what is cut from a pair to learn from.
    cut: tuple[int, int]
    rendered_share: float = entry(SHARE, 0.0)
    rendered_motion: tuple[float, float] = (1.0, 30.0)
    #: The methods that answer, the base first.
    bases: tuple[str, ...] = ("inverse_search", "tvl1", "pwc_small")
    #: Share of the looks in which each answer but the base's is left out, and is not called by its method's name.
    left_out: float = entry(SHARE, 0.15)
    unnamed: float = entry(SHARE, 0.1)
    #: The speed in pixels from which truth counts as unknown: what rushes past the camera nobody can follow.
    fastest: float = entry(ABOVE_ZERO, 80.0)
    #: Weights, by name or file, that the net begins with: a refiner's own all of them, another method's features alone.
    begin: str = ""

    @property
    def answered(self) -> AnsweredPairs:
        """The part that decides the pairs."""
        names = {f.name for f in dataclasses.fields(AnsweredPairs)}
        return AnsweredPairs(**{name: value for name, value in vars(self).items() if name in names})

    def scenes_key(self) -> str:
        """A short hash of what decides the pairs: recipes that share it can share a folder of them."""
        return short_hash(dataclasses.asdict(self.answered))
