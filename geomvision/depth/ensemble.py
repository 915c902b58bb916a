"""The median of what many methods say of one image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import numpy as np

from ..method import OptionError, option
from ..results import Depth, RelativeDepth
from ..trace import Trace
from . import METHODS
from ._answers import Kind, Values, agreed, kind_of, matched, unit_of, values_of
from ._base import DepthMethod
from ._based import OfOneImage
from ._views import View


@dataclass(frozen=True, kw_only=True)
class Ensemble(OfOneImage):
    """The median of many methods' answers, pixel by pixel: an error that few make has no say.

    Answers must be comparable. Where one is metric, the others are brought to metres by `RelativeDepth.align_to` the
    first one that is; else where one is of kind `depth_scale`, to its scale; else all must be of one affine kind, and
    are fitted to the first. The median is that of logarithms for metres and `depth_scale`, which changes nothing but
    the middle of an even number. `confidence` is that of `averaged`.

    >>> Ensemble(bases="fcrn; dorn; ground_plane(objects=upright)")  # doctest: +SKIP
    """

    bases: str = option(
        "mono_small; ground_plane",
        "names of depth methods of one image, options in brackets: 'name; name(option=value, …); …'",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.methods()

    def asked(self) -> list[DepthMethod]:
        """All of them."""
        return self.methods()

    def methods(self) -> list[DepthMethod]:
        """All that are asked."""
        found = []
        for part in filter(None, (part.strip() for part in self.bases.split(";"))):
            parts = re.fullmatch(r"(\w+)\s*(?:\((.*)\))?", part)
            if parts is None or parts[1] == self.name():
                told = "allowed is 'name; name(option=value, …); …' with any other depth methods"
                raise OptionError(f"Ensemble: bases holds {part!r}; {told}")
            method = METHODS.parsed(parts[1], parts[2] or "", "Ensemble: a base", self.num_threads)
            found.append(cast("DepthMethod", method))
        if not found:
            raise OptionError("Ensemble: bases names no method; it must name at least one")
        return found

    def _run(self, view: View, trace: Trace) -> Depth | RelativeDepth:
        methods = self.methods()
        found = [view.shown_to(method) for method in methods]
        kind, answers = _comparable(found, [method.name() for method in methods])
        for k, (method, each) in enumerate(zip(methods, answers, strict=True), start=1):
            trace.record(f"{k} {method.label()}", each, unit_of(kind), "an answer, as the others are compared with it")
        together = matched(answers, kind)
        result = agreed(together, kind, "median")
        trace.record("depth", values_of(result), unit_of(kind), f"the median of {len(together)} answers")
        return result


def _comparable(found: list[Depth | RelativeDepth], names: list[str]) -> tuple[Kind, list[Values]]:
    """All answers in one kind. ValueError where there is none."""
    kinds = [kind_of(each) for each in found]
    for kind in ("metric", "depth_scale"):
        if kind in kinds:
            first = found[kinds.index(kind)]
            reference = first if isinstance(first, Depth) else Depth(m=np.where(first.values > 0, first.values, np.nan))
            aligned = [
                each if each_kind == kind or isinstance(each, Depth) else each.align_to(reference)
                for each, each_kind in zip(found, kinds, strict=True)
            ]
            return kind, [values_of(each) for each in aligned]
    if len(set(kinds)) > 1:
        told = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
        raise ValueError(
            f"ensemble: the kinds are {told}; affine answers of two kinds cannot be compared: add a method that is "
            "metric, or take methods of one kind"
        )
    return kinds[0], [values_of(each) for each in found]
