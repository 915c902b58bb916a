"""Iterative closest point: all points move as one rigid body (Besl & McKay, PAMI 1992; Chen & Medioni, 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from ..geometry.icp import ErrorKind, icp
from ..method import backend, option
from ..results import SceneFlow
from ._base import PointsMethod, moved


@dataclass(frozen=True, kw_only=True)
class ICP(PointsMethod):
    """One rigid motion for the whole cloud: right where only the camera moves, and nowhere else.

    `geometry.icp` finds it from no motion as the start. NaN where it finds none.
    """

    error: str = option("point_to_plane", "what is made small", choices=("point_to_point", "point_to_plane"))
    trim: float = option(0.8, "share of the nearest pairs that count", minimum=0.05, maximum=1.0)
    max_iterations: int = option(50, "steps at most", minimum=1, maximum=10_000)

    @backend("scipy")
    def _scipy(self, points0: np.ndarray, points1: np.ndarray) -> SceneFlow:
        found = icp(
            points0, points1, error=cast("ErrorKind", self.error), trim=self.trim, max_iterations=self.max_iterations,
            num_threads=self.num_threads,
        )  # fmt: skip
        return moved(points0, found(points0))
