"""A rig: real pairs with OpenCV as a second opinion, simulated pairs with truth."""

import numpy as np
import pytest

from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import Board, BoardView, CalibrationError, calibrate_stereo, find_corners

BOARD = Board(columns=9, rows=6, square_m=0.025)
SIZE = {"width": 800, "height": 640}
LEFT = Camera(**SIZE, fx=620, fy=624, cx=410, cy=310, distortion=(-0.2, 0.05, 0.001, -0.0005, 0.0))
RIGHT = Camera(**SIZE, fx=633, fy=630, cx=388, cy=331, distortion=(-0.22, 0.06, -0.001, 0.0005, 0.0))


def small_turn(x, y, z):
    angles = np.array([x, y, z])
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    n = np.linalg.norm(angles)
    return np.eye(3) + np.sin(n) / n * skew + (1 - np.cos(n)) / n**2 * skew @ skew


T_RIGHT_LEFT = pose(small_turn(0.02, -0.06, 0.03), (-0.12, 0.004, 0.01))


def pairs(board, left, right, simulated, seed=0, noise=0.1, **where):
    """Views of both cameras; None where the right one does not see the whole board."""
    views, poses = simulated(left, board, seed, noise=noise, **{"count": 14, "near": 0.35, "far": 0.6, **where})
    random = np.random.default_rng(seed + 1000)
    others = []
    for T in poses:
        both = T_RIGHT_LEFT @ T
        pixels = right.project(board.points_m() @ both[:3, :3].T + both[:3, 3])
        inside = np.isfinite(pixels).all() and (pixels > 0).all() and (pixels < (right.width, right.height)).all()
        pixels = pixels + random.normal(0, 1, pixels.shape) * noise
        ids = np.arange(board.count)
        others.append(BoardView(pixels=pixels, ids=ids, width=right.width, height=right.height) if inside else None)
    return views, others


def test_real_pairs_as_opencv_and_better(real_data):
    import cv2

    folder = real_data / "calibration" / "opencv_chessboard"
    views = [
        [find_corners(cv2.imread(str(f), 0), BOARD, f.name) for f in sorted(folder.glob(f"{side}*.jpg"))]
        for side in ("left", "right")
    ]
    assert len(views[0]) == len(views[1]) == 13
    found = calibrate_stereo(*views, BOARD)
    assert found.rms_px <= 0.2
    points = [BOARD.points_m().astype(np.float32)] * 13
    left, right = ([v.pixels.astype(np.float32).reshape(-1, 1, 2) for v in side] for side in views)
    alone = [cv2.calibrateCamera(points, side, (640, 480), None, None)[1:3] for side in (left, right)]
    theirs, K0, _, K1, _, R, t, *_ = cv2.stereoCalibrate(points, left, right, *alone[0], *alone[1], (640, 480), flags=0)
    assert found.rms_px <= theirs + 1e-6
    for mine, matrix in ((found.rig.left, K0), (found.rig.right, K1)):
        assert (mine.fx, mine.fy) == pytest.approx((matrix[0, 0], matrix[1, 1]), rel=0.001)
    assert found.rig.baseline_m == pytest.approx(np.linalg.norm(t), rel=0.001)
    assert found.rig.T_right_left[:3, :3] == pytest.approx(R, abs=1e-4)
    assert 0 < found.sigma["baseline_m"] < 1e-4


def test_perfect_pairs_give_back_the_rig(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, noise=0)
    assert None in right
    found = calibrate_stereo(left, right, BOARD)
    assert found.rig.T_right_left == pytest.approx(T_RIGHT_LEFT, abs=1e-6)
    assert found.rig.left.parameters == pytest.approx(LEFT.parameters, rel=1e-5, abs=1e-5)
    assert found.rig.right.parameters == pytest.approx(RIGHT.parameters, rel=1e-5, abs=1e-5)
    assert len(found.poses) == len(left)
    assert len(found.right.views) == len([v for v in right if v is not None])
    assert found.right.poses[0] == pytest.approx(T_RIGHT_LEFT @ found.poses[0], abs=1e-6)


def test_boards_that_one_camera_saw_help_it(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, 3)
    gap = [None if n % 3 == 0 else v for n, v in enumerate(left)]
    found = calibrate_stereo(gap, right, BOARD)
    assert len(found.poses) == sum(a is not None or b is not None for a, b in zip(gap, right, strict=True))
    assert found.rig.baseline_m == pytest.approx(np.linalg.norm(T_RIGHT_LEFT[:3, 3]), abs=5 * found.sigma["baseline_m"])


def test_two_fisheyes(simulated):
    shape = (0.03, -0.01, 0.004, -0.001)
    left = KannalaBrandt(**SIZE, fx=240, fy=241, cx=390, cy=330, distortion=shape)
    right = KannalaBrandt(**SIZE, fx=244, fy=243, cx=410, cy=315, distortion=shape)
    views = pairs(BOARD, left, right, simulated, 2, spread=60, near=0.15, far=0.35)
    found = calibrate_stereo(*views, BOARD, model="fisheye")
    assert found.rms_px < 0.15
    assert found.rig.left.fx == pytest.approx(left.fx, rel=0.003)
    assert found.rig.baseline_m == pytest.approx(np.linalg.norm(T_RIGHT_LEFT[:3, 3]), rel=0.003)


@pytest.mark.parametrize(("columns", "rows"), [(7, 5), (6, 6)])
def test_a_symmetric_board_is_turned_until_all_pairs_agree(simulated, columns, rows):
    board = Board(columns=columns, rows=rows, square_m=0.03)
    left, right = pairs(board, LEFT, RIGHT, simulated, 5, noise=0.05)
    turns = board.symmetries()
    mixed = [v if v is None else v.renumbered(turns[n % len(turns)]) for n, v in enumerate(right)]
    found = calibrate_stereo(left, mixed, board)
    assert found.rms_px < 0.1
    assert found.rig.T_right_left[:3, :3] == pytest.approx(T_RIGHT_LEFT[:3, :3], abs=3e-3)


def test_swapped_cameras_are_noticed(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, 0)
    assert not any("swapped" in text for text in calibrate_stereo(left, right, BOARD).warnings)
    found = calibrate_stereo(right, left, BOARD)
    assert any("are the two swapped?" in text for text in found.warnings)
    assert found.rig.T_right_left[0, 3] > 0


def test_pairs_that_are_none(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, 0)
    with pytest.raises(CalibrationError, match="14 left and 13 right views"):
        calibrate_stereo(left, right[:-1], BOARD)
    with pytest.raises(CalibrationError, match="2 pairs show the board in both images; at least 3"):
        calibrate_stereo([*left[:2], *left[2:], None], [*right[:2], *[None] * 12, right[0]], BOARD)
    with pytest.raises(CalibrationError, match="0 pairs"):
        calibrate_stereo([], [], BOARD)


def test_another_order_is_noticed(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, 0)
    seen = [n for n, v in enumerate(right) if v is not None]
    shifted = [right[n] for n in (*seen[1:], seen[0])]
    with pytest.raises(CalibrationError, match=r"no rig fits these pairs.*are left and right in the same order"):
        calibrate_stereo([left[n] for n in seen], shifted, BOARD)


def test_a_board_that_moved_within_a_pair_is_named(simulated):
    left, right = pairs(BOARD, LEFT, RIGHT, simulated, 0)
    n = next(n for n, v in enumerate(right) if v is not None)
    pixels = right[n].pixels + np.array([4.0, -5.0])
    right[n] = BoardView(pixels=pixels, ids=right[n].ids, **SIZE, name="moved.png")
    found = calibrate_stereo(left, right, BOARD)
    assert any("moved.png" in text and "three times the median" in text for text in found.warnings)
    error = found.rig.baseline_m - np.linalg.norm(T_RIGHT_LEFT[:3, 3])
    assert abs(error) < 2e-3


def test_one_camera_twice_is_no_rig(simulated):
    views, _ = simulated(LEFT, BOARD, 3, noise=0.1, count=12, near=0.35, far=0.6)
    with pytest.raises(CalibrationError, match="one place"):
        calibrate_stereo(views, views, BOARD)


def test_corners_of_a_turned_image_are_refused():
    with pytest.raises(ValueError, match="outside the 480x640 image; is it turned"):
        BoardView(pixels=[[600.0, 100.0], [20.0, 30.0]], ids=[0, 1], width=480, height=640)
