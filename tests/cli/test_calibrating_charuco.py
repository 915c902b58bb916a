"""``geomvision calibrate`` with ChArUco boards, from files to the rig; and the command that the manual begins with."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, pose

SIZE = {"width": 480, "height": 360}
LEFT = Camera(**SIZE, fx=430.0, fy=434.0, cx=243.0, cy=175.0)
RIGHT = Camera(**SIZE, fx=436.0, fy=433.0, cx=236.0, cy=182.0)
T_RIGHT_LEFT = pose(translation=(-0.06, 0.002, 0.003))
ACROSS, DOWN, SQUARE_M, DOTS = 8, 6, 0.03, 80  # squares


def sheet():
    words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_100)
    board = cv2.aruco.CharucoBoard((ACROSS, DOWN), SQUARE_M, 0.022, words)
    return cv2.GaussianBlur(board.generateImage((ACROSS * DOTS, DOWN * DOTS), None, 0, 1), None, 1.5)


def photograph(camera, T):
    """A pinhole camera sees a flat print by a homography: dots of the sheet to metres on the board to pixels."""
    metre = SQUARE_M / DOTS
    onto_board = np.array([[metre, 0, metre / 2 - SQUARE_M], [0, metre, metre / 2 - SQUARE_M], [0, 0, 1]])
    H = camera.K @ T[:3, [0, 1, 3]] @ onto_board
    return cv2.warpPerspective(sheet(), H, (camera.width, camera.height), borderValue=235)


def poses():
    random = np.random.default_rng(2)
    for n in range(9):
        x, y = random.uniform(-0.6, 0.6, 2)
        about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        place = np.array([0.09 * (n % 3 - 1) + 0.03, 0.05 * (n // 3 - 1), random.uniform(0.26, 0.33)])
        yield pose(about_y @ about_x, place - about_y @ about_x @ (0.09, 0.06, 0.0))


def test_a_rig_from_charuco_boards_that_reach_out_of_the_images(geomvision, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for n, T in enumerate(poses()):
        for side, camera, view in (("left", LEFT, T), ("right", RIGHT, T_RIGHT_LEFT @ T)):
            (tmp_path / side).mkdir(exist_ok=True)
            io.write_image(tmp_path / side / f"{n:02d}.png", photograph(camera, view))
    board = ("--board", "7x5", "--square", "3cm", "--charuco", "5x5_100", "--marker", "22mm")
    ended = geomvision("calibrate", "left/*.png", "right/*.png", *board, "--model", "pinhole", "--out", "rig.json")
    assert ended.code == 0, ended.err
    assert "left: 7x5 charuco board in 9 of 9 images" in ended.out
    told = json.loads((tmp_path / "rig.json").read_text())
    assert told["rms_px"] < 0.15
    assert told["left"]["board"]["kind"] == "charuco"
    rig = io.read_rig("rig.json")
    np.testing.assert_allclose(rig.left.parameters, LEFT.parameters, rtol=0.005)
    np.testing.assert_allclose(rig.right.parameters, RIGHT.parameters, rtol=0.005)
    assert rig.baseline_m == pytest.approx(np.linalg.norm(T_RIGHT_LEFT[:3, 3]), rel=0.005)
    other = geomvision("calibrate", "left/*.png", *board[:4], "--charuco", "6x6_250", "--marker", "22mm")
    assert other.code == 2
    assert "0 markers of 6X6_250" in other.err


def test_the_command_of_the_manual_on_real_photographs(geomvision, real_data, tmp_path, monkeypatch):
    """Word for word, as a shell hands them over that expands nothing; figures beside OpenCV's own."""
    folder = real_data / "calibration" / "opencv_chessboard"
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        for path in folder.glob(f"{side}*.jpg"):
            shutil.copy(path, tmp_path / side)
    monkeypatch.chdir(tmp_path)
    ended = geomvision("calibrate", "left/*.jpg", "right/*.jpg", "--board", "9x6", "--square", "0.025m")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["left", "right"]  # nothing written unasked
    assert float(re.search(r"RMS ([\d.]+) px", ended.out)[1]) <= 0.22
    known = json.loads((folder / "meta.json").read_text())["reference_calibration"]
    focal = re.search(r"fx\W+([\d.]+)\W+[\d.]+\W+([\d.]+)", ended.out)
    assert float(focal[1]) == pytest.approx(known["K_left"][0][0], rel=0.005)
    assert float(focal[2]) == pytest.approx(known["K_right"][0][0], rel=0.005)
    baseline = float(re.search(r"baseline mm\W+([\d.]+)", ended.out)[1])
    assert baseline == pytest.approx(1000 * np.linalg.norm(known["T_m"]), rel=0.005)
