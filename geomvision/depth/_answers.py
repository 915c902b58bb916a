"""What several answers about one image say together: each in the form in which it can be compared, and as a result.

Metres and `depth_scale` are compared as logarithms, in which a scale is a shift and no sum is negative; values that are
affine as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..images import Float32
from ..packages import needed_by
from ..results import Depth, RelativeDepth, RelativeKind

Kind = Literal["metric"] | RelativeKind
#: Of logarithms, or of values: what is compared.
Values = NDArray[np.float64]
#: Kinds that are compared as logarithms.
LOGARITHMIC = ("metric", "depth_scale")
#: Pixels that a fit looks at, its rounds, and standard deviations beyond which errors count less.
MOST, ROUNDS, STEADY = 20_000, 10, 1.345


def kind_of(answer: Depth | RelativeDepth) -> Kind:
    """ "metric", or the kind of relative depth."""
    return "metric" if isinstance(answer, Depth) else answer.kind


def values_of(answer: Depth | RelativeDepth) -> Values:
    """What is compared, NaN where the answer has a gap, or nothing positive where that is needed."""
    raw = (answer.m if isinstance(answer, Depth) else answer.values).astype(np.float64)
    if kind_of(answer) not in LOGARITHMIC:
        return raw
    found: Values = np.log(np.where(raw > 0, raw, np.nan))
    return found


def result_of(values: Values, kind: Kind, **extras: Any) -> Depth | RelativeDepth:
    """The reverse of `values_of`; what float32 cannot hold is a gap."""
    with np.errstate(over="ignore", invalid="ignore"):
        raw = (np.exp(values) if kind in LOGARITHMIC else values).astype(np.float32)
    usable = np.isfinite(raw) & (raw > 0) if kind in LOGARITHMIC else np.isfinite(raw)
    held: Float32 = np.where(usable, raw, np.float32("nan"))
    return Depth(m=held, **extras) if kind == "metric" else RelativeDepth(values=held, kind=kind, **extras)


class Line(NamedTuple):
    """scale · values + shift."""

    scale: float
    shift: float

    def __call__(self, values: Values) -> Values:
        return self.scale * values + self.shift


def line_between(values: Values, reference: Values, *, free_scale: bool = True) -> Line | None:
    """The line that takes values to the reference, by Huber's weights; None where both do not rise together.

    Args:
        values, reference: (H, W), NaN where unknown; pixels that both know count.
        free_scale: whether the scale is looked for, too; else it is 1.
    """
    both = np.flatnonzero(np.isfinite(values) & np.isfinite(reference))
    if len(both) < 2:
        return None
    both = both[:: -(-len(both) // MOST)]
    x, y = values.ravel()[both], reference.ravel()[both]
    weight, line = np.ones(len(x)), None
    for _ in range(ROUNDS):
        total = weight.sum()
        middle, target = weight @ x / total, weight @ y / total
        spread = weight @ (x - middle) ** 2
        if free_scale and not spread > 0:
            return None
        scale = float(weight @ ((x - middle) * (y - target)) / spread) if free_scale else 1.0
        line = Line(scale, float(target - scale * middle))
        error = np.abs(y - line(x))
        near = STEADY * 1.4826 * np.median(error)
        if not near > 0:
            break
        weight = near / np.maximum(error, near)
    return line if line is not None and line.scale > 0 else None


def unit_of(kind: Kind) -> str:
    """The unit of what is compared."""
    return {"metric": "log m", "depth_scale": "log"}.get(kind, "")


def matched(answers: Sequence[Values], kind: Kind) -> list[Values]:
    """Answers of one kind with what it leaves open fitted to the first: those that do not rise with it are left out."""
    first, *others = answers
    if kind == "metric":
        return [first, *others]
    lines = [line_between(each, first, free_scale=kind != "depth_scale") for each in others]
    return [first, *(line(each) for line, each in zip(lines, others, strict=True) if line is not None)]


def agreed(answers: Sequence[Values], kind: Kind, center: str) -> Depth | RelativeDepth:
    """The mean or median of matched answers where at least half of them know something, and how far they agree.

    `confidence` is e^(−d), d the mean distance of the answers from it: of logarithms, or over the mean distance of the
    result from its own median.
    """
    stack = np.stack(answers)
    enough = 2 * np.isfinite(stack).sum(axis=0) >= len(answers)
    held = np.where(enough, stack, 0.0)
    middle = np.nanmean(held, axis=0) if center == "mean" else np.nanmedian(held, axis=0)
    away = np.nanmean(np.abs(held - middle), axis=0)
    known = middle[enough]
    relief = 1.0 if kind in LOGARITHMIC or not known.size else float(np.abs(known - np.median(known)).mean())
    confidence = np.where(enough, np.exp(-away / relief) if relief > 0 else 1.0, 0.0).astype(np.float32)
    return result_of(np.where(enough, middle, np.nan), kind, confidence=confidence)


def at_size(values: Values, height: int, width: int) -> Values:
    """A map at another size: bilinear, or means over areas, of the known pixels; a gap where most is unknown."""
    if values.shape == (height, width):
        return values
    with needed_by("depth of one image"):
        import cv2

    way = cv2.INTER_AREA if height * width < values.size else cv2.INTER_LINEAR
    known = np.isfinite(values)
    sums, share = (
        cv2.resize(array, (width, height), interpolation=way)
        for array in (np.where(known, values, 0.0), known.astype(np.float64))
    )
    found: Values = np.where(share >= 0.5, sums / np.maximum(share, 0.5), np.nan)
    return found
