"""A run's folder is read while it is written, and after."""

import dataclasses
import json

import pytest

from geomvision.benchmark.records import Record, TimeRecord
from geomvision.benchmark.runs import Run
from geomvision.benchmark.runs.journal import Journal, StoreError
from geomvision.benchmark.runs.plan import Entrant, Plan, Source
from geomvision.metrics._base import Ratio

PLAN = Plan(
    task="stereo",
    sources=(Source(name="rendered", dataset="synthetic", options={"seed": 3}),),
    entrants=(Entrant(label="sgm", name="sgm", options={"paths": 4}),),
    protocols=("kitti2015",),
)


def record(key, **changes):
    given = {"task": "stereo", "dataset": "rendered", "sample": "0", "label": "sgm", "method": "stereo/sgm"}
    return Record(key=key, **given, scores={"kitti2015": {"D1 all": Ratio(0.1 + 0.2, 3, "percent")}}, **changes)


def test_records_and_times_come_back_as_they_went_in(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(PLAN.to_dict()))
    every = [record("a", map="maps/a.npz"), record("b", error="ValueError: no")]
    kept = Journal(tmp_path / "records.jsonl")
    for one in every:
        kept.append(one.key, one.to_dict())
    timed = TimeRecord(key="a", seconds=(0.1, 0.2), peak_memory_bytes=5, machine="m", num_threads=1)
    times = Journal(tmp_path / "times.jsonl")
    times.append("a", timed.to_dict())
    times.close()
    run = Run(tmp_path)
    assert list(run.records()) == every
    assert list(run.times()) == [timed]
    assert [run.map_file(one) for one in every] == [tmp_path / "maps" / "a.npz", None]
    assert run.plan == PLAN
    kept.close()


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"is no run: run.json is missing"):
        Run(tmp_path)
    for content, told in (
        ("{", "cannot be read: Expecting"),
        ('{"format": 9}', "format 9"),
        ('{"format": 1, "protocols": null}', "no plan of a run: 'sources'"),
        (json.dumps({**PLAN.to_dict(), "colour": "red"}), "no plan of a run: .*colour"),
    ):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(StoreError, match=told):
            Run(tmp_path)


def test_a_plan_goes_through_json_unchanged():
    one = dataclasses.replace(PLAN, protocols=None, align="median", maps="png")
    assert Plan.from_dict(json.loads(json.dumps(one.to_dict()))) == one
