"""Sparse tracking: points followed from one frame to the next, with reasons to trust each (Bouguet 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Image, as_pair
from ..method import CUDA, Copied, Method, backend, option
from ..ops._dispatch import cuda_kernel
from ..results import Tracks
from ._coarse_to_fine import COARSEST
from ._grey import grey_levels

Points = NDArray[np.float64]


def track_points(frame0: Any, frame1: Any, points: Any, **options: Any) -> Tracks:
    """Follow points from frame 0 to frame 1 by Lucas–Kanade on pyramids.

    A point is lost (NaN in `points1`) when it starts or ends outside the image, when its window is too flat or too
    much like an edge (`min_eigenvalue`), or when tracking it back does not lead near its start (`forward_backward`).
    A point that is NaN stays lost, so that tracks can be chained from frame to frame.

    Args:
        frame0: image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
        frame1: image of the same size and dtype.
        points: (N, 2) as (x, y) in pixels; N may be 0.
        **options: those of `PointTracker`: window, levels, iterations, accuracy, min_eigenvalue, forward_backward,
            backend and num_threads.

    Raises:
        ImageError: when an image is none, or the two differ in size or dtype.
        ValueError: when `points` has another shape or is no array of real numbers.
        TypeError, OptionError: on an unknown option, or a value that is not allowed.
    """
    return PointTracker(**options)(frame0, frame1, points)


@dataclass(frozen=True, kw_only=True)
class PointTracker(Method):
    """The options of `track_points`. Grey levels run from 0 to 255 whatever the dtype (see `LucasKanade`)."""

    task: ClassVar[str] = "flow"
    registered_as: ClassVar[str | None] = "track_points"

    window: int = option(21, "side of the window around a point", unit="px", minimum=3, maximum=255, odd=True)
    levels: int = option(4, "pyramid levels at most; each halves the image while 16 px remain", minimum=1, maximum=32)
    iterations: int = option(30, "steps at most on each level", minimum=1, maximum=10_000)
    accuracy: float = option(0.01, "step at which a level is done", unit="px", minimum=0.0)
    min_eigenvalue: float = option(
        4.0, "smaller eigenvalue of the structure tensor a point needs", unit="(grey levels/px)²", minimum=0.0
    )
    forward_backward: float = option(
        1.0, "largest distance from the start after tracking back; 0 does not track back", unit="px", minimum=0.0
    )

    def __call__(self, frame0: Any, frame1: Any, points: Any) -> Tracks:
        """Follow points (N, 2); see `track_points`."""
        tracks: Tracks = self.execute(*as_pair(frame0, frame1, ("frame0", "frame1")), as_points(points))
        return tracks

    @backend("cuda", requires=CUDA)
    def _cuda(self, frame0: Image, frame1: Image, points: Points) -> Copied:
        run = cuda_kernel("track_points_arrays")
        found, seconds = run(*grey_levels(frame0, frame1), points, **self.options())
        return Copied(_tracks(points, found), seconds)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image, points: Points) -> Tracks:
        from .. import _core

        grey0, grey1 = grey_levels(frame0, frame1)
        options: dict[str, Any] = dict(self.options())
        found = _core.track_points(grey0, grey1, points, num_threads=self.num_threads, **options)
        return _tracks(points, found)

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, frame0: Image, frame1: Image, points: Points) -> Tracks:
        grey0, grey1 = grey_levels(frame0, frame1)
        pyramid0, pyramid1 = self._pyramid(grey0), self._pyramid(grey1)
        found = np.full((len(points), 4), np.nan)  # x, y, smaller eigenvalue, forward–backward distance
        for start, row in zip(points, found, strict=True):
            end, row[2] = self._follow(pyramid0, pyramid1, start)
            if not row[2] >= self.min_eigenvalue:
                continue
            if self.forward_backward > 0:
                back, _ = self._follow(pyramid1, pyramid0, end)
                row[3] = np.sqrt(
                    (back[0] - start[0]) * (back[0] - start[0]) + (back[1] - start[1]) * (back[1] - start[1])
                )
                if not row[3] <= self.forward_backward:
                    continue
            row[:2] = end
        return _tracks(points, found)

    def _pyramid(self, grey: Float32) -> list[tuple[Float32, Float32, Float32]]:
        """(image, gx, gy) of each level, finest first."""
        from . import _pyramid

        images = [grey]
        while len(images) < self.levels and min(images[-1].shape) >= 2 * COARSEST:
            images.append(_pyramid.shrink(images[-1]))
        return [(image, *_pyramid.gradients(image, image)) for image in images]

    def _follow(self, pyramid0: Any, pyramid1: Any, start: Points) -> tuple[Points, float]:
        """Where a point goes, and the smaller eigenvalue at its start; NaN where either end is outside."""
        from . import _steps

        move = np.zeros(2)
        eigenvalue = np.nan
        if not _steps.is_inside(pyramid0[0][0], start[0], start[1]):
            return np.full(2, np.nan), eigenvalue
        for level in reversed(range(len(pyramid0))):
            image0, gx, gy = pyramid0[level]
            scale = 0.5**level
            at = start * scale
            template, known = _steps.cut(image0, at[0], at[1], self.window)
            along, down = (_steps.cut(derivative, at[0], at[1], self.window)[0] for derivative in (gx, gy))
            move = move if level == len(pyramid0) - 1 else 2.0 * move
            move = _steps.descend(template, along, down, pyramid1[level][0], at, move, self.iterations, self.accuracy)
            eigenvalue = _steps.smaller_eigenvalue(along, down, float(known.sum()))
        end = start + move
        if not _steps.is_inside(pyramid1[0][0], end[0], end[1]):
            return np.full(2, np.nan), np.nan
        return end, eigenvalue


def as_points(points: Any) -> Points:
    """Check points and return them as float64 (N, 2), rounded to float32 as results hold them."""
    array = np.asarray(points)
    if array.dtype.kind not in "fui":
        raise ValueError(f"points has dtype {array.dtype}; it must be a real number")
    if array.ndim != 2 or array.shape[1] != 2:
        hint = "; transpose it" if array.ndim == 2 and array.shape[0] == 2 else ""
        raise ValueError(f"points has shape {array.shape}; it must be (N, 2) as (x, y){hint}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array.astype(np.float32).astype(np.float64))


def _tracks(points: Points, found: NDArray[np.float64]) -> Tracks:
    found32 = found.astype(np.float32)
    return Tracks(
        points0=points.astype(np.float32),
        points1=found32[:, :2],
        min_eigenvalue=found32[:, 2],
        forward_backward_px=found32[:, 3],
    )
