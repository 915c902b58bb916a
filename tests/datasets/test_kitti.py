from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.datasets._base import DatasetError

NAN = np.nan
CALIB = """P0: 9 0 1 0 0 9 1 0 0 0 1 0
P1: 9 0 1 -4.5 0 9 1 0 0 0 1 0
P2: 9 0 1 0.9 0 9 1 0 0 0 1 0
P3: 9 0 1 -4.5 0 9 1 0 0 0 1 0
"""


def write(root: Path, name: str, content: np.ndarray | str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif content.dtype.kind == "f" and content.ndim == 3:
        io.write_kitti_flow(path, content)
    elif content.dtype.kind == "f":
        io.write_kitti_disparity(path, content)
    else:
        io.write_image(path, content)


def image(value: int) -> np.ndarray:
    return np.full((1, 3), value, np.uint8)


@pytest.fixture
def kitti2012(tmp_path: Path) -> Path:
    for n, folder in enumerate(("image_0", "image_1", "colored_0", "colored_1")):
        for frame in ("000000_10", "000000_11", "000007_10", "000007_11"):
            write(tmp_path, f"training/{folder}/{frame}.png", image(10 * n + int(frame[-1])))
    write(tmp_path, "training/disp_occ/000000_10.png", np.array([[1.0, 2.0, NAN]], np.float32))
    write(tmp_path, "training/disp_noc/000000_10.png", np.array([[1.0, NAN, NAN]], np.float32))
    write(tmp_path, "training/disp_noc/000007_10.png", np.array([[5.0, 6.0, NAN]], np.float32))
    flow = np.array([[[1.0, -2.0], [3.0, 4.0], [NAN, NAN]]], np.float32)
    write(tmp_path, "training/flow_occ/000000_10.png", flow)
    write(tmp_path, "training/flow_noc/000000_10.png", np.where([[[1], [0], [1]]], flow, NAN).astype(np.float32))
    write(tmp_path, "training/calib/000000.txt", CALIB)
    return tmp_path


def test_2012_stereo(kitti2012: Path):
    data = gv.datasets.KITTI(kitti2012)
    assert data.names == ["000000", "000007"]
    sample = data[0]
    np.testing.assert_array_equal(sample.disparity.px, np.array([[1.0, 2.0, NAN]], np.float32))
    assert sample.occluded.tolist() == [[False, True, False]]
    assert (sample.left[0, 0], sample.right[0, 0]) == (20, 30)
    assert sample.rig.baseline_m == pytest.approx(5.4 / 9)  # the colour cameras'
    grey = gv.datasets.KITTI(kitti2012 / "training", colour=False)[0]
    assert (grey.left[0, 0], grey.right[0, 0]) == (0, 10)
    assert grey.rig.baseline_m == pytest.approx(0.5)
    only_noc = data["000007"]
    assert only_noc.disparity.density == pytest.approx(2 / 3)
    assert only_noc.occluded is None
    assert only_noc.rig is None


def test_2012_what_reflects_is_what_its_own_truth_has(kitti2012: Path):
    assert gv.datasets.KITTI(kitti2012)[0].masks == {}
    write(kitti2012, "training/disp_refl_noc/000000_10.png", np.array([[NAN, NAN, NAN]], np.float32))
    write(kitti2012, "training/disp_refl_occ/000000_10.png", np.array([[NAN, 2.0, NAN]], np.float32))
    sample = gv.datasets.KITTI(kitti2012)[0]
    assert {name: mask.tolist() for name, mask in sample.masks.items()} == {"reflective": [[False, True, False]]}
    found = gv.Disparity(px=np.array([[1.0, 9.0, 1.0]], np.float32))
    score = gv.metrics.score(found, sample, ["kitti2012"])["kitti2012"]
    assert (score["out-3 all"].value, score["out-3 all refl"].value) == (50.0, 100.0)


def test_2012_flow(kitti2012: Path):
    data = gv.datasets.KITTI(kitti2012, task="flow")
    sample = data["000000"]
    assert (sample.frame0[0, 0], sample.frame1[0, 0]) == (20, 21)
    assert sample.flow.px[0, 1].tolist() == [3.0, 4.0]
    assert sample.occluded.tolist() == [[False, True, False]]
    assert sample.camera.fx == 9
    assert data["000007"].flow is None
    (kitti2012 / "training" / "colored_0" / "000007_11.png").unlink()
    assert gv.datasets.KITTI(kitti2012, task="flow").names == ["000000"]


def test_2015_with_its_objects(tmp_path: Path):
    for folder in ("image_2", "image_3"):
        write(tmp_path, f"testing/{folder}/000003_10.png", image(1))
    write(tmp_path, "testing/disp_occ_0/000003_10.png", np.array([[50.0, 20.0, 20.0]], np.float32))
    write(tmp_path, "testing/disp_noc_0/000003_10.png", np.array([[50.0, NAN, 20.0]], np.float32))
    write(tmp_path, "testing/obj_map/000003_10.png", np.array([[3, 0, 0]], np.uint8))
    write(tmp_path, "testing/calib_cam_to_cam/000003.txt", CALIB.replace("P", "P_rect_0"))
    sample = gv.datasets.KITTI(tmp_path)[0]
    assert sample.masks["foreground"].tolist() == [[True, False, False]]
    assert sample.rig.baseline_m == pytest.approx(0.6)
    estimate = gv.Disparity(px=np.array([[40.0, 20.0, 20.0]], np.float32))
    score = gv.metrics.score(estimate, sample, protocols=["kitti2015"])["kitti2015"]
    assert (score["D1-fg all"].value, score["D1-bg all"].value) == (100.0, 0.0)


def test_wrong_folders_say_what_was_expected(tmp_path: Path):
    with pytest.raises(DatasetError, match="does not exist; expected a folder with training/"):
        gv.datasets.KITTI(tmp_path / "gone")
    with pytest.raises(DatasetError, match="holds nothing; expected training/"):
        gv.datasets.KITTI(tmp_path)
    write(tmp_path, "image_2/000000_10.png", image(1))
    with pytest.raises(DatasetError, match=r"holds 000000_10\.png; expected 000000_10\.png with its partner"):
        gv.datasets.KITTI(tmp_path)
    with pytest.raises(ValueError, match="'stereo', 'flow', 'scene_flow'"):
        gv.datasets.KITTI(tmp_path, task="depth")


def test_drives_whose_images_were_resized_are_refused(tmp_path: Path):
    """The calibration tells the size of rectified images: with another its P would be wrong, without a word."""
    date, drive = tmp_path / "2011_09_26", "2011_09_26_drive_0001_sync"
    file = date / drive / "image_02" / "data" / "0000000005.png"
    truth = date / drive / "proj_depth" / "groundtruth" / "image_02" / file.name
    for path in (file, truth):
        path.parent.mkdir(parents=True)
    io.write_kitti_depth(truth, np.full((3, 4), 5.0, np.float32))
    lines = "S_rect_02: {} 3\nR_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: 2 0 1 1 0 2 1 0 0 0 1 0\n"
    io.write_image(file, np.zeros((3, 4), np.uint8))
    (date / "calib_cam_to_cam.txt").write_text(lines.format(4))
    for data in (gv.datasets.KITTIRaw(tmp_path), gv.datasets.KITTIDepth(date)):
        (date / "calib_cam_to_cam.txt").write_text(lines.format(4))
        assert data[0].camera.fx == 2
        (date / "calib_cam_to_cam.txt").write_text(lines.format(8))
        with pytest.raises(io.FormatError, match=r"calib_cam_to_cam.txt: is 8x3 pixels; expected 4x3, as its image"):
            data[0]
