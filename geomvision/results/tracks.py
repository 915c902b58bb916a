"""Points that were followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Float32
from .run import Run


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracks:
    """Points followed from frame 0 to frame 1, (N, 2) as (x, y) in pixels; NaN where a point was lost."""

    points0: Float32
    points1: Float32
    min_eigenvalue: Float32
    forward_backward_px: Float32
    run: Run | None = None

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which points were followed, bool (N,)."""
        return np.asarray(~np.isnan(self.points1).any(axis=1))
