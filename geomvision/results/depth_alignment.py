"""How relative depth became metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..cameras import Array
from ..images import Mask

RelativeKind = Literal["disparity_affine", "depth_affine", "depth_scale"]
AlignedHow = Literal["scale", "scale_shift", "median"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthAlignment:
    """``scale · value + shift`` is depth in metres, or for ``disparity_affine`` inverse depth in 1/m."""

    kind: RelativeKind
    how: AlignedHow
    #: What it was aligned to, in words.
    reference: str
    scale: float
    #: In the unit of what is fitted, `unit`; 0 where only a scale was asked for.
    shift: float
    #: (2, 2), of scale and shift, as the residuals of the inliers tell, taken for independent: neighbouring pixels of a
    #: dense map err alike, so there it is too small. NaN where the residuals cannot tell; 0 for a shift not estimated.
    covariance: Array
    #: Which of the reference's data it rests on, bool in the shape of the reference: (H, W), (N,) or (rows, columns).
    inliers: Mask
    #: Share of the data with an estimate that are inliers, 0 … 1.
    inlier_share: float
    #: Median standard deviation of the inliers in `unit`.
    noise: float
    #: Share of the map's estimates that land behind the camera, and are none in the result, 0 … 1.
    behind: float

    @property
    def unit(self) -> str:
        """Of shift, noise and ``scale · value``."""
        return "1/m" if self.kind == "disparity_affine" else "m"

    @property
    def scale_sigma(self) -> float:
        """Standard deviation of the scale, NaN where it is unknown."""
        return math.sqrt(float(self.covariance[0, 0]))

    @property
    def shift_sigma(self) -> float:
        """Standard deviation of the shift in `unit`, NaN where it is unknown."""
        return math.sqrt(float(self.covariance[1, 1]))

    def __str__(self) -> str:
        shift = "" if self.how == "scale" else f", shift {self.shift:.4g} ± {self.shift_sigma:.2g} {self.unit}"
        told = f"aligned to {self.reference} by {self.how}: scale {self.scale:.4g} ± {self.scale_sigma:.2g}{shift}"
        return f"{told}; {100 * self.inlier_share:.0f} % inliers"
