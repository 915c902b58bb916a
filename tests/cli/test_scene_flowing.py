"""``geomvision scene-flow``: two rendered pairs as files, and what a beginner gives by mistake."""

import json
import shutil

import numpy as np
import pytest

from geomvision import io, metrics
from geomvision.datasets import Synthetic
from geomvision.scene_flow import FromStereoAndFlow


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


def test_stereo_and_flow_methods_are_compared_on_a_rendered_scene(geomvision, out, monkeypatch):
    small = {"task": "scene_flow", "height": 90, "width": 120, "max_disparity": 18}
    monkeypatch.setattr("geomvision.cli.sources.RENDERED", small)
    chosen = ("--stereo", "sgm,opencv_bm", "--flow", "opencv_dis", "--layout", "tabletop", "--seed", 2, "--repeats", 1)
    ended = geomvision("compare", "scene-flow", *chosen, "--out", out / "r.json")
    assert ended.code == 0, ended.err
    (comparison,) = json.loads((out / "r.json").read_text())["comparisons"]
    assert comparison["samples"] == ["tabletop"]
    assert list(comparison["protocols"]) == ["epe3d", "kitti2015_scene_flow", "regions_scene_flow"]
    found = {row["label"]: row["scores"]["kitti2015_scene_flow"] for row in comparison["rows"]}
    assert list(found) == [f"from_stereo_and_flow(stereo={stereo})" for stereo in ("sgm", "opencv_bm")]
    sample = Synthetic(seed=2, layout="tabletop", **small).scene_flow(0)
    method = FromStereoAndFlow(stereo_options="max_disparity=18", flow="opencv_dis")
    expected = metrics.score(method.on(sample), sample)["kitti2015_scene_flow"]
    for figure in ("SF-all all", "D1-all all"):
        assert found["from_stereo_and_flow(stereo=sgm)"][figure] == pytest.approx(expected[figure].value)
    assert "--stereo-options max_disparity=… chooses another" in " ".join(ended.out.split())


def test_a_kitti_folder_of_scene_flow_is_compared(geomvision, pairs, tmp_path, out):
    path, sample = pairs
    kitti = tmp_path / "kitti" / "training"
    for name, folder in (("left", "image_2"), ("right", "image_3")):
        (kitti / folder).mkdir(parents=True)
        for time in (0, 1):
            shutil.copy(path / f"{name}{time}.png", kitti / folder / f"000000_1{time}.png")
    maps = {"disp_occ_0": sample.disparity0, "disp_occ_1": sample.disparity1, "flow_occ": sample.flow}
    for folder, truth in maps.items():
        (kitti / folder).mkdir()
        (io.write_flow if folder == "flow_occ" else io.write_disparity)(kitti / folder / "000000_10.png", truth)
    command = ("compare", "scene-flow", kitti, "--flow", "opencv_dis", "--repeats", 1, "--out", out / "r.json")
    ended = geomvision(*command)
    assert ended.code == 2
    assert "from_stereo_and_flow needs two pairs and their rig" in ended.err
    (kitti / "calib_cam_to_cam").mkdir()
    camera, apart = sample.rig.left, sample.rig.left.fx * sample.rig.baseline_m
    rows = [f"{camera.fx} 0 {camera.cx} {-k * apart} 0 {camera.fy} {camera.cy} 0 0 0 1 0" for k in range(4)]
    lines = [f"P_rect_0{k}: {row}\nS_rect_0{k}: {camera.width} {camera.height}" for k, row in enumerate(rows)]
    (kitti / "calib_cam_to_cam" / "000000.txt").write_text("\n".join(lines))
    ended = geomvision(*command)
    assert ended.code == 0, ended.err
    (row,) = json.loads((out / "r.json").read_text())["comparisons"][0]["rows"]
    assert 0 < row["scores"]["kitti2015_scene_flow"]["SF-all all"] < 60
    ended = geomvision(*command, "--stereo-options", "max_disparity=400")
    assert ended.code == 2
    assert "max_disparity is 400, but 000000 is only 200 pixels wide" in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--layout", "attic"), "layout is 'attic'; allowed are"),
        (("--stereo", "smg"), "did you mean 'sgm'?"),
        (("--stereo", ","), "no stereo method was named"),
        (("--flow", "epipolar_flow"), "needs more than two frames"),
        ((".",), "expected"),
        ((".", "--seed", "3"), "leave out --seed and --layout"),
    ],
)
def test_what_cannot_be_compared_is_said_before_the_work(geomvision, arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = geomvision("compare", "scene-flow", *arguments)
    assert ended.code == 2
    assert told in ended.err
