"""Frames of folders, patterns and videos: their order, and what cannot be opened."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import geomvision.io as gio


def test_images_come_as_people_count_them(tmp_path: Path) -> None:
    for number in (10, 9, 100, 1):
        gio.write_image(tmp_path / f"f{number}.png", np.full((2, 3), number, np.uint8))
    assert [frame.name for frame in gio.read_frames(tmp_path)] == ["f1", "f9", "f10", "f100"]
    assert [int(frame.image[0, 0]) for frame in gio.read_frames(tmp_path / "f1*.png")] == [1, 10, 100]


def test_a_folder_of_many_images_is_listed_at_once(tmp_path: Path) -> None:
    for number in range(20_000):
        (tmp_path / f"{number}.png").touch()
    start = time.process_time()
    assert gio.read_frames(tmp_path).total == 20_000
    assert time.process_time() - start < 2.5  # comparing each with each takes 5 and more
    (tmp_path / "77.jpg").touch()
    with pytest.raises(gio.FormatError, match="more than one image called '77'"):
        gio.read_frames(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
def test_a_video_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/v\xff.avi"
    Path(os.fsdecode(path)).write_bytes(b"RIFF")
    with pytest.raises(gio.FormatError, match="name is no UTF-8, which OpenCV cannot open: rename it"):
        gio.read_frames(os.fsdecode(path))
