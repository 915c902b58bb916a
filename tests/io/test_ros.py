import numpy as np
import pytest

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, StereoRig, UnifiedCamera, pose
from geomvision.geometry import rectify, rectify_matches

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


C, S = np.cos(0.03), np.sin(0.03)
PLACE = {"width": 96, "height": 64, "fx": 80.0, "fy": 81.0, "cx": 47.0, "cy": 31.0}
T = pose([[C, 0, S], [0, 1, 0], [-S, 0, C]], (-0.2, 0.01, 0.005))
LENS = {"brown": Camera(**PLACE, distortion=(-0.1, 0.02, 0.001, -0.002, 0.0)), "fisheye": KannalaBrandt(**PLACE)}


@pytest.mark.parametrize("lens", LENS)
def test_a_rig_is_written_as_two_files_that_tell_its_rectification(tmp_path, lens):
    """The files' own equation, P · (R · X, 1), puts what both cameras see on one row, f·B / Z apart."""
    rig = StereoRig(left=LENS[lens], right=LENS[lens], T_right_left=T)
    for ros in gio.ros_cameras(rig):
        gio.write_ros_camera(tmp_path / f"{ros.name}.yaml", ros)
    left, right = (gio.read_ros_camera(tmp_path / f"{name}.yaml") for name in ("left", "right"))
    assert (left.camera, right.camera) == (rig.left, rig.right)
    np.testing.assert_allclose(gio.ros_rig(left, right).T_right_left, T, atol=1e-12)
    point = np.array([0.3, -0.2, 2.0])
    a = left.P @ np.append(left.R @ point, 1)
    b = right.P[:, :3] @ right.R @ (T @ np.append(point, 1))[:3]
    assert a[2] == pytest.approx(b[2])
    baseline = np.linalg.norm(T[:3, 3])
    assert (a - b)[:2] / a[2] == pytest.approx([left.P[0, 0] * baseline / a[2], 0])
    assert gio.ros_rectified_rig(left, right).baseline_m == pytest.approx(baseline)


def test_a_rectified_rig_is_written_as_it_is():
    plain = Camera(**(PLACE | {"fy": 80.0}))
    left, right = gio.ros_cameras(StereoRig.rectified(plain, 0.25), names=("a", "b"))
    assert (left.name, right.name) == ("a", "b")
    assert left.R.tolist() == right.R.tolist() == np.eye(3).tolist()
    assert right.P.tolist() == [[80, 0, 47, -20], [0, 80, 31, 0], [0, 0, 1, 0]]


def test_rectifications_that_camera_info_has_no_place_for_are_refused():
    rig = StereoRig(left=LENS["brown"], right=LENS["brown"], T_right_left=T)
    with pytest.raises(ValueError, match="96x64 and rectified 50x40; camera_info needs one size"):
        gio.ros_cameras(rig, rectify(rig, size=(50, 40)))
    with pytest.raises(ValueError, match="doffs are 3 px"):
        gio.ros_cameras(StereoRig.rectified(Camera(**(PLACE | {"fy": 80.0})), 0.25, doffs_px=3.0))
    random = np.random.default_rng(0)
    X = random.uniform((-1, -0.6, 2), (1, 0.6, 5), (300, 3))
    x0, x1 = (Camera(**PLACE).project(X @ P[:3, :3].T + P[:3, 3]) for P in (np.eye(4), T))
    with pytest.raises(ValueError, match="has no rig"):
        gio.ros_cameras(rig, rectify_matches(x0, x1, (96, 64)))
