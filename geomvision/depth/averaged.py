"""Several looks of one method at one image: mirrored, at several sizes, averaged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..method import OptionError, option
from ..results import Depth, RelativeDepth
from ..trace import Trace
from ._answers import Values, agreed, at_size, kind_of, matched, unit_of, values_of
from ._base import DepthMethod
from ._based import Based
from ._views import View

MIRRORED = " mirrored"


@dataclass(frozen=True, kw_only=True)
class Averaged(Based):
    """What a method says of an image, of its mirror image and of both at other sizes, brought together.

    Errors that change with the look cancel (test-time augmentation; Godard et al., CVPR 2017, average a disparity with
    that of the mirror image); what the method believes in any case stays. Answers up to scale and shift are fitted to
    the first one, that of the image as it is. Their mean, or median, is that of logarithms for metres and
    `depth_scale`. The kind is the base's. `confidence` is e^(−d), d the mean distance of the answers from the result:
    of logarithms, or over the mean distance of the result from its own median.

    A base with `side_px` (the image's longer side as its net sees it) is given other values of it, other bases images
    of other sizes.

    >>> Averaged(base="fcrn", scales="0.8 1 1.25")  # doctest: +SKIP
    """

    flip: bool = option(True, "whether the mirror image is looked at, too")
    scales: str = option("1", "sizes that are looked at, shares of the image's, 0.1 to 10, with spaces between them")
    center: str = option("mean", "what of the answers is taken", choices=("mean", "median"))

    def __post_init__(self) -> None:
        super().__post_init__()
        factors, base = self._factors(), self.method()
        if factors != (1.0,) and getattr(base, "size", None) is not None:
            raise OptionError(f"Averaged: scales is {self.scales!r}; {self.base} sees one size only: allowed is '1'")

    def _factors(self) -> tuple[float, ...]:
        try:
            factors = tuple(float(part) for part in self.scales.split())
        except ValueError:
            factors = ()
        if not factors or not all(0.1 <= factor <= 10 for factor in factors) or len(set(factors)) < len(factors):
            told = "allowed are different numbers from 0.1 to 10 with spaces between them"
            raise OptionError(f"Averaged: scales is {self.scales!r}; {told}")
        return factors

    def _run(self, view: View, trace: Trace) -> Depth | RelativeDepth:
        looks = dict(self._looks(view))
        kind = kind_of(next(iter(looks.values())))
        names, answers = list(looks), [self._returned(name, each, view) for name, each in looks.items()]
        for name, each in zip(names, answers, strict=True):
            trace.record(name, each, unit_of(kind), "the base's answer to a look, mapped back to the image")
        together = matched(answers, kind)
        result = agreed(together, kind, self.center)
        trace.record("depth", values_of(result), unit_of(kind), f"the {self.center} of {len(together)} answers")
        return result

    def _looks(self, view: View) -> Iterator[tuple[str, Depth | RelativeDepth]]:
        """The base's answers, the size nearest to 1 first, by names of the looks."""
        for factor in sorted(self._factors(), key=lambda f: abs(math.log(f))):
            base, seen = self._seen(view, factor)
            yield f"{factor:g}", seen.shown_to(base)
            if self.flip:
                yield f"{factor:g}{MIRRORED}", seen.mirrored().shown_to(base)

    def _seen(self, view: View, factor: float) -> tuple[DepthMethod, View]:
        """The base, and the view in which it sees things so many times as large."""
        base = self.method()
        if factor == 1:
            return base, view
        if side := getattr(base, "side_px", 0):
            return base.with_options(side_px=max(1, round(side * factor))), view
        height, width = (max(1, round(size * factor)) for size in view.image.shape[:2])
        return base, view.resized(height, width)

    @staticmethod
    def _returned(name: str, answer: Depth | RelativeDepth, view: View) -> Values:
        values = values_of(answer)
        height, width = view.image.shape[:2]
        return at_size(values[:, ::-1] if name.endswith(MIRRORED) else values, height, width)
