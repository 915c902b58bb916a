"""What changed between two runs as tables, for a terminal and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..benchmark.differences import Changes, Difference, TimeDifference
from .board_sheets import Sheet

RULE = (
    "better, worse: p is below 0.05, by Wilcoxon's signed-rank test over the scenes of both runs, two-sided, with "
    "Holm's correction over all rows that changed, and the 95 % interval of the change (scenes drawn with replacement, "
    "the same for both runs) leaves zero out; same: equal in every bit on every scene"
)
RATIO = "ratio: geometric mean over scenes of after / before, on the same machine by as many threads"


def difference_sheets(changes: Changes, *, all_rows: bool = True) -> list[Sheet]:
    """The figures, and the times where both runs have some; without `all_rows` those that are not the same."""
    figures = _figures(each for each in changes.figures if all_rows or each.verdict != "same")
    return [figures, _times(changes.times)] if changes.times else [figures]


def _figures(every: Iterable[Difference]) -> Sheet:
    rows = tuple(
        (
            each.dataset,
            each.label,
            f"{each.protocol} {each.figure}",
            f"{each.before:.3f}",
            f"{each.after:.3f}",
            f"{each.after - each.before:+.3f}",
            f"{each.low:+.3f} … {each.high:+.3f}",
            "–" if math.isnan(each.p) or each.verdict == "same" else f"{each.p:.3f}",
            f"{each.changed} of {each.scenes} changed",
            each.verdict,
        )
        for each in every
    )
    titles = ("data set", "method", "figure", "before", "after", "change", "95 % interval", "p", "scenes", "verdict")
    return Sheet(title="Figures", columns=titles, names=3, rows=rows, notes=(RULE,))


def _times(every: Iterable[TimeDifference]) -> Sheet:
    rows = tuple(
        (
            each.dataset,
            each.label,
            f"{1000 * each.before:.1f}",
            f"{1000 * each.after:.1f}",
            f"{each.ratio:.3f}",
            f"{each.low:.3f} … {each.high:.3f}",
            f"{each.p:.3f}",
            str(each.scenes),
            each.verdict,
        )
        for each in every
    )
    titles = ("data set", "method", "before ms", "after ms", "ratio", "95 % interval", "p", "scenes", "verdict")
    return Sheet(title="Times", columns=titles, rows=rows, notes=(RATIO,))


def told_lines(changes: Changes) -> list[str]:
    """What differs besides figures: the set-up, what fails now, and what fails no longer."""
    return [
        *changes.told,
        *(f"fails now: {line}" for line in changes.broken),
        *(f"no longer fails: {line}" for line in changes.mended),
    ]
