"""What workers do: look at a sample, run a method on it and score it, or time it. Engines say where."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ...licences import commercial_only
from ...method import Method
from ...metrics._base import Protocol
from ...results import RelativeDepth
from ...samples import Sample, pair_of
from ...timing import timed
from ..comparison import PATIENCE_S, backend_of, scored
from ..failures import counted, flags_of
from ..fitting import search_range, with_range
from ..inspection import PairRefused, inspect_sample
from ..machine import cores, describe_machine
from ..protocols import applicable, has_truth
from ..records import Record, TimeRecord
from . import data
from .keys import code_version, sample_digest
from .maps import encoded
from .plan import Entrant, Plan, Source


class RunError(ValueError):
    """A run that cannot go on, here or on a worker; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One method on one sample: its key, and the range of disparities of the sample, where one is searched."""

    key: str
    entrant: Entrant
    range: int | None = None
    #: What was wrong with the sample, as a look at it told; nothing is run then.
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """What an engine hands to a worker: a look at a sample, a unit to score, or one to time."""

    source: Source
    sample: str
    #: The run's plan without data sets and methods.
    plan: Plan
    #: None: a look.
    unit: Unit | None = None
    #: Timed calls; 0 scores.
    repeats: int = 0

    @property
    def group(self) -> tuple[str, str]:
        """Jobs with the same sample."""
        return self.source.name, self.sample

    @property
    def name(self) -> str:
        """What tells the jobs of a run apart."""
        done = "look" if self.unit is None else f"{'time' if self.repeats else 'score'} {self.unit.key}"
        return f"{self.source.name}/{self.sample} {done}"


@dataclass(frozen=True)
class Look:
    """What a run must know of a sample before its units: what it holds, and how many disparities to search."""

    digest: str
    range: int | None = None
    #: Why no method is run on it: it cannot be read, or cannot be what it is given as.
    problem: str | None = None


@dataclass(frozen=True)
class Done:
    """A record, and the estimate as the bytes of a file, with its ending, where the plan asks for it."""

    record: Record
    map: bytes | None = None
    ending: str = ""


@dataclass(frozen=True)
class Unreadable:
    """Instead of a sample: what reading it said."""

    error: str


@dataclass(frozen=True)
class Untimed:
    """Instead of a time: what went wrong, though the unit could be scored."""

    error: str


Given = Sample | Unreadable
Answer = Look | Done | TimeRecord | Untimed


def perform(job: Job, given: Given | None = None) -> Answer:
    """Do a job, with its sample where that was read before. What is wrong with sample or method is in the answer.

    RunError where this process has other code than the run; what opening the data set says.
    """
    if job.plan.code != code_version():
        told = f"this worker ({os.uname().nodename}) has the code {code_version()}, the run {job.plan.code}"
        raise RunError(f"{told}: install the same geomvision and packages on all, then start the workers again")
    _limit_opencv(job.plan.num_threads)
    if given is None:
        given = sample_of(job)
    if job.unit is None:
        return _look(given, job.plan)
    with commercial_only(wanted=job.plan.commercial):
        return _timed(job, job.unit, given) if job.repeats else _scored(job, job.unit, given)


def sample_of(job: Job) -> Given:
    """The job's sample, which this process keeps for the next job; what reading it says, if it cannot be read."""
    source = job.source
    return _sample_of(json.dumps(dataclasses.asdict(source)), job.sample, job.plan.task)


@lru_cache(maxsize=2)
def _sample_of(source: str, name: str, task: str) -> Given:
    dataset = data.opened(Source(**json.loads(source)), task)
    try:
        return data.read(dataset, name, task)
    except Exception as error:
        return Unreadable(told(error))


def told(error: BaseException) -> str:
    """An error as rows tell it."""
    return f"{type(error).__name__}: {error}"


def _limit_opencv(count: int) -> None:
    if importlib.util.find_spec("cv2") is None:
        return  # what needs it says so
    cv2: Any = importlib.import_module("cv2")
    if cv2.getNumThreads() != (count or cores()):
        cv2.setNumThreads(count or -1)


def _look(given: Given, plan: Plan) -> Look:
    if isinstance(given, Unreadable):
        return Look(digest="unreadable", problem=given.error)
    try:
        report = inspect_sample(given)
        if report is not None and not plan.force:
            report.require()
        pair = pair_of(given)
        found = None if pair is None else search_range(pair, report)[0]
    except PairRefused as error:
        return Look(digest=sample_digest(given), problem=told(error))
    except Exception as error:  # an image of which nothing can be measured
        return Look(digest=sample_digest(given), problem=told(error))
    return Look(digest=sample_digest(given), range=found)


def method_of(entrant: Entrant, task: str, found: int | None, num_threads: int) -> Method:
    """The method of a unit: with the sample's range of disparities, if it searches one and nobody chose it."""
    kind = importlib.import_module(f"geomvision.{task}").METHODS[entrant.name]
    options = {**entrant.options, "backend": entrant.backend, "num_threads": num_threads}
    method: Method = kind.from_options(options)
    ranged: Method = method if entrant.own_range or found is None else with_range(method, found)
    return ranged


def failed(job: Job, error: str) -> Record:
    """The record of a unit that gave no estimate."""
    unit = job.unit
    assert unit is not None
    try:
        options = method_of(unit.entrant, job.plan.task, unit.range, job.plan.num_threads).options()
    except Exception:  # which is why it failed, as its error says
        options = dict(unit.entrant.options)
    return Record(error=error, **_named(job, unit), options=options)


def _named(job: Job, unit: Unit) -> dict[str, Any]:
    return {
        "key": unit.key,
        "task": job.plan.task,
        "dataset": job.source.name,
        "sample": job.sample,
        "label": unit.entrant.label,
        "method": f"{job.plan.task}/{unit.entrant.name}",
        "weights": unit.entrant.weights,
        "parameters": unit.entrant.parameters,
        "code": job.plan.code,
    }


def _scored(job: Job, unit: Unit, given: Given) -> Done:
    problem = given.error if isinstance(given, Unreadable) else unit.problem
    if problem is not None or isinstance(given, Unreadable):
        return Done(refused(job, given, str(problem)))
    plan = job.plan
    try:
        method = method_of(unit.entrant, plan.task, unit.range, plan.num_threads)
        estimate = method.on(given)  # type: ignore[attr-defined]
        kept, ending = encoded(estimate, plan.maps) if plan.maps else (None, "")
    except Exception as error:
        return Done(refused(job, given, told(error)))
    protocols, unscored = _protocols(plan, given)
    if plan.task == "pose" and plan.protocols is None:  # poses up to scale are none in metres, and need no reason
        protocols = [each for each in protocols if each.takes(estimate)]
    scores, reasons = scored(estimate, given, protocols, plan.align)
    relative = isinstance(estimate, RelativeDepth)
    record = Record(
        **_named(job, unit),
        options=method.options(),
        backend=backend_of(method, estimate),
        scores=scores,
        unscored={**unscored, **reasons},
        density=None if estimate.density is None else float(estimate.density),
        kind=estimate.kind if relative else None,
        aligned=plan.align if relative else None,
        map=f"maps/{unit.key[:2]}/{unit.key}{ending}" if kept is not None else None,
        flags=flags_of(estimate),
    )
    return Done(record, kept, ending)


def refused(job: Job, given: Given, error: str) -> Record:
    """The record of a unit that gave no estimate of a sample, with what protocols count for that."""
    unit = job.unit
    if unit is None or isinstance(given, Unreadable):
        return failed(job, error)
    try:
        method = method_of(unit.entrant, job.plan.task, unit.range, job.plan.num_threads)
    except Exception:  # options that are none: no method was asked, as its error says
        return failed(job, error)
    scores = counted(_protocols(job.plan, given)[0], method, given, error)
    return replace(failed(job, error), scores=scores, density=0.0 if scores else None)


def _protocols(plan: Plan, sample: Sample) -> tuple[Iterable[Protocol], dict[str, str]]:
    """The protocols of a sample, and why those that were chosen do not score it."""
    if has_truth(sample):
        return applicable(plan.task, plan.protocols, [sample]), {}
    return (), dict.fromkeys(plan.protocols or (), "the sample has no truth")


def _timed(job: Job, unit: Unit, given: Given) -> TimeRecord | Untimed:
    if isinstance(given, Unreadable):
        return Untimed(given.error)
    method: Any = method_of(unit.entrant, job.plan.task, unit.range, job.plan.num_threads)
    try:
        method.prepared()
        if hasattr(method, "matched"):  # what methods share, as matches of two views, is no method's time or memory
            method.matched(given)
        _, first_s, peak = timed(lambda: method.on(given))
        repeats = job.repeats if first_s < PATIENCE_S else 1
        every = [timed(lambda: method.on(given), from_scratch=False) for _ in range(repeats)]
    except Exception as error:
        return Untimed(told(error))
    peaks = [each for each in (peak, *(peak for _, _, peak in every)) if each is not None]
    return TimeRecord(
        key=unit.key,
        seconds=tuple(seconds for _, seconds, _ in every),
        peak_memory_bytes=max(peaks) if peaks else None,
        machine=machine_name(),
        num_threads=job.plan.num_threads or cores(),
    )


@lru_cache(maxsize=1)
def machine_name() -> str:
    """Processor, cores, instruction set and system: times of different machines are told apart by it."""
    known = describe_machine()
    return f"{known['cpu']}, {known['cores']} cores, {known['instruction_set']}, {known['system']}"
