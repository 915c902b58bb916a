import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import Camera, StereoRig, inverse, pose

CAMERA = Camera(width=320, height=200, fx=250.0, fy=260.0, cx=150.5, cy=97.25)
BROWN = Camera(
    width=320, height=200, fx=250.0, fy=260.0, cx=150.5, cy=97.25, distortion=(-0.2, 0.05, 1e-3, -2e-3, 0.01)
)


def test_projection_is_the_textbook_one():
    assert CAMERA.project([2.0, -1.0, 4.0]) == pytest.approx([250 * 0.5 + 150.5, 260 * -0.25 + 97.25])
    assert np.isnan(CAMERA.project([[0.0, 0.0, -1.0], [1.0, 1.0, 0.0]])).all()


def test_distortion_is_opencvs():
    cv2 = pytest.importorskip("cv2")
    points = np.random.default_rng(0).uniform((-1, -0.6, 2), (1, 0.6, 5), (50, 3))
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), BROWN.K, np.array(BROWN.distortion))
    assert BROWN.project(points) == pytest.approx(expected[:, 0], abs=1e-9)


@given(st.floats(0, 319), st.floats(0, 199), st.floats(0.1, 100))
def test_unprojecting_and_projecting_returns_the_pixel(x, y, depth):
    point = BROWN.unproject([x, y], depth)
    assert point[2] == depth
    assert BROWN.project(point) == pytest.approx([x, y], abs=1e-6)


def test_resize_keeps_pixel_centres_right():
    # The left edge of the image lies at -0.5 before and after; the centre stays the centre.
    double = CAMERA.resize(640, 400)
    ray = CAMERA.unproject([-0.5, -0.5])
    assert double.project(ray) == pytest.approx([-0.5, -0.5])
    assert double.project(CAMERA.unproject([319.5, 199.5])) == pytest.approx([639.5, 399.5])
    assert double.resize(320, 200).cx == pytest.approx(CAMERA.cx)


def test_crop_moves_the_principal_point():
    crop = CAMERA.crop(10, 20, 100, 50)
    assert crop.project(CAMERA.unproject([17.0, 29.0])) == pytest.approx([7.0, 9.0])


def test_poses_chain_by_reading():
    angle = 0.3
    rotation = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    T_a_b = pose(rotation, (1.0, 2.0, 3.0))
    assert T_a_b @ inverse(T_a_b) == pytest.approx(np.eye(4), abs=1e-12)
    with pytest.raises(ValueError, match="no rigid transform"):
        pose(np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match="no rigid transform"):
        pose(2 * np.eye(3))


def test_a_rectified_rig_knows_its_disparities():
    rig = StereoRig.rectified(CAMERA, 0.2, doffs_px=7.0)
    point = np.array([0.4, 0.1, 3.0])
    left = rig.left.project(point)
    right = rig.right.project((rig.T_right_left @ [*point, 1.0])[:3])
    assert left[1] == pytest.approx(right[1])
    assert left[0] - right[0] == pytest.approx(250 * 0.2 / 3.0 - 7.0)
    assert rig.is_rectified
    assert rig.baseline_m == pytest.approx(0.2)
    assert rig.doffs_px == 7.0


@pytest.mark.parametrize("baseline", [0.0, -0.1, float("nan")])
def test_a_rig_without_baseline_is_refused(baseline):
    with pytest.raises(ValueError, match=r"baseline_m is .*; it must be (positive|a number)"):
        StereoRig.rectified(CAMERA, baseline)


def test_a_rig_that_is_not_rectified_says_so():
    tilted = StereoRig(left=CAMERA, right=CAMERA, T_right_left=pose(translation=(-0.2, 0.01, 0.0)))
    assert not tilted.is_rectified
    with pytest.raises(ValueError, match="not rectified"):
        tilted.require_rectified()
    even = StereoRig.rectified(CAMERA, 0.2)
    assert not StereoRig(left=even.left, right=BROWN, T_right_left=even.T_right_left).is_rectified


def test_impossible_cameras_are_refused():
    with pytest.raises(ValueError, match="0x200"):
        Camera(width=0, height=200, fx=1, fy=1, cx=0, cy=0)
    with pytest.raises(ValueError, match="fx > 0"):
        Camera(width=1, height=1, fx=-1, fy=1, cx=0, cy=0)
    with pytest.raises(ValueError, match="without skew"):
        Camera.from_matrix([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]], 4, 4)
    with pytest.raises(ValueError, match=r"last row of K is \[0.0, 0.0, 2.0\]"):
        Camera.from_matrix([[1, 0, 0], [0, 1, 0], [0, 0, 2]], 4, 4)
    assert Camera.from_matrix(CAMERA.K, 320, 200) == CAMERA


@pytest.mark.parametrize("turns", [-1, 0, 1, 2])
def test_a_turned_rig_sees_the_same_scene_turned(turns):
    angle = 0.1
    rotation = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    rig = StereoRig(left=BROWN, right=CAMERA, T_right_left=pose(rotation, (-0.2, 0.01, 0.03)))
    turned, point = rig.rotated(turns), np.array([0.1, -0.2, 3.0])
    R_left = BROWN.rotated(turns)[1]
    before = CAMERA.project((rig.T_right_left @ [*point, 1])[:3])
    after = turned.right.project((turned.T_right_left @ [*(R_left @ point), 1])[:3])
    picture = np.zeros((200, 320))
    picture[tuple(np.rint(before).astype(int)[::-1])] = 1
    assert np.argwhere(np.rot90(picture, turns))[0] == pytest.approx(np.rint(after[::-1]))
    assert turned.baseline_m == pytest.approx(rig.baseline_m)
