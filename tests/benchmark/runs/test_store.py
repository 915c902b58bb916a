"""A run's folder is read while it is written, and after."""

import dataclasses
import json

import pytest

from geomvision.benchmark.records import Record, TimeRecord
from geomvision.benchmark.runs import Run, journal
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


def test_failed_records_are_told_without_looking_into_others(tmp_path, monkeypatch):
    (tmp_path / "run.json").write_text(json.dumps(PLAN.to_dict()))
    errors = {"a": None, "b": "ValueError: no", "c": None, "d": 'KeyError: \'x","error":null}}\'', "e": ""}
    kept = Journal(tmp_path / "records.jsonl")
    for key, error in errors.items():
        kept.append(key, record(key, error=error).to_dict())
    kept.close()
    looked_into, value_of = [], journal.value_of
    monkeypatch.setattr(journal, "value_of", lambda line: looked_into.append(journal.key_of(line)) or value_of(line))
    failed = list(Run(tmp_path).failed())
    assert [(each.key, each.error) for each in failed] == [
        (key, error) for key, error in errors.items() if error is not None
    ]
    assert set(looked_into) == {"b", "d", "e"}


def test_records_are_asked_for_by_what_they_say(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(PLAN.to_dict()))
    labels = {"a": "sgm", "b": "sgm(paths=4)", "c": "“label”:sgm", "d": "sgm"}
    kept = Journal(tmp_path / "records.jsonl")
    for key, label in labels.items():
        unscored = {"eth3d": '"label":"sgm",'}  # which says no label
        kept.append(key, dataclasses.replace(record(key), label=label, unscored=unscored).to_dict())
    kept.close()
    run = Run(tmp_path)
    for label in set(labels.values()):
        assert [each.key for each in run.records(label=label)] == [key for key in labels if labels[key] == label]
    assert len(list(run.records(label="sgm", dataset="rendered"))) == 2
    assert not list(run.records(sample="1"))
    with pytest.raises(TypeError, match="no text called colour; there are task, dataset"):
        next(run.records(colour="red"))


def test_the_table_holds_what_the_records_do(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    from geomvision.benchmark.runs.tables import write_parquet

    scores = {"p": {"m": Ratio(3.0, 2.0), "%": Ratio(1.0, 4.0, "percent"), "r": Ratio(18.0, 2.0, "root")}}
    scores["q"] = {"none": Ratio(0.0, 0.0)}
    good = dataclasses.replace(record("a", parameters=7, density=0.5, options={"paths": 4}), scores=scores)
    bad = dataclasses.replace(record("b", error="ValueError: no", unscored={"p": "no truth"}), scores={})
    kept = Journal(tmp_path / "records.jsonl")
    for one in (good, bad):
        kept.append(one.key, one.to_dict())
    kept.close()
    write_parquet(tmp_path)
    first, second = parquet.read_table(tmp_path / "records.parquet").to_pylist()
    assert (first["key"], first["parameters"], first["density"]) == ("a", 7, 0.5)
    assert json.loads(first["options"]) == {"paths": 4}
    values = {(each["protocol"], each["figure"]): each["value"] for each in first["scores"]}
    assert values == {("p", "m"): 1.5, ("p", "%"): 25.0, ("p", "r"): 3.0, ("q", "none"): None}
    told = (second["scores"], second["error"], json.loads(second["unscored"]))
    assert told == ([], "ValueError: no", {"p": "no truth"})
    content = (tmp_path / "records.parquet").read_bytes()
    write_parquet(tmp_path)
    assert (tmp_path / "records.parquet").read_bytes() == content


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
