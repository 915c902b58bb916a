"""The measured vertical residual: by hand, on corners of a real board, and on pairs published as imperfect."""

import json

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, StereoRig, pose
from geomvision.geometry import RectificationRefused, rectify, vertical_residual
from geomvision.geometry._region import largest_rectangle
from geomvision.geometry.rectification_residual import measure_rows

SIDES = ("left", "right")


def board_rig(real_data):
    """The rig that photographed the chessboards, as calibrated by OpenCV."""
    meta = json.loads((real_data / "calibration" / "opencv_chessboard" / "meta.json").read_text())
    known = meta["reference_calibration"]
    cameras = [Camera.from_matrix(known[f"K_{s}"], 640, 480, known[f"D_{s}"]) for s in SIDES]
    u, _, vt = np.linalg.svd(np.array(known["R"]))
    return StereoRig(left=cameras[0], right=cameras[1], T_right_left=pose(u @ vt, known["T_m"]))


def test_the_figures_are_those_done_by_hand():
    random = np.random.default_rng(0)
    left = random.uniform(0, 100, (101, 2))
    right = left - (5.0, 0.0)
    right[:, 1] += np.linspace(-1, 0, 101)  # the left image lies too low, by 0 … 1 px
    right[0] = (50, 900)  # and one mismatch
    found = vertical_residual(left, right)
    assert (found.matches, found.kept) == (101, 100)
    assert found.median_px == pytest.approx(0.495)
    assert found.median_abs_px == pytest.approx(0.495)
    assert found.p90_abs_px == pytest.approx(0.891)
    assert found.behind_share == 0
    assert not found.problems
    assert vertical_residual(right, left).median_px == pytest.approx(-0.495)


def test_problems_are_said_with_their_figures():
    left = np.random.default_rng(0).uniform(0, 100, (50, 2))
    with pytest.raises(RectificationRefused, match=r"median size of 2\.50 px \(median -2\.50 px\)"):
        vertical_residual(left, left + np.array([-5, 2.5])).require()
    swapped = vertical_residual(left, left + np.array([5, 0.1]))
    with pytest.raises(RectificationRefused, match="views are swapped"):
        swapped.require()
    assert not vertical_residual(left, left + np.array([5, 0.1]), doffs_px=6).problems


def test_more_mismatches_than_matches_do_not_hide_the_rows():
    """Repetitive texture: 40 right matches and 58 wrong ones, which scatter."""
    random = np.random.default_rng(0)
    left = random.uniform(0, 400, (98, 2))
    right = left - (20.0, 0.3)
    right[40:] = random.uniform(0, 400, (58, 2))
    found = vertical_residual(left, right)
    assert found.median_px == pytest.approx(0.3, abs=0.05)
    assert 40 <= found.kept <= 46
    assert not found.problems


def test_too_few_matches_judge_nothing():
    none = vertical_residual(np.empty((0, 2)), np.empty((0, 2)))
    assert np.isnan([none.median_px, none.median_abs_px, none.p90_abs_px, none.behind_share]).all()
    few = vertical_residual(np.full((3, 2), np.nan), np.ones((3, 2)))
    assert (few.matches, few.kept, few.is_measured, few.problems) == (3, 0, False, ())
    assert "not measured" in str(few)
    blank = np.zeros((40, 50), np.uint8)
    assert measure_rows(blank, blank).matches == 0


@pytest.mark.parametrize(
    ("scene", "low", "high"), [("Motorcycle", 0.15, 0.45), ("Recycle", 0.1, 0.35), ("Aloe", 0.0, 0.12)]
)
def test_pairs_published_as_imperfect_are_measured_so(real_data, scene, low, high):
    """calib.txt says 0.23 px on average for Motorcycle; Aloe of 2006 is nearly perfect."""
    folder = real_data / "stereo" / scene
    found = measure_rows(*(io.read_image(folder / f"{side}.png") for side in ("left", "right")))
    assert low <= found.median_abs_px <= high
    assert found.kept > 0.8 * found.matches


def test_a_board_of_repetitions_is_no_reason_to_refuse(real_data):
    known = board_rig(real_data)
    for number in (1, 5):
        images = (
            io.read_image(real_data / "calibration" / "opencv_chessboard" / f"{s}{number:02d}.jpg") for s in SIDES
        )
        assert rectify(known, images=list(images)).residual.median_abs_px < 0.5


def test_corners_of_a_board_come_to_equal_rows(real_data):
    cv2 = pytest.importorskip("cv2")
    folder = real_data / "calibration" / "opencv_chessboard"
    found = rectify(board_rig(real_data))
    corners = {"left": [], "right": []}
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-3)
    for number in (1, 2, 3, 5, 7, 12):
        for side, into in corners.items():
            grey = cv2.imread(str(folder / f"{side}{number:02d}.jpg"), cv2.IMREAD_GRAYSCALE)
            seen, points = cv2.findChessboardCorners(grey, (9, 6))
            assert seen
            into.append(cv2.cornerSubPix(grey, points, (5, 5), (-1, -1), criteria).reshape(-1, 2))
    left, right = found.points(*(np.concatenate(points) for points in corners.values()))
    assert np.abs(left - right)[:, 1].mean() < 0.16
    assert found.vertical_residual(*(np.concatenate(points) for points in corners.values())).kept == len(left)
    # The distance of neighbouring corners is the board's 25 mm.
    W = np.concatenate([left, left[:, :1] - right[:, :1], np.ones((len(left), 1))], axis=1) @ found.Q.T
    X = (W[:, :3] / W[:, 3:]).reshape(-1, 6, 9, 3)
    assert np.median(np.linalg.norm(np.diff(X, axis=2), axis=-1)) == pytest.approx(0.025, rel=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (7, 12), (40, 30)])
def test_the_largest_rectangle_is_the_one_found_by_trying_all(shape):
    for seed in range(8):
        mask = np.random.default_rng(seed).random(shape) < 0.75
        table = np.pad(mask, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        best = 0
        for y in range(shape[0]):
            for below in range(y + 1, shape[0] + 1):
                columns = (table[below] - table[y]) - 0
                full = np.diff(columns) == below - y
                run = 0
                for is_full in full:
                    run = run + 1 if is_full else 0
                    best = max(best, run * (below - y))
        x, y, w, h = largest_rectangle(mask)
        assert w * h == best
        assert mask[y : y + h, x : x + w].all()


def test_the_largest_rectangle_of_a_large_mask_cannot_grow():
    y, x = np.indices((700, 900))
    mask = (x - 400) ** 2 / 380**2 + (y - 300) ** 2 / 250**2 < 1
    left, top, width, height = largest_rectangle(mask)
    assert mask[top : top + height, left : left + width].all()
    assert width * height > 0.97 * 2 * 380 * 250  # the largest rectangle in an ellipse is 2ab
    assert largest_rectangle(np.zeros((700, 900), bool)) == (0, 0, 0, 0)
    dot = np.zeros((700, 900), bool)
    dot[33, 44] = True
    assert largest_rectangle(dot) == (44, 33, 1, 1)
