"""Frames of a user's own video: which pairs come of files, whole, damaged, few or none."""

import re

import cv2
import numpy as np
import pytest

from geomvision import io
from geomvision.training._frames import Frames, rgb


def picture(number, height=40, width=60):
    return np.full((height, width, 3), 10 * number, np.uint8)


def folder(path, count, pattern="frame_{}.png"):
    path.mkdir()
    for number in range(count):
        io.write_image(path / pattern.format(number), picture(number))
    return path


def numbers(frames):
    """The frame numbers of each pair, read off the grey levels."""
    return [tuple(round(float(f.mean()) / 10) for f in frames.load(k)) for k in range(len(frames.pairs))]


def prepared(source, tmp_path, most=100):
    frames = Frames(source, tmp_path / "out", most)
    done = []
    frames.prepare(done.append)
    return frames, sum(done)


def test_frames_of_a_folder_come_in_the_order_of_their_numbers(tmp_path):
    frames, done = prepared(folder(tmp_path / "clip", 12), tmp_path)
    assert numbers(frames) == [(k, k + 1) for k in range(11)]
    assert done == frames.count == 11


def test_pairs_are_spread_evenly_where_there_are_more(tmp_path):
    frames, _ = prepared(folder(tmp_path / "clip", 21), tmp_path, most=4)
    assert numbers(frames) == [(2, 3), (7, 8), (12, 13), (17, 18)]


def test_a_damaged_frame_is_skipped_and_told(tmp_path):
    clip = folder(tmp_path / "clip", 5)
    whole = (clip / "frame_2.png").read_bytes()
    (clip / "frame_2.png").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"frame skipped: .*frame_2\.png: is truncated"):
        frames, _ = prepared(clip, tmp_path)
    assert numbers(frames) == [(0, 1), (1, 3), (3, 4)]


def video(path, count, size=(64, 48)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no videos")
    for number in range(count):
        writer.write(picture(number, size[1], size[0]))
    writer.release()
    return path


def test_a_video_is_read_once_and_its_pairs_are_kept(tmp_path, monkeypatch):
    source = video(tmp_path / "clip.avi", 9)
    frames, _ = prepared(source, tmp_path, most=3)
    assert numbers(frames) == [(1, 2), (4, 5), (6, 7)]
    monkeypatch.setattr(cv2, "VideoCapture", None)
    again, _ = prepared(source, tmp_path, most=3)
    assert numbers(again) == numbers(frames)
    assert again.key == frames.key != Frames(source, tmp_path / "out", 4).key


def damaged(path, *lost):
    """The video with pictures of zeros where these frames were."""
    content = bytearray(path.read_bytes())
    begin, end = content.index(b"movi"), content.index(b"idx1")
    starts = [begin + found.start() + 8 for found in re.finditer(rb"00dc", content[begin:end])]
    for number in lost:
        length = int.from_bytes(content[starts[number] - 4 : starts[number]], "little")
        content[starts[number] : starts[number] + length] = bytes(length)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("lost", "told", "pairs"),
    [
        ((2,), "1 frames cannot be decoded and are skipped, the first is 2", [(0, 1), (3, 4), (4, 5)]),
        ((1, 4), "2 frames cannot be decoded and are skipped, the first is 1", [(2, 3)]),
    ],
)
def test_frames_of_a_video_that_cannot_be_decoded_are_skipped_and_told(tmp_path, lost, told, pairs):
    """What comes after a damaged frame is learnt from, too."""
    source = damaged(video(tmp_path / "clip.avi", 6), *lost)
    with pytest.warns(UserWarning, match=told):
        frames, _ = prepared(source, tmp_path)
    assert numbers(frames) == pairs


def test_what_is_no_video_is_told(tmp_path):
    folder(tmp_path / "one", 1)
    other = folder(tmp_path / "other", 2)
    io.write_image(other / "frame_7.png", picture(7, 30))
    damaged = folder(tmp_path / "damaged", 2)
    (damaged / "frame_0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "text.mp4").write_text("no video")
    for name, message in (
        ("none", "none does not exist; give a video, or a folder of its frames"),
        ("one", r"one holds 1 images .* flow needs 2 or more"),
        ("other", "frames differ in size"),
        ("text.mp4", r"text\.mp4 is no video that can be read; make a folder of frames"),
    ):
        with pytest.raises(ValueError, match=message):
            prepared(tmp_path / name, tmp_path)
    with pytest.warns(UserWarning, match="frame skipped"), pytest.raises(ValueError, match="1 frames can be read"):
        prepared(damaged, tmp_path)
    with pytest.raises(ValueError, match="1 frames can be read; flow"):
        prepared(video(tmp_path / "short.avi", 1), tmp_path)


def test_frames_of_any_dtype_become_eight_bit_colour():
    grey = np.array([[0, 257], [514, 65535]], np.uint16)
    first, second = rgb(grey, grey)
    assert first.shape == (2, 2, 3)
    assert first[..., 0].tolist() == [[0, 1], [2, 255]]
    floats = np.array([[-1.0, 0.0]], np.float32)
    first, second = rgb(floats, floats + 1)
    assert (first[0, :, 1].tolist(), second[0, :, 2].tolist()) == ([0, 128], [128, 255])
