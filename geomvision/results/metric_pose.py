"""How a camera moved between two views, in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from .run import Run


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricPose:
    """The pose of view 1 relative to view 0 with its scale, or why it cannot be known.

    Where the matches do not determine it, `T_1_0` is NaN, `confidence` 0 and `flags` says why.
    """

    #: (4, 4): takes points of camera 0's frame to camera 1's, metres.
    T_1_0: Array
    #: Which matches it rests on, bool (N,).
    inliers: NDArray[np.bool_]
    #: (6, 6), of a small rotation ω (rad) and translation v (m), in this order, in camera 1's frame: p' = p + ω×p + v.
    #: Of the matches' noise alone: a depth map whose scale is wrong everywhere does not show here.
    covariance: Array
    #: In [0, 1]: share of inliers, times 1 − exp(−(n − 3) / 10) of their number n, times 0.25 m and 5° by two standard
    #: deviations of position and rotation where these are larger (the errors that map-free relocalisation allows).
    confidence: float
    #: Depth of view 1 as matched pixels see it by what the pose makes of view 0's, a median; NaN where not known.
    depth_ratio: float
    #: "too_few_points", "coincident", "collinear", "no_consensus", "undetermined": not known. "scales_disagree": the
    #: depth maps differ by more than a tenth of scale; the pose, where there is one, is in the metres of view 0.
    #: "depth_disagrees": matches tell another pose than the depth maps; the covariance holds how far these are apart.
    #: "planar", "ambiguous", "mirrored": see `AbsolutePose` and `Alignment`.
    flags: tuple[str, ...] = ()
    run: Run | None = None

    @property
    def density(self) -> float:
        """1 where the pose is known, 0 where it is not: what tables give as the share of estimates."""
        return float(self.is_known)

    @property
    def is_known(self) -> bool:
        """Whether the matches determined the pose."""
        return bool(np.isfinite(self.T_1_0).all())
