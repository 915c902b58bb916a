"""`geomvision bench`: plans from words, runs that are begun and go on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from geomvision.benchmark.runs import Run
from geomvision.benchmark.runs.runner import Step
from geomvision.cli.benching import Choices, _Lines, planned

QUICK = ("--engine", "in-process")


@pytest.fixture(autouse=True)
def _own_machine(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def dataset(pair) -> str:
    return f"folder:{pair}"


@pytest.fixture
def frames(pair, tmp_path) -> str:
    """The same as two frames of a motion."""
    folder = tmp_path / "flow" / "scene"
    folder.mkdir(parents=True)
    for name in ("frame0.png", "frame1.png", "flow.flo"):
        shutil.copy(pair / name, folder)
    return f"folder:{folder}"


def test_a_run_is_begun_and_goes_on_with_more_methods(geomvision, dataset, tmp_path):
    words = ("bench", "stereo", "--dataset", dataset, "--protocol", "middlebury,kitti2015", "--out", tmp_path / "run")
    ended = geomvision(*words, *QUICK, "--methods", "sgm,sgm(paths=4)")
    assert ended.code == 0, ended.err
    assert "2 units: 0 were there, 2 done\nwrote" in ended.out
    ended = geomvision(*words, *QUICK, "--methods", "sgm,sgm(paths=4),opencv_bm", "--time", "--repeats", "1")
    assert "3 units: 2 were there, 1 done, 3 timed" in ended.out
    records = list(Run(tmp_path / "run").records())
    assert [each.label for each in records] == ["sgm(paths=8)", "sgm(paths=4)", "opencv_bm"]
    assert [set(each.scores) for each in records] == [{"middlebury", "kitti2015"}] * 3


def test_all_but_some_methods_run_also_on_flow(geomvision, frames, tmp_path):
    out = tmp_path / "run"
    words = ("--methods", "all,-opencv_tvl1,-tvl1,-horn_schunck,-skimage_tvl1,-skimage_ilk,-opencv_deepflow")
    ended = geomvision("bench", "flow", "--dataset", frames, *words, "--out", out, *QUICK)
    assert ended.code == 0, ended.err
    records = list(Run(out).records())
    labels = {each.label for each in records}
    assert {"opencv_dis", "inverse_search"} <= labels
    assert not labels & {"tvl1", "skimage_ilk", "epipolar_flow"}  # the last has no camera here
    assert not [each.error for each in records if each.error]
    assert all("kitti2015_flow" in each.scores for each in records)


def test_all_of_scene_flow_leaves_out_what_moves_clouds(pair):
    text = "synthetic?count=1&height=24&width=32&max_disparity=8&supersampling=1"
    plan = planned("scene_flow", Choices(datasets=[text], out=pair))
    assert [each.name for each in plan.entrants] == ["from_stereo_and_flow"]


def test_all_asks_the_first_sample_that_can_be_read_for_the_task(pair, tmp_path):
    scenes = tmp_path / "rigs" / "stereo"
    for name in ("a", "b"):  # a has no calibration, so that it is no sample of depth
        shutil.copytree(pair, scenes / name, ignore=shutil.ignore_patterns("frame*", "flow*"))
    (scenes / "b" / "meta.json").write_text(json.dumps({"focal_px": 200.0, "baseline_m": 0.1, "doffs_px": 0.0}))
    plan = planned("depth", Choices(datasets=[f"folder:{tmp_path / 'rigs'}?task=stereo"], out=Path("run")))
    assert "from_stereo" in [each.name for each in plan.entrants]
    assert "from_motion" not in [each.name for each in plan.entrants]


def test_a_failing_method_is_told_and_ends_nothing(geomvision, dataset, tmp_path):
    words = ("--methods", "opencv_bm,sgm(min_disparity=500, max_disparity=600)")
    ended = geomvision("bench", "stereo", "--dataset", dataset, *words, "--out", tmp_path / "run", *QUICK)
    assert ended.code == 0
    assert "1 failed; --again does them once more\n  1 of sgm: ImageError: no pixel" in ended.out


def test_options_reach_the_plan(dataset, frames, pair):
    plan = planned("stereo", Choices(datasets=[dataset], out=pair, methods="sgm,opencv_bm", options=["sgm.p1=7"]))
    assert [(each.name, each.own_range) for each in plan.entrants] == [("sgm", False), ("opencv_bm", False)]
    assert plan.entrants[0].options["p1"] == 7
    for choices in ({"options": ["max_disparity=32"], "methods": "sgm"}, {"methods": "sgm(max_disparity=32)"}):
        (entrant,) = planned("stereo", Choices(datasets=[dataset], out=pair, **choices)).entrants
        assert (entrant.own_range, entrant.options["max_disparity"]) == (True, 32)
    assert planned("flow", Choices(datasets=[frames], out=pair, protocols=["kitti2015"])).protocols == (
        "kitti2015_flow",
    )


def test_images_and_videos_without_truth_are_rows_without_scores(geomvision, pair, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(pair / "left.png", photos)
    words = ("--methods", "mono_small", "--maps", "npz", *QUICK)
    ended = geomvision(
        "bench", "depth", "--dataset", f"image_folder:{photos}", *words, "--out", tmp_path / "photos_run"
    )
    assert ended.code == 0, ended.err
    frames = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (64, 48))
    for shade in (10, 120, 200):
        frames.write(np.full((48, 64, 3), shade, np.uint8))
    frames.release()
    words = ("--methods", "opencv_dis", "--maps", "npz", *QUICK)
    clip = f"video:{tmp_path / 'clip.avi'}?task=flow"
    ended = geomvision("bench", "flow", "--dataset", clip, *words, "--out", tmp_path / "clip_run")
    assert ended.code == 0, ended.err
    for name, count in (("photos_run", 1), ("clip_run", 2)):
        records = list(Run(tmp_path / name).records())
        assert [(each.scores, each.error) for each in records] == [({}, None)] * count
        assert all(Run(tmp_path / name).map_file(each).is_file() for each in records)
        shown = geomvision("bench", "show", tmp_path / name)
        assert shown.code == 0
        assert f"{count} scene" in shown.out


@pytest.mark.parametrize("task", ["stereo", "flow", "depth"])
def test_a_plan_of_all_methods_imports_no_torch(task, tmp_path):
    """It takes more than a second, and a finished run needs none."""
    code = (
        "import sys; from pathlib import Path; from geomvision.cli.benching import Choices, planned\n"
        f"plan = planned({task!r}, Choices(datasets=['synthetic?count=1&height=24&width=32'], out=Path('run')))\n"
        "print(len(plan.entrants) > 1, sorted({'torch', 'transformers', 'numba', 'dask'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "True []\n"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"datasets": ["folder:{0}", "folder:{0}"]}, "two data sets are called 'folder': name one of them"),
        ({"datasets": ["folder:{0}/nowhere"], "methods": "sgm"}, None),
        ({"methods": "sgn"}, r"no stereo method 'sgn' \(did you mean 'sgm'"),
        ({"methods": "all,-sgn"}, "no stereo method 'sgn'"),
        ({"methods": "sgm,-sgm"}, "no stereo method is left"),
        ({"methods": "sgm(paths)"}, "'paths' is no OPTION=VALUE of sgm; options are"),
        ({"methods": "sgm(paths=3)"}, "paths is 3; allowed is"),
        ({"methods": "sgm,sgm"}, "is given twice with the same options"),
        ({"methods": " , "}, "--methods ' , ' names none; methods are .*sgm"),
        ({"datasets": ["folders:{0}"]}, r"no data set 'folders'; there are booster.*; did you mean 'folder'\?"),
        ({"datasets": ["{0}"]}, "it must be .*; for scenes in folders, folder:/"),
        ({"datasets": ["/nowhere/at/all"]}, "like middlebury:data/trainingQ or kitti=kitti:data.colour=false$"),
        ({"methods": "sgm", "options": ["num_threads=2"]}, "give --threads"),
        ({"protocols": ["kitti2016"]}, "no stereo protocol 'kitti2016'; there are"),
    ],
)
def test_wrong_words_are_told(changes, told, pair):
    given = {"datasets": ["folder:{0}"], "out": Path("out"), "methods": "sgm", **changes}
    given["datasets"] = [text.format(pair) for text in given["datasets"]]
    if told is None:
        assert planned("stereo", Choices(**given)).sources[0].location.endswith("nowhere")  # opened when it runs
        return
    with pytest.raises(ValueError, match=told):
        planned("stereo", Choices(**given))


def test_errors_end_in_one_message(geomvision, dataset, tmp_path):
    words = ("bench", "stereo", "--methods", "sgm", *QUICK)
    ended = geomvision(*words, "--dataset", f"folder:{tmp_path}/nowhere", "--out", tmp_path / "run")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "nowhere does not exist" in ended.err
    ended = geomvision(*words, "--dataset", dataset, "--out", tmp_path)
    assert ended.code == 2
    assert "holds other files; give a new folder" in ended.err
    ended = geomvision(*words[:-1], "quantum", "--dataset", dataset, "--out", tmp_path / "run")
    assert "--engine quantum: there is no such engine; there are in-process" in ended.err


def test_a_log_has_lines_of_progress_with_the_time_left(capsys, monkeypatch):
    seconds = iter([0.0, 10.0, 60.0])
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    told = _Lines(Console(stderr=True, width=200))
    for done in (5, 6, 11):
        told(Step(done, 23, "last"))
    assert capsys.readouterr().err == "score: 11 of 23, 2.0 minutes left\n"


def test_the_plan_names_no_option_that_was_left_out(geomvision, dataset, tmp_path):
    geomvision("bench", "stereo", "--methods", "sgm", *QUICK, "--dataset", dataset, "--out", tmp_path / "run")
    plan = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (plan["protocols"], plan["maps"], plan["num_threads"]) == (None, None, 1)


def test_two_views_are_run_shown_and_compared(geomvision, two_views, tmp_path):
    """Matched from images; what has no depth is left out of `all`, and by its name a row that counts as wrong."""
    out, dataset = tmp_path / "run", f"folder:{two_views}"
    ended = geomvision("bench", "pose", "--dataset", dataset, "--maps", "npz", "--time", "--out", out, *QUICK)
    assert ended.code == 0, ended.err
    records = list(Run(out).records())
    labels = list(dict.fromkeys(each.label for each in records))
    assert set(labels) >= {"essential", "fundamental", "homography", "opencv_usac"}
    assert "metric_depth_pose" not in labels  # the first pair has no depth
    assert f"{len(labels)} failed" in ended.out
    only = f"folder:{two_views / 'twoview' / 'b'}"
    names = [each.name for each in planned("pose", Choices(datasets=[only], out=out)).entrants]
    assert "metric_depth_pose" in names
    shown = geomvision("bench", "show", out, "--out", tmp_path / "board.html", "--out", tmp_path / "board.md")
    assert shown.code == 0, shown.err
    assert "| rank | method | two\\_view AUC@5° % |" in (tmp_path / "board.md").read_text()
    listed = geomvision("bench", "show", out, "--units")
    assert "blank\tessential\tfailed\tValueError: 0 matches were given" in listed.out
    assert "flagged " in listed.out
    again = geomvision("bench", "pose", "--dataset", dataset, "--methods", "essential", "--out", out, *QUICK)
    assert "3 units: 0 were there, 3 done" in again.out  # without maps they are others
    changed = geomvision("bench", "compare", out, out)
    assert changed.code == 0
    assert "0 of 2 figures changed" in changed.out


def test_poses_in_metres_are_scored_by_map_free_too(geomvision, two_views, tmp_path):
    words = ("--methods", "essential,metric_depth_pose", "--dataset", f"folder:{two_views / 'twoview' / 'b'}")
    ended = geomvision("bench", "pose", *words, "--out", tmp_path / "run", *QUICK)
    assert ended.code == 0, ended.err
    records = {each.label: each for each in Run(tmp_path / "run").records()}
    assert set(records["essential"].scores) == {"two_view", "superglue"}
    assert set(records["metric_depth_pose"].scores) == {"two_view", "superglue", "map_free"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--methods", "esential"), "there is no pose method 'esential' (did you mean 'essential'?)"),
        (("--protocol", "kitti2015"), "there is no pose protocol 'kitti2015'; there are map_free, superglue, two_view"),
        (("--set", "essential.max_error=2"), "there is no option 'max_error' (did you mean 'max_error_px'?)"),
        (("--dataset", "folder:nowhere"), "two data sets are called 'folder'"),
    ],
)
def test_wrong_words_for_poses_are_told(geomvision, two_views, tmp_path, words, told):
    dataset = f"folder:{two_views}"
    ended = geomvision("bench", "pose", "--dataset", dataset, "--out", tmp_path / "run", *QUICK, *words)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert told in ended.err
    assert not (tmp_path / "run").exists()


def test_a_folder_without_two_views_is_told(geomvision, dataset, tmp_path):
    ended = geomvision("bench", "pose", "--dataset", dataset, "--out", tmp_path / "run", *QUICK)
    assert ended.code == 2
    assert "twoview/SCENE/image0.png" in ended.err
    assert "(only pose scenes were asked for)" in ended.err


def test_a_data_set_of_another_task_is_refused_before_the_run(geomvision, pair, tmp_path):
    words = ("--dataset", f"folder:{pair}?task=stereo", "--out", tmp_path / "run", *QUICK)
    ended = geomvision("bench", "pose", *words, "--methods", "essential")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "'folder' has nothing for bench pose: a StereoSample is no sample of pose" in ended.err
    assert not (tmp_path / "run").exists()
    ended = geomvision("bench", "depth", *words, "--methods", "from_stereo")  # it has no rig; other scenes may
    assert ended.code == 0
    assert "has no calibration" in ended.out
