"""Map-free relocalisation from its files to a submission: read, run, scored, shown, written."""

import zipfile

import cv2
import numpy as np
import pytest

from geomvision import io
from geomvision.benchmark.map_free_server import pose_of
from geomvision.benchmark.runs import Run
from geomvision.datasets.synthetic import Synthetic
from geomvision.io._rotations import quaternion_of

PLAIN = {"noise": 0.5, "supersampling": 1, "textureless": 0.0, "repetition": 0.0}


@pytest.fixture
def places(tmp_path):
    """A place in the benchmark's layout: one query that can be solved, and one that shows nothing."""
    data = Synthetic(seed=3, layout="room", height=240, width=320, **PLAIN)
    sample, scene = data.two_views(2), tmp_path / "test" / "s00525"
    camera, black = sample.camera0, np.zeros_like(sample.image1)
    for view, image, depth in (
        ("seq0/frame_00000", sample.image0, sample.depth0),
        ("seq1/frame_00000", sample.image1, sample.depth1),
        ("seq1/frame_00005", black, sample.depth1),
    ):
        (scene / view).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(scene / f"{view}.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
        millimetres = np.nan_to_num(1000 * depth.m).round().astype(np.uint16)
        io.write_image(scene / f"{view}.exact.png", millimetres)
    numbers = f"{camera.fx!r} {camera.fy!r} {camera.cx!r} {camera.cy!r} {camera.width} {camera.height}"
    views = ("seq0/frame_00000.jpg", "seq1/frame_00000.jpg", "seq1/frame_00005.jpg")
    (scene / "intrinsics.txt").write_text("".join(f"{view} {numbers}\n" for view in views))
    q = (*quaternion_of(sample.T_1_0[:3, :3]), *sample.T_1_0[:3, 3])
    moved = " ".join(f"{float(value):.16g}" for value in q)
    lines = [f"{views[0]} 1 0 0 0 0 0 0", f"{views[1]} {moved}", f"{views[2]} {moved}"]
    (scene / "poses.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "test", sample


def test_from_files_to_a_submission(geomvision, places, tmp_path):
    folder, sample = places
    words = ("--dataset", f"map_free:{folder}?depth=exact", "--maps", "npz", "--engine", "in-process")
    out = tmp_path / "run"
    ended = geomvision("bench", "pose", *words, "--methods", "essential,metric_depth_pose", "--out", out)
    assert ended.code == 0, ended.err
    records = {(each.sample[-15:-4], each.label): each for each in Run(out).records()}
    metric = records["frame_00000", "metric_depth_pose"]
    assert metric.scores["map_free"]["m"].value < 0.1 * np.linalg.norm(sample.T_1_0[:3, 3])
    assert metric.scores["two_view"]["R deg"].value < 1.0
    shown = geomvision("bench", "show", out, "--out", tmp_path / "board.md")
    assert shown.code == 0, shown.err
    # The data set's own protocol comes first; a method that refused one view has figures, and no median of all.
    assert "| rank | method | map\\_free VCRE | map\\_free AUC VCRE\\<10% % |" in (tmp_path / "board.md").read_text()
    submit = ("bench", "submit", out, "--server", "map_free", "--method")
    ended = geomvision(*submit, "metric_depth_pose", "--out", tmp_path / "all.zip")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "poses of 1 of the 130 test places were given" in ended.err
    ended = geomvision(*submit, "metric_depth_pose", "--partial", "--out", tmp_path / "part.zip")
    assert ended.code == 0, ended.err
    assert "2 estimates in 1 files, 50.0 % of views, read back" in ended.out
    with zipfile.ZipFile(tmp_path / "part.zip") as archive:
        (line,) = archive.read("pose_s00525.txt").decode().splitlines()
    with np.load(Run(out).map_file(metric)) as arrays:
        np.testing.assert_allclose(pose_of(line), arrays["T_1_0"], atol=1e-9)
    ended = geomvision(*submit, "essential", "--partial", "--out", tmp_path / "no.zip")
    assert ended.code == 2
    assert "essential gives poses without a scale; servers take metres" in ended.err
