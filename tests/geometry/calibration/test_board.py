"""Boards, and corners found in rendered images where they must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import Board, BoardNotFoundError, BoardView, find_corners

CAMERA = Camera(width=420, height=330, fx=400, fy=404, cx=213, cy=158, distortion=(-0.25, 0.08, 0.001, -0.002, 0.0))
CHESS = Board(columns=8, rows=5, square_m=0.03)


def turned(angle, tilt=0.3):
    c, s, ct, t = np.cos(angle), np.sin(angle), np.cos(tilt), np.sin(tilt)
    return np.array([[1, 0, 0], [0, ct, -t], [0, t, ct]]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def placed(board, angle=0.0, distance=0.42, tilt=0.3):
    R = turned(angle, tilt)
    return pose(R, np.array([0.01, -0.005, distance]) - R @ board.points_m().mean(axis=0))


def truth(camera, board, T):
    return camera.project(board.points_m() @ T[:3, :3].T + T[:3, 3])


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.0, np.pi, 4.5])
def test_corners_of_a_chessboard_are_numbered_the_same_from_everywhere(rendered, angle):
    T = placed(CHESS, angle)
    view = find_corners(rendered(CAMERA, CHESS, T), CHESS, "a.png")
    assert (view.width, view.height, view.name) == (420, 330, "a.png")
    error = view.pixels - truth(CAMERA, CHESS, T)
    assert np.abs(error).max() < 0.1
    assert np.sqrt(np.square(error).sum(axis=1).mean()) < 0.03


@pytest.mark.parametrize(("columns", "rows"), [(7, 5), (6, 6), (5, 5)])
def test_a_symmetric_board_is_numbered_up_to_its_symmetry(rendered, columns, rows):
    board = Board(columns=columns, rows=rows, square_m=0.035)
    T = placed(board, 2.6)
    view = find_corners(rendered(CAMERA, board, T), board)
    expected = truth(CAMERA, board, T)
    errors = [np.abs(view.pixels - expected[ids]).max() for ids in board.symmetries()]
    assert sorted(error < 0.3 for error in errors) == [False] * (len(errors) - 1) + [True]
    across = view.pixels[columns - 1] - view.pixels[0]
    assert across[0] > 0
    assert across[0] >= abs(across[1]) or columns != rows


def test_symmetries_are_turns_that_keep_the_colours():
    assert [len(Board(columns=c, rows=r, square_m=1).symmetries()) for c, r in ((9, 6), (7, 5), (6, 6), (5, 5))] == [
        1,
        2,
        4,
        2,
    ]
    assert len(Board(columns=6, rows=6, square_m=1, kind="charuco", marker_m=0.7).symmetries()) == 1
    assert np.array_equal(Board(columns=7, rows=5, square_m=1).symmetries()[1], np.arange(35)[::-1])


def test_charuco_corners_from_part_of_the_board(rendered):
    board = Board(columns=7, rows=5, square_m=0.04, kind="charuco", marker_m=0.03, dictionary="4X4_50")
    T = placed(board, 0.2, 0.33)
    T[:3, 3] += (0.08, 0.0, 0.0)  # its right side is outside
    view = find_corners(rendered(CAMERA, board, T), board)
    assert 10 <= len(view.ids) < board.count
    assert np.abs(view.pixels - truth(CAMERA, board, T)[view.ids]).max() < 0.1


def test_corners_seen_by_a_fisheye(rendered):
    camera = KannalaBrandt(width=420, height=330, fx=130, fy=131, cx=205, cy=170, distortion=(0.02, -0.005, 0.001, 0.0))
    T = placed(CHESS, 0.3, 0.12)
    view = find_corners(rendered(camera, CHESS, T), CHESS)
    assert np.sqrt(np.square(view.pixels - truth(camera, CHESS, T)).sum(axis=1).mean()) < 0.15


@pytest.mark.parametrize("kind", ["uint16", "float32", "rgb", "large"])
def test_every_kind_of_image(rendered, kind):
    import cv2

    T = placed(CHESS)
    image = rendered(CAMERA, CHESS, T)
    scale = 1
    if kind == "uint16":
        image = image.astype(np.uint16) * 200
    elif kind == "float32":
        image = image.astype(np.float32) / 255
    elif kind == "rgb":
        image = np.stack([image] * 3, axis=2)
    else:
        scale, image = 5, cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    view = find_corners(image, CHESS)
    assert np.abs((view.pixels + 0.5) / scale - 0.5 - truth(CAMERA, CHESS, T)).max() < 0.1


def test_not_found_says_why(rendered):
    image = rendered(CAMERA, CHESS, placed(CHESS))
    with pytest.raises(
        BoardNotFoundError, match=r"x\.png: no 9x6 chessboard found\. One of 8x5 is there: counts are inner"
    ):
        find_corners(image, Board(columns=9, rows=6, square_m=0.03), "x.png")
    with pytest.raises(BoardNotFoundError, match="The whole board with a light margin must be seen"):
        find_corners(np.full((200, 300), 128, np.uint8), CHESS)
    with pytest.raises(BoardNotFoundError, match="0 markers of 4X4_50 and 0 corners were seen"):
        find_corners(image, Board(columns=8, rows=5, square_m=0.03, kind="charuco", marker_m=0.02))
    with pytest.raises(ValueError, match="dictionary is 'klingon'; OpenCV has 4X4_100"):
        find_corners(
            image, Board(columns=8, rows=5, square_m=0.03, kind="charuco", marker_m=0.02, dictionary="klingon")
        )


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31), st.sampled_from(["chessboard", "charuco"]))
def test_noise_holds_no_board(width, height, seed, kind):
    image = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    board = Board(columns=4, rows=3, square_m=0.1, kind=kind, marker_m=0.05 if kind == "charuco" else None)
    with pytest.raises(BoardNotFoundError):
        find_corners(image, board)


BAD_BOARDS = [
    ({"columns": 1}, "columns is 1; a board has 2 to 1000"),
    ({"rows": 2.5}, "rows is 2.5"),
    ({"columns": 2, "rows": 2}, "has 4 corners; 6 are needed"),
    ({"square_m": 0.0}, "square_m is 0.0; it must be the positive width"),
    ({"square_m": float("nan")}, "square_m is NaN"),
    ({"kind": "dots"}, "kind is 'dots'; allowed are .chessboard., .charuco."),
    ({"kind": "charuco"}, "marker_m is None; a marker lies inside its square"),
    ({"kind": "charuco", "marker_m": 0.04}, "marker_m is 0.04; a marker lies inside its square of 0.03 m"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD_BOARDS)
def test_boards_that_cannot_be(wrong, message):
    with pytest.raises(TypeError if "rows" in wrong and wrong["rows"] == 2.5 else ValueError, match=message):
        Board(**{"columns": 8, "rows": 5, "square_m": 0.03, **wrong})


BAD_VIEWS = [
    (
        {"pixels": np.zeros((2, 7)), "ids": np.arange(7)},
        r"\(2, 7\); it must be \(N, 2\), x and y in pixels: transpose it",
    ),
    ({"pixels": np.full((7, 2), np.nan), "ids": np.arange(7)}, "7 of 7 rows are NaN or infinite"),
    ({"ids": np.arange(6)}, r"ids have shape \(6,\).*7 whole numbers are needed"),
    ({"ids": np.linspace(0, 1, 7)}, "float64; 7 whole numbers"),
    ({"ids": np.zeros(7, int)}, "the same corner is named twice"),
    ({"width": 0}, "the image is 0x80"),
    ({"pixels": np.full((7, 2), 1e9)}, "7 corners lie outside the 90x80 image"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD_VIEWS)
def test_views_that_cannot_be(wrong, message):
    pixels = np.random.default_rng(0).uniform(0, 80, (7, 2))
    with pytest.raises(ValueError, match=message):
        BoardView(**{"pixels": pixels, "ids": np.arange(7), "width": 90, "height": 80, **wrong})


def test_points_lie_along_columns_then_rows():
    assert CHESS.points_m([0, 1, 8, 39]) == pytest.approx(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [7, 4, 0]]) * 0.03)
    with pytest.raises(ValueError, match=r"ids reach from 0 to 40; a 8x5 chessboard has 0…39"):
        CHESS.points_m([0, 40])
