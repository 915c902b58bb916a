import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomvision.io as gio
from geomvision.cameras import pose
from geomvision.cameras.poses import nearest_rotation
from geomvision.io._rotations import quaternion_of, rotation_of

TRUTH = """# ground truth trajectory
# file: 'rgbd_dataset_freiburg1_xyz.bag'
# timestamp tx ty tz qx qy qz qw
1305031098.6659 1.3563 0.6305 1.6380 0.6132 0.5962 -0.3311 -0.3986
1305031098.6758 1.3543 0.6306 1.6360 0.0 0.0 0.7071068 0.7071068
"""


def write(folder, text):
    (folder / "groundtruth.txt").write_text(text)
    return folder / "groundtruth.txt"


def test_a_trajectory_is_read_with_the_scalar_last(tmp_path):
    trajectory = gio.read_tum_trajectory(write(tmp_path, TRUTH))
    assert trajectory.seconds.tolist() == [1305031098.6659, 1305031098.6758]
    second = trajectory.T_world_camera[1]
    # A quarter turn about z: x goes to y.
    assert second == pytest.approx(
        np.array([[0, -1, 0, 1.3543], [1, 0, 0, 0.6306], [0, 0, 1, 1.6360], [0, 0, 0, 1]]), abs=1e-12
    )


def test_round_trips(tmp_path):
    c, s = np.cos(3.0), np.sin(3.0)
    T = pose([[c, -s, 0], [s, c, 0], [0, 0, 1]], (1.0, 2.0, 3.0))
    before = gio.Trajectory(seconds=np.array([0.1, 2.5]), T_world_camera=np.stack([T, np.eye(4)]))
    gio.write_tum_trajectory(tmp_path / "t.txt", before)
    after = gio.read_tum_trajectory(tmp_path / "t.txt")
    assert after.seconds.tolist() == before.seconds.tolist()
    np.testing.assert_allclose(after.T_world_camera, before.T_world_camera, atol=1e-15)


def test_poses_come_in_the_order_of_time(tmp_path):
    (tmp_path / "a.txt").write_text("3 0 0 3 0 0 0 1\n1 0 0 1 0 0 0 1\n2 0 0 2 0 0 0 1\n")
    read = gio.read_tum_trajectory(tmp_path / "a.txt")
    assert read.seconds.tolist() == read.T_world_camera[:, 2, 3].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("1.6360 0.0", "1.6360", 5), ("-0.3311", "x", 4), ("0.0 0.0 0.7071068", "0.0 0.0 0.9", 5), ("1.3563", "nan", 4)],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, old, new, line):
    assert old in TRUTH
    with pytest.raises(gio.FormatError, match=rf"groundtruth\.txt: line {line}: "):
        gio.read_tum_trajectory(write(tmp_path, TRUTH.replace(old, new)))
    with pytest.raises(gio.FormatError, match="has no pose"):
        gio.read_tum_trajectory(write(tmp_path, "# nothing\n"))


def test_the_published_cameras():
    assert gio.tum_camera("freiburg1").fx == 517.306408
    assert gio.tum_camera("freiburg3").distortion == ()
    assert gio.tum_camera("icl_nuim").fy == -480
    for name in ("freiburg1", "freiburg2"):
        assert gio.tum_camera(name).valid_mask().all()
    with pytest.raises(ValueError, match="'freiburg4'"):
        gio.tum_camera("freiburg4")


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_quaternions_and_rotations_are_each_others_inverse(q):
    q = np.array(q) / np.linalg.norm(q)
    R = rotation_of(q)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-14)
    back = quaternion_of(R)
    assert min(np.abs(back - q).max(), np.abs(back + q).max()) < 1e-12
    assert back[0] >= 0
    np.testing.assert_allclose(nearest_rotation(np.round(R, 6)), R, atol=2e-6)
    with pytest.raises(ValueError, match="no rotation"):
        nearest_rotation(-R)


@pytest.mark.parametrize("huge", [1e200, np.inf, np.nan])
def test_numbers_beyond_all_bounds_are_no_rotation(huge):
    with pytest.raises(ValueError, match="length"):
        rotation_of([huge, 0, 0, 1])
    with pytest.raises(ValueError, match="no rotation"):
        nearest_rotation(np.full((3, 3), huge))
