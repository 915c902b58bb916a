"""``geomvision bench``: from words to the plan of a run, which is begun or goes on."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..benchmark.fitting import OPTION
from ..benchmark.labels import labelled
from ..benchmark.protocols import protocol_names
from ..benchmark.runs import Run, data
from ..benchmark.runs.engines import engine
from ..benchmark.runs.keys import weights_of
from ..benchmark.runs.plan import Entrant, Maps, Plan, Source
from ..benchmark.runs.runner import Step, Summary, Told
from ..benchmark.runs.runner import run as run_plan
from ..benchmark.runs.store import RECORDS
from ..method import BackendError, Method
from ..results import AlignedHow
from . import settings
from .comparing import has_inputs

#: Failures that are told at the end, each with how many units it took.
TOLD = 8
#: Samples of a data set that are read, one after the other, to see what methods can start from.
LOOKED_AT = 32
#: Seconds between lines of progress in a log.
EVERY_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags of every ``bench`` say: as in ``geomvision bench stereo --help``."""

    datasets: Sequence[str]
    out: Path
    methods: str = "all"
    options: Sequence[str] = ()
    protocols: Sequence[str] | None = None
    engine: str = "processes"
    workers: int | None = None
    threads: int = 1
    gpus: int = 0
    maps: Maps | None = None
    align: AlignedHow | None = None
    force: bool = False
    commercial: bool = False
    again: bool = False
    tries: int = 3
    limit: float | None = None
    time: bool = False
    repeats: int = 3
    time_threads: int = 0


def run(task: str, choices: Choices) -> Summary:
    """Begin the run or go on with it, and say what came of it. BackendError where the engine lacks a package."""
    plan = planned(task, choices)
    if not (choices.out / RECORDS).exists():  # else the run has been begun, and its rows tell
        _check_task(plan)
    common: dict[str, Any] = {"tries": choices.tries, "limit": choices.limit}
    try:
        chosen = engine(
            choices.engine, workers=choices.workers, num_threads=choices.threads, gpus=choices.gpus, **common
        )
    except ModuleNotFoundError as error:
        raise BackendError(str(error)) from None
    timing = engine("processes", workers=1, num_threads=choices.time_threads, gpus=min(choices.gpus, 1), **common)
    with _progress() as told:
        summary = run_plan(
            plan,
            choices.out,
            chosen,
            again=choices.again,
            told=told,
            timing=timing if choices.time else None,
            repeats=choices.repeats,
            time_threads=choices.time_threads,
        )
    _tell(choices.out, summary)
    return summary


def planned(task: str, choices: Choices) -> Plan:
    """The plan that the flags make. ValueError where a name, an option or a data set is wrong."""
    sources = [data.parsed(text) for text in choices.datasets]
    twice = [name for name, count in Counter(source.name for source in sources).items() if count > 1]
    if twice:
        raise ValueError(f"two data sets are called {twice[0]!r}: name one of them, as in other={twice[0]}:PATH")
    words = [word for text in choices.protocols or () for word in text.split(",") if word.strip()]
    protocols = protocol_names(task, [word.strip() for word in words] if choices.protocols else None)
    every = _methods(task, choices, sources)
    if any(method.num_threads for method, _ in every):
        raise ValueError("num_threads is of the whole run: give --threads, or --time-threads, and not --set")
    entrants = []
    for label, method in labelled([method for method, _ in every]).items():
        weights, parameters = weights_of(method)
        entrants.append(
            Entrant(
                label=label,
                name=method.name(),
                options=method.options(),
                backend=method.backend,
                own_range=next(own for each, own in every if each is method),
                weights=weights,
                parameters=parameters,
            )
        )
    return Plan(
        task=task,
        sources=tuple(sources),
        entrants=tuple(entrants),
        protocols=protocols,
        align=choices.align,
        force=choices.force,
        commercial=choices.commercial,
        maps=choices.maps,
        num_threads=choices.threads,
    )


def _check_task(plan: Plan) -> None:
    """ValueError for a data set whose first sample is of another task: all others are, too."""
    for source in plan.sources:
        dataset = data.opened(source, plan.task)
        for name in data.names_of(dataset)[:1]:
            try:
                data.read(dataset, name, plan.task)
            except data.NoSample as error:
                raise ValueError(f"the data set {source.name!r} has nothing for bench {plan.task}: {error}") from None
            except (ValueError, TypeError, OSError):
                continue  # its row tells why


def _methods(task: str, choices: Choices, sources: Sequence[Source]) -> list[tuple[Method, bool]]:
    """The methods that are named, and whether their range of disparities was chosen."""
    words = [word.strip() for word in re.split(r",(?![^(]*\))", choices.methods) if word.strip()]
    if not words:
        raise ValueError(f"--methods {choices.methods!r} names none; methods are {', '.join(settings.registry(task))}")
    without = [word.removeprefix("-") for word in words if word.startswith("-")]
    named = [word for word in words if not word.startswith("-") and word != "all"]
    names = list(dict.fromkeys(word.partition("(")[0].strip() for word in named))
    for name in (*names, *without):
        settings.method_class(task, name)
    if "all" in words or not named:
        every = settings.build(task, None, ())
        if task != "stereo":
            samples = [sample for source in sources for sample in _first(source, task)]
            every = [each for each in every if not samples or any(has_inputs(each, one) for one in samples)]
        names = list(dict.fromkeys((*(each.name() for each in every), *names)))
        named = [*(name for name in names if name not in named), *named]
    names = [name for name in names if name not in without]
    if not names:
        raise ValueError(f"--methods {choices.methods}: no {task} method is left")
    built = {method.name(): method for method in settings.build(task, ",".join(names), choices.options)}
    own = settings.chosen_option(choices.options, OPTION, built.values())
    found = []
    for word in named:
        name, bracket, options = word.partition("(")
        if name.strip() in built:
            method = built[name.strip()]
            given = _bracketed(method, options, word) if bracket else {}
            found.append((method.with_options(**given), method.name() in own or OPTION in given))
    return found


def _first(source: Source, task: str) -> Iterator[Any]:
    """The first sample of a data set that can be read as one of the task, if any can; else its units tell why."""
    dataset = data.opened(source, task)
    for name in data.names_of(dataset)[:LOOKED_AT]:
        try:
            yield data.read(dataset, name, task)
        except (ValueError, TypeError, OSError):
            continue
        return


def _bracketed(method: Method, text: str, word: str) -> dict[str, Any]:
    """The options in the brackets behind a name."""
    given = {}
    for item in filter(None, (part.strip() for part in text.removesuffix(")").split(","))):
        option, separator, value = (part.strip() for part in item.partition("="))
        if not separator or option not in method.option_limits():
            allowed = ", ".join(method.option_limits())
            raise ValueError(f"--methods {word}: {item!r} is no OPTION=VALUE of {method.name()}; options are {allowed}")
        given[option] = settings.parse(type(method), option, value)
    return given


@contextmanager
def _progress() -> Iterator[Told]:
    """Units done of all, and the time left, on standard error: a bar, or a line now and then where nobody looks."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console, transient=True) as bar:
        jobs: dict[str, Any] = {}

        def told(step: Step) -> None:
            if step.phase == "wait":
                bar.console.print(step.last, markup=False)
                return
            if step.phase not in jobs:
                jobs[step.phase] = bar.add_task(step.phase, total=step.total, completed=step.done)
            bar.update(jobs[step.phase], completed=step.done, total=step.total, description=step.last or step.phase)

        yield told


class _Lines:
    """Progress for a log: a line every so many seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.phase != self._phase:
            self._phase, self._first, self._begun, self._told = step.phase, step.done, now, now
        if step.phase == "wait":
            self._console.print(step.last, markup=False)
        elif now - self._told > EVERY_S and step.done > self._first:
            self._told = now
            left = (now - self._begun) / (step.done - self._first) * (step.total - step.done)
            self._console.print(
                f"{step.phase}: {step.done} of {step.total}, {left / 60:.1f} minutes left", markup=False
            )


def _tell(folder: Path, summary: Summary) -> None:
    console = Console(highlight=False, soft_wrap=True)
    done = summary.units - summary.kept
    timed = f", {summary.timed} timed" if summary.timed else ""
    console.print(f"{summary.units} units: {summary.kept} were there, {done} done{timed}", markup=False)
    errors = Counter(f"{each.label}: {each.error}" for each in Run(folder).failed())
    if errors:
        console.print(f"{sum(errors.values())} failed; --again does them once more", markup=False)
    for told, count in errors.most_common(TOLD):
        console.print(f"  {count} of {told}", markup=False)
    if len(errors) > TOLD:
        console.print(f"  and {len(errors) - TOLD} other errors", markup=False)
    for note in summary.notes:
        console.print(f"note: {note}", markup=False)
    console.print(f"wrote {folder}", markup=False)
