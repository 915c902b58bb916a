"""``geomvision bench show``, ``compare`` and ``submit`` over runs whose records are known."""

import json
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))
from made_records import record, table, time

from geomvision import io
from geomvision.benchmark.runs import journal
from geomvision.benchmark.runs.maps import encoded
from geomvision.benchmark.runs.plan import Plan
from geomvision.cameras import Camera, StereoRig
from geomvision.results import Disparity, Flow, SceneFlow

GOOD = [float(x) for x in range(1, 11)]


def run_of(folder, records, times=()):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(Plan(task="stereo", sources=(), entrants=()).to_dict()))
    for name, lines in (("records", records), ("times", times)):
        (folder / f"{name}.jsonl").write_bytes(b"".join(journal.line_of(each.key, each.to_dict()) for each in lines))
    return folder


@pytest.fixture
def runs(tmp_path):
    before = table({"good": GOOD, "other": [x + 3 for x in GOOD]}, code="one")
    after = table({"good": [x + 2 + 0.01 * x for x in GOOD], "other": [x + 3 for x in GOOD]}, code="two")
    after[11] = record("other", "01", None, code="two")
    return run_of(tmp_path / "a", before, [time(r.key, 0.5) for r in before]), run_of(tmp_path / "b", after)


def test_show_prints_ranks_failures_and_what_was_asked_for(geomvision, runs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "170")
    ended = geomvision("bench", "show", runs[1])
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert re.search(r"1 good 7\.5[56] \[5\.", text)
    assert "other (9 of 10 scenes)" in text
    assert "kitti2015: other failed on 01: RuntimeError: no light" in text
    assert "PSMNet (published, 2015 test)" in text
    fewer = " ".join(
        geomvision("bench", "show", runs[0], "--method", "good", "--no-published", "--per-scene").out.split()
    )
    assert "other (" not in fewer
    assert "PSMNet" not in fewer
    assert "09 10.00" in fewer
    none = geomvision("bench", "show", runs[0], "--dataset", "nothing*")
    assert none.code != 0
    assert "there is no record of what was asked for" in none.err


def test_show_writes_every_format(geomvision, runs, tmp_path):
    files = [tmp_path / f"board.{ending}" for ending in ("html", "md", "csv", "tex")]
    out = [word for file in files for word in ("--out", file)]
    ended = geomvision("bench", "show", *runs, *out, "--title", "Both runs")
    assert ended.code == 0
    assert all(f"{file} written" in ended.out for file in files)
    assert "<title>Both runs</title>" in files[0].read_text()
    assert "20 records were replaced by later ones" in files[1].read_text()


def test_units_are_listed_by_line(geomvision, runs):
    lines = geomvision("bench", "show", runs[1], "--units", "--sample", "0[01]").out.splitlines()
    assert lines == [
        "kitti2015\t00\tgood\tdone\tkitti2015 D1-all all 3.01",
        "kitti2015\t01\tgood\tdone\tkitti2015 D1-all all 4.02",
        "kitti2015\t00\tother\tdone\tkitti2015 D1-all all 4",
        "kitti2015\t01\tother\tfailed\tRuntimeError: no light",
    ]


def test_protocols_are_chosen_by_name(geomvision, runs):
    ended = geomvision("bench", "show", runs[0], "--protocol", "eth3d", "--units")
    assert set(ended.out.splitlines()[0].split("\t")[3:]) == {"done", ""}


def test_compare_tells_what_changed(geomvision, runs, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "170")
    ended = geomvision("bench", "compare", *runs, "--out", tmp_path / "changes.md")
    text = " ".join(ended.out.split())
    assert ended.code == 0
    assert "code: one → two" in text
    assert "fails now: other on kitti2015/01: RuntimeError: no light" in text
    assert "5.500 7.555 +2.055" in text
    assert "10 of 10 changed worse" in text
    assert "0 of 9 changed same" in text
    assert "1 of 2 figures changed by more than noise, 1 are the same" in text
    assert "| kitti2015 | good | kitti2015 D1-all all | 5.500 |" in (tmp_path / "changes.md").read_text()
    assert geomvision("bench", "compare", *runs, "--fail-if-worse").code == 1
    assert geomvision("bench", "compare", runs[0], runs[0], "--fail-if-worse").code == 0
    assert geomvision("bench", "compare", *runs, "--out", tmp_path / "changes.txt").code != 0


def test_submit_writes_what_the_run_kept(geomvision, tmp_path):
    (tmp_path / "r").mkdir()
    px = np.array([[1.5, 2.25]], np.float32)
    records = [record("sgm(paths=4)", f"00000{n}_10", map=f"maps/{n}.npz") for n in range(2)]
    folder = run_of(tmp_path / "r" / "run", records)
    (folder / "maps").mkdir()
    for n in range(2):
        np.savez(folder / "maps" / f"{n}.npz", px=px + n)
    out = tmp_path / "out.zip"
    arguments = ("bench", "submit", folder, "--server", "kitti2015_stereo", "--method", "sgm(paths=4)", "--out", out)
    refused = geomvision(*arguments)
    assert refused.code != 0
    assert "2 estimates were given; kitti2015_stereo asks for 200" in refused.err
    ended = geomvision(*arguments, "--partial")
    assert ended.code == 0, ended.err
    assert "2 estimates in 2 files, 100.0 % of pixels, read back" in ended.out
    zipfile.ZipFile(out).extractall(tmp_path)
    np.testing.assert_array_equal(io.read_kitti_disparity(tmp_path / "disp_0" / "000001_10.png"), px + 1)
    other = geomvision(*arguments[:5], "--method", "raft")
    assert "has no method 'raft'; it has sgm(paths=4)" in other.err
    assert "there is no server 'x'" in geomvision("bench", "submit", folder, "--server", "x", "--method", "m").err


def test_submit_writes_scene_flow_that_a_run_kept(geomvision, tmp_path):
    """disp_0, disp_1 and flow of the estimates that `maps.encoded` keeps, of samples as the reader calls them."""
    rig = StereoRig.rectified(Camera(width=3, height=2, fx=10, fy=10, cx=1, cy=0.5), 0.5)
    first, later = (Disparity(px=np.full((2, 3), d, np.float32)) for d in (4, 5))
    flow = Flow(px=np.full((2, 3, 2), 1.5, np.float32))
    content, ending = encoded(SceneFlow.of_maps(first, later, flow, rig), "png")
    task = {"task": "scene_flow", "scores": {}}
    folder = run_of(tmp_path / "run", [record("m", "000007", key="a", map=f"a{ending}", **task)])
    (folder / f"a{ending}").write_bytes(content)
    out = tmp_path / "s.zip"
    words = ("bench", "submit", folder, "--server", "kitti2015_scene_flow", "--method", "m", "--out", out, "--partial")
    ended = geomvision(*words)
    assert ended.code == 0, ended.err
    assert "1 estimates in 3 files, 100.0 % of pixels, read back" in ended.out
    zipfile.ZipFile(out).extractall(tmp_path)
    assert (io.read_kitti_disparity(tmp_path / "disp_0" / "000007_10.png") == 4).all()
    assert (io.read_kitti_disparity(tmp_path / "disp_1" / "000007_10.png") == 5).all()
    assert (io.read_kitti_flow(tmp_path / "flow" / "000007_10.png") == 1.5).all()
    points = np.ones((2, 3, 3), np.float32)
    (folder / f"a{ending}").write_bytes(encoded(SceneFlow(points0=points, motion=points), "npz")[0])
    assert "000007: a.npz has no disparity0, disparity1, flow; servers take" in geomvision(*words).err


def test_data_sets_that_are_called_after_parts_are_these_parts(geomvision, tmp_path):
    """clean=sintel:… and final=sintel:… in one run, whose samples have the same names."""
    common = {"task": "flow", "scores": {}}
    records = [
        record("raft", "a/frame_0001", key=part, dataset=part, map=f"{part}.npz", **common)
        for part in ("clean", "final")
    ]
    folder = run_of(tmp_path / "run", records)
    for number, part in enumerate(("clean", "final")):
        np.savez(folder / f"{part}.npz", px=np.full((2, 3, 2), number, np.float32))
    out = tmp_path / "s.zip"
    ended = geomvision("bench", "submit", folder, "--server", "sintel", "--method", "raft", "--out", out, "--partial")
    assert ended.code == 0, ended.err
    zipfile.ZipFile(out).extractall(tmp_path)
    for number, part in enumerate(("clean", "final")):
        assert (io.read_flo(tmp_path / part / "a" / "frame_0001.flo") == number).all()


def test_submit_says_what_is_missing(geomvision, tmp_path):
    bare = run_of(tmp_path / "bare", [record("sgm", "000000_10")])
    arguments = ("--server", "kitti2012_stereo", "--method", "sgm")
    assert (
        "did not keep the estimates of sgm: run it with --maps npz"
        in geomvision("bench", "submit", bare, *arguments).err
    )
    failed = run_of(tmp_path / "failed", [record("sgm", "000000_10", None)])
    assert "sgm failed on 000000_10" in geomvision("bench", "submit", failed, *arguments).err
    assert "is no run" in geomvision("bench", "show", tmp_path).err
