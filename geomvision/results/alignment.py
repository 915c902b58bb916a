"""How one set of points lies on another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Alignment:
    """The rigid motion or similarity ``target = scale · R · source + t``, or why it cannot be known.

    Where the points do not determine it, `rotation`, `translation_m` and `scale` are NaN and `flags` says why.
    """

    #: (3, 3), a proper rotation (determinant +1, never a reflection).
    rotation: Array
    #: (3,) metres.
    translation_m: Array
    #: 1 unless a similarity was asked for.
    scale: float
    #: Root mean square distance of the inliers after alignment, weighted where weights were given, metres.
    rms_m: float
    #: Which pairs the alignment rests on, bool (N,).
    inliers: NDArray[np.bool_]
    #: (6, 6), of a small rotation (rad) and translation (m) in the target's frame, about the inliers' centroid, in
    #: this order; (7, 7) with the relative error of scale where that was estimated. The noise is taken from the
    #: residuals: NaN where these are too few to tell.
    covariance: Array
    #: "too_few_points", "coincident", "collinear", "no_consensus": it is not known. Nor with "other_scale": no rigid
    #: motion fits, a similarity does (`with_scale=True`). "mirrored": it is known, but a reflection fits better, so one
    #: of the sets is left-handed.
    flags: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the points determined the alignment."""
        return bool(np.isfinite(self.rotation).all())

    @property
    def T_target_source(self) -> Array:
        """The 4x4 matrix ``[scale·R, t; 0, 1]``: a pose where scale is 1, NaN where it is not known."""
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = self.scale * self.rotation, self.translation_m
        return T

    def __call__(self, points: ArrayLike) -> Array:
        """Points (..., 3) of the source's frame in the target's."""
        p = np.asarray(points, dtype=float)
        if p.shape[-1:] != (3,):
            raise ValueError(f"points have shape {p.shape}; they must be (..., 3)")
        return np.asarray(self.scale * (p @ self.rotation.T) + self.translation_m)
