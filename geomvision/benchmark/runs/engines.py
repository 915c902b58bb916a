"""Where the work of a run is done: in this process, in others of this machine, or on a Dask cluster."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from ..machine import cores
from .work import Answer, Job, perform

#: How often a unit is begun before it is given up because the process that ran it ended every time.
TRIES = 3
#: Seconds that a unit may take where nobody says, with processes. It is far more than methods take, and there so that
#: one that hangs does not hold a run for ever.
LIMIT_S = 3600.0
FORM = "in-process, processes, dask, or dask://HOST:PORT of a scheduler"


@dataclass(frozen=True)
class Lost:
    """Instead of an answer: the process that did the job ended, as often as it was tried."""

    error: str


def lost(tries: int) -> Lost:
    """What rows tell of a job whose worker ended so often."""
    return Lost(f"WorkerEnded: the process that ran this ended before it was done, {tries} times out of {tries}")


def overdue(seconds: float) -> Lost:
    """What rows tell of a job that took too long."""
    return Lost(f"TimeLimit: this was not done within {seconds:g} s, and its process was ended; --limit sets the time")


def checked_limit(limit: float) -> float:
    """Seconds that a unit may take; 0 is no limit. ValueError where it is no such time."""
    if not 0 <= limit < math.inf:
        raise ValueError(f"limit is {limit}; it must be seconds, 0 for none")
    return limit


class Engine(Protocol):
    """Takes jobs in any number and gives back answers, whichever is first."""

    #: How many jobs it is well to hand out: enough that no worker waits, and so few that samples are read once.
    ahead: int

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def submit(self, job: Job) -> None:
        """Take a job."""

    def wait(self) -> tuple[Job, Answer | Lost]:
        """The next that is done. RunError where no job can be done at all; what `perform` raises."""


class InProcess:
    """One job after the other in this process."""

    def __init__(self, do: Callable[[Job], Answer] = perform) -> None:
        self.ahead = 1
        self._do = do
        self._jobs: deque[Job] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._jobs.clear()

    def submit(self, job: Job) -> None:
        """Take a job: units before looks, so that a sample that was read is used at once."""
        if job.unit is None:
            self._jobs.append(job)
        else:
            self._jobs.insert(sum(1 for each in self._jobs if each.unit is not None), job)

    def wait(self) -> tuple[Job, Answer | Lost]:
        """Do the next."""
        job = self._jobs.popleft()
        return job, self._do(job)


def engine(
    form: str,
    *,
    workers: int | None = None,
    num_threads: int = 1,
    gpus: int = 0,
    tries: int = TRIES,
    limit: float | None = None,
) -> Engine:
    """An engine by name.

    Args:
        form: "in-process", "processes", "dask" for a cluster on this machine, "dask://host:port" for one that is there.
        workers: processes on this machine; one for each core, or for each GPU, when left out.
        num_threads: of each worker's libraries.
        gpus: of this machine; each worker sees one. On a cluster that is there: above 0, units take a worker's "GPU".
        tries: how often a unit is begun before it is given up because its worker ended every time.
        limit: seconds that a unit may take before it is ended and given up; 0 is none. Left out, processes end it
            after `LIMIT_S`, and Dask does not. This process cannot end what it does itself.

    Raises:
        ValueError: on another name, or workers or a limit that an engine does not take.
        ModuleNotFoundError: for Dask where it is missing.
    """
    count = workers or gpus or cores()
    if form == "in-process":
        if workers not in (None, 1):
            raise ValueError(f"the engine in-process is one worker, but {workers} were asked for; take processes")
        if limit:
            told = f"the engine in-process cannot end a unit that takes longer than {limit:g} s"
            raise ValueError(f"{told}, since that would end the run: take processes with one worker, or no limit")
        return InProcess()
    if form == "processes":
        from .processes import Processes

        chosen = LIMIT_S if limit is None else limit
        return Processes(count, num_threads=num_threads, gpus=gpus, tries=tries, limit=chosen)
    if form == "dask" or form.startswith("dask://"):
        from .cluster import Cluster

        address = form.removeprefix("dask").removeprefix("://")
        if address and re.fullmatch(r".+:\d{1,5}", address) is None:
            raise ValueError(
                f"--engine {form}: it must be dask://HOST:PORT, as dask scheduler prints it; often PORT is 8786"
            )
        if address and workers is not None:
            raise ValueError(f"the cluster at {form} has its own workers: leave out --workers")
        return Cluster(address or None, count, num_threads=num_threads, gpus=gpus, tries=tries, limit=limit or 0.0)
    raise ValueError(f"--engine {form}: there is no such engine; there are {FORM}")
