"""``geomvision stereo``: a tiny rendered clip of pairs with truth, damaged, in folders and videos, and mistakes."""

import re

import cv2
import numpy as np
import pytest

import geomvision as gv
from geomvision import io

SIZE = {"height": 72, "width": 112}


@pytest.fixture(scope="module")
def clip():
    """Two rendered pairs in a row of a moving scene, with the truth of both."""
    made = gv.datasets.Synthetic(seed=5, task="scene_flow", max_disparity=16, supersampling=1, **SIZE)
    return made[0]


@pytest.fixture
def folders(clip, tmp_path):
    """left/0.png, left/1.png, right/…, and rig.json."""
    for name, images in (("left", (clip.left0, clip.left1)), ("right", (clip.right0, clip.right1))):
        (tmp_path / name).mkdir()
        for k, image in enumerate(images):
            io.write_image(tmp_path / name / f"{k}.png", image)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def wrong(path, truth):
    px = io.read_pfm(path)
    return (~(np.abs(px - truth.px) <= 2))[truth.valid].mean()


def test_folders_become_disparities_and_a_figure_of_consistency(geomvision, folders, clip, out):
    found = {}
    for way in ("--warm", "--cold"):
        ended = geomvision("stereo", folders / "left", folders / "right", "--out", out / way, "--format", "pfm", way)
        assert ended.code == 0, ended.err
        assert names(out / way) == ["disparity_0.pfm", "disparity_1.pfm"]
        assert "2 disparities in" in ended.out
        assert re.search(r"range: \d+ px, measured from the pair", ended.out)
        for k, truth in enumerate((clip.disparity0, clip.disparity_of_left1)):
            assert wrong(out / way / f"disparity_{k}.pfm", truth) < 0.35  # gaps count as wrong
        found[way] = float(re.search(r"changes by ([\d.]+) px \(mean\)", ended.out).group(1))
    maps = [gv.Disparity(px=np.float32(io.read_pfm(out / "--cold" / f"disparity_{k}.pfm"))) for k in (0, 1)]
    flow = gv.flow.InverseSearch()(clip.left0, clip.left1)
    expected = gv.metrics.temporal_change(*maps, flow)["change"].value
    assert found["--cold"] == pytest.approx(expected, rel=0.01)
    assert found["--warm"] == pytest.approx(expected, rel=0.5)


def test_two_images_are_a_clip_of_one(geomvision, folders, clip, out):
    left, right = folders / "left" / "1.png", folders / "right" / "1.png"
    ended = geomvision(
        "stereo", left, right, "--out", out, "--format", "pfm", "--max-disparity", "24", "--set", "paths=4"
    )
    assert ended.code == 0, ended.err
    assert "range:" not in ended.out
    assert "consistency" not in ended.out
    expected = gv.stereo.SGM(max_disparity=24, paths=4)(clip.left1, clip.right1).px
    written = io.read_pfm(out / "disparity_1.pfm")
    np.testing.assert_array_equal(np.where(np.isfinite(written), written, np.nan), expected)


def test_videos_become_pictures_of_one_scale(geomvision, clip, tmp_path, out):
    for name, images in (("left", (clip.left0, clip.left1)), ("right", (clip.right0, clip.right1))):
        writer = cv2.VideoWriter(str(tmp_path / f"{name}.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (112, 72))
        if not writer.isOpened():
            pytest.skip("this OpenCV cannot write videos")
        for image in (*images, images[0])[: 3 if name == "left" else 2]:
            writer.write(image[..., ::-1])
        writer.release()
    paths = tmp_path / "left.avi", tmp_path / "right.avi"
    ended = geomvision("stereo", *paths, "--out", out, "--method", "block_matching", "--no-consistency")
    assert ended.code == 0, ended.err
    assert names(out) == ["disparity_000000.png", "disparity_000001.png"]
    assert re.search(r"colours go from [\d.]+ px \(blue\) to [\d.]+ px \(red\)", ended.out)
    assert f"{paths[1]} ends before frame 2" in ended.out.replace("\n", "")
    assert "consistency" not in ended.out


def test_points_lie_where_their_pixels_and_disparities_say(geomvision, folders, clip, out):
    io.write_camera_json(folders / "rig.json", clip.rig)
    ended = geomvision(
        "stereo", folders / "left", folders / "right", "--out", out, "--format", "ply", "--rig", folders / "rig.json",
        "--frames", "1", "--max-disparity", "24",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert names(out) == ["disparity_0.ply"]
    x, y, z = io.read_ply(out / "disparity_0.ply").points.T
    camera = clip.rig.left
    px = gv.stereo.SGM(max_disparity=24)(clip.left0, clip.right0).px
    rows, columns = np.nonzero(px > 0)
    np.testing.assert_allclose(camera.fx * clip.rig.baseline_m / z, px[rows, columns], rtol=1e-3)
    np.testing.assert_allclose(camera.fx * x / z + camera.cx, columns, atol=0.01)
    np.testing.assert_allclose(camera.fy * y / z + camera.cy, rows, atol=0.01)


def test_a_damaged_frame_is_skipped_and_told(geomvision, folders, out):
    (folders / "right" / "0.png").write_bytes(b"no image")
    ended = geomvision("stereo", folders / "left", folders / "right", "--out", out, "--max-disparity", "24")
    assert ended.code == 0, ended.err
    assert names(out) == ["disparity_1.png"]
    assert "warning: frame 0 is skipped: right:" in " ".join(ended.err.split())
    assert "1 of 2 pairs skipped" in ended.out


MISTAKES = {
    "nothing": (["left", "nothing"], "does not exist"),
    "same": (["left", "left"], "left and right are the same image"),
    "swapped": (["right", "left"], "swapped"),
    "own folder": (["left", "right", "--out", "right"], "the frames lie there"),
    "format": (["left", "right", "--format", "jpg"], "--format is 'jpg'; it must be one of png, pfm, ply"),
    "rig": (["left", "right", "--format", "ply"], "need the rectified rig: --rig FILE"),
    "methods": (["left", "right", "--method", "sgm,block_matching"], "give one"),
    "method": (["left", "right", "--method", "sgn"], "did you mean 'sgm'?"),
    "sizes": (["left", "small"], "left is 112x72 and right 56x36"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_given_by_mistake_is_told(geomvision, folders, monkeypatch, case):
    monkeypatch.chdir(folders)
    (folders / "small").mkdir()
    for k in (0, 1):
        io.write_image(folders / "small" / f"{k}.png", np.zeros((36, 56, 3), np.uint8))
    arguments, message = MISTAKES[case]
    ended = geomvision("stereo", *arguments)
    assert ended.code == 2
    assert message in " ".join(ended.err.split())
    assert not (folders / "disparity").exists()
