"""Every camera that a format can hold comes back from it; every other is refused with a reason."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import geomvision.io as gio
from geomvision.cameras import (
    Camera,
    ExtendedUnifiedCamera,
    KannalaBrandt,
    RayTable,
    StereoRig,
    UnifiedCamera,
    pose,
)
from geomvision.geometry import rectify

COUNTS = (0, 4, 5, 8, 12, 14)
small = st.floats(-0.05, 0.05)
places = st.fixed_dictionaries(
    {
        "width": st.integers(8, 4000),
        "height": st.integers(8, 4000),
        "fx": st.floats(5.0, 5000.0),
        "fy": st.one_of(st.floats(5.0, 5000.0), st.floats(-5000.0, -5.0)),
        "cx": st.floats(-100.0, 4000.0),
        "cy": st.floats(-100.0, 4000.0),
    }
)
names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


def coefficients(*counts):
    return st.sampled_from(counts).flatmap(lambda count: st.tuples(*[small] * count))


pinholes = st.builds(lambda place, d: Camera(**place, distortion=d), places, coefficients(*COUNTS))
fisheyes = st.builds(lambda place, d: KannalaBrandt(**place, distortion=d), places, coefficients(4))
unified = st.builds(
    lambda place, a, d: UnifiedCamera(**place, alpha=a, distortion=d), places, st.floats(0, 1), coefficients(0, 4, 5)
)
extended = st.builds(
    lambda place, a, b, d: ExtendedUnifiedCamera(**place, alpha=a, beta=b, distortion=d),
    places,
    st.floats(0, 1),
    st.floats(0.1, 3),
    coefficients(0, 4, 5),
)
models = st.one_of(pinholes, fisheyes, unified, extended)
turns = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1)
anything = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
POINTS = np.array([[0.1, 0.2, 1.0], [-0.3, 0.1, 2.0], [0.0, 0.0, 1.0], [0.2, -0.25, 0.9]])


def rotation(q):
    w, x, y, z = np.array(q) / np.linalg.norm(q)
    rows = [[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)]]
    rows += [[2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)]]
    return np.array([*rows, [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])


def same_lens(found, camera):
    """Whether both see the same, to rounding, with one model and size."""
    assert type(found) is type(camera)
    assert (found.width, found.height) == (camera.width, camera.height)
    np.testing.assert_allclose(found.project(POINTS), camera.project(POINTS), rtol=1e-9, atol=1e-6)


@anything
@given(models, names, turns)
def test_ros(tmp_path, camera, name, q):
    ros = gio.RosCamera(camera=camera, name=name, R=rotation(q), P=np.arange(12.0).reshape(3, 4) / 7)
    if isinstance(camera, UnifiedCamera):
        with pytest.raises(ValueError, match="pinhole and fisheye cameras"):
            gio.write_ros_camera(tmp_path / "c.yaml", ros)
        return
    gio.write_ros_camera(tmp_path / "c.yaml", ros)
    back = gio.read_ros_camera(tmp_path / "c.yaml")
    assert (back.camera, back.name) == (camera, name)
    np.testing.assert_allclose(back.R, ros.R, atol=1e-15)
    assert np.array_equal(back.P, ros.P)


@anything
@given(models)
def test_opencv(tmp_path, camera):
    if isinstance(camera, UnifiedCamera):
        with pytest.raises(ValueError, match="pinhole and fisheye cameras"):
            gio.write_opencv_camera(tmp_path / "c.yml", camera)
        return
    gio.write_opencv_camera(tmp_path / "c.yml", camera)
    assert gio.read_opencv_camera(tmp_path / "c.yml") == camera


@anything
@given(pinholes, coefficients(*COUNTS), turns)
def test_opencvs_rigs(tmp_path, left, distortion, q):
    right = left.with_parameters(left.parameters)
    right = Camera(**{k: getattr(left, k) for k in ("width", "height", "fx", "fy", "cx", "cy")}, distortion=distortion)
    rig = StereoRig(left=left, right=right, T_right_left=pose(rotation(q), (-0.1, 0.02, 0.03)))
    gio.write_opencv_rig(tmp_path / "r.yml", rig)
    back = gio.read_opencv_rig(tmp_path / "r.yml")
    assert (back.left, back.right) == (left, right)
    np.testing.assert_allclose(back.T_right_left, rig.T_right_left, atol=1e-15)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(models, models, st.tuples(*[st.floats(-0.05, 0.05)] * 3), st.tuples(*[st.floats(-0.02, 0.02)] * 2))
def test_kittis_and_ross_rigs(tmp_path, left, right, turn, aside):
    """Of cameras that look the same way, as rigs do; nearly all of them can be rectified."""
    middle = {"width": 640, "height": 480, "cx": 320.0, "cy": 240.0, "fx": 500.0, "fy": 500.0}
    left, right = replace(left, **middle), replace(right, **middle)
    rig = StereoRig(left=left, right=right, T_right_left=pose(rotation((1.0, *turn)), (-0.3, *aside)))
    kitti = all(isinstance(c, Camera) and not any(c.distortion[5:]) for c in (left, right))
    if not kitti:
        with pytest.raises(ValueError, match="k1 k2 p1 p2 k3"):
            gio.kitti_entries(rig)
    elif not rig.is_rectified:
        gio.write_kitti_calib(tmp_path / "c.txt", gio.kitti_entries(rig))
        back = gio.kitti_raw_rig(gio.read_kitti_calib(tmp_path / "c.txt"))
        same_lens(back.left, left)
        same_lens(back.right, right)
        np.testing.assert_allclose(back.T_right_left, rig.T_right_left, atol=1e-12)
    back = gio.ros_rig(*gio.ros_cameras(rig, None if rig.is_rectified else rectify(rig, size=(640, 480))))
    assert (back.left, back.right) == (left, right)
    np.testing.assert_allclose(back.T_right_left, rig.T_right_left, atol=1e-9)


def test_opencv_reads_a_camera_without_coefficients(tmp_path):
    cv2 = pytest.importorskip("cv2")
    gio.write_opencv_camera(tmp_path / "c.yml", Camera(width=9, height=8, fx=7.0, fy=7.5, cx=4.0, cy=3.0))
    storage = cv2.FileStorage(str(tmp_path / "c.yml"), cv2.FILE_STORAGE_READ)
    coefficients = storage.getNode("distortion_coefficients").mat()
    assert coefficients is None or coefficients.size == 0
    assert storage.getNode("camera_matrix").mat()[0, 0] == 7.0
    storage.release()


@anything
@given(st.lists(st.tuples(models, names, turns), min_size=1, max_size=3))
def test_kalibr(tmp_path, given_cameras):
    cameras, topics, turned = zip(*given_cameras, strict=True)
    poses = [np.eye(4), *(pose(rotation(q), (0.1, 0.2, 0.3)) for q in turned[1:])]
    chain = gio.KalibrChain(cameras=cameras, T_camera_first=tuple(poses), topics=topics)
    plain = [c for c in cameras if not isinstance(c, KannalaBrandt)]
    reasons = {
        "k1, k2, p1, p2 only": any(any(c.distortion[4:]) for c in plain),
        "no such camera": any(type(c) is UnifiedCamera and c.alpha == 1 for c in cameras),
    }
    if any(reasons.values()):  # of several, the first camera's is told
        with pytest.raises(ValueError, match="|".join(reason for reason, holds in reasons.items() if holds)):
            gio.write_kalibr(tmp_path / "c.yaml", chain)
        return
    assume(not any(type(c) is UnifiedCamera and c.alpha > 1 - 1e-6 for c in cameras))  # ξ has no digits left
    gio.write_kalibr(tmp_path / "c.yaml", chain)
    back = gio.read_kalibr(tmp_path / "c.yaml")
    assert back.topics == topics
    for found, camera in zip(back.cameras, cameras, strict=True):
        same_lens(found, camera)
        assert len(found.distortion) == min(4, len(camera.distortion))
    for found, T in zip(back.T_camera_first, poses, strict=True):
        np.testing.assert_allclose(found, T, atol=1e-14)


@anything
@given(models, turns, st.booleans())
def test_colmap(tmp_path, camera, q, binary):
    image = gio.ColmapImage(name="a b.png", camera_id=3, T_camera_world=pose(rotation(q), (1.0, 2.0, 3.0)))
    model = gio.ColmapModel(cameras={3: camera}, images={7: image})
    refused = isinstance(camera, UnifiedCamera) or (isinstance(camera, Camera) and any(camera.distortion[8:]))
    if refused:
        with pytest.raises(ValueError, match="COLMAP has no"):
            gio.write_colmap(tmp_path, model, binary=binary)
        return
    for old in tmp_path.iterdir():
        old.unlink()
    gio.write_colmap(tmp_path, model, binary=binary)
    back = gio.read_colmap(tmp_path)
    same_lens(back.cameras[3], camera)
    np.testing.assert_allclose(back.images[7].T_camera_world, image.T_camera_world, atol=1e-12)
    assert back.images[7].name == image.name


@anything
@given(pinholes, st.floats(0.001, 10.0), st.floats(-50, 50))
def test_middlebury(tmp_path, camera, baseline_m, doffs_px):
    if camera.is_distorted:
        rig = StereoRig(left=camera, right=camera, T_right_left=pose(translation=(-baseline_m, 0.0, 0.0)))
        with pytest.raises(ValueError, match="not rectified"):
            gio.write_middlebury_calib(tmp_path / "calib.txt", rig)
        return
    rig = StereoRig.rectified(camera, baseline_m, doffs_px)
    gio.write_middlebury_calib(tmp_path / "calib.txt", rig)
    back = gio.read_middlebury_calib(tmp_path / "calib.txt").rig
    same_lens(back.left, rig.left)
    same_lens(back.right, rig.right)
    assert back.baseline_m == pytest.approx(baseline_m, rel=1e-14)
    assert back.is_rectified


def test_a_table_of_rays_is_refused_by_all(tmp_path):
    table = RayTable.from_camera(Camera(width=64, height=48, fx=60.0, fy=60.0, cx=31.0, cy=23.0))
    ros = gio.RosCamera(camera=table, name="", R=np.eye(3), P=np.eye(3, 4))
    chain = gio.KalibrChain(cameras=(table,), T_camera_first=(np.eye(4),), topics=("",))
    for write, what in (
        (gio.write_ros_camera, ros),
        (gio.write_opencv_camera, table),
        (gio.write_kalibr, chain),
        (gio.write_colmap, gio.ColmapModel(cameras={1: table}, images={})),
    ):
        with pytest.raises(ValueError, match="RayTable"):
            write(tmp_path, what)
