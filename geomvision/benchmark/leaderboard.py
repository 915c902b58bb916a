"""`Leaderboard`: what records of a run say about methods, data set by data set: ranks, intervals, tests, failures."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..method import Value
from .grids import Grid, GridBuilder
from .published import Published, published
from .records import Record, TimeRecord
from .statistics import holm, paired


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One method on one data set: what it is, and what it cost."""

    label: str
    method: str
    options: Mapping[str, Value]
    backend: str | None
    weights: str | None
    parameters: int | None
    #: What relative depth leaves open, and how it was aligned to the truth; None for all else.
    kind: str | None
    aligned: str | None
    #: Scenes that gave an estimate, and those that failed.
    done: int
    failed: int
    #: Mean share of the pixels that have an estimate; mean over scenes of median seconds; most bytes added.
    density: float | None
    seconds: float | None
    peak_memory_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A method that gave no estimate of a sample, or one that a protocol could not score, and why."""

    label: str
    sample: str
    reason: str
    #: The protocols that could not score; empty where the method failed.
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A method's figure over a data set, and how sure it is."""

    label: str
    #: 1 is best; None for a method without the figure, or with fewer scenes than others have.
    rank: int | None
    value: float
    low: float
    high: float
    scenes: int
    #: p that it is as good as the best, by Wilcoxon's test over scenes, after Holm's correction; NaN for the best.
    p_best: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """One data set of one task."""

    task: str
    dataset: str
    samples: tuple[str, ...]
    entries: tuple[Entry, ...]
    grids: dict[str, Grid]
    failures: tuple[Failure, ...]
    #: By sample and label: where the run keeps the estimate, relative to its folder.
    maps: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    #: By label: of how many samples each flag speaks against the estimate, the most frequent first.
    flagged: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def protocols(self) -> tuple[str, ...]:
        """Names of the protocols with figures: the data set's own first, then those that score most scenes."""
        own = (self.dataset, f"{self.dataset}_{self.task}")

        def place(name: str) -> tuple[bool, int, bool, str]:
            scored = int(self.grids[name].scenes(self.grids[name].headline).sum())
            return name not in own, -scored, name not in _GENERAL, name

        return tuple(sorted(self.grids, key=place))

    def standings(self, protocol: str, figure: str | None = None, *, sure: bool = True) -> tuple[Standing, ...]:
        """Methods by a protocol's figure, None for its headline; the best first, those without a rank last.

        Equal figures share a rank. Without `sure`, intervals and tests are left out, as NaN: many scenes take time.
        Raises KeyError for a protocol or figure that the section does not have.
        """
        grid = self.grids[protocol]
        name = grid.headline if figure is None else figure
        overall, scenes = grid.overall(name), grid.scenes(name)
        low, high = grid.interval(name) if sure else np.full((2, len(grid.labels)), math.nan)
        whole = scenes == max(scenes.max(initial=0), 1)
        sign = -1.0 if better_high(name) else 1.0
        ranked = [m for m in range(len(grid.labels)) if whole[m] and not math.isnan(overall[m])]
        ranked.sort(key=lambda m: sign * overall[m])
        p = _against_the_best(grid, name, ranked) if sure else {}
        rest = sorted(set(range(len(grid.labels))) - set(ranked), key=lambda m: (math.isnan(overall[m]), m))
        return tuple(
            Standing(
                label=grid.labels[m],
                rank=1 + sum(bool(sign * overall[o] < sign * overall[m]) for o in ranked) if m in ranked else None,
                value=float(overall[m]),
                low=float(low[m]),
                high=float(high[m]),
                scenes=int(scenes[m]),
                p_best=p.get(m, math.nan),
            )
            for m in (*ranked, *rest)
        )

    def tests(self, protocol: str, figure: str | None = None) -> dict[tuple[str, str], float]:
        """p of each pair of methods being equal: Wilcoxon over shared scenes, Holm's correction over all pairs."""
        grid = self.grids[protocol]
        values = grid.values(grid.headline if figure is None else figure)
        pairs = [(a, b) for a in range(len(values)) for b in range(a + 1, len(values))]
        corrected = holm([paired(values[a], values[b]).p for a, b in pairs])
        return {(grid.labels[a], grid.labels[b]): p for (a, b), p in zip(pairs, corrected, strict=True)}

    def published(self) -> tuple[Published, ...]:
        """Figures of papers for this data set, by the section's protocols; never part of a ranking."""
        return tuple(each for each in published(self.dataset, self.task) if each.protocol in self.grids)


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """All sections of a run, one for each task and data set."""

    sections: tuple[Section, ...]

    @classmethod
    def of(cls, records: Iterable[Record], times: Iterable[TimeRecord] = ()) -> Leaderboard:
        """The leaderboard of a run's records, and of its times, which were measured apart.

        A later record of the same method and sample replaces an earlier one, which a note tells.
        """
        gathered: dict[tuple[str, str], _Gathered] = {}
        for record in records:
            key = (record.task, record.dataset)
            if key not in gathered:
                gathered[key] = _Gathered()
            gathered[key].add(record)
        by_key = {each.key: each for each in times}
        return cls(tuple(own.section(task, dataset, by_key) for (task, dataset), own in gathered.items()))

    def section(self, dataset: str, task: str | None = None) -> Section:
        """The section of a data set. KeyError names those there are."""
        for each in self.sections:
            if each.dataset == dataset and task in (None, each.task):
                return each
        raise KeyError(f"there is no data set {dataset!r} in this run; there are {[s.dataset for s in self.sections]}")


#: Protocols that mean the same on any data set, and so come before others that score as many scenes.
_GENERAL = ("middlebury", "middlebury_flow", "depth", "epe3d", "two_view")


def better_high(figure: str) -> bool:
    """Shares of good pixels or points, of estimated ones, gains and confidences are better high; errors low."""
    return figure.startswith(
        ("delta", "density", "Acc3D", "F-score", "IoU", "AURG", "AUC", "mAA", "VCRE<", "pose<", "confidence", "WAUC")
    )


def _against_the_best(grid: Grid, figure: str, ranked: list[int]) -> dict[int, float]:
    """Corrected p of every other ranked method against the first."""
    if len(ranked) < 2:
        return {}
    values = grid.values(figure)
    best, others = ranked[0], ranked[1:]
    return dict(zip(others, holm([paired(values[best], values[other]).p for other in others]), strict=True))


class _Gathered:
    """What one data set's records say, while they are read."""

    def __init__(self) -> None:
        self.labels: dict[str, int] = {}
        self.samples: dict[str, int] = {}
        self.builder = GridBuilder()
        self.first: dict[str, Record] = {}
        self.cells: dict[tuple[int, int], tuple[str, float | None, str | None]] = {}
        self.unscored: dict[tuple[str, str, str], list[str]] = {}
        self.maps: dict[tuple[str, str], str] = {}
        self.flags: dict[tuple[str, str], tuple[str, ...]] = {}
        self.replaced = 0

    def add(self, record: Record) -> None:
        method = self.labels.setdefault(record.label, len(self.labels))
        sample = self.samples.setdefault(record.sample, len(self.samples))
        self.replaced += (method, sample) in self.cells
        self.cells[method, sample] = (record.key, record.density, record.error)
        if record.error is None and record.label not in self.first:
            self.first[record.label] = record
        self.first.setdefault(f"{record.label}\0", record)
        if record.map is not None:
            self.maps[record.sample, record.label] = record.map
        if record.flags or (record.sample, record.label) in self.flags:
            self.flags[record.sample, record.label] = tuple(record.flags)
        for protocol, reason in record.unscored.items():
            self.unscored.setdefault((record.label, record.sample, reason), []).append(protocol)
        self.builder.add(record, method, sample)

    def section(self, task: str, dataset: str, times: Mapping[str, TimeRecord]) -> Section:
        labels, samples = tuple(self.labels), tuple(self.samples)
        cells: dict[int, list[tuple[str, float | None, str | None]]] = {m: [] for m in range(len(labels))}
        for (method, _), cell in self.cells.items():
            cells[method].append(cell)
        failures = [
            Failure(label=labels[m], sample=samples[s], reason=error)
            for (m, s), (_, _, error) in self.cells.items()
            if error is not None
        ]
        failures += [
            Failure(label=label, sample=sample, reason=reason, protocols=tuple(protocols))
            for (label, sample, reason), protocols in self.unscored.items()
        ]
        notes = []
        if self.replaced:
            notes.append(f"{self.replaced} records were replaced by later ones of the same method and sample")
        own, told = _of_one_machine([key for group in cells.values() for key, _, _ in group], times)
        entries = [self._entry(label, cells[m], own) for m, label in enumerate(labels)]
        return Section(
            task=task,
            dataset=dataset,
            samples=samples,
            entries=tuple(entries),
            grids=self.builder.grids(labels, samples),
            failures=tuple(failures),
            maps=self.maps,
            flagged=self._flagged(),
            notes=(*notes, *told),
        )

    def _flagged(self) -> dict[str, dict[str, int]]:
        counts: dict[str, Counter[str]] = {}
        for (_, label), flags in self.flags.items():
            counts.setdefault(label, Counter()).update(flags)
        return {label: dict(counts[label].most_common()) for label in self.labels if counts.get(label)}

    def _entry(
        self, label: str, cells: list[tuple[str, float | None, str | None]], times: Mapping[str, TimeRecord]
    ) -> Entry:
        one = self.first.get(label, self.first[f"{label}\0"])
        densities = [density for _, density, _ in cells if density is not None]
        timed = [times[key] for key, _, _ in cells if key in times]
        peaks = [each.peak_memory_bytes for each in timed if each.peak_memory_bytes is not None]
        seconds = [statistics.median(each.seconds) for each in timed if each.seconds]
        return Entry(
            label=label,
            method=one.method,
            options=one.options,
            backend=one.backend,
            weights=one.weights,
            parameters=one.parameters,
            kind=one.kind,
            aligned=one.aligned,
            done=sum(error is None for _, _, error in cells),
            failed=sum(error is not None for _, _, error in cells),
            density=float(np.mean(densities)) if densities else None,
            seconds=float(np.mean(seconds)) if seconds else None,
            peak_memory_bytes=max(peaks) if peaks else None,
        )


def _of_one_machine(keys: list[str], times: Mapping[str, TimeRecord]) -> tuple[dict[str, TimeRecord], list[str]]:
    """The times of the machine, and number of threads, that measured most units: others do not compare."""
    own = {key: times[key] for key in keys if key in times}
    if not own:
        return {}, []
    counts: dict[tuple[str, int], int] = {}
    for each in own.values():
        place = (each.machine, each.num_threads)
        counts[place] = counts.get(place, 0) + 1
    machine, threads = most = max(counts, key=lambda place: (counts[place], place))
    told = [f"times: {machine}, {threads} {'thread' if threads == 1 else 'threads'}"]
    if len(counts) > 1:
        left = sum(counts.values()) - counts[most]
        told.append(
            f"{left} times of {len(counts) - 1} other machines or thread counts are left out: they do not compare"
        )
    return {key: each for key, each in own.items() if (each.machine, each.num_threads) == most}, told
