"""`geomvision rectify` on files, called as a user does."""

import json
from dataclasses import replace

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, StereoRig, UnifiedCamera, pose
from geomvision.cli.rigs import rig_of, write_rig
from geomvision.datasets import Synthetic

FILES = {"left.png", "right.png", "left_mask.png", "right_mask.png", "rows.png", "rectification.json"}


@pytest.fixture(scope="module")
def rolled(tmp_path_factory):
    """A rendered pair whose right camera rolls by half a degree, and the calibration that does not know it."""
    folder = tmp_path_factory.mktemp("rolled")
    pair = Synthetic(seed=8, layout="clutter", rotation=0.5, vertical_misalignment=2.5, noise=0.5).stereo(0)
    io.write_image(folder / "left.png", pair.left)
    io.write_image(folder / "right.png", pair.right)
    io.write_middlebury_calib(folder / "calib.txt", pair.rig)
    return folder, pair


def test_a_drifted_rig_is_mended(geomvision, rolled, out):
    folder, pair = rolled
    ended = geomvision(
        "rectify", folder / "left.png", folder / "right.png", "--self", "--rig", folder / "calib.txt", "--out", out
    )
    assert ended.code == 0, ended.err
    assert {path.name for path in out.iterdir()} == FILES | {"calib.txt", "mended.yaml"}
    told = json.loads((out / "rectification.json").read_text())
    assert told["before"]["median_abs_px"] > 2
    assert told["residual"]["median_abs_px"] < 0.3
    roll = next(c for c in told["corrections"] if c["name"] == "roll_deg")
    assert roll["value"] == pytest.approx(0.5, abs=0.05)
    assert f"{told['residual']['median_abs_px']:.3f} px" in ended.out
    assert io.read_middlebury_calib(out / "calib.txt").rig.left == pair.rig.left
    # The mended rig, given as the rig, needs no mending.
    again = geomvision(
        "rectify", folder / "left.png", folder / "right.png", "--rig", out / "mended.yaml", "--out", out / "again"
    )
    assert again.code == 0, again.err
    mask = io.read_image(out / "right_mask.png")
    assert set(np.unique(mask)) == {0, 255}
    assert (io.read_image(out / "right.png")[mask == 0] == 0).all()
    assert io.read_image(out / "rows.png").shape == (375, 900, 3)


def test_what_a_wrong_calibration_makes_is_refused_or_forced(geomvision, rolled, out):
    folder, _ = rolled
    arguments = ("rectify", folder / "left.png", folder / "right.png", "--rig", folder / "calib.txt", "--out", out)
    ended = geomvision(*arguments)
    assert ended.code == 2
    assert "the rows do not agree" in ended.err
    assert not list(out.iterdir())
    forced = geomvision(*arguments, "--force")
    assert forced.code == 0
    assert "problem: the rows do not agree" in forced.out
    assert np.array_equal(io.read_image(out / "left.png"), io.read_image(folder / "left.png"))  # it claims to be so


def test_matches_alone_leave_no_calibration_behind(geomvision, rolled, out):
    folder, _ = rolled
    (out / "calib.txt").write_text("of an earlier run")
    ended = geomvision("rectify", folder / "left.png", folder / "right.png", "--uncalibrated", "--crop", "--out", out)
    assert ended.code == 0, ended.err
    assert {path.name for path in out.iterdir()} == FILES
    assert (io.read_image(out / "left_mask.png") == 255).all()
    told = json.loads((out / "rectification.json").read_text())
    assert told["residual"]["median_abs_px"] < 0.4
    assert told["corrections"] == []


def test_a_recorded_pair_by_its_published_calibration(geomvision, real_data, out):
    folder = real_data / "calibration" / "kitti_raw_unrectified_a"
    rig = ("--rig", folder / "calib_cam_to_cam.txt", "--size", "1242x375", "--alpha", "0")
    ended = geomvision("rectify", folder / "left.png", folder / "right.png", *rig, "--out", out)
    assert ended.code == 0, ended.err
    told = json.loads((out / "rectification.json").read_text())
    assert told["residual"]["median_abs_px"] <= 0.4
    found = io.read_middlebury_calib(out / "calib.txt").rig
    assert (found.left.width, found.left.height) == (1242, 375)
    assert found.baseline_m == pytest.approx(0.5327, abs=2e-4)
    assert (io.read_image(out / "left_mask.png") == 255).all()


def test_every_format_gives_the_same_rig(tmp_path):
    image = np.zeros((64, 96), np.uint8)
    left = Camera(width=96, height=64, fx=80.0, fy=81.0, cx=47.0, cy=31.0, distortion=(-0.1, 0.02, 0.001, -0.002))
    right = replace(left, fx=82.0, cx=46.0)
    T = pose(translation=(-0.2, 0.01, 0.0))
    rig = StereoRig(left=left, right=right, T_right_left=T)
    io.write_opencv_rig(tmp_path / "opencv.yml", rig)
    io.write_kalibr(
        tmp_path / "kalibr.yaml", io.KalibrChain(cameras=(left, right), T_camera_first=(np.eye(4), T), topics=("", ""))
    )
    lines = (tmp_path / "opencv.yml").read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("R:"))
    (tmp_path / "intrinsics.yml").write_text("".join(line for line in lines[:start] if not line.startswith("image_")))
    (tmp_path / "extrinsics.yml").write_text("".join([*lines[:2], *lines[start:]]))
    write_rig(tmp_path / "written.yaml", rig)
    for names in (("opencv.yml",), ("kalibr.yaml",), ("intrinsics.yml", "extrinsics.yml"), ("written.yaml",)):
        found = rig_of([tmp_path / name for name in names], image)
        assert found.right.fx == 82.0
        assert found.left.distortion[:4] == left.distortion
        assert found.T_right_left == pytest.approx(T)
    with pytest.raises(ValueError, match="96x64 pixels, but the image is 50x40"):
        rig_of([tmp_path / "kalibr.yaml"], np.zeros((40, 50), np.uint8))
    mixed = replace(rig, right=UnifiedCamera(width=90, height=64, fx=40.0, fy=40.0, cx=44.0, cy=30.0, alpha=0.5))
    mixed = replace(mixed, left=replace(left, distortion=()))
    write_rig(tmp_path / "mixed.yaml", mixed)
    assert rig_of([tmp_path / "mixed.yaml"], image).right.alpha == 0.5


BAD = {
    "no way": ((), "say how: --rig FILE"),
    "two ways": (("--uncalibrated", "--self"), "leave out --rig and --self"),
    "a size without a rig": (("--uncalibrated", "--size", "10x10"), "need a rig"),
    "force without a rig": (("--self", "--force"), "--force is for --rig alone"),
    "a vertical rig to mend": (("--self", "--vertical"), "side by side"),
    "no size": (("--rig", "calib.txt", "--size", "big"), "WIDTHxHEIGHT"),
    "a missing rig": (("--rig", "absent.yaml"), "absent.yaml: does not exist"),
    "two rigs": (("--rig", "calib.txt", "--rig", "calib.txt"), "make no rig"),
    "no rig": (("--rig", "rig.txt"), "holds no rig that is known"),
    "out is a file": (("--self", "--out", "left.png"), "this is a file"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_flags_are_told(geomvision, rolled, out, case, monkeypatch):
    folder, _ = rolled
    flags, message = BAD[case]
    (folder / "rig.txt").write_text("nothing\n")
    monkeypatch.chdir(folder)
    ended = geomvision("rectify", "left.png", "right.png", "--out", out, *flags)
    assert ended.code == 2
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not list(out.iterdir())


def test_bad_images_are_told(geomvision, tmp_path, out):
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(0)
    io.write_image(tmp_path / "a.png", (random.random((60, 80)) * 255).astype(np.uint8))
    io.write_image(tmp_path / "b.png", (random.random((50, 80)) * 255).astype(np.uint8))
    io.write_image(tmp_path / "c.png", (random.random((60, 80)) * 255).astype(np.uint8))
    assert cv2.imwrite(str(tmp_path / "f.tiff"), random.random((60, 80)).astype(np.float32))
    for left, right, message in (
        ("a.png", "b.png", "differ in size"),
        ("f.tiff", "f.tiff", "8 or 16 bits"),
        ("a.png", "c.png", "features match"),
    ):
        ended = geomvision("rectify", tmp_path / left, tmp_path / right, "--self", "--out", out)
        assert ended.code == 2
        assert message in ended.err
