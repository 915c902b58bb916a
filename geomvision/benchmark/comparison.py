"""Run methods over samples under one timer, score them by several protocols, and keep what a report shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..licences import commercial_only
from ..method import Method
from ..metrics._base import Protocol, Score
from ..results import AlignedHow, RelativeDepth
from ..samples import DepthSample, FlowSample, PointsSample, PoseSample, Sample, SceneFlowSample, StereoSample
from ..timing import Timing, measure, timed
from .aligned import as_scored
from .failures import counted, flags_of
from .inspection import PairReport, inspect_sample
from .labels import labelled
from .machine import describe_machine
from .occluded import effect, without_occluded
from .protocols import applicable
from .videos import steadiness

#: A method whose first call takes longer is timed by one more call, not by `repeats`, seconds.
PATIENCE_S = 5.0
TASKS: dict[type[Sample], str] = {
    StereoSample: "stereo",
    FlowSample: "flow",
    DepthSample: "depth",
    SceneFlowSample: "scene_flow",
    PointsSample: "scene_flow",
    PoseSample: "pose",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One method on one sample: what it cost, what it is worth, or why it failed."""

    label: str
    sample: str
    method: Method
    #: The backend that ran; None when the method failed.
    backend: str | None = None
    scores: dict[str, Score] = field(default_factory=dict)
    #: Protocols that could not score this estimate, with the reason.
    unscored: dict[str, str] = field(default_factory=dict)
    density: float | None = None
    timing: Timing | None = None
    #: The result itself (`Disparity`, `Flow`, `Depth`, …).
    estimate: Any = None
    error: str | None = None
    #: How relative depth was aligned to the truth before protocols in metres; None: it was refused.
    align: AlignedHow | None = None

    @property
    def kind(self) -> str | None:
        """What a relative depth leaves open (`RelativeDepth.kind`); None for all that is in its task's unit."""
        return self.estimate.kind if isinstance(self.estimate, RelativeDepth) else None

    @property
    def flags(self) -> tuple[str, ...]:
        """What speaks against a pose, by the names of its `degeneracies` or `flags`; none of all else."""
        return flags_of(self.estimate)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the estimate, ready for JSON; NaN figures become None."""
        figures = {
            name: {figure: _finite(ratio.value) for figure, ratio in score.items()}
            for name, score in self.scores.items()
        }
        return {
            "label": self.label,
            "sample": self.sample,
            "method": f"{self.method.task}/{self.method.name()}",
            "options": self.method.options(),
            "backend": self.backend,
            "scores": figures,
            "unscored": self.unscored,
            "density": self.density,
            **({} if self.kind is None else {"kind": self.kind, "aligned": self.align}),
            **({"flags": list(self.flags)} if self.method.task == "pose" else {}),
            "timing": None if self.timing is None else vars(self.timing),
            "error": self.error,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """All rows of one task, with the samples and the machine: what tables and reports are made from."""

    task: str
    samples: tuple[Sample, ...]
    protocols: tuple[Protocol, ...]
    rows: tuple[Row, ...]
    #: The measured look at each sample's pair, by sample name.
    inspections: dict[str, PairReport] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=describe_machine)
    #: What speaks against the figures, and what else the reader should know.
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The methods' labels, in the order they were given."""
        return tuple(dict.fromkeys(row.label for row in self.rows))

    def of(self, label: str) -> tuple[Row, ...]:
        """The rows of one method, one for each sample."""
        return tuple(row for row in self.rows if row.label == label)

    def figures(self, label: str, protocol: Protocol) -> dict[str, float]:
        """The protocol's figures of a method over all samples, pooled or averaged as the protocol says."""
        known = {sample.name: sample for sample in self.samples}
        rows = [
            (row.sample, counted([protocol], row.method, known[row.sample], row.error))
            if row.error and row.sample in known
            else (row.sample, row.scores)
            for row in self.of(label)
        ]
        own = {sample: scores[protocol.name] for sample, scores in rows if protocol.name in scores}
        return protocol.aggregate(list(own.values()), list(own))

    def to_dict(self) -> dict[str, Any]:
        """Rows, inspections, protocols and machine, ready for JSON."""
        return {
            "task": self.task,
            "samples": [sample.name for sample in self.samples],
            "protocols": {p.name: {"primary": p.primary, "missing": p.missing_estimates} for p in self.protocols},
            "rows": [row.to_dict() for row in self.rows],
            "inspections": {name: report.to_dict() for name, report in self.inspections.items()},
            "machine": self.machine,
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def compare_methods(
    methods: Sequence[Method],
    samples: Sample | Sequence[Sample],
    *,
    protocols: Sequence[str | Protocol] | None = None,
    repeats: int = 3,
    progress: bool = True,
    force: bool = False,
    fit: Callable[[Method, Sample, PairReport | None], Method] | None = None,
    commercial: bool = False,
    remove_occluded: bool = False,
    align: AlignedHow | None = None,
) -> Comparison:
    """Run every method on every sample; see `geomvision.compare`, which adds tables and the report.

    `fit` may adapt a method to a sample and to what was measured there (see `geomvision.benchmark.fitting`).
    """
    given = (samples,) if isinstance(samples, Sample) else tuple(samples)
    task = _common_task(methods, given)
    every = without_occluded(given) if remove_occluded else given
    chosen = applicable(task, protocols, every)
    named = labelled(methods)
    inspections, warnings = _inspected(every, force)
    rows = []
    with commercial_only(wanted=commercial), _progress(progress) as bar:
        job = bar.add_task(task, total=len(named) * len(every))
        for sample in every:
            for label, method in named.items():
                bar.update(job, description=f"{sample.name} · {label}")
                fitted = method if fit is None else fit(method, sample, inspections.get(sample.name))
                rows.append(run_row(fitted, sample, chosen, label=label, repeats=repeats, align=align))
                bar.advance(job)
    comparison = Comparison(
        task=task,
        samples=every,
        protocols=chosen,
        rows=tuple(rows),
        inspections=inspections,
        warnings=tuple(warnings),
    )
    notes = [*(effect(comparison, given) if remove_occluded else ()), *steadiness(comparison)]
    return replace(comparison, notes=tuple(notes))


def run_row(
    method: Method,
    sample: Sample,
    protocols: Iterable[Protocol],
    *,
    label: str | None = None,
    repeats: int = 3,
    align: AlignedHow | None = None,
) -> Row:
    """One method on one sample, timed and scored. A failing method gives a row with its error."""
    name = label or method.name()
    call = method.on  # type: ignore[attr-defined]
    try:
        method.prepared()
        _, first_s, first_peak = timed(lambda: call(sample))
        estimate, timing = measure(lambda: call(sample), repeats=repeats if first_s < PATIENCE_S else 1, warmup=0)
    except Exception as error:
        return Row(label=name, sample=sample.name, method=method, error=f"{type(error).__name__}: {error}")
    peaks = [peak for peak in (first_peak, timing.peak_memory_bytes) if peak is not None]
    scores, unscored = scored(estimate, sample, protocols, align)
    return Row(
        label=name,
        sample=sample.name,
        method=method,
        backend=backend_of(method, estimate),
        scores=scores,
        unscored=unscored,
        density=estimate.density,
        timing=Timing(**{**vars(timing), "peak_memory_bytes": max(peaks) if peaks else None}),
        estimate=estimate,
        align=align if isinstance(estimate, RelativeDepth) else None,
    )


def scored(
    estimate: Any, sample: Sample, protocols: Iterable[Protocol], align: AlignedHow | None
) -> tuple[dict[str, Score], dict[str, str]]:
    """Scores by protocol, and why the other protocols could not score this estimate."""
    scores: dict[str, Score] = {}
    unscored: dict[str, str] = {}
    for protocol in protocols:
        try:
            scores[protocol.name] = protocol.score(as_scored(estimate, protocol, sample, align), sample)
        except (ValueError, TypeError) as error:
            unscored[protocol.name] = str(error)
    return scores, unscored


def backend_of(method: Method, estimate: Any) -> str:
    """The backend that made an estimate."""
    return str(estimate.run.backend if estimate.run is not None else method.chosen_backend().name)


def _common_task(methods: Sequence[Method], samples: Sequence[Sample]) -> str:
    """The one task of all samples and methods, or a ValueError that says what does not belong."""
    if not methods or not samples:
        raise ValueError(
            f"{len(methods)} methods and {len(samples)} samples were given; at least one of each is needed"
        )
    for method in methods:
        if not isinstance(method, Method):
            raise TypeError(f"{method!r} is no method; give an object with its options, like gv.stereo.SGM()")
    for sample in samples:
        if type(sample) not in TASKS:
            raise TypeError(f"a {type(sample).__name__} is no sample; it must be one of {[t.__name__ for t in TASKS]}")
    tasks = {TASKS[type(sample)] for sample in samples} | {method.task for method in methods}
    if len(tasks) > 1:
        kinds = ", ".join(sorted({type(sample).__name__ for sample in samples}))
        named = ", ".join(f"{method.task}/{method.name()}" for method in methods)
        raise ValueError(f"one comparison is of one task: the samples are {kinds}, the methods {named}")
    names = [sample.name for sample in samples]
    if len(set(names)) < len(names):
        raise ValueError(f"two samples have the same name; they are {', '.join(names)}")
    return tasks.pop()


def _inspected(samples: Iterable[Sample], force: bool) -> tuple[dict[str, PairReport], list[str]]:
    """Look at every pair first: a pair that cannot be right stops the run before it starts, unless forced."""
    reports: dict[str, PairReport] = {}
    warnings = []
    for sample in samples:
        report = inspect_sample(sample)
        if report is None:
            continue
        if not force:
            report.require()
        reports[sample.name] = report
        if report.problems:
            warnings.append(f"{sample.name} was forced although {'; '.join(report.problems)}")
    return reports, warnings


def _progress(shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown)
