"""Recipes of what learns flow from drawn and rendered pairs."""

from __future__ import annotations

from dataclasses import dataclass

from .recipe import Recipe, fallen


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
        return super().rate_at(step) if late < 0 else self.late_rate * fallen(late, self.steps - self.late_from)

    def chunk_at(self, step: int) -> int:
        """Samples that a thread learns from at once in a step: large pairs fill it alone."""
        return self.chunk if step < self.late_from else 1
