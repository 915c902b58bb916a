"""Calibration files that are cut, shuffled or overwritten are read or refused by name: no other error gets out."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, StereoRig, pose

CAMERA = Camera(width=64, height=48, fx=50.5, fy=51.5, cx=31.5, cy=23.25, distortion=(0.1, -0.01, 1e-3, 2e-3, 0.01))
FISHEYE = KannalaBrandt(width=64, height=48, fx=30, fy=31, cx=31, cy=23, distortion=(0.1, -0.01, 1e-3, 2e-3))
RIG = StereoRig(left=CAMERA, right=CAMERA, T_right_left=pose(translation=(-0.1, 0, 0)))
CHAIN = gio.KalibrChain(cameras=(FISHEYE, FISHEYE), T_camera_first=(np.eye(4), RIG.T_right_left), topics=("/a", ""))
ROS = gio.RosCamera(camera=CAMERA, name="a", R=np.eye(3), P=np.eye(3, 4))
TRACK = gio.Trajectory(seconds=np.arange(2.0), T_world_camera=np.stack([np.eye(4)] * 2))
FORMATS = {
    "opencv": (lambda p: gio.write_opencv_camera(p, CAMERA), gio.read_opencv_camera),
    "opencv_rig": (lambda p: gio.write_opencv_rig(p, RIG), gio.read_opencv_rig),
    "kalibr": (lambda p: gio.write_kalibr(p, CHAIN), gio.read_kalibr),
    "ros": (lambda p: gio.write_ros_camera(p, ROS), gio.read_ros_camera),
    "tum": (lambda p: gio.write_tum_trajectory(p, TRACK), gio.read_tum_trajectory),
}
MODEL = gio.ColmapModel(
    cameras={1: CAMERA, 2: FISHEYE},
    images={
        1: gio.ColmapImage(
            name="a", camera_id=1, T_camera_world=np.eye(4), pixels=np.ones((2, 2)), point_ids=np.array([1, -1])
        )
    },
)
damage = st.tuples(
    st.integers(0, 10**4),
    st.integers(0, 40),
    st.binary(max_size=6) | st.sampled_from([b"\n", b"- ", b"[", b"&a ", b"*a", b": ", b"1e999", b"!!"]),
)


def damaged(whole, hurt):
    start, length, instead = hurt
    start %= len(whole)
    return whole[:start] + instead + whole[start + length :]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hurt=damage)
def test_damaged_files_are_read_or_refused_by_name(tmp_path, name, hurt):
    write, read = FORMATS[name]
    path = tmp_path / "file"
    write(path)
    path.write_bytes(damaged(path.read_bytes(), hurt))
    try:
        read(path)
    except gio.FormatError as error:
        assert str(path) in str(error)  # noqa: PT017


@pytest.mark.parametrize("binary", [False, True])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hurt=damage, which=st.sampled_from(["cameras", "images"]))
def test_damaged_models_are_read_or_refused_by_name(tmp_path, binary, hurt, which):
    gio.write_colmap(tmp_path, MODEL, binary=binary)
    path = tmp_path / f"{which}.{'bin' if binary else 'txt'}"
    path.write_bytes(damaged(path.read_bytes(), hurt))
    try:
        gio.read_colmap(tmp_path)
    except gio.FormatError as error:
        assert str(tmp_path) in str(error)  # noqa: PT017
