"""The largest rectangle of a mask."""

from __future__ import annotations

import numpy as np

from ..images import Mask

#: Masks are looked at in blocks so that so many of them make a side.
BLOCKS = 160


def largest_rectangle(mask: Mask) -> tuple[int, int, int, int]:
    """(x, y, width, height) of the largest rectangle that is true throughout; all 0 where nothing is.

    Large masks are searched in blocks, and each side of what is found is then moved out as far as it goes: no
    rectangle that holds the result is valid, and none is larger by more than about a block.
    """
    block = max(1, -(-max(mask.shape) // BLOCKS))
    height, width = (-(-side // block) for side in mask.shape)
    padded = np.zeros((height * block, width * block), dtype=bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    whole: Mask = np.all(padded.reshape(height, block, width, block), axis=(1, 3))
    if not whole.any():
        if block == 1 or not mask.any():
            return (0, 0, 0, 0)
        y, x = (int(v[0]) for v in np.nonzero(mask))
        return _grown(mask, x, y, 1, 1)
    x, y, w, h = (value * block for value in _in_histograms(whole))
    return _grown(mask, x, y, w, h)


def _in_histograms(mask: Mask) -> tuple[int, int, int, int]:
    """The largest rectangle, row by row under a histogram of how far each column goes up (Vandevoorde 1998)."""
    best, found = 0, (0, 0, 0, 0)
    up = np.zeros(mask.shape[1], dtype=int)
    for row, line in enumerate(mask):
        up = np.where(line, up + 1, 0)
        open_from: list[tuple[int, int]] = []  # (first column, height), heights rising
        for column, height in enumerate([*up.tolist(), 0]):
            start = column
            while open_from and open_from[-1][1] >= height:
                start, tall = open_from.pop()
                if (area := tall * (column - start)) > best:
                    best, found = area, (start, row - tall + 1, column - start, tall)
            open_from.append((start, height))
    return found


def _grown(mask: Mask, x: int, y: int, w: int, h: int) -> tuple[int, int, int, int]:
    """Move the sides out, one line of pixels at a time and in turn, while all of it is valid."""
    x0, y0, x1, y1 = x, y, x + w, y + h
    moved = True
    while moved:
        moved = False
        if x0 > 0 and mask[y0:y1, x0 - 1].all():
            x0, moved = x0 - 1, True
        if y0 > 0 and mask[y0 - 1, x0:x1].all():
            y0, moved = y0 - 1, True
        if x1 < mask.shape[1] and mask[y0:y1, x1].all():
            x1, moved = x1 + 1, True
        if y1 < mask.shape[0] and mask[y1, x0:x1].all():
            y1, moved = y1 + 1, True
    return x0, y0, x1 - x0, y1 - y0
