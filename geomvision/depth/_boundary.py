"""Where free ground ends in each azimuth: the best path between ground below and everything else above it.

Free space by dynamic programming (Badino, Franke and Mester, ICCV workshop on dynamical vision 2007), on colours: those
of the nearest ground against those over the horizon, learned again from what was found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ..images import Image, Mask
from ._ground import Level, colour_bins, reference

#: What a pixel's colour may say for or against ground, at most, in units of a likelihood's logarithm.
MOST = 2.0
#: What the colours must say for ground, a pixel: what is not told is not ground.
BIAS = 0.5
#: What a step of the boundary by one row costs, and any step at most.
STEP, JUMP = 0.3, 12.0
#: The colours are learned so often.
ROUNDS = 3
#: A colour never seen counts like this share of all.
NEVER = 1e-4
#: So much of what lies nearest must be found to be ground.
LEAST = 0.5
#: The first colours are those of this share of the rows below the horizon.
NEAREST = 0.1
_STRIDES = (1, 2, 4, 8, 16, 32)


def free_ground(image: Image, level: Level) -> Mask:
    """Pixels of the ground that nothing stands on, nearer than whatever stands on it.

    ValueError when nothing looks down, or what lies nearest does not look different from what lies over the horizon.
    """
    if not level.below.any():
        raise ValueError("no ground is in view: the image ends above the horizon")
    below = level.below & ~np.isnan(level.slope)
    colours, kinds = colour_bins(image)
    nearest = ground = reference(level, NEAREST)
    other = ~level.below
    for _ in range(ROUNDS):
        likely = _shares(colours, ground, kinds) / _shares(colours, other, kinds)
        favour = np.clip(np.log(likely) - BIAS, -MOST, MOST)[colours]
        ground = (level.below & np.isnan(level.slope)) | (
            below & (_rows(level) >= _path(level, favour, below)[level.azimuth])
        )
        other = ~ground
    if ground[nearest].mean() < LEAST:
        raise ValueError("no ground is told apart: what lies nearest looks like the rest; give the mask of the ground")
    return ground


def _shares(colours: NDArray[np.intp], where: Mask, kinds: tuple[int, ...]) -> Array:
    """Share of each colour among the chosen pixels, blurred over neighbouring colours; even where there are none."""
    count = np.bincount(colours[where], minlength=int(np.prod(kinds))).astype(np.float64).reshape(kinds)
    for axis in range(len(kinds)):
        padded = np.pad(count, [(1, 1) if a == axis else (0, 0) for a in range(len(kinds))])
        low, high = (np.take(padded, range(start, start + kinds[axis]), axis) for start in (0, 2))
        count = 0.25 * low + 0.5 * count + 0.25 * high
    total = max(float(count.sum()), 1.0)
    return np.asarray((count / total + NEVER).ravel() if where.any() else np.full(count.size, 1.0 / count.size))


def _rows(level: Level) -> NDArray[np.intp]:
    """Rows of a level view, as whole numbers from the horizon down."""
    most = 2 * level.slope.shape[0]
    return np.asarray(np.clip(np.nan_to_num(level.slope) * level.focal, 0, most), np.intp)


def _path(level: Level, favour: Array, below: Mask) -> NDArray[np.intp]:
    """For each azimuth the first row of ground, so that what speaks for ground lies in it and the rest over it."""
    rows, columns = _rows(level), int(level.azimuth.max()) + 1
    height = int(rows[below].max(initial=0)) + 2
    gain = np.zeros((columns, height))
    np.add.at(gain, (level.azimuth[below], rows[below]), favour[below])
    gain = np.flip(np.cumsum(np.flip(gain, axis=1), axis=1), axis=1)  # of a boundary at each row
    best, came = gain[0], np.zeros((columns, height), np.int32)
    here = np.arange(height, dtype=np.int32)
    for column in range(1, columns):
        top = int(best.argmax())
        kept, source = best, here
        for stride in _STRIDES:
            for shift in (-stride, stride):
                moved = np.full(height, -np.inf)
                inner, outer = (
                    slice(max(shift, 0), height + min(shift, 0)),
                    slice(max(-shift, 0), height - max(shift, 0)),
                )
                moved[inner] = best[outer] - STEP * stride
                source = np.where(moved > kept, here - shift, source)
                kept = np.maximum(kept, moved)
        jumped = best[top] - JUMP > kept
        came[column] = np.where(jumped, top, source)
        best = np.where(jumped, best[top] - JUMP, kept) + gain[column]
    path = np.empty(columns, np.intp)
    path[-1] = int(best.argmax())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = came[column, path[column]]
    return path
