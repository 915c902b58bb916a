"""Worker processes: any number gives the same bytes, and one that ends costs its unit only."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geomvision.benchmark.runs import Run, data, remote
from geomvision.benchmark.runs.engines import InProcess, engine
from geomvision.benchmark.runs.processes import Processes, python_path
from geomvision.benchmark.runs.runner import run
from geomvision.benchmark.runs.work import RunError


def test_any_number_of_workers_gives_the_same_bytes(scenes, plan_of, kept, tmp_path):
    plan = plan_of(scenes, maps="npz")
    run(plan, tmp_path / "whole", InProcess())
    for workers in (1, 2, 4):
        folder = tmp_path / f"run{workers}"
        assert run(plan, folder, Processes(workers)).failed == 0
        assert kept(folder) == kept(tmp_path / "whole")
        for path in (tmp_path / "whole" / "maps").rglob("*.npz"):
            assert (folder / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()


def test_a_worker_that_is_killed_costs_its_unit_only_which_is_tried_again(scenes, plan_of, kept, tmp_path, killer):
    plan = plan_of(scenes, ("opencv_bm", "killer"))
    run(plan, tmp_path / "whole", InProcess())
    killer(2)
    assert run(plan, tmp_path / "run", Processes(2)).failed == 0
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")
    killer(3)
    assert run(plan, tmp_path / "lost", Processes(2, tries=3)).failed == 1
    errors = {(each.sample, each.label): each.error for each in Run(tmp_path / "lost").records() if each.error}
    told = "WorkerEnded: the process that ran this ended before it was done, 3 times out of 3"
    assert errors == {("scene1", "killer"): told}
    assert run(plan, tmp_path / "lost", Processes(1), again=True).failed == 0
    assert kept(tmp_path / "lost") == kept(tmp_path / "whole")


def test_a_unit_that_hangs_is_ended_with_its_worker_and_a_row_and_is_not_tried_again(
    scenes, plan_of, kept, tmp_path, killer
):
    plan = plan_of(scenes, ("killer",))
    run(plan, tmp_path / "whole", InProcess())
    killer(2, "h")
    assert run(plan, tmp_path / "run", Processes(2, limit=6)).failed == 1
    assert (tmp_path / "left").read_text() == "h"  # one was tried
    errors = {(each.sample, each.label): each.error for each in Run(tmp_path / "run").records() if each.error}
    told = "TimeLimit: this was not done within 6 s, and its process was ended; --limit sets the time"
    assert errors == {("scene1", "killer"): told}
    killer(0)
    run(plan, tmp_path / "run", Processes(1), again=True)
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")


def test_each_timed_call_may_take_as_long_as_one_that_scores(scenes, plan_of, tmp_path, killer):
    plan = plan_of(scenes, ("killer",))
    run(plan, tmp_path / "run", InProcess())
    killer(1, "h")
    done = run(plan, tmp_path / "run", InProcess(), timing=Processes(1, limit=1.5), repeats=3)
    assert done.timed == 2
    told = "TimeLimit: this was not done within 6 s, and its process was ended; --limit sets the time"
    assert done.notes == (f"folder/scene1 · killer could not be timed: {told}",)


def test_limits_are_seconds_and_an_engine_that_has_none_says_so():
    assert engine("processes", workers=1).limit == 3600
    assert engine("processes", workers=1, limit=0)._patience() is None
    for limit in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="it must be seconds, 0 for none"):
            Processes(1, limit=limit)
    with pytest.raises(ValueError, match=r"in-process cannot end a unit that takes longer than 5 s, .*take processes"):
        engine("in-process", limit=5.0)


def test_workers_that_cannot_start_end_the_run(scenes, plan_of, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    monkeypatch.setattr("geomvision.benchmark.runs.processes.python_path", lambda: f"{tmp_path}:{python_path()}")
    with pytest.raises(RunError, match=r"end before they are ready \(exit code 7\)"):
        run(plan_of(scenes), tmp_path / "run", Processes(1))


def test_engines_are_named(monkeypatch):
    assert isinstance(engine("in-process"), InProcess)
    assert engine("processes", workers=3).workers == 3
    for form, workers, told in (
        ("gpu", None, "no such engine; there are in-process"),
        ("in-process", 4, "one worker, but 4"),
        ("dask://localhost:8786", 2, "leave out --workers"),
        ("dask://localhost", None, "it must be dask://HOST:PORT"),
        ("dask://:8786", None, "it must be dask://HOST:PORT"),
    ):
        with pytest.raises(ValueError, match=told):
            engine(form, workers=workers)
    with pytest.raises(ValueError, match="workers is 0"):
        Processes(0)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError, match=r"the engine dask needs distributed: .*geomvision\[dask\]"):
        engine("dask")


def test_each_worker_sees_its_gpu():
    environments = [worker["CUDA_VISIBLE_DEVICES"] for worker in Processes(3, gpus=2)._environments]
    assert environments == ["0", "1", "0"]
    assert engine("processes", gpus=2).workers == 2


@pytest.mark.parametrize("gpus", [1, 2])
def test_methods_see_the_gpu_of_their_worker_and_none_else(scenes, plan_of, tmp_path, killer, monkeypatch, gpus):
    monkeypatch.setenv("SEEN_GPUS", str(tmp_path / "seen"))
    assert run(plan_of(scenes, ("killer",)), tmp_path / "run", Processes(2, gpus=gpus)).failed == 0
    seen = {tuple(line.split()) for line in (tmp_path / "seen").read_text().splitlines()}
    workers = {worker for worker, _ in seen}
    assert len(seen) == len(workers)  # none saw two
    assert {gpu for _, gpu in seen} <= {str(n) for n in range(gpus)}
    assert gpus == 1 or len({gpu for _, gpu in seen}) == len(workers)  # no two shared one


def test_data_at_a_url_reach_worker_processes_and_give_the_same_records(scenes, plan_of, kept, tmp_path, monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setenv(remote.VARIABLE, str(tmp_path / "cache"))
    far = plan_of(scenes, sources=(data.parsed(f"folder:{scenes.as_uri()}"),))
    run(plan_of(scenes), tmp_path / "near", InProcess())
    assert run(far, tmp_path / "far", Processes(2)).failed == 0
    assert kept(tmp_path / "far")["records.jsonl"] == kept(tmp_path / "near")["records.jsonl"]
    assert len(list((tmp_path / "cache").rglob("left.png"))) == 3  # fetched once, and read there


def command(scenes, out, *more):
    words = ("bench", "stereo", "--dataset", f"folder:{scenes}", "--methods", "opencv_bm,sgm,block_matching")
    return [sys.executable, "-m", "geomvision", *words, "--out", str(out), "--engine", "in-process", *more]


def test_killed_at_any_time_nothing_is_lost_torn_or_there_twice(scenes, kept, tmp_path):
    assert subprocess.run(command(scenes, tmp_path / "whole"), capture_output=True, check=False).returncode == 0
    records, out = tmp_path / "run" / "records.jsonl", tmp_path / "run"
    for lines in (2, 6):
        with subprocess.Popen(command(scenes, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not (records.exists() and records.read_bytes().count(b"\n") >= lines):
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        with records.open("ab") as file:
            file.write(b'{"crc32":"0123')  # as if it had been killed half way through a line
        keys = [each.key for each in Run(out).records()]
        assert len(keys) == len(set(keys)) >= lines
    ended = subprocess.run(command(scenes, out), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert kept(out) == kept(tmp_path / "whole")


def test_a_full_disk_ends_the_run_in_a_message_and_it_goes_on_later(scenes, kept, tmp_path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    out = tmp_path / "run"
    ended = subprocess.run(command(scenes, out), capture_output=True, text=True, check=False, preexec_fn=little_room)
    assert ended.returncode == 2
    assert "cannot be written: File too large. What was done is kept: make room" in ended.stderr
    there = len(list(Run(out).records()))
    assert 0 < there < 9
    ended = subprocess.run(command(scenes, out), capture_output=True, text=True, check=False)
    assert f"9 units: {there} were there, {9 - there} done" in ended.stdout
    subprocess.run(command(scenes, tmp_path / "whole"), capture_output=True, check=True)
    assert kept(out) == kept(tmp_path / "whole")


STARTED = """
from geomvision.benchmark.runs.processes import Processes
with Processes(1) as p:
    p._every[0].pipe.recv()
    {send}
    print(p._every[0].process.pid, flush=True)
    import time; time.sleep(60)
"""
#: A job that never ends: what is read from the pipe calls this.
HANG = "p._every[0].pipe.send(type('H', (), {'__reduce__': lambda self: (__import__('time').sleep, (600,))})())"


@pytest.mark.parametrize("send", ["", HANG], ids=["idle", "at work"])
def test_a_worker_ends_with_the_process_that_started_it(send):
    code = STARTED.replace("{send}", send)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        worker = int(process.stdout.readline())
        process.kill()
    status = Path(f"/proc/{worker}/status")
    for _ in range(500):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"worker {worker} goes on without who started it")
