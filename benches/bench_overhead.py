"""What a run costs beside its work: per unit on real scenes, per unit at 100,000 generated ones, resuming, reading.

    python benches/bench_overhead.py --data folder:PATH_OF_SCENES
    python benches/bench_overhead.py --cluster 1000
    python benches/bench_overhead.py --units 100000

Shares are of one and the same run, so that other processes on the machine slow both sides. CPU seconds are of this
process: on a busy machine they tell more than the clock.
"""

from __future__ import annotations

import argparse
import dataclasses
import pickle
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from geomvision import io
from geomvision.benchmark.records import Record
from geomvision.benchmark.runs import Run, data, work
from geomvision.benchmark.runs.cluster import Cluster
from geomvision.benchmark.runs.engines import InProcess
from geomvision.benchmark.runs.keys import code_version
from geomvision.benchmark.runs.plan import Entrant, Plan
from geomvision.benchmark.runs.processes import Processes
from geomvision.benchmark.runs.runner import run
from geomvision.benchmark.runs.work import Answer, Done, Job, Look
from geomvision.metrics._base import Ratio
from geomvision.results import Disparity
from geomvision.samples import StereoSample

METHODS = ("opencv_bm", "block_matching", "opencv_sgbm", "sgm")


class Clock:
    """Adds up the seconds of what it wraps."""

    def __init__(self) -> None:
        self.seconds = self.cpu = 0.0

    def __call__(self, call: Any) -> Any:
        """The call, timed."""

        def timed(*arguments: Any) -> Any:
            begun, cpu = time.perf_counter(), time.process_time()
            try:
                return call(*arguments)
            finally:
                self.seconds += time.perf_counter() - begun
                self.cpu += time.process_time() - cpu

        return timed


def plan_of(text: str, entrants: tuple[Entrant, ...]) -> Plan:
    protocols = ("middlebury", "kitti2015", "eth3d")
    return Plan(
        task="stereo", sources=(data.parsed(text),), entrants=entrants, protocols=protocols, code=code_version()
    )


def real(text: str, folder: Path) -> None:
    """One process and one worker: the share of a run in which no method, look or score is computed."""
    plan = plan_of(text, tuple(Entrant(label=name, name=name, options={}) for name in METHODS))
    inside, digests = Clock(), Clock()
    original = work.sample_digest
    work.sample_digest = digests(original)  # type: ignore[attr-defined]
    try:
        run(plan, folder / "warm", InProcess())
        begun, cpu = time.perf_counter(), time.process_time()
        digests.seconds = digests.cpu = 0.0
        summary = run(plan, folder / "one", InProcess(inside(work.perform)))
        total, cpu = time.perf_counter() - begun, time.process_time() - cpu
    finally:
        work.sample_digest = original  # type: ignore[attr-defined]
    tell("in-process", summary.units, total, total - inside.seconds + digests.seconds)
    tell("  its CPU", summary.units, cpu, cpu - inside.cpu + digests.cpu)
    waiting = Worker()
    begun = time.perf_counter()
    run(plan, folder / "two", waiting)
    total = time.perf_counter() - begun - waiting.start
    tell("one worker", summary.units, total, total - waiting.busy)


class Worker(Processes):
    """One worker, and how long it had a job: what lies between is what the run costs."""

    def __init__(self) -> None:
        super().__init__(1)
        self.start = self.busy = self.sent = 0.0

    def __enter__(self) -> Worker:
        begun = time.perf_counter()
        super().__enter__()
        self._every[0].pipe.poll(60)
        self.start = time.perf_counter() - begun
        return self

    def _hand_out(self) -> None:
        super()._hand_out()
        self.sent = self.sent or time.perf_counter()

    def wait(self) -> Any:
        """The next answer; what lies before the job was sent is not the worker's."""
        self.sent = 0.0
        answer = super().wait()
        self.busy += time.perf_counter() - self.sent
        return answer


def tell(name: str, units: int, total: float, beside: float) -> None:
    share, each = 100 * beside / total, 1e3 * beside / units
    print(
        f"{name:12} {units} units, {total:7.2f} s, beside the work {beside:6.3f} s: {share:.2f} %, {each:.3f} ms a unit"
    )


def template() -> Record:
    """A record as large as real ones: every stereo protocol scored it."""
    truth = np.full((48, 64), 5, np.float32)
    pair = StereoSample(name="0", left=truth, right=truth, disparity=Disparity(px=truth), occluded=truth < 0)
    protocols = work.applicable("stereo", None, [pair])
    scores, _ = work.scored(Disparity(px=truth + 0.3), pair, protocols, None)
    options = {
        "paths": 8,
        "max_disparity": 64,
        "cost": "census",
        "window": 11,
        "subpixel": "equiangular",
        "fill": "none",
    }
    given = {"key": "", "task": "stereo", "dataset": "d", "sample": "0", "label": "m", "method": "stereo/sgm"}
    return Record(**given, options=options, scores=scores, code=code_version(), backend="cpp", density=0.95)


class Generated(InProcess):
    """Answers at once, with records of random scores."""

    def __init__(self, made: Record) -> None:
        super().__init__(self.answer)
        self.made = made
        self.first: float | None = None
        self.first_cpu = 0.0
        self.random = np.random.default_rng(0)

    def submit(self, job: Job) -> None:
        """Take a job, and note when the first came."""
        if self.first is None:
            self.first, self.first_cpu = time.perf_counter(), time.process_time()
        super().submit(job)

    def answer(self, job: Job) -> Answer:
        """What a worker would say."""
        if job.unit is None:
            return Look(digest=f"{job.sample:0>32}", range=64)
        factor = float(self.random.random())
        scores = {
            protocol: {name: Ratio(each.total * factor, each.count, each.form) for name, each in score.items()}
            for protocol, score in self.made.scores.items()
        }
        named = work._named(job, job.unit)
        return Done(dataclasses.replace(self.made, **{**named, "scores": scores}))


def generated(units: int, folder: Path) -> None:
    """A store of so many units: what each costs to hand out and keep, and what a resumed run and a reader wait for."""
    plan = plan_of(f"synthetic?count={units // 20}", methods(20))
    made = template()
    begun, cpu = time.perf_counter(), time.process_time()
    run(plan, folder, Generated(made))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"{units} units handed out and kept: {1e3 * seconds / units:.3f} ms a unit, {1e3 * cpu / units:.3f} ms of CPU"
    )
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(folder.iterdir())}
    print("   ", ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items() if size > 0.05))
    path = folder / "records.jsonl"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 100)  # the last line is torn
    engine = Generated(made)
    begun, cpu = time.perf_counter(), time.process_time()
    run(plan, folder, engine)
    assert engine.first is not None
    first, cpu = engine.first - begun, engine.first_cpu - cpu
    every = time.perf_counter() - begun
    print(f"resumed: the first unit after {first:.2f} s, {cpu:.2f} s of CPU; all of it {every:.2f} s")
    begun, cpu = time.perf_counter(), time.process_time()
    good = [each for each in Run(folder).records() if each.label == "m3" and each.error is None]
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"listed as records and filtered to {len(good)}: {seconds:.2f} s, {cpu:.2f} s of CPU")
    begun, cpu = time.perf_counter(), time.process_time()
    assert not list(Run(folder).failed())
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"failed ones told, of which there are none: {seconds:.2f} s, {cpu:.2f} s of CPU")
    begun = time.perf_counter()
    found = sum(1 for each in Run(folder).records(label="m3"))
    print(f"filtered to {found} while read: {time.perf_counter() - begun:.2f} s")


class Started(Cluster):
    """A cluster of two workers, and what passes and is spent from when it stands to when its work is done."""

    def __init__(self) -> None:
        super().__init__(None, 2)
        self.seconds = self.cpu = 0.0

    def __enter__(self) -> Started:
        super().__enter__()
        self._client.wait_for_workers(2)
        self.seconds, self.cpu = -time.perf_counter(), -time.process_time()
        return self

    def __exit__(self, *ended: object) -> None:
        self.seconds += time.perf_counter()
        self.cpu += time.process_time()
        super().__exit__(*ended)


def clustered(units: int, folder: Path) -> None:
    """Dask: what the process costs that holds scheduler, client and store, where units themselves take no time.

    Pairs of two equal images are refused when they are looked at: their units are rows at once.
    """
    for number in range(units // 20):
        scene = folder / "data" / "stereo" / f"s{number:04}"
        scene.mkdir(parents=True)
        image = np.random.default_rng(number).integers(0, 255, (48, 64)).astype(np.uint8)
        for side in ("left", "right"):
            io.write_image(scene / f"{side}.png", image)
    plan = plan_of(f"folder:{folder / 'data'}", methods(20))
    cluster = Started()
    done = run(plan, folder / "run", cluster)
    assert done.failed == units
    each = f"{1e3 * cluster.cpu / units:.2f} ms of CPU a unit for scheduler, client and store"
    print(f"Dask, 2 workers: {units} units in {cluster.seconds:.1f} s, {each}")
    source = plan.sources[0]
    unit = work.Unit(key="0" * 32, entrant=plan.entrants[0], range=64)
    bare = dataclasses.replace(plan, sources=(), entrants=())
    job = Job(source=source, sample=data.names_of(data.opened(source, "stereo"))[0], plan=bare, unit=unit)
    print(f"    job {len(pickle.dumps(job))} bytes, answer {len(pickle.dumps(Done(template())))} bytes")


def methods(count: int) -> tuple[Entrant, ...]:
    return tuple(Entrant(label=f"m{n}", name="sgm", options={"p1": n + 1}) for n in range(count))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--data", help="scenes as geomvision bench takes them: folder:PATH")
    arguments.add_argument("--cluster", type=int, default=0, help="units of a run on a local Dask cluster")
    arguments.add_argument("--units", type=int, default=0, help="of a generated store")
    given = arguments.parse_args()
    if not given.cluster and not given.data and not given.units:
        sys.exit("give --data, --cluster or --units")
    place = Path(tempfile.mkdtemp(prefix="overhead"))
    try:
        if given.data:
            real(given.data, place)
        if given.cluster:
            clustered(given.cluster, place / "cluster")
        if given.units:
            generated(given.units, place / "generated")
    finally:
        shutil.rmtree(place)
