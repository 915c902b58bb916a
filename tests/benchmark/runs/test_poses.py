"""Runs over two views: the same bytes with every engine, refusals that count, flags, maps, times."""

import dataclasses
import importlib
import sys
from typing import Literal

import numpy as np
import pytest

from geomvision.benchmark.leaderboard import Leaderboard
from geomvision.benchmark.records import Record
from geomvision.benchmark.runs import Run, data
from geomvision.benchmark.runs.engines import InProcess, engine
from geomvision.benchmark.runs.keys import code_version
from geomvision.benchmark.runs.plan import Entrant, Plan, Source
from geomvision.benchmark.runs.processes import Processes
from geomvision.benchmark.runs.runner import run
from geomvision.geometry import match_features
from geomvision.metrics import PROTOCOLS, pose_auc
from geomvision.samples import FlowSample, PoseSample

METHODS = ("essential", "homography", "opencv_usac", "metric_depth_pose")


@pytest.fixture
def plan(two_views) -> Plan:
    entrants = tuple(Entrant(label=name, name=name, options={}) for name in METHODS)
    return Plan(task="pose", sources=(data.parsed(f"folder:{two_views}"),), entrants=entrants, code=code_version())


def same_maps(one, other):
    places = sorted(path.relative_to(one) for path in (one / "maps").rglob("*.npz"))
    assert len(places) == 7  # three methods on "a" and "b", one more on "b"
    for place in places:
        assert (one / place).read_bytes() == (other / place).read_bytes()


def test_any_number_of_workers_gives_the_same_bytes(plan, kept, tmp_path):
    whole = dataclasses.replace(plan, maps="npz")
    run(whole, tmp_path / "whole", InProcess())
    for workers in (1, 2, 4):
        assert run(whole, tmp_path / f"run{workers}", Processes(workers)).units == 12
        assert kept(tmp_path / f"run{workers}") == kept(tmp_path / "whole")
        same_maps(tmp_path / "whole", tmp_path / f"run{workers}")


def test_dask_gives_the_same_bytes(plan, kept, tmp_path):
    pytest.importorskip("distributed")
    whole = dataclasses.replace(plan, maps="npz")
    run(whole, tmp_path / "whole", InProcess())
    assert run(whole, tmp_path / "run", engine("dask", workers=2)).units == 12
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")
    same_maps(tmp_path / "whole", tmp_path / "run")


def test_a_run_that_lost_half_of_its_records_goes_on(plan, kept, tmp_path):
    run(plan, tmp_path / "run", InProcess())
    before = kept(tmp_path / "run")
    lines = (tmp_path / "run" / "records.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "run" / "records.jsonl").write_bytes(b"".join(lines[:6]) + lines[6][:50])
    (tmp_path / "run" / "finished.json").unlink()
    assert run(plan, tmp_path / "run", InProcess()).kept == 6
    assert kept(tmp_path / "run") == before


def test_what_is_refused_is_a_row_that_counts_as_wrong(plan, tmp_path):
    summary = run(plan, tmp_path / "run", InProcess())
    assert (summary.units, summary.failed) == (12, 5)
    records = {(each.sample, each.label): each for each in Run(tmp_path / "run").records()}
    blank = records["blank", "essential"]
    assert blank.error == "ValueError: 0 matches were given; essential needs at least 5"
    assert (set(blank.scores), blank.density) == ({"two_view", "superglue"}, 0.0)
    assert [blank.scores["two_view"][name].value for name in ("AUC@20°", "pose deg")] == [0.0, 180.0]
    assert set(records["a", "metric_depth_pose"].scores) == {"two_view", "superglue", "map_free"}
    assert set(records["b", "metric_depth_pose"].scores) == {"two_view", "superglue", "map_free"}
    assert (set(records["b", "essential"].scores), records["b", "essential"].unscored) == (
        {"two_view", "superglue"},
        {},
    )
    assert records["b", "metric_depth_pose"].scores["map_free"]["m"].value < 0.05
    (section,) = Leaderboard.of(records.values()).sections
    found = {each.label: each for each in section.standings("two_view")}
    assert all(each.scenes == 3 for each in found.values())
    assert sorted(each.rank for each in found.values()) == [1, 2, 3, 4]  # those that failed are ranked, too
    errors = [records[name, "essential"].scores["two_view"]["pose deg"].value for name in ("a", "b", "blank")]
    assert max(errors[:2]) < 2.0
    assert found["essential"].value == pytest.approx(100 * pose_auc(errors, curve="lines")[5.0])
    assert found["essential"].low < found["essential"].value < found["essential"].high
    assert section.grids["two_view"].overall("pose deg")[0] == pytest.approx(np.median(errors))


def test_a_protocol_that_is_chosen_says_what_it_does_not_score(plan, tmp_path):
    run(dataclasses.replace(plan, protocols=("map_free",)), tmp_path / "run", InProcess())
    records = {(each.sample, each.label): each for each in Run(tmp_path / "run").records()}
    assert records["b", "essential"].unscored == {
        "map_free": "map_free scores poses in metres; it was given a RelativePose"
    }
    assert not records["blank", "essential"].scores
    assert records["blank", "metric_depth_pose"].scores["map_free"]["density"].value == 0.0


def test_flags_go_through_the_store(plan, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run(plan, tmp_path / "run", InProcess())
    records = list(Run(tmp_path / "run").records())
    flagged = {(each.sample, each.label): each.flags for each in records if each.flags}
    assert {label for _, label in flagged} == {"homography"}  # what others found is right
    table = parquet.read_table(tmp_path / "run" / "records.parquet").to_pylist()
    assert [tuple(row["flags"]) for row in table] == [tuple(each.flags) for each in records]
    (section,) = Leaderboard.of(records).sections
    for label in METHODS:
        names = [name for (_, own), flags in flagged.items() if own == label for name in flags]
        assert section.flagged.get(label, {}) == {name: names.count(name) for name in names}
    before = {name: value for name, value in records[0].to_dict().items() if name != "flags"}
    assert Record.from_dict(before).flags == ()  # a run of before there were flags


def test_maps_hold_the_pose_in_arrays(plan, tmp_path):
    for form in ("npz", "png"):
        run(dataclasses.replace(plan, maps=form), tmp_path / form, InProcess())
        store = Run(tmp_path / form)
        records = {(each.sample, each.label): each for each in store.records()}
        assert records["blank", "essential"].map is None
        truth = data.read(data.opened(plan.sources[0], "pose"), "b", "pose")
        with np.load(store.map_file(records["b", "essential"])) as arrays:
            error = PROTOCOLS["two_view"]().error(arrays["T_1_0"], truth.T_1_0)
            assert error.worst_deg == records["b", "essential"].scores["two_view"]["pose deg"].value
            assert (arrays["flags"].tolist(), arrays["inliers"].dtype) == ([], bool)
        with np.load(store.map_file(records["b", "metric_depth_pose"])) as arrays:
            assert 0 < float(arrays["confidence"]) <= 1


def test_times_are_those_of_the_pose_alone(plan, tmp_path, monkeypatch):
    matched = []

    def match(image0, image1, **more):
        matched.append(image0.shape)
        return match_features(image0, image1, **more)

    monkeypatch.setattr("geomvision.pose._images.match_features", match)
    summary = run(plan, tmp_path / "run", InProcess(), timing=InProcess(), repeats=2, time_threads=1)
    assert summary.timed == 7
    assert len(matched) <= 3 + 2  # each pair while it is scored, and again while it is timed
    assert all(min(each.seconds) > 0 for each in Run(tmp_path / "run").times())


def test_frames_of_a_still_scene_are_two_views(two_views):
    sample = data.read(data.opened(data.parsed(f"folder:{two_views}"), "pose"), "a", "pose")
    assert isinstance(sample, PoseSample)
    frames = FlowSample(name="f", frame0=sample.image0, frame1=sample.image1, camera=sample.camera0, T_1_0=sample.T_1_0)
    views = data.as_task(frames, "pose")
    assert isinstance(views, PoseSample)
    np.testing.assert_array_equal(views.T_1_0, sample.T_1_0)
    assert views.camera0 is views.camera1 is sample.camera0
    for lacking in ("camera", "T_1_0"):
        with pytest.raises(TypeError, match=f"f has no {lacking}.*; a sample of pose needs both"):
            data.as_task(dataclasses.replace(frames, **{lacking: None}), "pose")
    for text, kind in (("synthetic?count=1&height=48&width=64", "pose"), ("synthetic?count=1&task=scene_flow", "pose")):
        own = data.read(data.opened(data.parsed(f"{text}&max_disparity=16"), kind), "0", kind)
        assert own.T_1_0.shape == (4, 4)
    with pytest.raises(TypeError, match="a StereoSample is no sample of pose"):
        data.read(data.opened(data.parsed("synthetic?count=1&height=24&width=32&task=stereo"), "pose"), "0", "pose")


class Choosing:
    """A reader of several tasks, none of which is pose."""

    def __init__(self, task: Literal["stereo", "flow", "scene_flow"] = "stereo") -> None:
        self.task = task


class Flat(Choosing):
    def __init__(self, task: Literal["stereo", "depth"] = "stereo") -> None:
        self.task = task


def test_readers_of_other_tasks_are_asked_for_frames_of_which_the_motion_may_be_known(monkeypatch):
    monkeypatch.setattr(data, "DATASETS", {"choosing": Choosing, "flat": Flat})
    data.forget_opened()
    for name, task, opened in (
        ("choosing", "pose", "scene_flow"),
        ("choosing", "flow", "flow"),
        ("choosing", "depth", "stereo"),
        ("flat", "pose", "stereo"),
        ("flat", "depth", "depth"),
    ):
        assert data.opened(Source(name=name, dataset=name), task).task == opened
    data.forget_opened()


QUITTER = '''
import os
from dataclasses import dataclass
from geomvision.method import backend
from geomvision.pose._base import PoseMethod

@dataclass(frozen=True, kw_only=True)
class Quitter(PoseMethod):
    """Ends its process on one pair, and has no pose of the others."""

    def on(self, sample):
        if sample.name == "b":
            os._exit(3)
        raise ValueError("no pose")

    @backend("numpy")
    def _numpy(self, view0, view1):
        raise AssertionError
'''


@pytest.fixture
def quitter(tmp_path, monkeypatch):
    """A method of another package, "quitter"."""
    folder = tmp_path / "elsewhere"
    (folder / "quitter-1.0.dist-info").mkdir(parents=True)
    (folder / "quitter-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: quitter\nVersion: 1.0\n")
    (folder / "quitter-1.0.dist-info" / "entry_points.txt").write_text(
        "[geomvision.methods]\npose.quitter = quitter:Quitter\n"
    )
    (folder / "quitter.py").write_text(QUITTER)
    monkeypatch.syspath_prepend(str(folder))
    methods = importlib.import_module("geomvision.pose").METHODS
    monkeypatch.delitem(vars(methods), "_plugins", raising=False)
    yield
    vars(methods).pop("_plugins", None)
    sys.modules.pop("quitter", None)


@pytest.mark.usefixtures("quitter")
def test_a_pair_that_ends_its_worker_counts_as_wrong_too(plan, two_views, tmp_path):
    """But no damaged pair does: what cannot be read counts for nobody."""
    image = two_views / "twoview" / "a" / "image1.png"
    image.write_bytes(image.read_bytes()[:500])
    both = tuple(Entrant(label=name, name=name, options={}) for name in ("quitter", "essential"))
    run(dataclasses.replace(plan, entrants=both), tmp_path / "run", Processes(2, tries=1))
    records = {(each.sample, each.label): each for each in Run(tmp_path / "run").records()}
    ended = records["b", "quitter"]
    assert "ended" in (ended.error or "")
    assert [each.value for each in (ended.scores["two_view"][n] for n in ("pose deg", "density"))] == [180.0, 0.0]
    assert records["blank", "quitter"].error == "ValueError: no pose"
    assert not records["a", "quitter"].scores
    assert not records["a", "essential"].scores
    (section,) = Leaderboard.of(records.values()).sections
    found = {each.label: (each.rank, each.value, each.scenes) for each in section.standings("two_view")}
    assert found["quitter"] == (2, 0.0, 2)
    assert found["essential"][::2] == (1, 2)
