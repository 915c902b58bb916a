import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, StereoRig, pose
from geomvision.geometry import rectify
from geomvision.io.kitti import kitti_rig_of


def test_disparity_golden_bytes(tmp_path: Path, png):
    path = tmp_path / "d.png"
    path.write_bytes(png(3, 1, 16, 0, [struct.pack(">HHH", 0, 256 * 37 + 128, 1)]))
    np.testing.assert_array_equal(gio.read_kitti_disparity(path), np.array([[np.nan, 37.5, 1 / 256]], np.float32))


def test_flow_golden_bytes(tmp_path: Path, png):
    path = tmp_path / "f.png"
    row = struct.pack(">9H", 32768 + 64, 32768 - 32, 1, 32768, 32768, 0, 0, 65535, 1)
    path.write_bytes(png(3, 1, 16, 2, [row]))
    expected = np.array([[[1.0, -0.5], [np.nan, np.nan], [-512.0, 511.984375]]], np.float32)
    np.testing.assert_array_equal(gio.read_kitti_flow(path), expected)


def test_depth_is_metres_times_256_not_millimetres(tmp_path: Path, png):
    path = tmp_path / "z.png"
    path.write_bytes(png(2, 1, 16, 0, [struct.pack(">HH", 2560, 0)]))
    np.testing.assert_array_equal(gio.read_kitti_depth(path), np.array([[10.0, np.nan]], np.float32))


def test_a_small_known_disparity_is_not_written_as_unknown(tmp_path: Path):
    path = tmp_path / "d.png"
    gio.write_kitti_disparity(path, np.array([[0.0, 0.001, np.nan, 255.996]], np.float32))
    assert gio.read_image(path).tolist() == [[1, 1, 0, 65535]]


def test_what_sixteen_bits_cannot_hold_is_refused(tmp_path: Path):
    for px in (-0.5, 256.0):
        with pytest.raises(ValueError, match="1 pixels lie outside"):
            gio.write_kitti_disparity(tmp_path / "d.png", np.array([[px, 1.0]], np.float32))
    with pytest.raises(ValueError, match="1 components lie outside"):
        gio.write_kitti_flow(tmp_path / "f.png", np.array([[[512.0, 0.0]]], np.float32))
    with pytest.raises(ValueError, match=r"numbers \(H, W\)"):
        gio.write_kitti_depth(tmp_path / "z.png", np.zeros((2, 2, 2), np.float32))
    assert not list(tmp_path.iterdir())


def test_other_pngs_are_refused(tmp_path: Path, png):
    path = tmp_path / "d.png"
    path.write_bytes(png(1, 1, 8, 0, [b"\7"]))
    with pytest.raises(gio.FormatError, match=r"grey PNG of 8 bits; expected KITTI disparity: grey of 16 bits"):
        gio.read_kitti_disparity(path)
    with pytest.raises(gio.FormatError, match=r"expected KITTI flow: RGB of 16 bits"):
        gio.read_kitti_flow(path)
    path.write_bytes(b"\xff\xd8\xff\xe0 a JPEG under another name")
    with pytest.raises(gio.FormatError, match="PNG"):
        gio.read_kitti_disparity(path)


@settings(deadline=None, max_examples=30)
@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 5), st.integers(1, 5))))
def test_disparity_round_trip_on_every_stored_value(stored: np.ndarray):
    import tempfile

    px = np.where(stored == 0, np.nan, stored / 256.0).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        gio.write_kitti_disparity(Path(folder) / "d.png", px)
        np.testing.assert_array_equal(gio.read_kitti_disparity(Path(folder) / "d.png"), px)


@settings(deadline=None, max_examples=30)
@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(2))), st.integers(0, 9))
def test_flow_round_trip_on_every_stored_value(stored: np.ndarray, gap: int):
    import tempfile

    px = ((stored.astype(np.float64) - 32768) / 64).astype(np.float32)
    px.reshape(-1, 2)[gap % (px.size // 2)] = np.nan
    with tempfile.TemporaryDirectory() as folder:
        gio.write_kitti_flow(Path(folder) / "f.png", px)
        np.testing.assert_array_equal(gio.read_kitti_flow(Path(folder) / "f.png"), px)


CALIB = """calib_time: 09-Jan-2012 13:57:47
P0: 700 0 600 0 0 700 180 0 0 0 1 0
P1: 700 0 600 -378 0 700 180 0 0 0 1 0
P2: 700 0 600 42.6 0 700 180 -0.07 0 0 1 0.001
P3: 700 0 600 -335.4 0 700 180 2.1 0 0 1 0.001
R0_rect: 1 0 0 0 1 0 0 0 1
T_00: 1 2 3
"""


def test_calibration(tmp_path: Path):
    (tmp_path / "calib.txt").write_text(CALIB)
    calib = gio.read_kitti_calib(tmp_path / "calib.txt")
    assert "calib_time" not in calib
    assert calib["P1"].shape == (3, 4)
    assert calib["R0_rect"].shape == (3, 3)
    assert calib["T_00"].tolist() == [1, 2, 3]
    rig = gio.kitti_rig(calib, 1242, 375)
    assert rig.baseline_m == pytest.approx(378 / 700)
    assert (rig.left.fx, rig.left.cx, rig.left.cy, rig.left.width) == (700, 600, 180, 1242)
    rig.require_rectified()
    colour = gio.kitti_rig(calib, 1242, 375, "colour")
    # t = K⁻¹ p: x is (42.6 − 600 · 0.001) / 700 = 0.06 and (−335.4 − 600 · 0.001) / 700 = −0.48
    assert colour.baseline_m == pytest.approx(0.54)
    colour.require_rectified()


def test_the_rig_is_that_of_the_cameras_that_took_the_image(tmp_path: Path):
    (tmp_path / "calib.txt").write_text(CALIB.replace("-335.4", "-328.4"))
    calib = gio.read_kitti_calib(tmp_path / "calib.txt")
    grey, colour = np.zeros((375, 1242), np.uint8), np.zeros((375, 1242, 3), np.uint8)
    assert kitti_rig_of(calib, grey).baseline_m == pytest.approx(0.54)
    assert kitti_rig_of(calib, colour).baseline_m == pytest.approx(0.53)
    del calib["P3"]
    assert kitti_rig_of(calib, colour).baseline_m == pytest.approx(0.54)


def test_calibration_with_the_names_of_the_raw_data(tmp_path: Path):
    text = CALIB.replace("P0:", "P_rect_00:").replace("P1:", "P_rect_01:")
    (tmp_path / "calib.txt").write_text(text)
    assert gio.kitti_rig(gio.read_kitti_calib(tmp_path / "calib.txt"), 10, 10).baseline_m == pytest.approx(0.54)


def test_calibration_that_is_none(tmp_path: Path):
    path = tmp_path / "calib.txt"
    path.write_text("hello\nworld: you\n")
    with pytest.raises(gio.FormatError, match="no such line"):
        gio.read_kitti_calib(path)
    path.write_text("P0: 1 0 0 0 0 1 0 0 0 0 1 0\nP1: 1 2 3\n")
    with pytest.raises(ValueError, match="P1 has 3 numbers"):
        gio.kitti_rig(gio.read_kitti_calib(path), 10, 10)
    path.write_text("P0: 1 0 0 0 0 1 0 0 0 0 1 0\n")
    with pytest.raises(ValueError, match="no P1 and no P_rect_01"):
        gio.kitti_rig(gio.read_kitti_calib(path), 10, 10)
    path.write_text(CALIB.replace("-378", "378"))
    with pytest.raises(ValueError, match="swapped"):
        gio.kitti_rig(gio.read_kitti_calib(path), 10, 10)


def test_raw_cameras_make_a_rig_before_rectification(real_data: Path, tmp_path: Path):
    calib = gio.read_kitti_calib(real_data / "calibration" / "kitti_raw_unrectified_a" / "calib_cam_to_cam.txt")
    rig = gio.kitti_raw_rig(calib, 2, 3)
    assert (rig.left.width, rig.left.height) == (1392, 512)
    assert len(rig.left.distortion) == 5
    # P_rect_03 − P_rect_02 tells the same baseline.
    rectified = gio.kitti_rig(calib, 1242, 375, "colour")
    assert rig.baseline_m == pytest.approx(rectified.baseline_m, rel=1e-3)
    assert not rig.is_rectified
    # The published rectifications bring both onto one row: R_rect_03 · T = (−B, 0, 0).
    right = calib["R_rect_03"] @ rig.T_right_left[:3, 3]
    assert right == pytest.approx([-rig.baseline_m, 0, 0], abs=5e-3)
    gio.write_kitti_calib(tmp_path / "c.txt", calib)
    back = gio.read_kitti_calib(tmp_path / "c.txt")
    assert {name: value.tolist() for name, value in back.items()} == {n: v.tolist() for n, v in calib.items()}
    with pytest.raises(ValueError, match="no S_07, K_07"):
        gio.kitti_raw_rig(calib, 0, 7)


def test_a_rectified_rig_is_not_that_of_images_as_recorded():
    K = np.array([[700.0, 0, 600], [0, 700, 170], [0, 0, 1]])
    calib = {"P0": np.hstack([K, np.zeros((3, 1))]), "P1": np.hstack([K, [[-380.0], [0], [0]]])}
    calib["S_rect_00"] = np.array([1242.0, 375.0])
    assert gio.kitti_rig(calib, 1242, 375).left.width == 1242
    with pytest.raises(ValueError, match=r"rectified images are 1242x375, not 1392x512: .* kitti_raw_rig"):
        gio.kitti_rig(calib, 1392, 512)


LENS = (-0.1, 0.02, 0.001, -0.002)
TURNED = [[np.cos(0.03), 0.0, np.sin(0.03)], [0.0, 1.0, 0.0], [-np.sin(0.03), 0.0, np.cos(0.03)]]
RIG = StereoRig(
    left=Camera(width=96, height=64, fx=80.0, fy=81.0, cx=47.0, cy=31.0, distortion=LENS),
    right=Camera(width=96, height=64, fx=82.0, fy=81.5, cx=46.0, cy=32.0, distortion=(*LENS, 0.01)),
    T_right_left=pose(TURNED, (-0.2, 0.01, 0.005)),
)


def test_a_rig_as_recorded_is_written_with_its_rectification(tmp_path: Path):
    """By the file's own equations: x_rect = P_rect · R_rect · X lies on one row, f·B / Z apart."""
    gio.write_kitti_calib(tmp_path / "c.txt", gio.kitti_entries(RIG, rectify(RIG)))
    calib = gio.read_kitti_calib(tmp_path / "c.txt")
    back = gio.kitti_raw_rig(calib)
    assert back.right == RIG.right
    assert back.left.distortion == (*LENS, 0.0)
    assert back.left.project([0.1, 0.2, 1.0]) == pytest.approx(RIG.left.project([0.1, 0.2, 1.0]))
    np.testing.assert_allclose(back.T_right_left, RIG.T_right_left, atol=1e-12)
    X = np.array([0.3, -0.2, 2.0])
    turned = np.append(calib["R_rect_00"] @ X, 1.0)
    x0, x1 = calib["P_rect_00"] @ turned, calib["P_rect_01"] @ turned
    assert x0[2] == pytest.approx(x1[2])
    shift = (x0 - x1)[0] / x0[2]
    assert (x0 / x0[2])[1] == pytest.approx((x1 / x1[2])[1])
    rig = gio.kitti_rig(calib, 96, 64)
    assert shift == pytest.approx(rig.left.fx * np.linalg.norm([-0.2, 0.01, 0.005]) / x0[2])
    # What camera 1 recorded comes to the same place by its own R_rect.
    own = calib["P_rect_00"][:, :3] @ calib["R_rect_01"] @ (RIG.T_right_left @ np.append(X, 1))[:3]
    assert own[:2] / own[2] == pytest.approx(x1[:2] / x1[2])


def test_a_rectified_rig_is_written_as_p0_and_p1(tmp_path: Path):
    plain = Camera(width=96, height=64, fx=80.0, fy=80.0, cx=47.0, cy=31.0)
    rig = StereoRig.rectified(plain, 0.25)
    gio.write_kitti_calib(tmp_path / "c.txt", gio.kitti_entries(rig))
    calib = gio.read_kitti_calib(tmp_path / "c.txt")
    assert calib["P1"].tolist() == [[80, 0, 47, -20], [0, 80, 31, 0], [0, 0, 1, 0]]
    assert gio.kitti_rig(calib, 96, 64).left == plain
    for wrong, said in (
        ((StereoRig.rectified(plain, 0.25, doffs_px=3.0),), "doffs are 3 px"),
        ((StereoRig(left=KannalaBrandt(width=9, height=9, fx=5, fy=5, cx=4, cy=4), right=plain),), "k1 k2 p1 p2 k3"),
        ((RIG, 5), "rectification has no rig"),
    ):
        with pytest.raises(ValueError, match=said):
            gio.kitti_entries(*wrong)
