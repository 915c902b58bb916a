"""Data sets of a run: what the command line says, from folders and URLs."""

import os

import numpy as np
import pytest

from geomvision.benchmark.runs import data, remote
from geomvision.benchmark.runs.engines import InProcess
from geomvision.benchmark.runs.plan import Source
from geomvision.benchmark.runs.runner import run
from geomvision.cameras import Camera, StereoRig
from geomvision.datasets import DATASETS
from geomvision.io import FormatError, write_camera_json, write_image
from geomvision.samples import DepthSample, FlowSample, StereoSample


def test_a_data_set_is_read_from_its_text(tmp_path):
    text = f"mine=kitti:{tmp_path}?colour=false"
    assert data.parsed(text) == Source(name="mine", dataset="kitti", location=str(tmp_path), options={"colour": False})
    rendered = data.parsed("synthetic?seed=3&noise=[0.5,1]&layout=street&count=2")
    assert rendered.options == {"seed": 3, "noise": (0.5, 1), "layout": "street", "count": 2}
    assert (rendered.name, rendered.location) == ("synthetic", "")
    assert data.parsed("folder:s3://bucket/scenes?final_pass=true").location == "s3://bucket/scenes"
    assert data.parsed("folder:here").location == str((tmp_path.cwd() / "here").absolute())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kitty:x", r"no data set 'kitty'; there are booster, .*folder, .*kitti"),
        ("kitti", r"'kitti' is read from somewhere; it must be \[CALLED=\]NAME:PATH"),
        ("kitti:x?color=1", r"'color=1' is no option of 'kitti'; options are colour, objects, task"),
        ("kitti:x?colour", r"'colour' is no option"),
        ("kitti:x?path=y", r"'path=y' is no option"),
        ("!", r"it must be \[CALLED=\]NAME:PATH"),
    ],
)
def test_a_wrong_text_is_told(text, told):
    with pytest.raises(ValueError, match=told):
        data.parsed(text)


def test_every_data_set_says_which_options_text_can_give():
    options = {name: set(data._parameters(reader)) for name, reader in DATASETS.items()}
    assert all("path" in known for name, known in options.items() if name not in ("synthetic", "layered"))
    assert {"seed", "count", "noise", "layout"} <= options["synthetic"]
    assert options["image_folder"] == {"path", "task"}  # no camera and no rig, which no text can say


def test_calibrations_are_files_that_readers_take_by_name(tmp_path):
    image = np.zeros((6, 8, 3), np.uint8)
    (tmp_path / "clip").mkdir()
    for name in ("color_000.png", "color_001.png"):
        write_image(tmp_path / "clip" / name, image)
    (tmp_path / "clip" / "poses.txt").write_text("1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n" * 2)
    camera = Camera(width=8, height=6, fx=7, fy=7, cx=3.5, cy=2.5)
    write_camera_json(tmp_path / "camera.json", camera)
    source = data.parsed(f"posed_clip:{tmp_path / 'clip'}?camera={tmp_path / 'camera.json'}&every=1")
    sample = data.read(data.opened(source, "depth"), "000", "depth")
    assert (sample.camera, sample.clip.T_world_cam.shape) == (camera, (2, 4, 4))
    first = data.stamp(source)
    write_camera_json(tmp_path / "camera.json", Camera(width=8, height=6, fx=17, fy=7, cx=3.5, cy=2.5))
    assert data.stamp(source) != first
    write_camera_json(tmp_path / "rig.json", StereoRig.rectified(camera, 0.25))
    (tmp_path / "pairs" / "left").mkdir(parents=True)
    (tmp_path / "pairs" / "right").mkdir()
    for side in ("left", "right"):
        write_image(tmp_path / "pairs" / side / "a.png", image)
    pairs = data.opened(data.parsed(f"image_folder:{tmp_path / 'pairs'}?rig={tmp_path / 'rig.json'}"), "stereo")
    assert data.read(pairs, data.names_of(pairs)[0], "stereo").rig.baseline_m == 0.25
    with pytest.raises(
        ValueError, match=r"'posed_clip' has no calibration of its own: give it as in posed_clip:PATH\?"
    ):
        data.opened(data.parsed(f"posed_clip:{tmp_path / 'clip'}"), "depth")
    data.forget_opened()
    with pytest.raises(FormatError, match=r"none\.json"):
        data.opened(data.parsed(f"video:{tmp_path}?camera={tmp_path / 'none.json'}"), "depth")


def test_samples_come_as_the_task_needs_them():
    small = "synthetic?count=1&height=32&width=48&max_disparity=8&supersampling=1"
    kinds = {"stereo": StereoSample, "flow": FlowSample, "depth": DepthSample}
    for task, kind in kinds.items():
        dataset = data.opened(data.parsed(small), task)
        assert list(data.names_of(dataset)) == ["0"]
        assert isinstance(data.read(dataset, "0", task), kind)
    pair = data.read(data.opened(data.parsed(small), "stereo"), "0", "stereo")
    depth = data.as_task(pair, "depth")
    assert depth.depth.m[0, 0] == pair.disparity.to_depth(pair.rig).m[0, 0]
    assert data.as_task(depth, "stereo") is pair
    with pytest.raises(TypeError, match="a StereoSample is no sample of flow"):
        data.as_task(pair, "flow")


def test_the_stamp_follows_names_sizes_and_times(scenes):
    source = data.parsed(f"folder:{scenes}")
    first = data.stamp(source)
    assert data.stamp(source) == first
    path = scenes / "stereo" / "scene0" / "left.png"
    os.utime(path, ns=(1, 2))
    second = data.stamp(source)
    path.rename(path.with_name("other.png"))
    assert len({first, second, data.stamp(source)}) == 3
    assert data.stamp(data.parsed("synthetic?count=1")) == ""


def test_a_data_set_at_a_url_is_fetched_once_and_gives_the_same_records(scenes, plan_of, tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setenv(remote.VARIABLE, str(tmp_path / "cache"))
    memory = fsspec.filesystem("memory")
    memory.put(str(scenes), "/bucket/scenes", recursive=True)
    source = data.parsed("folder:memory://bucket/scenes")
    try:
        place = remote.fetched(source.location)
        files = sorted(path.relative_to(scenes) for path in scenes.rglob("*.png"))
        assert sorted(path.relative_to(place) for path in place.rglob("*.png")) == files
        written = (place / files[0]).stat().st_mtime_ns
        assert remote.fetched(source.location) == place
        assert (place / files[0]).stat().st_mtime_ns == written
        near, far = plan_of(scenes, ("opencv_bm",)), plan_of(scenes, ("opencv_bm",), sources=(source,))
        run(near, tmp_path / "near", InProcess())
        run(far, tmp_path / "far", InProcess())
        assert (tmp_path / "near" / "records.jsonl").read_bytes() == (tmp_path / "far" / "records.jsonl").read_bytes()
        memory.pipe("/bucket/scenes/stereo/scene0/more.txt", b"more")
        assert remote.fetched(source.location) != place
        with pytest.raises(ValueError, match="there is nothing at memory:///nowhere"):
            remote.fetched("memory://nowhere")
    finally:
        memory.rm("/bucket", recursive=True)


def test_what_a_url_holds_is_not_written_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv(remote.VARIABLE, str(tmp_path / "cache"))

    class Evil:
        def find(self, root, detail):
            return {"/b/../../../x.png": {"size": 1}}

        def unstrip_protocol(self, root):
            return root

    monkeypatch.setattr(remote, "_system", lambda url: (Evil(), "/b"))
    with pytest.raises(ValueError, match="would be written outside"):
        remote.fetched("evil://b")
    assert not list(tmp_path.rglob("*.png"))


def test_numbers_of_a_knob_are_those_that_were_given():
    dataset = data.opened(data.parsed("synthetic?count=1&noise=[0.25,0.25]&height=16&width=24"), "stereo")
    assert dataset.noise == (0.25, 0.25)
    assert np.isclose(dataset.noise[0], 0.25)


def test_a_url_that_nothing_here_reads_says_what_is_missing(monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    with pytest.raises(ValueError, match=r"odd://bucket cannot be read: .*odd; fsspec knows .*memory"):
        remote.fetched("odd://bucket")

    def refuse(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    with pytest.raises(ValueError, match="s3://bucket cannot be read here: Install s3fs to access S3"):
        remote.fetched("s3://bucket")
