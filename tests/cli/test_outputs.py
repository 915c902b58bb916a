"""No verb writes over what it reads, under whatever name that goes."""

import json

import cv2
import numpy as np
import pytest

import geomvision as gv
from geomvision.cli.outputs import check_folder, spare
from geomvision.io import write_camera_json

SAID = "is read, and would be written over"


@pytest.fixture
def told(pair, monkeypatch):
    """The pair's folder, with what tells of it: a rig, a camera, objects and a scene's meta data."""
    camera = gv.Camera(width=200, height=120, fx=180.0, fy=180.0, cx=99.5, cy=59.5)
    write_camera_json(pair / "camera.json", camera)
    write_camera_json(pair / "rig.json", gv.StereoRig.rectified(camera, 0.1))
    image = {"id": 1, "file_name": "left.png", "width": 200, "height": 120}
    shape = {"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 100, 0, 100, 120, 0, 120]]}
    words = {"images": [image], "annotations": [shape], "categories": [{"id": 1, "name": "glass"}]}
    (pair / "glass.json").write_text(json.dumps(words))
    (pair / "meta.json").write_text("{}")
    (pair / "own.safetensors").write_bytes(b"weights")
    (pair / "own.json").write_text("their card")
    (pair / "net.pt").write_bytes(b"a net")
    monkeypatch.chdir(pair)
    return pair


PAIR = ("left.png", "right.png")
OVER = {
    "rig.json": ("compare", "stereo", *PAIR, "--calib", "rig.json"),
    "glass.json": ("compare", "stereo", *PAIR, "--truth", "disp.pfm", "--objects", "glass.json"),
    "camera.json": ("compare", "depth", "left.png", "--calib", "camera.json"),
    "meta.json": ("compare", "stereo", "."),
    "own.json": ("compare", "flow", *PAIR, "--methods", "pwc_small", "--set", "weights=own.safetensors"),
    "net.pt": ("export", "flow/raft", "--set", "weights=net.pt"),
}


#: Files of a folder are known by their names: a second one of meta.json is none.
WAYS = [
    (name, way)
    for name in OVER
    for way in ("itself", "roundabout", "a link", "a second name")
    if (name, way) != ("meta.json", "a second name")
]


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_what_is_read_is_not_written_over(geomvision, told, name, way):
    before = {file.name: file.read_bytes() for file in told.iterdir()}
    out = name
    if way == "roundabout":
        out = f"../{told.name}/{name}"
    elif way != "itself":
        out = f"other{(told / name).suffix}"
        (told / out).symlink_to(name) if way == "a link" else (told / out).hardlink_to(told / name)
    ended = geomvision(*OVER[name], "--out", out)
    assert ended.code == 2
    assert f"--out {out}: {out} {SAID}" in ended.err
    assert {key: (told / key).read_bytes() for key in before} == before


def test_a_report_beside_what_is_read_is_no_harm(geomvision, told):
    files = ("compare", "stereo", *PAIR, "--calib", "rig.json", "--methods", "opencv_bm", "--repeats", "1")
    for _ in range(2):
        ended = geomvision(*files, "--out", "report.json")
        assert ended.code == 0, ended.err


def test_a_scenes_own_files_are_meant_wherever_below_a_folder_they_lie(tmp_path):
    scene = tmp_path / "stereo" / "a"
    scene.mkdir(parents=True)
    (scene / "meta.json").write_text("{}")
    (scene / "report.json").write_text("{}")
    with pytest.raises(ValueError, match=SAID):
        spare("--out", [scene / "meta.json"], [tmp_path])
    spare("--out", [scene / "report.json", tmp_path / "meta.json"], [tmp_path, None])  # an older report; not there yet


def test_frames_that_are_links_are_not_written_over(tmp_path):
    """A folder of links to frames: what they link to is read, and lies in the folder to write."""
    frames, links = tmp_path / "frames", tmp_path / "links"
    frames.mkdir()
    links.mkdir()
    assert cv2.imwrite(str(frames / "flow_0.png"), np.zeros((4, 4), np.uint8))
    (links / "0.png").symlink_to(frames / "flow_0.png")
    for folder in (frames, links):
        with pytest.raises(ValueError, match="the frames lie there; give another folder"):
            check_folder(folder, [links / "0.png"])
    check_folder(tmp_path / "out", [links / "0.png"])
