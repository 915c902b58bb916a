"""Posed clips on disk, in both layouts, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.cameras import Camera, pose
from geomvision.datasets import PosedClip
from geomvision.datasets._base import DatasetError

CAMERA = Camera(width=12, height=9, fx=10.0, fy=11.0, cx=5.0, cy=4.0)


def write_clip(folder: Path, layout: str, count: int = 5) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    T = np.stack([pose(translation=(0.1 * k, 0.0, -0.2 * k)) for k in range(count)])
    for k in range(count):
        scenes = layout == "7-scenes"
        color, depth = (
            (f"frame-{k:06d}.color", f"frame-{k:06d}.depth") if scenes else (f"color_{k:03d}", f"depth_{k:03d}")
        )
        io.write_image(folder / f"{color}.png", np.full((9, 12, 3), 10 * k, np.uint8))
        stored = np.full((9, 12), 500 + k, np.uint16)
        stored[0, :2] = 0, 65535
        io.write_image(folder / f"{depth}.png", stored)
        if scenes:
            np.savetxt(folder / f"frame-{k:06d}.pose.txt", T[k] + 1e-5 * (np.arange(4) < 3)[:, None])
    if layout != "7-scenes":
        np.savetxt(folder / "poses.txt", T.reshape(-1, 16), header="row by row")
    return T


@pytest.mark.parametrize("layout", ["7-scenes", "table"])
def test_frames_come_with_their_neighbours(tmp_path: Path, layout: str) -> None:
    T = write_clip(tmp_path, layout)
    clip = PosedClip(tmp_path, CAMERA, around=2, every=2)
    assert len(clip) == 5
    sample = clip[1]
    assert sample.name == ("000001" if layout == "7-scenes" else "001")
    assert [int(frame[0, 0, 0]) for frame in sample.clip.frames] == [10, 30]
    assert sample.clip.reference == 0
    np.testing.assert_allclose(sample.clip.T_world_cam, T[[1, 3]], atol=2e-5)
    assert np.isnan(sample.depth.m[0, :2]).all()
    np.testing.assert_allclose(sample.depth.m[1:], 0.501, rtol=1e-6)
    middle = clip["000002" if layout == "7-scenes" else "002"]
    assert (len(middle.clip.frames), middle.clip.reference) == (3, 1)
    assert len(clip.clip().frames) == 5


def test_frames_whose_numbers_have_no_zeros_before_them_keep_their_poses(tmp_path: Path) -> None:
    """poses.txt has a pose a line in the order of the frames: frame 10 is the eleventh, not the third."""
    for k in range(12):
        io.write_image(tmp_path / f"color_{k}.png", np.full((9, 12, 3), 10 * k, np.uint8))
        io.write_image(tmp_path / f"depth_{k}.png", np.full((9, 12), 500 + k, np.uint16))
    T = np.stack([pose(translation=(0.1 * k, 0.0, 0.0)) for k in range(12)])
    np.savetxt(tmp_path / "poses.txt", T.reshape(-1, 16))
    (tmp_path / "meta.json").write_text('{"depth_scale": 1000, "intrinsics": {"fx": 10, "fy": 11, "cx": 5, "cy": 4}}')
    for clip in (PosedClip(tmp_path, CAMERA), gv.datasets.Folder(tmp_path)):
        assert [name.rpartition("/")[2] for name in clip.names] == [str(k) for k in range(12)]
        for k, sample in enumerate(clip):
            at = sample.clip.reference
            assert sample.clip.T_world_cam[at, 0, 3] == pytest.approx(0.1 * k)
            assert int(sample.clip.frames[at][0, 0, 0]) == 10 * k
            assert sample.clip.frames[at - 1][0, 0, 0] == 10 * (k - 1) or at == 0


def test_a_folder_with_meta_data_knows_its_clips(tmp_path: Path) -> None:
    T = write_clip(tmp_path / "a", "table")
    (tmp_path / "a" / "meta.json").write_text(
        '{"depth_scale": 1000, "invalid_value": [0, 65535], "intrinsics": {"fx": 10, "fy": 11, "cx": 5, "cy": 4}}'
    )
    sample = gv.datasets.Folder(tmp_path)["a/003"]
    assert sample.clip.reference == 3
    np.testing.assert_allclose(sample.clip.T_world_cam, T, atol=1e-12)
    assert sample.clip.cameras == CAMERA


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="frame-000000"):
        PosedClip(tmp_path, CAMERA)
    with pytest.raises(ValueError, match="around is 0"):
        PosedClip(tmp_path, CAMERA, around=0)
    write_clip(tmp_path, "table")
    table = tmp_path / "poses.txt"
    good = table.read_text()
    for text, message in (
        (good + good, "16 for each of 5 frames"),
        (good.replace("1.0", "one"), "no number"),
        (good.replace("1.000", "1.500"), "no rigid transform"),
        ("", "is empty"),
    ):
        table.write_text(text)
        with pytest.raises(io.FormatError, match=message):
            PosedClip(tmp_path, CAMERA)[0]
    write_clip(tmp_path / "b", "7-scenes")
    (tmp_path / "b" / "frame-000003.pose.txt").unlink()
    with pytest.raises(io.FormatError, match="does not exist"):
        PosedClip(tmp_path / "b", CAMERA)[0]
