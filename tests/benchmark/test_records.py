"""Records go to JSON and back without loss."""

import json

import pytest

from geomvision.benchmark.records import Record, TimeRecord
from geomvision.metrics._base import Ratio


def record(**changes):
    scores = {"kitti2015": {"D1 all": Ratio(0.1 + 0.2, 3.0, "percent"), "EPE all": Ratio(1 / 3, 7.0)}}
    given = {"key": "k", "task": "stereo", "dataset": "d", "sample": "s", "label": "sgm", "method": "stereo/sgm"}
    return Record(**{**given, "options": {"paths": 8, "backend": None}, "scores": scores, "density": 0.5, **changes})


def test_a_record_goes_through_json_unchanged():
    for one in (record(), record(scores={}, error="ValueError: no", unscored={"eth3d": "no truth"})):
        back = Record.from_dict(json.loads(json.dumps(one.to_dict())))
        assert back == one
        assert back.scores == one.scores
    one = TimeRecord(key="k", seconds=(0.1, 0.25), peak_memory_bytes=None, machine="m", num_threads=4)
    assert TimeRecord.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_entries_that_no_record_has_are_told():
    entries = record().to_dict()
    del entries["sample"]
    with pytest.raises(ValueError, match="missing, or too many: colour, sample"):
        Record.from_dict({**entries, "colour": "red"})
