"""What a protocol is: one named, published way to turn an estimate and its truth into numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
#: A figure's totals and counts, (images,) each, 0 where an image has none.
Columns = Mapping[str, tuple[Float64, Float64]]


def per_image(images: Columns, figure: str) -> tuple[Float64, NDArray[np.bool_]]:
    """Each image's total over count, 0 where it has none, and which have one."""
    total, count = images[figure]
    known = np.asarray(count > 0)
    return np.divide(total, count, out=np.zeros(total.shape), where=known), known


@dataclass(frozen=True)
class Ratio:
    """A sum and what it is divided by: ratios of several images can be pooled exactly."""

    total: float
    count: float
    #: "percent" shows 100·total/count; "root" the square root of total/count.
    form: Literal["mean", "percent", "root"] = "mean"

    @property
    def value(self) -> float:
        """The figure to print; NaN when nothing was counted."""
        if self.count == 0:
            return math.nan
        mean = self.total / self.count
        return {"mean": mean, "percent": 100.0 * mean, "root": math.sqrt(max(mean, 0.0))}[self.form]

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.total + other.total, self.count + other.count, self.form)


Score = Mapping[str, Ratio]


class Protocol(ABC):
    """A named protocol of one task. Subclasses say how missing estimates count, and cite their source."""

    #: "stereo", "flow", "depth", "pose" or "scene_flow".
    task: ClassVar[str]
    #: File name of the protocol, also what the command line calls it.
    name: ClassVar[str]
    #: The figure a ranking sorts by.
    primary: ClassVar[str]
    #: One sentence, printed beside the figures.
    missing_estimates: ClassVar[str]
    #: "pooled" adds up pixels of all images; "mean" averages the images' figures.
    aggregation: ClassVar[Literal["pooled", "mean"]]
    #: What images count in means over images, by their name; others count 1.
    weights: ClassVar[Mapping[str, float]] = {}
    #: How images become figures where `aggregate` is its own, in words.
    rule: ClassVar[str] = ""
    #: Figures that tables show beside `primary`.
    beside: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def score(self, estimate: Any, sample: Any) -> Score:
        """Score one estimate against one sample's truth. Raises ValueError when the truth it needs is absent."""

    def takes(self, estimate: Any) -> bool:  # noqa: ARG002
        """Whether an estimate of this task is of the kind that the protocol scores."""
        return True

    def fits(self, sample: Any) -> bool:  # noqa: ARG002
        """Whether a sample with truth has what the protocol is for; one chosen by name scores others, too."""
        return True

    def missing(self, sample: Any, method: Any) -> Score | None:  # noqa: ARG002
        """What counts where a method refused a sample with truth, or failed; None: such a sample is left out."""
        return None

    def headline(self, figures: Iterable[str]) -> str:
        """Which of these figures a ranking sorts by: `primary`, or its form over all pixels where noc is unknown."""
        names = list(figures)
        fallback = self.primary.replace(" noc", " all")
        for name in (self.primary, fallback):
            if name in names:
                return name
        raise KeyError(f"{self.name} ranks by {self.primary!r}, which is not among {', '.join(names)}")

    def weight(self, sample: str) -> float:
        """What a sample counts in means over images, by the last part of its name: "trainingQ/PianoL" is PianoL."""
        return self.weights.get(sample.rpartition("/")[2], 1.0)

    def aggregate(self, scores: Iterable[Score], samples: Sequence[str] | None = None) -> dict[str, float]:
        """The protocol's figures over several images.

        Args:
            scores: of each image.
            samples: the images' names, for benchmarks that weigh images; None: all count alike.
        """
        everything = list(scores)
        weights = [1.0] * len(everything) if samples is None else [self.weight(name) for name in samples]
        names = list(dict.fromkeys(name for score in everything for name in score))
        result = {}
        for name in names:
            counted = [
                (score[name], weight)
                for score, weight in zip(everything, weights, strict=True)
                if name in score and score[name].count > 0
            ]
            ratios = [ratio for ratio, _ in counted]
            if not ratios:
                result[name] = math.nan
            elif self.aggregation == "pooled":
                result[name] = sum(ratios[1:], ratios[0]).value
            else:
                result[name] = sum(ratio.value * weight for ratio, weight in counted) / sum(w for _, w in counted)
        return result

    def drawn(self, figure: str, images: Columns, draws: NDArray[np.floating[Any]]) -> Float64 | None:  # noqa: ARG002
        """`aggregate`'s figure for many drawings of images at once, (drawings,), which a bootstrap needs.

        None: this protocol does not know it, so `aggregate` is asked one by one.

        Args:
            figure: its name.
            images: of one method, every figure's totals and counts.
            draws: (drawings, images), how often each image is drawn.
        """
        return None
