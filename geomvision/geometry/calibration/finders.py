"""OpenCV's corner finders, made to say why they found nothing and to number corners the same way every time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cameras import Array
from ...images import Image, as_image, to_grey
from ...packages import needed_by
from .board import FEWEST_CORNERS, Board, Ids

Grey = NDArray[np.uint8]

#: Boards are looked for in images no larger than that, corners are then refined in the full image.
SEARCH_SIZE = 1600
#: Half the width of the window around a corner, as a share of the way to the nearest corner: seen at a slant, a wider
#: one reaches the next edge.
WINDOW = 0.3
#: 1 - correlation of a window with itself, turned by half: 95 of 100 corners have less than 0.02, and 95 of 100 places
#: beside one more than 0.1.
UNEQUAL = 0.06


def grey8(image: Image) -> Grey:
    """The image as 8-bit grey; other types than uint8 are stretched to its range."""
    grey = to_grey(as_image(image))
    if grey.dtype == np.uint8:
        return np.asarray(grey, dtype=np.uint8, order="C")
    low, high = np.percentile(grey, (0.5, 99.5))
    stretched = (grey.astype(np.float64) - low) * (255.0 / max(float(high - low), 1e-12))
    return np.asarray(np.clip(np.rint(stretched), 0, 255), dtype=np.uint8)


def chessboard(grey: Grey, board: Board) -> tuple[Ids, Array] | str:
    """Ids and pixels of all corners, or why there are none."""
    corners = _search(grey, (board.columns, board.rows))
    if corners is None:
        return f"no {board.label} found. {_what_else(grey, board)}"
    corners = _refine(grey, corners, np.arange(board.count), board, WINDOW)
    return _numbered(grey, corners, board)


def _search(grey: Grey, counts: tuple[int, int]) -> Array | None:
    """All corners in OpenCV's order, (N, 2), by its two finders in turn."""
    with needed_by("find_corners"):
        import cv2

    scale = max(1.0, max(grey.shape) / SEARCH_SIZE)
    small: Any = grey
    if scale > 1:
        size = (round(grey.shape[1] / scale), round(grey.shape[0] / scale))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    if min(small.shape) < 16:  # neither finder takes less
        return None
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
    found, corners = cv2.findChessboardCorners(small, counts, flags=flags)
    if not found:
        thorough = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE
        found, corners = cv2.findChessboardCornersSB(small, counts, flags=thorough)
    if not found and scale > 1:  # a small board in a large image
        small = grey
        found, corners = cv2.findChessboardCorners(grey, counts, flags=flags | cv2.CALIB_CB_FAST_CHECK)
    if not found:
        return None
    factor = np.array([grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]])
    return np.asarray((np.asarray(corners, dtype=float).reshape(-1, 2) + 0.5) * factor - 0.5)


def _refine(grey: Grey, corners: Array, ids: Ids, board: Board, share: float) -> Array:
    """Corners where the gradients around them meet (Förstner 1987), in windows `share` of a square to each side."""
    with needed_by("find_corners"):
        import cv2

    halves = _windows(corners, ids, board, share)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 100, 1e-4)
    refined = corners.copy()
    for half in np.unique(halves):
        start = np.ascontiguousarray(corners[halves == half], dtype=np.float32).reshape(-1, 1, 2)
        done = cv2.cornerSubPix(grey, start, (int(half), int(half)), (-1, -1), stop)
        refined[halves == half] = np.asarray(done, dtype=float).reshape(-1, 2)
    return refined


def _windows(corners: Array, ids: Ids, board: Board, share: float) -> NDArray[np.int64]:
    """Half the width (N,) of the window around each corner, pixels."""
    return np.asarray(np.clip(np.rint(share * _spacing(corners, ids, board)), 2, 40), dtype=np.int64)


def _spacing(corners: Array, ids: Ids, board: Board) -> Array:
    """Distance (N,), pixels, of each corner to its nearest neighbour along a row or column; 0 where none is seen."""
    grid = np.full((board.rows + 2, board.columns + 2, 2), np.inf)
    row, column = ids // board.columns + 1, ids % board.columns + 1
    grid[row, column] = corners
    around = [grid[row + r, column + c] for r, c in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    nearest = np.min([np.linalg.norm(other - corners, axis=1) for other in around], axis=0)
    return np.where(np.isfinite(nearest), nearest, 0.0)


def _numbered(grey: Grey, corners: Array, board: Board) -> tuple[Ids, Array] | str:
    """Corners in the board's own order: of all rotations that of a dark first square, x as far right as it goes."""
    grid = corners.reshape(board.rows, board.columns, 2)
    across, down = grid[:, -1] - grid[:, 0], grid[-1] - grid[0]
    x, y = across.mean(axis=0), down.mean(axis=0)
    if x[0] * y[1] - x[1] * y[0] < 0:  # the finder counted a row from its other end
        grid = grid[:, ::-1]
    turned = [np.rot90(grid, k) for k in range(4)]
    alike = [turn for turn in turned if turn.shape == grid.shape and _first_is_dark(grey, turn)]
    if not alike:
        return f"corners of a {board.label} were found, but its squares are not dark and light in turn"
    best = max(alike, key=lambda turn: float((turn[:, -1] - turn[:, 0])[:, 0].mean()))
    return np.arange(board.count), np.ascontiguousarray(best.reshape(-1, 2))


def _first_is_dark(grey: Grey, grid: Array) -> bool:
    """Whether the square behind corner 0 and those of its colour are darker than the others."""
    centres = (grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:]) / 4
    column = np.clip(np.rint(centres[..., 0]).astype(int), 0, grey.shape[1] - 1)
    row = np.clip(np.rint(centres[..., 1]).astype(int), 0, grey.shape[0] - 1)
    values = grey[row, column].astype(float)
    odd = np.indices(values.shape).sum(axis=0) % 2 == 1
    if not odd.any():  # one square: nothing to compare with
        return True
    return bool(values[~odd].mean() < values[odd].mean())


def _what_else(grey: Grey, board: Board) -> str:
    """What the user may have meant: the largest board with a row or column more or less that is there."""
    with needed_by("find_corners"):
        import cv2

    scale = max(1.0, max(grey.shape) / 640)
    size = (max(1, round(grey.shape[1] / scale)), max(1, round(grey.shape[0] / scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
    near = [(board.columns + c, board.rows + r) for c in (1, 0, -1) for r in (1, 0, -1) if c or r]
    for counts in sorted(near, key=lambda pair: -pair[0] * pair[1]):
        if min(counts) > 2 and min(size) >= 16 and cv2.findChessboardCorners(small, counts, flags=flags)[0]:
            return f"One of {counts[0]}x{counts[1]} is there: counts are inner corners, one less than squares"
    return "The whole board with a light margin must be seen, sharp; counts are inner corners, one less than squares"


def charuco(grey: Grey, board: Board) -> tuple[Ids, Array] | str:
    """Ids and pixels of the corners seen, or why there are too few."""
    with needed_by("find_corners"):
        import cv2

    number = getattr(cv2.aruco, f"DICT_{board.dictionary.upper()}", None)
    if number is None:
        known = ", ".join(sorted(n[5:] for n in dir(cv2.aruco) if n.startswith("DICT_")))
        raise ValueError(f"dictionary is {board.dictionary!r}; OpenCV has {known}")
    corners, ids, marker_ids = _detected(grey, board, number)
    markers = 0 if marker_ids is None else len(marker_ids)
    if ids is None or len(ids) < FEWEST_CORNERS:
        seen = f"{markers} markers of {board.dictionary} and {0 if ids is None else len(ids)} corners were seen"
        hint = "; is it the dictionary, the counts, or an old print (legacy)?" if markers >= 4 or not markers else ""
        hint = (_other_charuco(grey, board, number) if markers >= 4 else "") or hint
        return f"no {board.label} found: {seen}, {FEWEST_CORNERS} corners are needed{hint}"
    numbers, pixels = np.asarray(ids, dtype=np.int64).ravel(), np.asarray(corners, dtype=float).reshape(-1, 2)
    margin = (1 - (board.marker_m or 0.0) / board.square_m) / 2  # so far away are the markers, seen straight on
    share = min(WINDOW, 0.7 * margin)
    refined = _refine(grey, pixels, numbers, board, share)
    kept = _meet(grey, refined, _windows(refined, numbers, board, share))
    if kept.sum() < FEWEST_CORNERS:
        return f"no {board.label} found: {len(kept)} corners were seen, {int(kept.sum())} of them well"
    return numbers[kept], refined[kept]


def _detected(grey: Grey, board: Board, number: int) -> tuple[Any, Any, Any]:
    """Corners, their ids and those of the markers that OpenCV sees, None for none."""
    with needed_by("find_corners"):
        import cv2

    words, squares = cv2.aruco.getPredefinedDictionary(number), (board.columns + 1, board.rows + 1)
    printed: Any = cv2.aruco.CharucoBoard(squares, board.square_m, board.marker_m or 0.0, words)
    printed.setLegacyPattern(board.legacy)
    corners, ids, _, marker_ids = cv2.aruco.CharucoDetector(printed).detectBoard(grey)
    return corners, ids, marker_ids


def _other_charuco(grey: Grey, board: Board, number: int) -> str:
    """What the user may have meant: another pattern, or counts of squares, or the other way round; "" for none."""
    told, most = "", FEWEST_CORNERS - 1
    columns, rows = board.columns, board.rows
    for c, r in ((columns, rows), (columns - 1, rows - 1), (rows, columns), (rows - 1, columns - 1)):
        for legacy in (board.legacy, not board.legacy):
            if min(c, r) < 2 or max(c, r) < 3 or (c, r, legacy) == (columns, rows, board.legacy):
                continue
            ids = _detected(grey, replace(board, columns=c, rows=r, legacy=legacy), number)[1]
            if ids is not None and len(ids) > most:
                counts = "" if (c, r) == (columns, rows) else ": counts are inner corners, one less than squares"
                most, pattern = len(ids), "" if legacy == board.legacy else f" with legacy={legacy}"
                told = f". One of {c}x{r} is there{pattern}{counts}"
    return told


def _meet(grey: Grey, corners: Array, halves: NDArray[np.int64]) -> NDArray[np.bool_]:
    """At which places (N,) squares meet: half a turn about them changes nothing, beyond the image's noise.

    OpenCV's corners lie on a homography of the markers around them. Seen by a fisheye, or from aside, some are so far
    off that the refinement ends at a marker: 1 of 100, by pixels.
    """
    with needed_by("find_corners"):
        import cv2

    apart = np.empty(len(corners))
    for n, (corner, half) in enumerate(zip(corners.astype(np.float32), halves.tolist(), strict=True)):
        patch = cv2.getRectSubPix(grey, (2 * half + 1,) * 2, corner.tolist(), patchType=cv2.CV_32F).astype(float)
        contrast = np.square(patch - patch.mean()).sum()
        apart[n] = np.square(patch - patch[::-1, ::-1]).sum() / max(2 * contrast, 1e-9)
    return np.asarray(apart <= np.maximum(UNEQUAL, 4 * np.median(apart)))
