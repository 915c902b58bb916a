import numpy as np
import pytest

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, UnifiedCamera

# As ROS's camera_calibration writes it.
INFO = """image_width: 640
image_height: 480
camera_name: narrow_stereo/left
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0.000000, 0.000000, 1.000000]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.999978, 0.002789, -0.006046, -0.002816, 0.999986, -0.004401, 0.006034, 0.004417, 0.999972]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.653800, 0.000000, 322.797939, 0.000000, 0.000000, 393.653800, 241.090902, 0.000000, 0.000000, 0.000000,
    1.000000, 0.000000]
"""


def write(folder, text, name="left.yaml"):
    (folder / name).write_text(text)
    return folder / name


def test_camera_info_is_read(tmp_path):
    ros = gio.read_ros_camera(write(tmp_path, INFO))
    assert ros.camera == Camera(
        width=640, height=480, fx=438.783367, fy=437.302876, cx=305.593336, cy=243.738352,
        distortion=(-0.361976, 0.110510, 0.001014, 0.000505, 0.0),
    )  # fmt: skip
    assert ros.name == "narrow_stereo/left"
    assert ros.rectified == Camera(width=640, height=480, fx=393.6538, fy=393.6538, cx=322.797939, cy=241.090902)
    np.testing.assert_allclose(ros.R @ ros.R.T, np.eye(3), atol=1e-15)


def test_a_pair_makes_the_raw_rig_that_rectifies_to_the_baseline(tmp_path):
    left = gio.read_ros_camera(write(tmp_path, INFO))
    shifted = INFO.replace("322.797939, 0.000000, 0.000000, 393", "322.797939, -35.5, 0.000000, 393")
    right = gio.read_ros_camera(write(tmp_path, shifted, "right.yaml"))
    rig = gio.ros_rig(left, right)
    assert rig.baseline_m == pytest.approx(35.5 / 393.6538)
    # A point's rectified pixels lie on one row, disparity f·B/Z apart, by P alone and by way of the raw rig.
    point = np.array([0.3, -0.2, 2.0])
    x_left = np.append(left.R @ point, 1)
    x_right = np.append(right.R @ (rig.T_right_left @ np.append(point, 1))[:3], 1)
    a = left.P @ x_left
    b = right.P @ x_left
    c = right.rectified.project(x_right[:3])
    assert b[:2] / b[2] == pytest.approx(c)
    assert (a / a[2] - b / b[2])[:2] == pytest.approx([35.5 / a[2], 0])
    with pytest.raises(ValueError, match="swapped"):
        gio.ros_rig(right, left)


@pytest.mark.parametrize("count", [0, 4, 5, 8, 12, 14])
def test_round_trips(tmp_path, count):
    k = tuple(np.linspace(-0.1, 0.11, 14)[:count])
    camera = Camera(width=64, height=48, fx=60.1, fy=61, cx=30, cy=20, distortion=k)
    before = gio.RosCamera(camera=camera, name="a", R=np.eye(3), P=np.arange(12.0).reshape(3, 4))
    gio.write_ros_camera(tmp_path / "c.yaml", before)
    after = gio.read_ros_camera(tmp_path / "c.yaml")
    assert after.camera == camera
    assert after.camera.K.tolist() == camera.K.tolist()
    assert after.P.tolist() == before.P.tolist()
    fisheye = KannalaBrandt(width=64, height=48, fx=60.1, fy=61, cx=30, cy=20, distortion=(0.1, -0.01, 0.003, 0.0))
    gio.write_ros_camera(tmp_path / "c.yaml", gio.RosCamera(camera=fisheye, name="b", R=np.eye(3), P=before.P))
    assert gio.read_ros_camera(tmp_path / "c.yaml").camera == fisheye


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("plumb_bob", "brown", 8, "'brown'"),
        ("0.000505, 0.000000]", "0.000505, 0.000000, 1]", 12, "has 6 numbers"),
        ("[0.999978,", "[0.9,", 14, "no rotation"),
        ("[438.783367,", "[0,", 5, "fx > 0"),
        ("image_height: 480", "image_height: many", 2, "'many'"),
        ("camera_matrix", "camera_matrices", 1, "no 'camera_matrix'"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, old, new, line, said):
    assert old in INFO
    with pytest.raises(gio.FormatError) as caught:
        gio.read_ros_camera(write(tmp_path, INFO.replace(old, new)))
    assert said in str(caught.value)
    assert f"left.yaml: line {line}: " in str(caught.value)


def test_other_models_are_refused(tmp_path):
    other = UnifiedCamera(width=9, height=9, fx=1, fy=1, cx=0, cy=0, alpha=0.5)
    with pytest.raises(ValueError, match="not UnifiedCamera"):
        gio.write_ros_camera(tmp_path / "c", gio.RosCamera(camera=other, name="", R=np.eye(3), P=np.eye(3, 4)))
