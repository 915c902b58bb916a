"""Dask distributed: the work of a run on many machines, or on a cluster of processes of this one."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, cast

from ...packages import needed_by
from .engines import TRIES, Lost, checked_limit, lost
from .processes import Processes, python_path, thread_environment
from .work import Answer, Job, RunError, perform, sample_of, told

#: What a unit takes of a worker, where units take a GPU: workers are started with ``--resources GPU=1``.
GPU = "GPU"
#: Jobs for each worker that the scheduler has at a time: those that wait hide the way to it and back.
AHEAD = 8
#: How long the first worker may take to come.
WORKERS_S = 60


class Cluster:
    """A Dask cluster: a sample is read by one worker, and goes to those that steal its units.

    A worker that ends costs the units it was given, which are begun again elsewhere. What was at work on workers that
    ended too often is tried once more alone, since its neighbours may be to blame; then it is given up.

    Args:
        address: of a scheduler, "host:port"; None starts a cluster of processes on this machine, which talk over TCP.
        workers: of that cluster.
        num_threads: of each of its workers' libraries; 0 leaves them as they are.
        gpus: of this machine: worker n of that cluster sees GPU n modulo their number. Above 0, each unit takes one.
        tries: how often a unit is begun before it is given up because its worker ended every time; where the scheduler
            runs already, it is its own setting ``distributed.scheduler.allowed-failures``, plus one.
        limit: seconds that a unit may take; 0 is no limit. With one, each worker has a process of its own at hand that
            reads the samples and does the work, and which it ends.
    """

    def __init__(
        self,
        address: str | None,
        workers: int,
        *,
        num_threads: int = 1,
        gpus: int = 0,
        tries: int = TRIES,
        limit: float = 0.0,
    ) -> None:
        with needed_by("the engine dask"):
            import dask
            import distributed
        self.workers, self.ahead = workers, AHEAD * workers
        self.tries = tries
        self._limit = checked_limit(limit)
        self._address = address
        self._threads, self._gpus = num_threads, gpus
        self._resources = {GPU: 1.0} if gpus else None
        self._dask: Any = dask
        self._distributed: Any = distributed
        self._cluster: Any = None
        self._client: Any = None
        self._jobs: dict[Any, Job] = {}
        #: Samples on the cluster by group, and how many jobs need each.
        self._samples: dict[tuple[str, str], Any] = {}
        self._needed: dict[tuple[str, str], int] = {}
        self._suspects: deque[Job] = deque()
        self._alone: str | None = None

    def __enter__(self) -> Self:
        with self._dask.config.set({"distributed.scheduler.allowed-failures": self.tries - 1}):
            if self._address is None:
                self._cluster = self._local()
            try:
                self._client = self._distributed.Client(self._cluster or f"tcp://{self._address}", set_as_default=False)
            except OSError as error:
                raise RunError(f"there is no Dask scheduler at {self._address}: {error}") from None
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError:
            self._client.close()
            raise RunError(f"no Dask worker came within {WORKERS_S} s: start some with dask worker HOST:PORT") from None
        if self._address is not None:
            self.workers = sum(self._client.nthreads().values())
            self.ahead = AHEAD * self.workers
        self._done = self._distributed.as_completed(loop=self._client.loop)
        return self

    def _local(self) -> Any:
        from distributed.deploy.subprocess import SubprocessWorker

        def worker(number: int) -> dict[str, Any]:
            gpu = {"CUDA_VISIBLE_DEVICES": str(number % self._gpus)} if self._gpus else {}
            own = {"nthreads": 1, "memory_limit": 0, "resources": self._resources, "silence_logs": logging.ERROR}
            environment = {**thread_environment(self._threads), **gpu}
            return {"cls": SubprocessWorker, "options": {"worker_kwargs": {**own, "env": environment}}}

        scheduler = {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": ":0"}
        with _environment("PYTHONPATH", python_path()):
            return self._distributed.SpecCluster(
                workers={number: worker(number) for number in range(self.workers)},
                scheduler={"cls": self._distributed.Scheduler, "options": scheduler},
                silence_logs=logging.CRITICAL,
            )

    def __exit__(self, *_: object) -> None:
        self._jobs.clear()
        self._samples.clear()
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def submit(self, job: Job) -> None:
        """Take a job; the scheduler has it at once."""
        self._needed[job.group] = self._needed.get(job.group, 0) + 1
        self._send(job)

    def _send(self, job: Job) -> None:
        if not self._limit and job.group not in self._samples:
            self._samples[job.group] = self._client.submit(sample_of, job, pure=False, priority=1)
        call: tuple[Any, ...] = (perform, job, self._samples.get(job.group))
        if self._limit:
            call = (perform_within, job, self._limit, self._threads, self.tries)
        future = self._client.submit(*call, pure=False, resources=self._resources)
        self._jobs[future.key] = job
        self._done.add(future)

    def wait(self) -> tuple[Job, Answer | Lost]:
        """The next that is done."""
        while True:
            if not self._jobs:  # all that is left was at work on workers that ended
                job = self._suspects.popleft()
                self._alone = job.name
                self._samples.pop(job.group, None)
                self._send(job)
            future = next(self._done)
            job = self._jobs.pop(future.key)
            try:  # a result that was lost with its worker is computed again, and waited for
                answer = cast("Answer | Lost", future.result())
            except self._distributed.scheduler.KilledWorker:
                pass
            except RunError:
                raise
            except Exception as error:
                raise RunError(f"{job.source.name}/{job.sample} cannot be worked on: {told(error)}") from error
            else:
                self._no_longer_needed(job)
                return job, answer
            if self._alone == job.name:
                self._no_longer_needed(job)
                return job, lost(self.tries)
            self._suspects.append(job)

    def _no_longer_needed(self, job: Job) -> None:
        """Samples that nothing needs go, but the last ones stay: a look at one is followed by its units."""
        self._needed[job.group] -= 1
        idle = [group for group, count in self._needed.items() if count == 0]
        for group in idle[: max(0, len(idle) - self.workers)]:
            del self._needed[group]
            self._samples.pop(group, None)


#: Processes that this worker has at hand and that do nothing now, by limit, threads and tries.
_AT_HAND: dict[tuple[float, int, int], list[Processes]] = {}


def perform_within(job: Job, limit: float, num_threads: int, tries: int) -> Answer | Lost:
    """Do a job in a process of this worker's own, which is ended where it takes longer than `limit` seconds."""
    free = _AT_HAND.setdefault((limit, num_threads, tries), [])
    own = free.pop() if free else Processes(1, num_threads=num_threads, tries=tries, limit=limit).__enter__()
    own.submit(job)
    try:
        _, answer = own.wait()
    except BaseException:
        own.__exit__()
        raise
    free.append(own)
    return answer


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Processes that are started in this block have this variable."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
