"""Areas as annotation tools write them, as masks (H, W): polygons, boxes, ellipses, run lengths.

ValueError where they are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..images import Mask


def polygon(points: Sequence[float], height: int, width: int) -> Mask:
    """The pixels whose centre (x + ½, y + ½) lies inside of a closed polygon x₀, y₀, x₁, y₁, … by the even-odd rule."""
    corners = np.asarray(points, np.float64)
    if corners.ndim != 1 or len(corners) < 6 or len(corners) % 2 or not np.isfinite(corners).all():
        raise ValueError("a polygon is not three or more finite points x, y, …")
    x0, y0 = corners.reshape(-1, 2).T
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    mask = np.zeros((height, width), bool)
    first, last = (int(np.clip(v, 0, height)) for v in (np.floor(y0.min()), np.ceil(y0.max())))
    columns = np.arange(width) + 0.5
    for row in range(first, last):
        y = row + 0.5
        met = (y0 <= y) != (y1 <= y)
        crossings = x0[met] + (y - y0[met]) * (x1[met] - x0[met]) / (y1[met] - y0[met])
        mask[row] = np.searchsorted(np.sort(crossings), columns, side="right") % 2 == 1
    return mask


def box(given: Any, height: int, width: int) -> Mask:
    """The pixels whose centre lies in COCO's box: x, y of its upper left corner, width, height."""
    numbers = isinstance(given, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    if not numbers or len(given) != 4 or not min(given[2:]) > 0:
        raise ValueError(f"a box is {given!r}; it must be x, y, width and height, the last two above 0")
    x, y, across, down = given
    return polygon([x, y, x + across, y, x + across, y + down, x, y + down], height, width)


def ellipse(middle: tuple[float, float], radii: tuple[float, float], degrees: float, height: int, width: int) -> Mask:
    """The pixels whose centre lies in an ellipse of these radii along x and y, turned clockwise as one sees it."""
    if not np.isfinite([*middle, *radii, degrees]).all() or not min(radii) > 0:
        raise ValueError(f"an ellipse is not a finite middle and two radii above 0: {middle}, {radii}, {degrees}")
    x, y = np.arange(width) + 0.5 - middle[0], np.arange(height)[:, None] + 0.5 - middle[1]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    along, across = (cosine * x + sine * y) / radii[0], (cosine * y - sine * x) / radii[1]
    return np.asarray(along**2 + across**2 <= 1)


def runs(counts: Any, height: int, width: int, *, by_columns: bool) -> Mask:
    """Run lengths of 0, 1, 0, …, which must fill the mask: column by column as COCO's, or row by row as CVAT's."""
    if not isinstance(counts, list) or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in counts):
        raise ValueError("run lengths are not a list of whole numbers of at least 0")
    if sum(counts) != height * width:
        raise ValueError(f"run lengths fill {sum(counts)} pixels; the mask has {width}x{height}")
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return np.ascontiguousarray(flat.reshape((height, width), order="F" if by_columns else "C"))


def unpacked(text: str) -> list[int]:
    """The run lengths in COCO's string: five bits a character, lowest first, from the third on added to the last but
    one."""
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"run lengths hold the character {character!r}, which none is made of")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("run lengths end in the middle of a number")
    return counts
