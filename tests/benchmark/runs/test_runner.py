"""A run: what is there is kept, what is missing is done, a failing unit is a row."""

import dataclasses
import fcntl
import os

import numpy as np
import pytest

from geomvision.benchmark.runs import Run
from geomvision.benchmark.runs.engines import InProcess
from geomvision.benchmark.runs.journal import StoreError
from geomvision.benchmark.runs.plan import Entrant
from geomvision.benchmark.runs.runner import run
from geomvision.io import read_kitti_disparity


class StoppedError(Exception):
    pass


class Stopping(InProcess):
    """Stops in the middle of its work, as an interrupt does, after so many answers."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def wait(self):
        if self.left == 0:
            raise StoppedError
        self.left -= 1
        return super().wait()


class Counting(InProcess):
    def __init__(self):
        super().__init__()
        self.units = []

    def submit(self, job):
        if job.unit is not None:
            self.units.append((job.sample, job.unit.entrant.label))
        super().submit(job)


def test_records_hold_scores_by_protocol_and_come_in_the_plans_order(scenes, plan_of, tmp_path):
    summary = run(plan_of(scenes), tmp_path / "run", InProcess())
    assert (summary.units, summary.kept, summary.failed, summary.notes) == (9, 0, 0, ())
    records = list(Run(tmp_path / "run").records())
    names = ("block_matching", "opencv_bm", "sgm")
    assert [(each.sample, each.label) for each in records] == [(f"scene{n}", name) for n in range(3) for name in names]
    assert len({each.key for each in records}) == 9
    for each in records:
        assert set(each.scores) == {"middlebury", "kitti2015"}
        assert each.scores["kitti2015"]["D1-all all"].value < 10
        assert each.options["max_disparity"] == 16  # as measured, not the default of 128
        assert (each.dataset, each.error, each.map) == ("folder", None, None)


@pytest.mark.parametrize("after", [0, 1, 2, 5, 8, 11])
def test_stopped_anywhere_it_goes_on_and_does_nothing_twice(scenes, plan_of, kept, tmp_path, after):
    plan = plan_of(scenes)
    run(plan, tmp_path / "whole", InProcess())
    with pytest.raises(StoppedError):
        run(plan, tmp_path / "run", Stopping(after))
    there = [(each.sample, each.label) for each in Run(tmp_path / "run").records()]
    rest = Counting()
    summary = run(plan, tmp_path / "run", rest)
    assert summary.kept == len(there)
    assert len(rest.units) == len(set(rest.units)) == 9 - len(there)
    assert not set(rest.units) & set(there)
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")


def test_what_a_plan_adds_is_done_and_what_it_drops_is_set_aside_and_comes_back(scenes, plan_of, kept, tmp_path):
    folder = tmp_path / "run"
    both, one = plan_of(scenes, ("opencv_bm", "sgm")), plan_of(scenes, ("sgm",))
    assert run(one, folder, InProcess()).kept == 0
    assert run(both, folder, InProcess()).kept == 3
    whole = kept(folder)
    assert run(one, folder, InProcess()).kept == 3
    assert {each.label for each in Run(folder).records()} == {"sgm"}
    added = Counting()
    assert run(both, folder, added).kept == 6
    assert not added.units
    assert kept(folder) == whole
    renamed = dataclasses.replace(one, entrants=(Entrant(label="sgm(paths=8)", name="sgm", options={}),))
    assert run(renamed, folder, InProcess()).kept == 3
    assert {each.label for each in Run(folder).records()} == {"sgm(paths=8)"}


def test_changed_data_code_or_options_are_other_units(scenes, plan_of, tmp_path):
    plan, folder = plan_of(scenes, ("opencv_bm",)), tmp_path / "run"
    run(plan, folder, InProcess())
    disparity = scenes / "stereo" / "scene1" / "disp.pfm"
    content = disparity.read_bytes()
    disparity.write_bytes(content)  # written again with the same content: read again, but no other unit
    os.utime(disparity, ns=(1, 1))
    assert run(plan, folder, InProcess()).kept == 3
    disparity.write_bytes(content[:-4] + np.float32(6).tobytes())
    assert run(plan, folder, InProcess()).kept == 2
    assert len(list(Run(folder).records())) == 3
    other = dataclasses.replace(plan, entrants=(Entrant(label="b", name="opencv_bm", options={"block_size": 9}),))
    assert run(other, folder, InProcess()).kept == 0
    assert run(dataclasses.replace(plan, protocols=("middlebury",)), folder, InProcess()).kept == 0


def test_a_method_that_fails_and_a_sample_that_cannot_be_read_are_rows(scenes, plan_of, tmp_path):
    damaged = scenes / "stereo" / "scene1" / "right.png"
    content = damaged.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    entrants = (
        Entrant(label="out of range", name="sgm", options={"min_disparity": 500, "max_disparity": 600}, own_range=True),
        Entrant(label="bm", name="opencv_bm", options={}),
    )
    plan = dataclasses.replace(plan_of(scenes), entrants=entrants)
    summary = run(plan, tmp_path / "run", InProcess())
    assert (summary.units, summary.failed) == (6, 4)
    records = {(each.sample, each.label): each for each in Run(tmp_path / "run").records()}
    assert "right.png" in (records["scene1", "bm"].error or "")
    assert "choose a range nearer to 0" in (records["scene0", "out of range"].error or "")
    assert records["scene2", "bm"].error is None
    damaged.write_bytes(content)
    summary = run(plan, tmp_path / "run", InProcess(), again=True)
    assert (summary.kept, summary.failed, summary.notes) == (2, 3, ("4 units that had failed were done again",))


def test_a_pair_that_cannot_be_right_is_a_row_unless_forced(scenes, plan_of, tmp_path):
    pair = scenes / "stereo" / "scene0"
    (pair / "right.png").write_bytes((pair / "left.png").read_bytes())
    plan = plan_of(scenes, ("opencv_bm",))
    run(plan, tmp_path / "run", InProcess())
    first, *others = Run(tmp_path / "run").records()
    assert (first.error or "").startswith("PairRefused: this cannot be a rectified stereo pair")
    assert [each.error for each in others] == [None, None]
    run(dataclasses.replace(plan, force=True), tmp_path / "run", InProcess())
    assert not [each.error for each in Run(tmp_path / "run").records() if each.error]


def test_maps_are_kept_where_asked_for(scenes, plan_of, tmp_path):
    for form in ("npz", "png"):
        folder = tmp_path / form
        run(plan_of(scenes, ("sgm",), maps=form), folder, InProcess())
        store = Run(folder)
        for each in store.records():
            path = store.map_file(each)
            px = np.load(path)["px"] if form == "npz" else read_kitti_disparity(path)
            assert abs(np.nanmedian(px) - 5) < 0.1


def test_times_are_taken_after_scores_one_by_one_and_once(scenes, plan_of, tmp_path):
    plan, folder = plan_of(scenes, ("opencv_bm", "sgm")), tmp_path / "run"
    steps = []
    summary = run(plan, folder, InProcess(), told=steps.append, timing=InProcess(), repeats=2, time_threads=1)
    assert summary.timed == 6
    phases = [step.phase for step in steps]
    assert phases == sorted(phases)  # "score" before "time"
    times = list(Run(folder).times())
    assert {each.key for each in times} == {each.key for each in Run(folder).records()}
    assert all(len(each.seconds) == 2 and min(each.seconds) > 0 and each.num_threads == 1 for each in times)
    assert run(plan, folder, InProcess(), timing=InProcess(), time_threads=1).timed == 0
    assert run(plan, folder, InProcess(), timing=InProcess(), time_threads=2).timed == 6


def test_a_run_that_scores_waits_for_one_that_times(scenes, plan_of, tmp_path):
    steps = []
    with (tmp_path / f"geomvision-bench-{os.getuid()}.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def told(step):
            steps.append(step.phase)
            if step.phase == "wait":
                fcntl.flock(other, fcntl.LOCK_UN)

        run(plan_of(scenes, ("opencv_bm",)), tmp_path / "run", InProcess(), told=told)
    assert steps[0] == "wait"


def test_a_folder_is_one_runs_and_of_one_process(scenes, plan_of, tmp_path):
    plan = plan_of(scenes, ("opencv_bm",))
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("…")
    with pytest.raises(StoreError, match="holds other files"):
        run(plan, other, InProcess())
    run(plan, tmp_path / "run", InProcess())
    with (tmp_path / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process is at work"):
            run(plan, tmp_path / "run", InProcess())


def test_other_code_than_the_runs_is_refused(scenes, plan_of, tmp_path):
    with pytest.raises(ValueError, match=r"has the code .*, the run 0: install the same"):
        run(plan_of(scenes, code="0"), tmp_path / "run", InProcess())
