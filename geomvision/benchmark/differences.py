"""What changed from one run to another, and whether it is more than noise."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .grids import Grid
from .leaderboard import Entry, Leaderboard, Section, better_high
from .records import Record, TimeRecord
from .statistics import FEWEST_SCENES, Float64, drawn, holm, interval, paired

Verdict = Literal["same", "better", "worse", "within noise", "too few scenes"]
#: A change counts as more than noise below this corrected p, where also the interval leaves zero out.
SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One method's figure in both runs, over the scenes that both have."""

    dataset: str
    label: str
    protocol: str
    figure: str
    before: float
    after: float
    #: 95 % interval of after − before: both figures made anew from the same scenes drawn.
    low: float
    high: float
    scenes: int
    #: On how many scenes the figure is another at all.
    changed: int
    #: p of no change, by Wilcoxon's test over scenes and Holm's correction over all rows of the comparison.
    p: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class TimeDifference:
    """One method's time in both runs: after / before, geometric mean over the scenes timed in both."""

    dataset: str
    label: str
    before: float
    after: float
    ratio: float
    low: float
    high: float
    scenes: int
    p: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Everything that differs between two runs."""

    #: What differs in the set-up: methods and scenes of one run alone, options, weights, code.
    told: tuple[str, ...]
    figures: tuple[Difference, ...]
    times: tuple[TimeDifference, ...]
    #: Failures of the second run that the first did not have, and the other way round.
    broken: tuple[str, ...]
    mended: tuple[str, ...]

    @property
    def significant(self) -> tuple[Difference, ...]:
        """The figures whose change is more than noise."""
        return tuple(each for each in self.figures if each.verdict in ("better", "worse"))


def changes(
    before: Iterable[Record],
    after: Iterable[Record],
    times_before: Iterable[TimeRecord] = (),
    times_after: Iterable[TimeRecord] = (),
    *,
    every_figure: bool = False,
) -> Changes:
    """Compare two runs method by method, over the scenes that both have.

    Args:
        before: records of the first run.
        after: records of the second.
        times_before: its times.
        times_after: and those of the second.
        every_figure: compare all figures of every protocol; else each protocol's headline.
    """
    first, second = list(before), list(after)
    boards = Leaderboard.of(first), Leaderboard.of(second)
    told: list[str] = []
    codes = [sorted({record.code for record in records}) for records in (first, second)]
    if codes[0] != codes[1]:
        told.append(f"code: {', '.join(codes[0])} → {', '.join(codes[1])}")
    figures: list[Difference] = []
    here, there = ({(s.task, s.dataset): s for s in board.sections} for board in boards)
    for only, name in ((set(here) - set(there), "first"), (set(there) - set(here), "second")):
        told += [f"the {name} run alone has {task} on {dataset}" for task, dataset in sorted(only)]
    for key in here:
        if key in there:
            told += _set_up(here[key], there[key])
            figures += _figures(here[key], there[key], every_figure)
    failed = [{(r.dataset, r.label, r.sample): r.error for r in records if r.error} for records in (first, second)]
    done = [{(r.dataset, r.label, r.sample) for r in records if not r.error} for records in (first, second)]
    return Changes(
        told=tuple(told),
        figures=tuple(_judged(figures)),
        times=tuple(_times(first, second, times_before, times_after)),
        broken=tuple(_failure(key, failed[1][key]) for key in failed[1] if key in done[0]),
        mended=tuple(_failure(key, failed[0][key]) for key in failed[0] if key in done[1]),
    )


def _failure(key: tuple[str, str, str], error: str | None) -> str:
    dataset, label, sample = key
    return f"{label} on {dataset}/{sample}: {error}"


def _set_up(before: Section, after: Section) -> list[str]:
    """Methods and scenes of one run alone, and what differs in a method of the same label."""
    told = []
    sides: list[tuple[str, Section, Section]] = [("first", before, after), ("second", after, before)]
    for name, own, other in sides:
        labels = {entry.label for entry in other.entries}
        methods = [entry.label for entry in own.entries if entry.label not in labels]
        if methods:
            told.append(f"{own.dataset}: the {name} run alone has {', '.join(methods)}")
        scenes = [sample for sample in own.samples if sample not in set(other.samples)]
        if scenes:
            shown = ", ".join(scenes[:8]) + (" …" if len(scenes) > 8 else "")
            told.append(f"{own.dataset}: {len(scenes)} scenes are in the {name} run alone, and not compared: {shown}")
    entries = {entry.label: entry for entry in after.entries}
    for entry in before.entries:
        if entry.label in entries:
            told += [f"{before.dataset}, {entry.label}: {line}" for line in _entry(entry, entries[entry.label])]
    return told


def _entry(before: Entry, after: Entry) -> list[str]:
    names = ("method", "backend", "weights", "parameters", "aligned")
    lines = [
        f"{name} {getattr(before, name)} → {getattr(after, name)}"
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]
    options = sorted(set(before.options) | set(after.options))
    return lines + [
        f"{name} {before.options.get(name)} → {after.options.get(name)}"
        for name in options
        if before.options.get(name) != after.options.get(name)
    ]


def _figures(before: Section, after: Section, every_figure: bool) -> list[Difference]:
    found = []
    for protocol in before.protocols:
        if protocol not in after.grids:
            continue
        old, new = before.grids[protocol], after.grids[protocol]
        samples = tuple(name for name in old.samples if name in set(new.samples))
        labels = tuple(name for name in old.labels if name in set(new.labels))
        if not samples or not labels:
            continue
        names = [name for name in old.figures if name in new.total] if every_figure else [old.headline]
        old, new = old.part(labels, samples), new.part(labels, samples)
        found += [each for name in names if name in new.total for each in _of_figure(before.dataset, old, new, name)]
    return found


def _of_figure(dataset: str, old: Grid, new: Grid, figure: str) -> list[Difference]:
    both = (old.count[figure] > 0) & (new.count[figure] > 0)
    old, new = old.where(figure, both), new.where(figure, both)
    before, after = old.overall(figure), new.overall(figure)
    low, high = interval(new.resampled(figure) - old.resampled(figure))
    values = old.values(figure), new.values(figure)
    unlike = both & ((old.total[figure] != new.total[figure]) | (old.count[figure] != new.count[figure]))
    return [
        Difference(
            dataset=dataset,
            label=label,
            protocol=old.protocol,
            figure=figure,
            before=float(before[m]),
            after=float(after[m]),
            low=float(low[m]),
            high=float(high[m]),
            scenes=int(both[m].sum()),
            changed=int(unlike[m].sum()),
            p=paired(values[0][m], values[1][m]).p,
            verdict="same" if not unlike[m].any() else "within noise",
        )
        for m, label in enumerate(old.labels)
        if both[m].any()
    ]


def _judged(found: list[Difference]) -> list[Difference]:
    """With p corrected over all rows that changed, and what follows from it."""
    changed = [index for index, each in enumerate(found) if each.verdict != "same"]
    corrected = dict(zip(changed, holm([found[index].p for index in changed]), strict=True))
    judged = list(found)
    for index, p in corrected.items():
        each = found[index]
        verdict = _verdict(each.scenes, p, each.low, each.high, 0.0, better_high(each.figure))
        judged[index] = replace(each, p=p, verdict=verdict)
    return judged


def _verdict(scenes: int, p: float, low: float, high: float, neutral: float, higher_is_better: bool) -> Verdict:
    if scenes < FEWEST_SCENES:
        return "too few scenes"
    if not p < SIGNIFICANT or low <= neutral <= high or math.isnan(low):
        return "within noise"
    return "better" if (low > neutral) == higher_is_better else "worse"


def _times(
    before: list[Record], after: list[Record], times_before: Iterable[TimeRecord], times_after: Iterable[TimeRecord]
) -> list[TimeDifference]:
    """Methods timed in both runs on the same machine by as many threads; others do not compare."""
    old, new = _timed(before, times_before), _timed(after, times_after)
    found = []
    for key in old:
        shared = [
            (old[key][s].seconds, new[key][s].seconds)
            for s in old[key]
            if s in new.get(key, {})
            and (old[key][s].machine, old[key][s].num_threads) == (new[key][s].machine, new[key][s].num_threads)
        ]
        if shared:
            found.append(_time(*key, np.array([[statistics.median(a), statistics.median(b)] for a, b in shared])))
    corrected = holm([each.p for each in found])
    return [
        replace(each, p=p, verdict=_verdict(each.scenes, p, each.low, each.high, 1.0, False))
        for each, p in zip(found, corrected, strict=True)
    ]


def _timed(records: list[Record], times: Iterable[TimeRecord]) -> dict[tuple[str, str], dict[str, TimeRecord]]:
    by_key: Mapping[str, TimeRecord] = {each.key: each for each in times}
    found: dict[tuple[str, str], dict[str, TimeRecord]] = {}
    for record in records:
        if record.key in by_key and by_key[record.key].seconds:
            found.setdefault((record.dataset, record.label), {})[record.sample] = by_key[record.key]
    return found


def _time(dataset: str, label: str, seconds: Float64) -> TimeDifference:
    logs = np.log(seconds)
    step = logs[:, 1] - logs[:, 0]
    means = (drawn(len(step)) @ step[:, None]) / len(step)
    low, high = interval(means)
    return TimeDifference(
        dataset=dataset,
        label=label,
        before=float(seconds[:, 0].mean()),
        after=float(seconds[:, 1].mean()),
        ratio=float(np.exp(step.mean())),
        low=float(np.exp(low[0])),
        high=float(np.exp(high[0])),
        scenes=len(step),
        p=paired(logs[:, 1], logs[:, 0]).p,
        verdict="within noise",
    )
