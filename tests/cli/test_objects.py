"""Masks of an annotation tool in `geomvision compare` flow, depth and scene-flow: scores by class."""

import json
import shutil

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig
from geomvision.cli import objects, sources
from geomvision.datasets.synthetic import Synthetic
from geomvision.io import (
    write_camera_json,
    write_image,
    write_kitti_calib,
    write_kitti_depth,
    write_kitti_disparity,
    write_kitti_flow,
)  # fmt: skip

QUICK = ("--repeats", "1")


def cvat(path, label, *names, size=(200, 120)):
    """A box in the left third of each of these images, as CVAT writes it."""
    box = f'<box label="{label}" xtl="0" ytl="0" xbr="{size[0] // 3}" ybr="{size[1]}" />'
    images = [f'<image id="{k}" name="{n}" width="{size[0]}" height="{size[1]}">{box}</image>'
              for k, n in enumerate(names)]  # fmt: skip
    path.write_text(f"<annotations>{''.join(images)}</annotations>")
    return path


def figures(path, protocol):
    (comparison,) = json.loads(path.read_text())["comparisons"]
    return [row["scores"][protocol] for row in comparison["rows"]]


def test_flow(geomvision, pair, out):
    export = cvat(pair / "export.xml", "car", "frames/frame0.png", "frames/frame1.png")
    files = (pair / "frame0.png", pair / "frame1.png", "--truth", pair / "flow.flo")
    command = (
        "compare",
        "flow",
        *files,
        "--methods",
        "opencv_dis",
        "--objects",
        export,
        "--out",
        out / "r.json",
        *QUICK,
    )
    ended = geomvision(*command)
    assert ended.code == 0, ended.err
    (found,) = figures(out / "r.json", "regions_flow")
    assert {"EPE car", "EPE other", "EPE all"} < found.keys()


def test_flow_of_folders(geomvision, pair, out):
    scenes = pair.parent / "scenes"
    for name in ("a", "b"):
        shutil.copytree(pair, scenes / name, ignore=shutil.ignore_patterns("left*", "right*", "disp*"))
    export = cvat(pair / "export.xml", "car", "a/frame0.png", "b/frame0.png")
    command = (
        "compare",
        "flow",
        scenes,
        "--methods",
        "opencv_dis",
        "--objects",
        export,
        "--out",
        out / "r.json",
        *QUICK,
    )
    ended = geomvision(*command)
    assert ended.code == 0, ended.err
    assert ["bad-3.0 car" in found for found in figures(out / "r.json", "regions_flow")] == [True, True]


def test_depth(geomvision, pair, out):
    camera = Camera(width=200, height=120, fx=100, fy=100, cx=99.5, cy=59.5)
    write_camera_json(pair / "camera.json", camera)
    write_kitti_depth(pair / "depth.png", np.tile(np.linspace(2, 9, 120, dtype=np.float32)[:, None], 200))
    export = cvat(pair / "export.xml", "road", "left.png")
    files = (pair / "left.png", "--truth", pair / "depth.png", "--truth-scale", "256", "--calib", pair / "camera.json")
    known = ("--camera-height", "1.5", "--horizon", "20", "--methods", "ground_plane")
    ended = geomvision("compare", "depth", *files, *known, "--objects", export, "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    (found,) = figures(out / "r.json", "regions_depth")
    assert {"AbsRel road", "AbsRel other", "density road"} < found.keys()


@pytest.fixture
def kitti(tmp_path):
    """Two rendered pairs as KITTI 2015 has them."""
    sample, root = Synthetic(seed=1, task="scene_flow", height=48, width=64)[0], tmp_path / "kitti"
    training = root / "training"
    for folder, name, image in (("image_2", "10", sample.left0), ("image_3", "10", sample.right0),
                                ("image_2", "11", sample.left1), ("image_3", "11", sample.right1)):  # fmt: skip
        (training / folder).mkdir(parents=True, exist_ok=True)
        write_image(training / folder / f"000000_{name}.png", image)
    for folder in ("disp_occ_0", "disp_occ_1", "flow_occ", "calib_cam_to_cam"):
        (training / folder).mkdir()
    write_kitti_disparity(training / "disp_occ_0/000000_10.png", sample.disparity0.px)
    write_kitti_disparity(training / "disp_occ_1/000000_10.png", sample.disparity1.px)
    write_kitti_flow(training / "flow_occ/000000_10.png", sample.flow.px)
    rig: StereoRig = sample.rig
    P = np.column_stack([rig.left.K, np.zeros(3)])
    other = P.copy()
    other[0, 3] = -rig.left.fx * rig.baseline_m
    write_kitti_calib(training / "calib_cam_to_cam/000000.txt", {"P_rect_02": P, "P_rect_03": other})
    return root


def test_scene_flow(geomvision, kitti, out, tmp_path):
    export = cvat(tmp_path / "export.xml", "car", "image_2/000000_10.png", "image_2/000000_11.png", size=(64, 48))
    options = ("--stereo", "opencv_bm", "--flow", "opencv_dis", "--objects", export, "--out", out / "r.json", *QUICK)
    ended = geomvision("compare", "scene-flow", kitti, *options)
    assert ended.code == 0, ended.err
    (found,) = figures(out / "r.json", "regions_scene_flow")
    assert {"EPE3D car", "EPE3D other"} < found.keys()
    ended = geomvision("compare", "scene-flow", "--objects", export)
    assert ended.code == 2
    assert "--objects are of a folder's images; rendered scenes have masks of their own" in ended.err


def test_names_of_scenes_and_frames(pair):
    samples = sources.stereo(pair / "left.png", pair / "right.png")
    assert objects.frames_of([samples[0].name], ("left",)) == {samples[0].name: [f"{samples[0].name}/left", "left"]}
