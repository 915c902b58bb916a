"""A run over a folder of scenes with every method: how long it takes, how soon it goes on, and whether it is the same.

    python benches/bench_everything.py DATA --out FOLDER [--json FILE]
    python benches/bench_everything.py DATA --out FOLDER --no-whole --equal barn1,yosemite,icl_nuim,dino_02_03

DATA holds ``stereo/``, ``flow/``, ``depth/`` and ``twoview/`` with a folder for each scene, as
`geomvision.datasets.Folder` reads it.
First each task is run with all methods that can run here, by worker processes; CPU seconds of each unit are those of
its worker, threads included, so that they tell what a quiet machine needs where others have the cores. Then the same
command is given again (all is there), and for a copy with the first half of its records, the last one torn, as a run
leaves it that is killed: until the first record that was missing is there. ``--equal SCENES`` runs these scenes with
1, 2 and 4 workers, in one process and on Dask, and once more with a SIGKILL when half of the records are there, and
compares bytes.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from geomvision.benchmark.machine import cores
from geomvision.benchmark.runs import Run
from geomvision.benchmark.runs.engines import Engine, engine
from geomvision.benchmark.runs.plan import Plan
from geomvision.benchmark.runs.processes import Processes, _Worker
from geomvision.benchmark.runs.runner import run
from geomvision.cli.benching import Choices, planned

TASKS = ("stereo", "flow", "depth", "pose")
#: Where the scenes of a task lie, where they do not lie in a folder of its name.
ROOMS = {"pose": "twoview"}
KEPT = ("records.jsonl", "samples.jsonl", "records.parquet")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(worker: _Worker) -> float:
    """CPU seconds that a process has used, all its threads together."""
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Measured(Processes):
    """Worker processes, and CPU seconds of each method (and of looks at samples, "look")."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.by_method: dict[str, float] = collections.defaultdict(float)
        self._before: dict[int, float] = {}

    def _heard(self, worker: _Worker) -> Any:
        job, before = worker.job, self._before.get(worker.process.pid, 0.0)
        found = super()._heard(worker)
        if worker.ready and before == 0.0:
            before = self._before[worker.process.pid] = cpu_of(worker)  # starting up is no method's
        if found is not None and job is not None:
            now = self._before[worker.process.pid] = cpu_of(worker)
            name = "look" if job.unit is None else job.unit.entrant.label
            self.by_method[name] += now - before
        return found


def plan_of(task: str, data: Path, out: Path) -> Plan:
    return planned(task, Choices(datasets=[f"folder:{data}"], out=out))


def whole(task: str, data: Path, out: Path, workers: int) -> dict[str, Any]:
    """Run all of a task; what it took."""
    measured = Measured(workers)
    begun, cpu = time.perf_counter(), time.process_time()
    summary = run(plan_of(task, data, out), out, measured)
    seconds, own = time.perf_counter() - begun, time.process_time() - cpu
    spent = sum(measured.by_method.values()) + own
    errors = collections.Counter(f"{each.label}: {each.error}" for each in Run(out).records() if each.error)
    print(f"{task}: {summary.units} units, {summary.failed} failed, {seconds:.0f} s by the clock, {spent:.0f} s of CPU")
    for name, each in sorted(measured.by_method.items(), key=lambda item: -item[1]):
        print(f"    {name:20} {each:7.1f} s of CPU")
    for error, count in errors.items():
        print(f"    failed {count}: {error}")
    methods = {name: round(each, 1) for name, each in measured.by_method.items()}
    told = {"units": summary.units, "failed": summary.failed, "clock_s": round(seconds, 1), "cpu_s": round(spent, 1)}
    return {**told, "runner_cpu_s": round(own, 2), "methods_cpu_s": methods, "errors": dict(errors)}


def command(task: str, data: Path, out: Path, workers: int) -> list[str]:
    words = ("bench", task, "--dataset", f"folder:{data}", "--workers", str(workers), "--out", str(out))
    return [sys.executable, "-m", "geomvision", *words]


def resumed(task: str, data: Path, out: Path, workers: int) -> dict[str, float]:
    """Clock time of the command where all is there; and of one that was killed, to its first new record."""
    begun = time.perf_counter()
    ended = subprocess.run(command(task, data, out, workers), capture_output=True, text=True, check=True)
    finished = time.perf_counter() - begun
    assert ", 0 done" in ended.stdout, ended.stdout
    half = out.with_name(f"{out.name}_half")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(out, half)
    for name in ("finished.json", "records.parquet"):
        (half / name).unlink(missing_ok=True)
    lines = (out / "records.jsonl").read_bytes().splitlines(keepends=True)
    kept = b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:100]  # the last line is torn
    (half / "records.jsonl").write_bytes(kept)
    begun = time.perf_counter()
    with subprocess.Popen(
        command(task, data, half, workers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and (half / "records.jsonl").stat().st_size <= len(kept):
            time.sleep(0.01)
        first = time.perf_counter() - begun
        process.send_signal(signal.SIGKILL)
    print(f"{task}: again, all there {finished:.1f} s; killed half way, the first new record after {first:.1f} s")
    shutil.rmtree(half)
    return {"finished_s": round(finished, 2), "first_new_record_s": round(first, 2)}


def killed(task: str, data: Path, out: Path, units: int) -> dict[str, float]:
    """Kill the command when half of its units are done, and give it again; seconds to its workers, and a new record."""

    def begin() -> subprocess.Popen[bytes]:
        nothing = subprocess.DEVNULL
        return subprocess.Popen(command(task, data, out, 2), stdout=nothing, stderr=nothing)

    path = out / "records.jsonl"
    with begin() as process:
        while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < units // 2):
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()
    there = path.read_bytes().count(b"\n")
    begun, workers, size = time.perf_counter(), 0.0, path.stat().st_size
    with begin() as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while process.poll() is None and path.stat().st_size <= size:
            workers = workers or (time.perf_counter() - begun if children.read_text().strip() else 0.0)
            time.sleep(0.01)
        first = time.perf_counter() - begun
    print(
        f"{task}: killed at {there} of {units}; again: workers after {workers:.1f} s, a new record after {first:.1f} s"
    )
    return {"there": there, "workers_s": round(workers, 2), "first_new_record_s": round(first, 2)}


def equal(task: str, data: Path, out: Path, scenes: list[str]) -> dict[str, Any]:
    """Run some scenes of a task with every engine, and killed; what was found. AssertionError where bytes differ."""
    some, room = out / "some", ROOMS.get(task, task)
    (some / room).mkdir(parents=True)
    for scene in scenes:
        (some / room / scene).symlink_to((data / room / scene).resolve())
    engines: dict[str, Engine] = {
        "in-process": engine("in-process"),
        **{f"{n} workers": engine("processes", workers=n) for n in (1, 2, 4)},
        "dask": engine("dask", workers=2),
    }
    units, first, stopped = 0, out / "in-process", dict[str, float]()
    for name in (*engines, "killed"):
        if name == "killed":
            stopped = killed(task, some, out / name, units)
        else:
            units = run(plan_of(task, some, out / name), out / name, engines[name]).units
        for file in KEPT:
            assert (out / name / file).read_bytes() == (first / file).read_bytes(), f"{task}, {name}: {file} differs"
    print(f"{task}: {units} units of {', '.join(scenes)} are the same bytes: {', '.join(engines)}, killed")
    return {"scenes": scenes, "units": units, "killed": stopped}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("data", type=Path, help="folder with stereo/, flow/, depth/ and twoview/")
    arguments.add_argument("--out", type=Path, required=True, help="folder for the runs, which is made")
    arguments.add_argument("--workers", type=int, default=cores())
    arguments.add_argument("--tasks", default=",".join(TASKS))
    arguments.add_argument("--no-whole", action="store_true", help="leave out the run over everything, and resuming it")
    arguments.add_argument("--equal", default="", help="compare engines on these scenes, by commas")
    arguments.add_argument("--json", type=Path, help="also write what was measured")
    given = arguments.parse_args()
    found: dict[str, Any] = {"cores": cores(), "workers": given.workers, "load_before": round(os.getloadavg()[0], 1)}
    data = given.data.absolute()
    for task in given.tasks.split(","):
        out = given.out / task
        own: dict[str, Any] = {}
        if not given.no_whole:
            own = whole(task, data, out, given.workers) | {"resumed": resumed(task, data, out, given.workers)}
        scenes = [name for name in given.equal.split(",") if name and (data / ROOMS.get(task, task) / name).is_dir()]
        if scenes:
            own["same_bytes"] = equal(task, data, given.out / f"{task}_same", scenes)
        found[task] = own
    if not given.no_whole:
        clock, cpu = (sum(found[task][name] for task in given.tasks.split(",")) for name in ("clock_s", "cpu_s"))
        quiet = f"{cpu / cores() / 60:.1f} minutes of {cores()} quiet cores"
        print(f"all: {clock / 60:.1f} minutes by the clock; {cpu:.0f} s of CPU: {quiet}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
