"""Worker processes of this machine, each a new interpreter; one that ends costs its unit, which is tried again.

A unit that takes longer than it may is ended with its process.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from multiprocessing.connection import Connection, wait
from typing import Any, Self, cast

from .engines import LIMIT_S, TRIES, Lost, checked_limit, lost, overdue
from .keys import code_version
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
        #: When it began with its job, by `time.monotonic`; none while it has none or starts up.
        self.began = math.inf

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
        limit: seconds that a unit may take, and as many for each timed call; 0 is no limit. What takes longer is given
            up, and its worker ended: it is not tried again.
    """

    def __init__(
        self, workers: int, *, num_threads: int = 1, gpus: int = 0, tries: int = TRIES, limit: float = LIMIT_S
    ) -> None:
        if workers < 1 or tries < 1:
            raise ValueError(f"workers is {workers}, tries {tries}; at least 1 of each is needed")
        self.limit = checked_limit(limit) or math.inf
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
            for pipe in wait(list(by_pipe), self._patience()):
                found = self._heard(by_pipe[cast("Connection[Any, Any]", pipe)])
                if found is not None:
                    return found
            for worker in self._every:
                if worker.job is not None and self._left(worker) <= 0 and not worker.pipe.poll():
                    return self._ended(worker, worker.job)

    def _allowed(self, job: Job) -> float:
        """Seconds that a job may take: each timed call, and the warm one before them, as long as one that scores."""
        return self.limit * (job.repeats + 1)

    def _left(self, worker: _Worker) -> float:
        """Seconds that a worker's job may still take."""
        return math.inf if worker.job is None else worker.began + self._allowed(worker.job) - time.monotonic()

    def _patience(self) -> float | None:
        """Seconds until the first job is over its time; None where there is no limit."""
        first = min(map(self._left, self._every), default=math.inf)
        return None if math.isinf(first) else max(0.0, first)

    def _ended(self, worker: _Worker, job: Job) -> tuple[Job, Lost]:
        """End a worker whose job took too long; another takes its place."""
        self._replace(worker)
        self._begun.pop(job.name, None)
        return job, overdue(self._allowed(job))

    def _replace(self, worker: _Worker) -> None:
        worker.end()
        self._every[self._every.index(worker)] = _Worker(worker.environment)

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
            worker.ready, self._false_starts, worker.began = True, 0, time.monotonic()
            return None
        worker.job, worker.began = None, math.inf
        self._begun.pop(job.name, None)
        if isinstance(answer, RunError):
            raise answer
        return job, cast("Answer", answer)

    def _hand_out(self) -> None:
        for worker in self._every:
            if worker.job is None and (job := self._next_for(worker)) is not None:
                worker.job, worker.group = job, job.group
                worker.began = time.monotonic() if worker.ready else math.inf
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
        self._replace(worker)
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
    threading.Thread(target=_end_with, args=(file,), daemon=True).start()
    pipe: Connection[Any, Any] = Connection(file)
    code_version()  # reads every file once, which is not of the first unit's time
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


def _end_with(file: int) -> None:
    """End this process once the other end of the socket is closed: in the middle of a job, too, which may never end."""
    watched = select.poll()
    watched.register(file, 0)  # that it was hung up is always told
    watched.poll()
    os._exit(1)
