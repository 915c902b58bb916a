import numpy as np
import pytest

import geomvision.io as gio
from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, UnifiedCamera, pose

# The layout of Kalibr's own results, EuRoC's numbers.
CHAIN = """cam0:
  cam_overlaps: [1]
  camera_model: pinhole
  distortion_coeffs: [-0.28340811, 0.07395907, 0.00019359, 1.76187114e-05]
  distortion_model: radtan
  intrinsics: [458.654, 457.296, 367.215, 248.375]
  resolution: [752, 480]
  rostopic: /cam0/image_raw
cam1:
  T_cn_cnm1:
  - [0.9999966347530033, -0.001422739138722922, 0.0022199262988, -0.1100738081272]
  - [0.0014223891, 0.9999989756, 0.0001591680, 0.0004]
  - [-0.0022201506, -0.0001560108, 0.9999975233, -0.0009]
  - [0.0, 0.0, 0.0, 1.0]
  cam_overlaps: [0]
  camera_model: pinhole
  distortion_coeffs: [-0.28368365, 0.07451284, -0.00010473, -3.55590700e-05]
  distortion_model: equidistant
  intrinsics: [457.587, 456.134, 379.999, 255.238]
  resolution: [752, 480]
  rostopic: /cam1/image_raw
"""


def write(folder, text):
    (folder / "camchain.yaml").write_text(text)
    return folder / "camchain.yaml"


def test_a_chain_is_read(tmp_path):
    chain = gio.read_kalibr(write(tmp_path, CHAIN))
    first, second = chain.cameras
    assert first == Camera(
        width=752, height=480, fx=458.654, fy=457.296, cx=367.215, cy=248.375,
        distortion=(-0.28340811, 0.07395907, 0.00019359, 1.76187114e-05),
    )  # fmt: skip
    assert isinstance(second, KannalaBrandt)
    assert chain.topics == ("/cam0/image_raw", "/cam1/image_raw")
    rig = chain.rig()
    assert rig.baseline_m == pytest.approx(0.110078, abs=1e-6)
    assert rig.T_right_left[0, 3] == -0.1100738081272
    assert np.linalg.det(rig.T_right_left) == pytest.approx(1.0, abs=1e-15)
    assert chain.rig(1, 0).T_right_left == pytest.approx(np.linalg.inv(rig.T_right_left))


def test_a_chain_of_more_than_ten_cameras_is_in_the_order_of_their_numbers(tmp_path):
    """Kalibr writes them as words sort: cam0, cam1, cam10, cam11, cam2."""
    camera = (
        "  camera_model: pinhole\n  distortion_model: none\n  intrinsics: [{f}, 50, 31, 23]\n  resolution: [64, 48]\n"
    )
    place = "  T_cn_cnm1:\n  - [1, 0, 0, {x}]\n  - [0, 1, 0, 0]\n  - [0, 0, 1, 0]\n  - [0, 0, 0, 1]\n"
    texts = {f"cam{k}": camera.format(f=100 + k) + (place.format(x=-k) if k else "") for k in range(12)}
    chain = gio.read_kalibr(write(tmp_path, "".join(f"{name}:\n{texts[name]}" for name in sorted(texts))))
    assert [camera.fx for camera in chain.cameras] == [100 + k for k in range(12)]
    assert [T[0, 3] for T in chain.T_camera_first] == [-k * (k + 1) / 2 for k in range(12)]


def test_round_trips_are_exact(tmp_path):
    place = {"width": 64, "height": 48, "fx": 30.5, "fy": 31.25, "cx": 31.0, "cy": 23.0}
    c, s = np.cos(0.3), np.sin(0.3)
    T = pose([[c, -s, 0], [s, c, 0], [0, 0, 1]], (1.0, 2.0, 3.0))
    chain = gio.KalibrChain(
        cameras=(
            Camera(**place),
            Camera(**place, distortion=(0.1, 0.2, 0.001, 0.002)),
            KannalaBrandt(**place, distortion=(0.1, -0.01, 0.003, -0.0001)),
            UnifiedCamera(**place, alpha=0.6, distortion=(-0.05, 0.01, 1e-3, -2e-3)),
            UnifiedCamera(**place, alpha=0.6),
            ExtendedUnifiedCamera(**place, alpha=0.6, beta=1.1),
        ),
        T_camera_first=(np.eye(4), T, T @ T, T @ T @ T, T, np.eye(4)),
        topics=("", "/a", "/b", "/c", "/d", "/e"),
    )
    gio.write_kalibr(tmp_path / "c.yaml", chain)
    back = gio.read_kalibr(tmp_path / "c.yaml")
    assert back.topics == chain.topics
    for found, camera in zip(back.cameras, chain.cameras, strict=True):
        assert type(found) is type(camera)
        points = np.array([[0.1, 0.2, 1.0], [0.3, -0.2, 2.0]])
        np.testing.assert_allclose(found.project(points), camera.project(points), rtol=1e-13)
    for found, T in zip(back.T_camera_first, chain.T_camera_first, strict=True):
        np.testing.assert_allclose(found, T, atol=1e-14)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("pinhole\n  distortion_coeffs: [-0.28368365", "ds\n  distortion_coeffs: [-0.28", 16, "'ds'"),
        ("radtan", "fov", 5, "'fov'"),
        ("[458.654, ", "[", 6, "has 3 numbers"),
        ("[458.654, ", "[-458.654, ", 6, "fx > 0"),
        ("resolution: [752, 480]\n  rostopic: /cam1", "rostopic: /cam1", 10, "no 'resolution'"),
        ("cam1:", "cam2:", 1, "cam0, cam2"),
        ("[0.9999966347530033,", "[1.9999966347530033,", 11, "no rotation"),
        ("  rostopic: /cam0", " rostopic: /cam0", 8, "is no YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, old, new, line, said):
    assert old in CHAIN
    with pytest.raises(gio.FormatError) as caught:
        gio.read_kalibr(write(tmp_path, CHAIN.replace(old, new)))
    assert said in str(caught.value)
    assert f"camchain.yaml: line {line}: " in str(caught.value)


def test_cameras_that_kalibr_does_not_have_are_refused(tmp_path):
    place = {"width": 64, "height": 48, "fx": 30.5, "fy": 31.25, "cx": 31.0, "cy": 23.0}
    five = Camera(**place, distortion=(0.1, 0.2, 0.001, 0.002, 0.1))
    with pytest.raises(ValueError, match="k1, k2, p1, p2 only"):
        gio.write_kalibr(tmp_path / "c", gio.KalibrChain(cameras=(five,), T_camera_first=(np.eye(4),), topics=("",)))
