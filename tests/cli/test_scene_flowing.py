"""``geomvision scene-flow``: two rendered pairs as files, and what a beginner gives by mistake."""

import numpy as np
import pytest

from geomvision import io
from geomvision.datasets import Synthetic


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """left0.png … right1.png, rig.json and the sample they are of."""
    path = tmp_path_factory.mktemp("pairs")
    sample = Synthetic(seed=1, layout="tabletop", width=200, height=150, max_disparity=28, motion=6.0).scene_flow(0)
    for name in ("left0", "right0", "left1", "right1"):
        io.write_image(path / f"{name}.png", getattr(sample, name))
    io.write_rig(path / "rig.json", sample.rig)
    return path, sample


def images(path, order=("left0", "right0", "left1", "right1")):
    return [path / f"{name}.png" for name in order]


def test_motion_is_said_and_written_with_its_units(geomvision, pairs, out):
    path, sample = pairs
    ended = geomvision("scene-flow", *images(path), "--rig", path / "rig.json", "--out", out / "motion.npz")
    assert ended.code == 0, ended.err
    assert "measured from the pair" in ended.out
    assert "lengths in metres" in ended.out
    maps = np.load(out / "motion.npz")
    off = np.linalg.norm(maps["motion_m"] - sample.motion, axis=-1)
    assert np.nanmedian(off) < 0.5 * np.nanmedian(np.linalg.norm(sample.motion, axis=-1))
    assert np.abs(maps["T_1_0"] - sample.T_1_0).max() < 0.02
    x, _, z = -sample.T_1_0[:3, :3].T @ sample.T_1_0[:3, 3]
    assert ("right" if x > 0 else "left") in ended.out
    assert ("ahead" if z > 0 else "back") in ended.out
    chosen = ("--stereo", "block_matching", "--stereo-options", "max_disparity=28", "--flow", "opencv_dis")
    ended = geomvision("scene-flow", *images(path), "--rig", path / "rig.json", *chosen, "--out", out / "motion.ply")
    assert "block_matching(max_disparity=28); flow: opencv_dis" in ended.out
    cloud = io.read_ply(out / "motion.ply")
    assert cloud.motion.shape == cloud.points.shape == cloud.colors.shape
    assert len(cloud.points) > 0.5 * 200 * 150


def test_what_is_wrong_is_said_in_one_message(geomvision, pairs, out):
    path, _ = pairs
    rig, right = ("--rig", path / "rig.json"), images(path)
    for arguments, told in (
        ((*right,), "needs the rectified rig"),
        ((*right, *rig, "--out", out / "motion.txt"), "ends with .ply or .npz"),
        ((*right, *rig, "--stereo", "smg"), "did you mean 'sgm'?"),
        ((*right, *rig, "--flow-options", "speed=9"), "flow_options holds 'speed=9'; allowed is name=value"),
        ((*right[:3], path / "gone.png", *rig), "gone.png"),
        ((*images(path, ("left0", "right0", "left0", "right0")), *rig), "are the same image"),
        ((*images(path, ("right0", "left0", "right1", "left1")), *rig), "views are swapped"),
    ):
        ended = geomvision("scene-flow", *arguments)
        assert ended.code == 2
        assert told in ended.err, (told, ended.err)
        assert "Traceback" not in ended.err
