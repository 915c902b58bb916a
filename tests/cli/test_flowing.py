"""``geomvision flow``: a tiny video with a known motion, damaged and cut, folders, and what is given by mistake."""

from typing import ClassVar

import cv2
import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.flow._base import FlowMethod
from geomvision.io._files import write_bytes
from geomvision.report.maps import flow_colored

MOTION = (2.0, 1.0)
FAST = ("--method", "lucas_kanade")
JPEG = b"\xff\xd8\xff"


@pytest.fixture(scope="module")
def frames():
    """Eight views of a texture, each moved by `MOTION` against the one before."""
    random = np.random.default_rng(3).integers(0, 256, (80, 100, 3), dtype=np.uint8)
    wide = cv2.normalize(cv2.GaussianBlur(random, (0, 0), 2.0), None, 0, 255, cv2.NORM_MINMAX)
    return [np.ascontiguousarray(wide[16 - k : 64 - k, 24 - 2 * k : 88 - 2 * k]) for k in range(8)]


@pytest.fixture
def video(frames, tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV cannot write videos")
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return path


@pytest.fixture
def folder(frames, tmp_path):
    path = tmp_path / "frames"
    path.mkdir()
    for k, frame in enumerate(frames):
        io.write_image(path / f"view{k + 7}.png", frame)  # view10 comes after view9
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def is_the_motion(path):
    return np.abs(np.median(io.read_flo(path)[10:-10, 10:-10], axis=(0, 1)) - MOTION).max() < 0.2


def test_a_video_becomes_flows(geomvision, video, out):
    ended = geomvision("flow", video, "--out", out / "flows", "--format", "flo", *FAST, "--set", "window=9")
    assert ended.code == 0, ended.err
    assert names(out / "flows") == [f"flow_{k:06d}.flo" for k in range(7)]
    assert all(is_the_motion(path) for path in (out / "flows").iterdir())
    assert "7 flows in" in ended.out


def test_pictures_have_the_colours_of_the_report(geomvision, video, out):
    ended = geomvision("flow", video, "--out", out, "--full", "4", "--frames", "3", *FAST)
    assert ended.code == 0, ended.err
    assert "colours are full at 4 px" in ended.out
    assert names(out) == ["flow_000000.png", "flow_000001.png"]
    expected = flow_colored(np.float32([[MOTION]]), 4.0)[0, 0]
    seen = np.median(io.read_image(out / "flow_000000.png")[10:-10, 10:-10], axis=(0, 1))
    assert np.abs(seen - expected).max() < 20


def test_colours_in_closed_form():
    px = np.float32([[[5, 0], [0, 5], [-5, 0], [0, -5]], [[0, 0], [2.5, 0], [np.nan, 0], [50, 0]]])
    assert flow_colored(px, 5.0).tolist() == [
        [[255, 0, 0], [128, 255, 0], [0, 255, 255], [128, 0, 255]],
        [[255, 255, 255], [255, 128, 128], [128, 128, 128], [255, 0, 0]],
    ]


@pytest.mark.parametrize("damage", ["zeros", "no end"])
def test_a_damaged_video_keeps_its_numbers(geomvision, video, out, damage):
    data = bytearray(video.read_bytes())
    starts = [k for k in range(len(data)) if data[k : k + 3] == JPEG]
    assert len(starts) == 8
    if damage == "zeros":
        data[starts[3] : starts[4] - 10] = bytes(starts[4] - 10 - starts[3])
    else:
        del data[starts[6] + 100 :]
    video.write_bytes(data)
    ended = geomvision("flow", video, "--out", out, "--format", "flo", *FAST)
    assert ended.code == 0, ended.err
    found = [0, 1, 4, 5, 6] if damage == "zeros" else [0, 1, 2, 3, 4]
    assert names(out) == [f"flow_{k:06d}.flo" for k in found]
    assert all(is_the_motion(path) for path in out.iterdir())
    said = "frame 3 is skipped: could not be decoded" if damage == "zeros" else "announces 8 frames; 6 could be read"
    assert said in ended.err + ended.out


def test_a_folder_with_damaged_frames_and_one_of_another_size(geomvision, folder, out):
    whole = (folder / "view9.png").read_bytes()
    (folder / "view9.png").write_bytes(whole[: len(whole) // 2])
    io.write_image(folder / "view12.png", np.zeros((20, 30, 3), np.uint8))
    (folder / "notes.txt").write_text("no frame")
    for source in (folder, folder / "view*.png"):
        ended = geomvision("flow", source, "--out", out, "--format", "flo", *FAST)
        assert ended.code == 0, ended.err
        assert names(out) == ["flow_view10.flo", "flow_view13.flo", "flow_view7.flo"]
        assert all(is_the_motion(path) for path in out.iterdir())
        assert "frame 2 is skipped" in ended.err
        assert "frame 5 is skipped: is 30x20 of uint8, the first frame 64x48 of uint8" in " ".join(ended.err.split())
        assert "2 of 8 frames skipped" in ended.out


@pytest.fixture
def warm():
    """A method that says where its clips begin, and how many flows it had given before one."""

    class Warm(FlowMethod):
        calls: ClassVar[list[int]] = []

        def chosen_backend(self):
            return None

        def __call__(self, frame0, frame1):
            return gv.results.Flow(px=np.zeros((*frame0.shape[:2], 2), np.float32))

        def along(self, frames):
            self.calls.append(0)
            for flow in super().along(frames):
                yield flow
                self.calls[-1] += 1

    gv.flow.METHODS.add(Warm)
    yield Warm
    gv.flow.METHODS._added.clear()


def test_a_warm_start_begins_anew_after_a_gap(geomvision, folder, out, warm):
    (folder / "view9.png").write_bytes(b"")
    assert geomvision("flow", folder, "--out", out, "--method", "warm").code == 0
    assert warm.calls == [1, 4]
    assert geomvision("flow", folder, "--out", out, "--method", "warm", "--cold").code == 0
    assert warm.calls == [1, 4]


def test_an_interrupted_run_leaves_whole_files(geomvision, video, out, monkeypatch):
    written = []

    def stopped_in_the_third(path, data):
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        write_bytes(path, data)

    monkeypatch.setattr(io.flo, "write_bytes", stopped_in_the_third)
    ended = geomvision("flow", video, "--out", out, "--format", "flo", *FAST)
    assert ended.code == 130
    assert "interrupted: 2 flows in" in ended.err
    assert names(out) == ["flow_000000.flo", "flow_000001.flo"]
    assert all(is_the_motion(path) for path in out.iterdir())


MISTAKES = {
    "nothing": (["nothing.mp4"], "does not exist; expected a video, a folder of images, a pattern"),
    "no video": (["text.avi"], "OpenCV cannot read it as a video"),
    "one image": (["frames/view7.png"], "is one image"),
    "empty folder": (["empty"], "is a folder without images"),
    "no match": (["frames/*.jpg"], "fits no file"),
    "one frame": (["frames/view7.*"], "holds one frame; expected two or more"),
    "own folder": (["frames", "--out", "frames"], "the frames lie there"),
    "a file": (["frames", "--out", "text.avi"], "this is a file; a folder is written"),
    "format": (["frames", "--format", "jpg"], "--format is 'jpg'; it must be one of png, flo"),
    "method": (["frames", "--method", "tvl2"], "there is no flow method 'tvl2' (did you mean"),
    "methods": (["frames", "--method", "tvl1,lucas_kanade"], "give one"),
    "pose": (["frames", "--method", "epipolar_flow"], "needs the camera's pose"),
    "option": (["frames", "--set", "iteration=3"], "did you mean 'iterations'?"),
    "full": (["frames", "--full", "0"], "--full is 0.0"),
    "all damaged": (["cut"], "no two frames in a row could be read; 0 could, 3 not"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_given_by_mistake_is_told(geomvision, folder, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.avi").write_text("no video")
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut").mkdir()
    for k in range(3):
        (tmp_path / "cut" / f"{k}.png").write_bytes(b"\x89PNG")
    arguments, said = MISTAKES[case]
    ended = geomvision("flow", *arguments)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert ended.err.splitlines()[-1].startswith("geomvision: ")
