"""`geomvision rectify` on files, called as a user does."""

import json

import numpy as np
import pytest

from geomvision import io
from geomvision.datasets import Synthetic
from geomvision.images import to_grey

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


@pytest.mark.parametrize("rig", ["calib.txt", "elsewhere.txt"])
def test_what_was_read_is_not_written_over(geomvision, rolled, tmp_path, rig):
    """`--out` may be the folder of the images only where these have other names."""
    folder, _ = rolled
    names = ("left.png", "right.png", "calib.txt") if rig != "calib.txt" else ("L.png", "R.png", "calib.txt")
    for name, source in zip(names, ("left.png", "right.png", "calib.txt"), strict=True):
        (tmp_path / name).write_bytes((folder / source).read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calib = tmp_path / rig if rig == "calib.txt" else folder / "calib.txt"
    arguments = ("rectify", tmp_path / names[0], tmp_path / names[1], "--rig", calib, "--force", "--out")
    ended = geomvision(*arguments, tmp_path)
    assert ended.code == 2
    assert f"--out {tmp_path}: {tmp_path / ('calib.txt' if rig == 'calib.txt' else 'left.png')} is read" in ended.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert geomvision(*arguments, tmp_path / "there").code == 0


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
    grey = to_grey(io.read_image(folder / "right.png"))
    io.write_image(out / "grey.png", grey)  # the rig is that of the colour cameras all the same
    mixed = geomvision("rectify", folder / "left.png", out / "grey.png", *rig[:2], "--out", out / "mixed")
    assert mixed.code == 0, mixed.err
    pair = (out / "left.png", out / "right.png")
    compared = geomvision(
        "compare", "stereo", *pair, "--calib", out / "calib.txt", "--methods", "sgm", "--repeats", "1"
    )
    assert compared.code == 0, compared.err
    recorded = geomvision("compare", "stereo", folder / "left.png", folder / "right.png", "--calib", rig[1])
    assert recorded.code == 2
    assert "not rectified. First: geomvision rectify" in recorded.err


def test_photographed_boards_to_a_rectified_pair(geomvision, real_data, out):
    folder = real_data / "calibration" / "opencv_chessboard"
    images = [*sorted(folder.glob("left*.jpg")), *sorted(folder.glob("right*.jpg"))]
    made = geomvision("calibrate", *images, "--board", "9x6", "--square", "25mm", "--out", out / "rig.json")
    assert made.code == 0, made.err
    first = (folder / "left01.jpg", folder / "right01.jpg")
    done = geomvision("rectify", *first, "--rig", out / "rig.json", "--out", out / "rectified")
    assert done.code == 0, done.err
    told = json.loads((out / "rectified" / "rectification.json").read_text())
    assert told["before"]["median_abs_px"] > 5
    assert told["residual"]["median_abs_px"] < 0.4
    swapped = geomvision("rectify", *first[::-1], "--rig", out / "rig.json", "--out", out / "swapped")
    assert swapped.code == 2
    assert "left and right are swapped" in swapped.err
    assert not (out / "swapped").exists()
    assert f"geomvision compare stereo {out / 'rectified'}" in done.out
    pair = (out / "rectified" / "left.png", out / "rectified" / "right.png")
    rig = ("--calib", out / "rectified" / "calib.txt")
    compared = geomvision("compare", "stereo", *pair, *rig, "--methods", "sgm", "--repeats", "1")
    assert compared.code == 0, compared.err


BAD = {
    "no way": ((), "say how: --rig FILE"),
    "two ways": (("--uncalibrated", "--self"), "leave out --rig and --self"),
    "a size without a rig": (("--uncalibrated", "--size", "10x10"), "need a rig"),
    "force without a rig": (("--self", "--force"), "--force is for --rig alone"),
    "a vertical rig to mend": (("--self", "--vertical"), "side by side"),
    "no size": (("--rig", "calib.txt", "--size", "big"), "WIDTHxHEIGHT"),
    "a missing rig": (("--rig", "absent.yaml"), "absent.yaml: does not exist"),
    "two rigs": (("--rig", "calib.txt", "--rig", "calib.txt"), "make no rig"),
    "no rig": (("--rig", "rig.txt"), "rig.txt: holds no rig that is known; expected a rig: JSON of geomvision"),
    "a unit": (("--rig", "calib.txt", "--unit", "inch"), "--unit is 'inch'; it must be one of m, cm, mm"),
    "a folder": (("--rig", "."), ".: is a folder; expected a rig: JSON of geomvision calibrate"),
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
        ("a.png", "a.png", "are the same image, pixel for pixel"),
    ):
        ended = geomvision("rectify", tmp_path / left, tmp_path / right, "--self", "--out", out)
        assert ended.code == 2
        assert message in ended.err
