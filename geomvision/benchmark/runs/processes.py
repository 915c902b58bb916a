"""Worker processes of this machine, each a new interpreter; one that ends costs its unit, which is tried again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from multiprocessing.connection import Connection, wait
from typing import Any, Self, cast

from .engines import TRIES, Lost, lost
from .work import Answer, Job, RunError, perform, told

#: What libraries take the number of their threads from, when they are loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
#: Workers that end before they are ready, one after the other, that a run bears; and what one says when it is.
FALSE_STARTS, READY = 3, "ready"


def thread_environment(count: int) -> dict[str, str]:
    """Environment of a process whose libraries take so many threads; 0 leaves them as they are."""
    return {**{name: str(count) for name in THREADS if count}, "OMP_WAIT_POLICY": "PASSIVE"}


def python_path() -> str:
    """Where another process finds the modules that this one does."""
    return os.pathsep.join(filter(None, sys.path))


class _Worker:
    """One process, and what it does now."""

    def __init__(self, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            code = "import sys; from geomvision.benchmark.runs.processes import serve; serve(int(sys.argv[1]))"
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": python_path(), **environment},
                stdin=subprocess.DEVNULL,
            )
        self.pipe: Connection[Any, Any] = Connection(ours.detach())
        self.environment = environment
        self.job: Job | None = None
        #: The last sample it had.
        self.group: tuple[str, str] | None = None
        self.ready = False

    def end(self) -> None:
        """Kill it: what it does now is not wanted."""
        self.pipe.close()
        self.process.kill()
        self.process.wait()


class Processes:
    """So many workers; jobs with one sample go to the worker that has read it, as far as none waits idle.

    Args:
        workers: how many.
        num_threads: of each worker's libraries; 0 leaves them as they are.
        gpus: of this machine: worker n sees GPU n modulo their number; 0 leaves them as they are.
        tries: how often a job is begun before it is given up because its worker ended every time.
    """

    def __init__(self, workers: int, *, num_threads: int = 1, gpus: int = 0, tries: int = TRIES) -> None:
        if workers < 1 or tries < 1:
            raise ValueError(f"workers is {workers}, tries {tries}; at least 1 of each is needed")
        self.workers, self.ahead = workers, 2 * workers + 1
        self.tries = tries
        self._environments = [
            {**thread_environment(num_threads), **({"CUDA_VISIBLE_DEVICES": str(n % gpus)} if gpus else {})}
            for n in range(workers)
        ]
        self._every: list[_Worker] = []
        self._jobs: dict[tuple[str, str], deque[Job]] = {}
        self._begun: dict[str, int] = {}
        self._false_starts = 0

    def __enter__(self) -> Self:
        self._every = [_Worker(environment) for environment in self._environments]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._every:
            worker.end()
        self._every.clear()

    def submit(self, job: Job) -> None:
        """Take a job; it is handed out by the next `wait`."""
        self._jobs.setdefault(job.group, deque()).append(job)

    def wait(self) -> tuple[Job, Answer | Lost]:
        """Hand jobs to idle workers, and wait for the first answer."""
        while True:
            self._hand_out()
            by_pipe = {worker.pipe: worker for worker in self._every if worker.job is not None}
            for pipe in wait(list(by_pipe)):
                found = self._heard(by_pipe[cast("Connection[Any, Any]", pipe)])
                if found is not None:
                    return found

    def _heard(self, worker: _Worker) -> tuple[Job, Answer | Lost] | None:
        """What a worker says that has something to say; None where nothing is done by it."""
        job = worker.job
        assert job is not None
        try:
            answer = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            given_up = self._replaced(worker, job)
            return None if given_up is None else (job, given_up)
        if answer == READY:
            worker.ready, self._false_starts = True, 0
            return None
        worker.job = None
        self._begun.pop(job.name, None)
        if isinstance(answer, RunError):
            raise answer
        return job, cast("Answer", answer)

    def _hand_out(self) -> None:
        for worker in self._every:
            if worker.job is None and (job := self._next_for(worker)) is not None:
                worker.job, worker.group = job, job.group
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reading its answer tells so
                    worker.pipe.send(job)

    def _next_for(self, worker: _Worker) -> Job | None:
        """A job of the sample it has, else of one that no worker has, else of the one with most left to do."""
        taken = {each.group for each in self._every if each is not worker}
        group = worker.group if worker.group in self._jobs else None
        group = group or next((each for each in self._jobs if each not in taken), None)
        group = group or max(self._jobs, key=lambda each: len(self._jobs[each]), default=None)
        if group is None:
            return None
        job = self._jobs[group].popleft()
        if not self._jobs[group]:
            del self._jobs[group]
        return job

    def _replaced(self, worker: _Worker, job: Job) -> Lost | None:
        """Start another worker, and the job again; what is told of it once it was tried often enough."""
        worker.end()
        self._every[self._every.index(worker)] = _Worker(worker.environment)
        if worker.ready:
            self._begun[job.name] = self._begun.get(job.name, 0) + 1
        else:
            self._false_starts += 1
            if self._false_starts > FALSE_STARTS:
                code = worker.process.returncode
                raise RunError(f"workers end before they are ready (exit code {code}); what they printed says why")
        if self._begun.get(job.name, 0) < self.tries:
            self._jobs.setdefault(job.group, deque()).appendleft(job)
            return None
        del self._begun[job.name]
        return lost(self.tries)


def serve(file: int) -> None:
    """What a worker does: jobs from a socket, until the process at its other end closes it or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it is told, and ends it
    pipe: Connection[Any, Any] = Connection(file)
    pipe.send(READY)
    while True:
        try:
            job = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer: Any = perform(job)
        except RunError as error:
            answer = error
        except Exception as error:
            answer = RunError(f"{job.source.name}/{job.sample} cannot be worked on: {told(error)}")
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            return
