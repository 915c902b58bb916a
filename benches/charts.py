"""Times over sizes, both axes logarithmic, drawn with OpenCV."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 620, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 24, 64
INK, GRID = (60, 60, 60), (225, 225, 225)
COLOURS = ((180, 90, 20), (40, 110, 220), (60, 150, 60), (150, 60, 150))


@dataclass
class Series:
    """Seconds of one method over sizes, and the exponent of the power law through them."""

    name: str
    sizes: list[float]
    seconds: list[float]
    exponent: float


def write(picture: NDArray[Any], text: str, place: tuple[int, int], colour: tuple[int, int, int] = INK) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten from low to high; powers alone where those are many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1e3 else (1,)
    return [m * 10.0**e for e in decades for m in steps if low * 0.999 <= m * 10.0**e <= high * 1.001]


def duration(seconds: float) -> str:
    return f"{1e3 * seconds:g} ms" if seconds < 1 else f"{seconds:g} s"


def panel(title: str, series: list[Series]) -> NDArray[Any]:
    """One chart of times over sizes; the dashed line is linear growth."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    if not series:
        write(picture, "nothing was measured", (LEFT, HEIGHT // 2))
        return picture
    sizes = [size for one in series for size in one.sizes]
    times = [time for one in series for time in one.seconds]
    x0, x1 = min(sizes), max(sizes)
    y0, y1 = min(times) / 1.5, max(times) * 1.5

    def place(size: float, seconds: float) -> tuple[int, int]:
        along = math.log(size / x0) / math.log(x1 / x0)
        up = math.log(seconds / y0) / math.log(y1 / y0)
        return (round(LEFT + along * (WIDTH - LEFT - RIGHT)), round(HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)))

    for size in sorted(set(sizes)) if len(set(sizes)) < 6 else ticks(x0, x1):
        cv2.line(picture, place(size, y0), place(size, y1), GRID, 1)
        write(picture, f"{size:g}", (place(size, y0)[0] - 8, HEIGHT - BOTTOM + 20))
    for seconds in ticks(y0, y1):
        cv2.line(picture, place(x0, seconds), place(x1, seconds), GRID, 1)
        write(picture, duration(seconds), (8, place(x0, seconds)[1] + 4))
    write(picture, title, (LEFT + 150, HEIGHT - 16))
    for index, one in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        points = [place(*point) for point in zip(one.sizes, one.seconds, strict=True)]
        middle = len(points) // 2
        linear = [one.seconds[middle] * size / one.sizes[middle] for size in one.sizes]
        dashes = [place(size, time) for size, time in zip(one.sizes, linear, strict=True) if y0 <= time <= y1]
        dashed(picture, dashes, colour)
        cv2.polylines(picture, [np.array(points, np.int32)], False, colour, 2, cv2.LINE_AA)
        for point in points:
            cv2.circle(picture, point, 4, colour, -1, cv2.LINE_AA)
        write(picture, f"{one.name}: grows with size^{one.exponent:.2f}", (LEFT + 12, TOP + 16 + 20 * index), colour)
    return picture


def dashed(picture: NDArray[Any], ends: list[tuple[int, int]], colour: tuple[int, int, int]) -> None:
    """A dashed straight line from the first to the last of `ends`."""
    if len(ends) < 2:
        return
    first, last = np.array(ends[0]), np.array(ends[-1])
    count = max(2, int(np.hypot(*(last - first)) / 6))
    for k in range(0, count, 2):
        a, b = (first + (last - first) * t / count for t in (k, k + 1))
        cv2.line(picture, tuple(map(int, a)), tuple(map(int, b)), colour, 1, cv2.LINE_AA)
