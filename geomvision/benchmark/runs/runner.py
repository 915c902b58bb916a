"""A run from its plan to the finished store: what is there is kept, what is missing is done, wherever it stopped."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ..failures import counts
from ..machine import cores
from ..records import Record, TimeRecord
from . import data, journal
from .engines import Engine, Lost
from .keys import code_beside, code_version, digest_of, digests_of
from .plan import Entrant, Plan, Source
from .work import Done, Job, Look, Unit, Untimed, failed, machine_name, refused, sample_of
from .writer import Writer, time_key


@dataclass(frozen=True)
class Summary:
    """What a run did."""

    units: int
    #: Units that were there already, and those of this run that failed.
    kept: int
    failed: int
    timed: int = 0
    #: What the user should know.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What progress is told: how many units are done of how many, and which one was last."""

    done: int
    total: int
    last: str
    phase: str = "score"


Told = Callable[[Step], None]


def run(
    plan: Plan,
    folder: str | Path,
    engine: Engine,
    *,
    again: bool = False,
    told: Told = lambda _: None,
    timing: Engine | None = None,
    repeats: int = 3,
    time_threads: int = 0,
) -> Summary:
    """Do every unit of the plan that the folder does not hold, then time those that were not timed on this machine.

    Args:
        plan: of the whole run; it takes the place of the one that the folder has.
        folder: where the run is kept; made where it is absent.
        engine: where units are scored.
        again: do units that failed once more.
        told: called after each unit.
        timing: where units are timed, one after the other, once scoring is done; None times nothing.
        repeats, time_threads: timed calls after a warm one, and threads of the method; 0 takes every core.

    Raises:
        StoreError: when the folder cannot be written, or another process is at work on it; what was done is kept.
        RunError: when no unit can be done, as without workers.
    """
    plan = plan if plan.code else replace(plan, code=code_version())
    samples = _samples(plan)
    with Writer(folder) as store:
        notes = []
        if store.damaged:
            notes.append(f"{store.damaged} damaged lines were set aside, and what they held was done again")
        if again:
            notes.append(f"{store.forget_failed()} units that had failed were done again")
        store.write_plan(plan)
        with journal.uncollected():
            score = _Scoring(plan, samples, store, told)
        with alone_on_machine(told, exclusive=False):
            score.work_off(engine)
        with journal.uncollected():
            score.settle()
        timed, untimed = 0, list[str]()
        if timing is not None:
            with alone_on_machine(told, exclusive=True), timing:
                timed, untimed = _time(score, timing, repeats, time_threads)
        missing = store.finish(score.content())
        notes += [*([missing] if missing else []), *untimed]
        return Summary(len(score.labels), score.kept, score.failures, timed, tuple(notes))


def _samples(plan: Plan) -> list[tuple[Source, str, str]]:
    """Every sample of the data sets: which one it is of, its name, and the stamp of what it is read from."""
    data.forget_opened()
    found = []
    for source in plan.sources:
        names = data.names_of(data.opened(source, plan.task))
        stamp = data.stamp(source)
        found += [(source, name, stamp) for name in names]
    return found


class _Scoring:
    """What is to be done, what is under way, what is done."""

    def __init__(self, plan: Plan, samples: list[tuple[Source, str, str]], store: Writer, told: Told) -> None:
        self.plan, self.samples, self.store, self.told = plan, samples, store, told
        self.bare = replace(plan, sources=(), entrants=())
        self.total = len(self.samples) * len(plan.entrants)
        self._parts = [_part(entrant, plan) for entrant in plan.entrants]
        scoring = [plan.task, plan.protocols, plan.align, plan.force, plan.commercial, plan.maps, plan.code]
        self._shared = digest_of(scoring)
        known = store.known_looks()
        self.look_keys = [self._look_key(*sample) for sample in self.samples]
        self.looks: list[Look | None] = [known.get(key) for key in self.look_keys]
        self._at = {(source.name, name): index for index, (source, name, _) in enumerate(self.samples)}
        self.labels: dict[str, str] = {}
        self._keys: dict[int, tuple[str, ...]] = {}
        if all(self.looks) and not store.is_finished(self.content()):
            self.labels = self._labels()
            if store.has_others(self.labels):
                store.settle(self.labels, self.look_keys)
        self.kept = self.done = 0
        self.failures = 0

    def _look_key(self, source: Source, name: str, stamp: str) -> str:
        read = [source.dataset, source.location, dict(source.options), stamp]
        return digest_of([self.plan.task, self.plan.force, self.plan.code, source.name, read, name])

    def units(self, index: int) -> Iterator[Unit]:
        """The units of a sample that was looked at."""
        look = self.looks[index]
        assert look is not None
        for key, entrant in zip(self.keys(index), self.plan.entrants, strict=True):
            yield Unit(key=key, entrant=entrant, range=look.range, problem=look.problem)

    def keys(self, index: int) -> tuple[str, ...]:
        """The keys of the units of a sample that was looked at."""
        if index not in self._keys:
            look, (source, name, _) = self.looks[index], self.samples[index]
            assert look is not None
            held = [self._shared, source.name, name, look.digest]
            self._keys[index] = digests_of(held, self._parts)
        return self._keys[index]

    def _labels(self) -> dict[str, str]:
        labels = [entrant.label for entrant in self.plan.entrants]
        return {
            key: label
            for index in range(len(self.samples))
            for key, label in zip(self.keys(index), labels, strict=True)
        }

    def content(self) -> str:
        """What the store is finished for: plan and data."""
        return digest_of([self.plan.to_dict(), self.look_keys])

    def settle(self) -> None:
        """Bring the store to the plan's order, once all is done."""
        self.labels = self.labels or self._labels()
        if not self.store.is_finished(self.content()):
            self.store.settle(self.labels, self.look_keys)

    def work_off(self, engine: Engine) -> None:
        """Do all that is missing."""
        todo = iter([index for index in range(len(self.samples)) if self._missing(index)])
        self.told(Step(self.done, self.total, ""))
        first = next(todo, None)
        if first is None:
            return
        with engine:
            open_jobs = self._begin(first, engine)
            while True:
                while open_jobs < engine.ahead and (index := next(todo, None)) is not None:
                    open_jobs += self._begin(index, engine)
                if not open_jobs:
                    return
                job, answer = engine.wait()
                open_jobs += self._take(job, answer, engine) - 1

    def _missing(self, index: int) -> bool:
        """Whether a sample has anything to do; what is done of it is counted."""
        if self.looks[index] is None:
            return True
        there = sum(key in self.store.records.keys for key in self.keys(index))
        self.kept += there
        self.done += there
        return there < len(self.plan.entrants)

    def _begin(self, index: int, engine: Engine) -> int:
        """Hand out a sample's look, or its units; how many jobs that is."""
        source, name, _ = self.samples[index]
        if self.looks[index] is None:
            engine.submit(Job(source=source, sample=name, plan=self.bare))
            return 1
        units = [unit for unit in self.units(index) if unit.key not in self.store.records.keys]
        for unit in units:
            engine.submit(Job(source=source, sample=name, plan=self.bare, unit=unit))
        return len(units)

    def _take(self, job: Job, answer: Any, engine: Engine) -> int:
        """Keep an answer; how many jobs followed from it."""
        if job.unit is None:
            index = self._at[job.group]
            look = Look(digest="unreadable", problem=answer.error) if isinstance(answer, Lost) else answer
            self.looks[index] = look
            self.store.put_look(self.look_keys[index], *job.group, look)
            return self._begun_after_look(index, engine)
        done = Done(self._lost(job, answer.error)) if isinstance(answer, Lost) else answer
        self.store.put(done)
        self.done += 1
        self.failures += done.record.error is not None
        self.told(Step(self.done, self.total, f"{job.source.name}/{job.sample} · {job.unit.entrant.label}"))
        return 0

    def _lost(self, job: Job, error: str) -> Record:
        """The record of a unit that was given up. Where failures count its sample is read, which a look could do."""
        look = self.looks[self._at[job.group]]
        readable = look is not None and look.problem is None
        return refused(job, sample_of(job), error) if readable and counts(self.plan.task) else failed(job, error)

    def _begun_after_look(self, index: int, engine: Engine) -> int:
        there = sum(key in self.store.records.keys for key in self.keys(index))
        self.kept += there
        self.done += there
        return self._begin(index, engine)


def _part(entrant: Entrant, plan: Plan) -> str:
    """What a key tells of a method."""
    kind = importlib.import_module(f"geomvision.{plan.task}").METHODS[entrant.name]
    told = [entrant.name, dict(entrant.options), entrant.backend, entrant.own_range, entrant.weights, code_beside(kind)]
    return digest_of(told)


def _time(score: _Scoring, engine: Engine, repeats: int, threads: int) -> tuple[int, list[str]]:
    """Time each unit that has an estimate, one after the other; how many were, and what could not be."""
    plan = replace(score.bare, num_threads=threads)
    good = score.store.estimates()
    wanted = [
        (source, name, unit)
        for index, (source, name, _) in enumerate(score.samples)
        for unit in score.units(index)
        if unit.key in good and time_key(unit.key, machine_name(), threads or cores()) not in score.store.times.keys
    ]
    notes = []
    for number, (source, name, unit) in enumerate(wanted):
        engine.submit(Job(source=source, sample=name, plan=plan, unit=unit, repeats=repeats))
        _, answer = engine.wait()
        if isinstance(answer, Lost | Untimed):
            notes.append(f"{source.name}/{name} · {unit.entrant.label} could not be timed: {answer.error}")
        else:
            score.store.put_time(cast("TimeRecord", answer))
        score.told(Step(number + 1, len(wanted), f"{source.name}/{name} · {unit.entrant.label}", "time"))
    return len(wanted) - len(notes), notes


@contextlib.contextmanager
def alone_on_machine(told: Told, *, exclusive: bool) -> Iterator[None]:
    """While a run times, no other run of this user scores or times on this machine; the later one waits."""
    path = Path(tempfile.gettempdir()) / f"geomvision-bench-{os.getuid()}.lock"
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            told(Step(0, 0, "another run has this machine; waiting for it", "wait"))
            fcntl.flock(lock, kind)
        yield
