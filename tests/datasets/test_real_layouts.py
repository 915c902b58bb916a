"""Real excerpts laid out as the archives have them: each reader finds the truth that `Folder` finds in the scenes."""

from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io

same = np.testing.assert_array_equal


@pytest.fixture
def lay(tmp_path: Path, real_data: Path):
    """lay("flow/sintel_alley_1/frame0.png", "training/…/frame_0001.png") puts a link there."""

    def link(origin: str, place: str) -> None:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(real_data / origin)

    return link


@pytest.mark.parametrize("scene", ["alley_1", "cave_2"])
def test_sintel(lay, tmp_path, real_data, scene):
    origin = f"flow/sintel_{scene}"
    for k in (0, 1):
        lay(f"{origin}/frame{k}.png", f"training/clean/{scene}/frame_000{k + 1}.png")
        lay(f"{origin}/frame{k}_final.png", f"training/final/{scene}/frame_000{k + 1}.png")
    lay(f"{origin}/flow.flo", f"training/flow/{scene}/frame_0001.flo")
    lay(f"{origin}/occlusion.png", f"training/occlusions/{scene}/frame_0001.png")
    lay(f"{origin}/invalid.png", f"training/invalid/{scene}/frame_0001.png")
    found, known = gv.datasets.Sintel(tmp_path, render="final")[0], gv.datasets.Folder(real_data / origin)[0]
    same(found.flow.px, known.flow.px)
    same(found.occluded, known.occluded)
    same(found.frame1, io.read_image(real_data / origin / "frame1_final.png"))


def test_flying_chairs(tmp_path, real_data):
    (tmp_path / "data").mkdir()
    for n in (0, 1):
        scene = real_data / f"flow/chairs_000000{n}"
        for k in (0, 1):
            io.write_image(tmp_path / f"data/0000{n + 1}_img{k + 1}.ppm", io.read_image(scene / f"frame{k}.png"))
        (tmp_path / f"data/0000{n + 1}_flow.flo").symlink_to(scene / "flow.flo")
    data = gv.datasets.FlyingChairs(tmp_path)
    assert data.names == ["00001", "00002"]
    for n, sample in enumerate(data):
        known = gv.datasets.Folder(real_data / f"flow/chairs_000000{n}")[0]
        same(sample.flow.px, known.flow.px)
        same(sample.frame1, known.frame1)


def test_kitti_2012(lay, tmp_path, real_data):
    for side, folder in (("left", "colored_0"), ("right", "colored_1")):
        lay(f"stereo/kitti2012_000070/{side}.png", f"training/{folder}/000070_10.png")
    lay("stereo/kitti2012_000070/disp.png", "training/disp_occ/000070_10.png")
    lay("stereo/kitti2012_000070/disp_noc.png", "training/disp_noc/000070_10.png")
    found = gv.datasets.KITTI(tmp_path)["000070"]
    known = gv.datasets.Folder(real_data / "stereo/kitti2012_000070")[0]
    same(found.disparity.px, known.disparity.px)
    same(found.occluded, known.occluded)


def test_eth3d(lay, tmp_path, real_data):
    scene = "two_view_training/playground_1l"
    origin = "stereo/eth3d_playground_1l"
    for k, side in enumerate(("left", "right")):
        lay(f"{origin}/{side}.png", f"{scene}/im{k}.png")
    lay(f"{origin}/calib.txt", f"{scene}/calib.txt")
    lay(f"{origin}/disp.pfm", "two_view_training_gt/playground_1l/disp0GT.pfm")
    found, known = gv.datasets.ETH3D(tmp_path)["playground_1l"], gv.datasets.Folder(real_data / origin)[0]
    same(found.disparity.px, known.disparity.px)
    assert found.rig.baseline_m == pytest.approx(0.0595549)
    assert found.max_disparity is None


def test_seven_scenes(lay, tmp_path, real_data):
    lines = (real_data / "depth/7scenes_a/poses.txt").read_text().splitlines()
    poses = [line for line in lines if line.strip() and not line.startswith("#")]
    for k in range(3):
        lay(f"depth/7scenes_a/color_{k:03d}.jpg", f"room/seq-01/frame-{k:06d}.color.jpg")
        lay(f"depth/7scenes_a/depth_{k:03d}.png", f"room/seq-01/frame-{k:06d}.depth.png")
        (tmp_path / f"room/seq-01/frame-{k:06d}.pose.txt").write_text(poses[k])
    data, known = gv.datasets.SevenScenes(tmp_path), gv.datasets.Folder(real_data / "depth/7scenes_a")
    assert len(data) == 3
    for k in range(3):
        same(data[k].depth.m, known[k].depth.m)
        same(data[k].clip.T_world_cam[0], known[k].clip.T_world_cam[known[k].clip.reference])
        assert data[k].camera == known[k].camera
