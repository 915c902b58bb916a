"""Calibration boards, and where their corners lie in an image.

Corners are counted inside the board: a chessboard of 10x7 squares has 9x6 inner corners. Corner ``id`` lies at
column ``id % columns``, row ``id // columns``, in the board's plane z = 0, x along the columns, y along the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arguments import checked, fields_checked, numbers
from ...arguments import points as as_points
from ...cameras import Array
from ...images import Image

Ids = NDArray[np.int64]
BoardKind = Literal["chessboard", "charuco"]

#: Fewer corners of one board say too little about its pose to be worth their noise.
FEWEST_CORNERS = 6
BEYOND_PX = 3.0  # that a corner may lie outside its image, measured with noise


class BoardNotFoundError(ValueError):
    """An image in which the board was not found; the message says what was looked for and what was seen."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A flat board of ``columns`` x ``rows`` inner corners, its squares `square_m` metres wide.

    A ChArUco board has ArUco markers of `marker_m` metres from OpenCV's `dictionary` in its white squares, so that
    part of it is enough. `legacy` takes the pattern that OpenCV printed before 4.6 for an even number of rows.
    """

    columns: int
    rows: int
    square_m: float
    kind: BoardKind = "chessboard"
    marker_m: float | None = None
    dictionary: str = "4X4_50"
    legacy: bool = False

    def __post_init__(self) -> None:
        fields_checked(self)
        for name in ("columns", "rows"):
            count = getattr(self, name)
            if not 2 <= count <= 1000:
                raise ValueError(f"{name} is {count!r}; a board has 2 to 1000 inner corners each way")
        if self.columns * self.rows < FEWEST_CORNERS:
            raise ValueError(f"a {self.label} has {self.columns * self.rows} corners; {FEWEST_CORNERS} are needed")
        if not (np.isfinite(self.square_m) and self.square_m > 0):
            raise ValueError(f"square_m is {self.square_m}; it must be the positive width of a square in metres")
        if self.kind == "charuco" and not (self.marker_m is not None and 0 < self.marker_m < self.square_m):
            raise ValueError(f"marker_m is {self.marker_m}; a marker lies inside its square of {self.square_m} m")

    @property
    def label(self) -> str:
        """The board in words: "9x6 chessboard"."""
        return (
            f"{self.columns}x{self.rows} {self.kind} board"
            if self.kind == "charuco"
            else f"{self.columns}x{self.rows} {self.kind}"
        )

    @property
    def count(self) -> int:
        """Number of inner corners."""
        return self.columns * self.rows

    def points_m(self, ids: ArrayLike | None = None) -> Array:
        """Corners (N, 3) in metres in the board's frame; all of them when `ids`, whole numbers (N,), is None.

        Raises ValueError for ids of another shape or dtype, and for those that the board has not.
        """
        chosen = np.arange(self.count) if ids is None else numbers("", "ids", ids)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise ValueError(f"ids have shape {chosen.shape} and dtype {chosen.dtype}; they must be whole numbers (N,)")
        if chosen.size and not 0 <= int(chosen.min()) <= int(chosen.max()) < self.count:
            raise ValueError(f"ids reach from {chosen.min()} to {chosen.max()}; a {self.label} has 0…{self.count - 1}")
        xy = np.stack([chosen % self.columns, chosen // self.columns], axis=-1) * self.square_m
        return np.concatenate([xy, np.zeros((len(chosen), 1))], axis=1)

    def symmetries(self) -> tuple[Ids, ...]:
        """Rotations that a viewer cannot tell apart: ``ids[s]`` looks like ``ids``. The identity comes first.

        A chessboard with an odd sum of corner counts, and every ChArUco board, has only the identity.
        """
        grid = np.arange(self.count).reshape(self.rows, self.columns)
        if self.kind == "charuco":
            return (grid.ravel(),)
        turned = [np.rot90(grid, k) for k in range(4)]
        alike = [turn for turn in turned if turn.shape == grid.shape]
        # The square behind corner 0 stays dark when its own column + row is even.
        parity = [sum(divmod(int(min(t[0, 0], t[0, 1], t[1, 0], t[1, 1])), self.columns)) % 2 for t in alike]
        return tuple(t.ravel() for t, odd in zip(alike, parity, strict=True) if not odd)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoardView:
    """What one image shows of a board: `pixels` (N, 2) of the corners `ids` (N,), and the image's size."""

    pixels: Array
    ids: Ids
    width: int
    height: int
    name: str = ""

    def __post_init__(self) -> None:
        fields_checked(self)
        who = self.name or "the view"
        pixels, ids = as_points(self.pixels, f"{who}: pixels"), numbers("", f"{who}: ids", self.ids)
        if ids.shape != (len(pixels),) or (ids.size and ids.dtype.kind not in "iu"):
            told = f"{who}: ids have shape {ids.shape}, {ids.dtype}"
            raise ValueError(f"{told}; {len(pixels)} whole numbers are needed, one for each of the pixels")
        if len(np.unique(ids)) != len(ids):
            raise ValueError(f"{who}: the same corner is named twice")
        if not (self.width >= 1 and self.height >= 1):
            size = f"the image is {self.width}x{self.height}"
            raise ValueError(f"{who}: {size}; width and height must be at least 1 pixel")
        outside = (pixels < -BEYOND_PX) | (pixels > np.array([self.width, self.height]) - 1 + BEYOND_PX)
        if outside.any():
            bad = int(outside.any(axis=1).sum())
            raise ValueError(f"{who}: {bad} corners lie outside the {self.width}x{self.height} image; is it turned?")
        order = np.argsort(ids, kind="stable")
        for name, array in (("pixels", pixels[order]), ("ids", ids[order].astype(np.int64))):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def renumbered(self, symmetry: Ids) -> BoardView:
        """The same corners under a board turned by one of `Board.symmetries`."""
        return BoardView(
            pixels=self.pixels, ids=np.asarray(symmetry)[self.ids], width=self.width, height=self.height, name=self.name
        )


@checked
def find_corners(image: Image, board: Board, name: str = "") -> BoardView:
    """The board's corners in an image, (H, W) or (H, W, 3) RGB, to a fraction of a pixel.

    Corners are numbered alike in every image of a board without symmetry (see `Board.symmetries`): the square behind
    corner 0 is dark, and x, y turn as in the image. Where a symmetry is left, x points as far right as it can.

    Raises:
        BoardNotFoundError: when the board is not seen, with what was seen instead.
        ValueError: when the image is none.
    """
    from . import finders

    grey = finders.grey8(image)
    height, width = grey.shape
    found = finders.chessboard(grey, board) if board.kind == "chessboard" else finders.charuco(grey, board)
    if isinstance(found, str):
        _not_found(name, found)
    ids, pixels = found
    return BoardView(pixels=pixels, ids=ids, width=width, height=height, name=name)


def _not_found(name: str, reason: str) -> NoReturn:
    raise BoardNotFoundError(f"{name}: {reason}" if name else reason)
