"""Points that several cameras see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .run import Run

Floats = NDArray[np.floating[Any]]


class PointReason(IntEnum):
    """Why there is no point, or that there is one (`VALID`)."""

    VALID = 0
    #: A coordinate is NaN, infinite or beyond 1e12, or the camera has no ray for that pixel.
    NOT_FINITE = 1
    #: Fewer than two views see it.
    TOO_FEW_VIEWS = 2
    #: The rays do not meet at one place: at infinity, or on the line through the cameras.
    PARALLEL = 3
    #: A camera has it behind itself: the rays part.
    BEHIND = 4
    #: No point fits: the observations contradict each other.
    NOT_CONVERGED = 5
    #: The rays meet under a smaller angle than was asked for.
    SMALL_ANGLE = 6
    #: A view sees it farther from the observation than was asked for.
    LARGE_ERROR = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class TriangulatedPoints:
    """N points with what speaks for each; where `reasons` is not VALID the point and its covariance are NaN.

    Angles and errors are kept where they are the reason.
    """

    #: (N, 3) metres, in the frame that was asked for.
    m: Floats
    #: (N,) `PointReason` of each.
    reasons: NDArray[np.uint8]
    #: (N,) radians: the largest angle between two rays that meet at the point. Small angles mean large errors of depth.
    angle_rad: Floats
    #: (N, views) pixels, from the observation to where that camera sees the point; NaN for views that do not.
    errors_px: Floats
    #: (N, 3, 3) m², of the point of least squared errors, to first order, for the pixel noise that was said.
    covariance_m2: Floats | None = None
    run: Run | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.m)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which are points, bool (N,)."""
        return np.asarray(self.reasons == PointReason.VALID)

    @property
    def angle_deg(self) -> Floats:
        """`angle_rad` in degrees."""
        return np.degrees(self.angle_rad)

    @property
    def sigma_m(self) -> Floats:
        """(N,) metres: the standard deviation along the worst direction, mostly that of depth.

        Raises ValueError where covariances were not asked for.
        """
        if self.covariance_m2 is None:
            raise ValueError("covariances were not asked for; triangulate with covariance=True")
        worst = np.full(len(self), np.nan)
        worst[self.valid] = np.sqrt(np.linalg.eigvalsh(self.covariance_m2[self.valid])[:, -1])
        return worst

    def counts(self) -> dict[str, int]:
        """How many points have each reason, by its name; those that occur."""
        codes, found = np.unique(self.reasons, return_counts=True)
        return {PointReason(int(code)).name.lower(): int(n) for code, n in zip(codes, found, strict=True)}
