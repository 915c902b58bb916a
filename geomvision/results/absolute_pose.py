"""Where a camera is among points of the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class AbsolutePose:
    """The pose of a camera among known points, or why it cannot be known.

    Where the points do not determine it, `T_cam_world` is NaN and `flags` says why.
    """

    #: (4, 4): takes points of the world to the camera's frame, metres.
    T_cam_world: Array
    #: Which points are within the threshold, bool (N,).
    inliers: NDArray[np.bool_]
    #: (6, 6), of a small rotation ω (rad) and translation v (m), in this order, in the camera's frame:
    #: p' = p + ω×p + v. From the residuals' own noise; NaN where nothing is left over to tell it.
    covariance: Array
    #: Standard deviation of a coordinate of the inliers' pixels; NaN where nothing is left over.
    noise_px: float
    #: "too_few_points", "coincident", "collinear", "no_consensus", "undetermined": not known. "planar": the points lie
    #: in a plane, which is enough. "ambiguous": known but for a mirror image of the plane that explains the pixels as
    #: well.
    flags: tuple[str, ...] = ()
    #: Samples that were drawn; 0 where none were.
    iterations: int = 0

    @property
    def is_known(self) -> bool:
        """Whether the points determined the pose."""
        return bool(np.isfinite(self.T_cam_world).all())

    @property
    def centre_m(self) -> Array:
        """The camera's place in the world (3,), metres."""
        return np.asarray(-self.T_cam_world[:3, :3].T @ self.T_cam_world[:3, 3])
