"""Poses and points of a clip, adjusted together."""

from __future__ import annotations

from dataclasses import dataclass

from ..cameras import Array, CameraModel


@dataclass(frozen=True, kw_only=True, eq=False)
class BundleAdjustment:
    """Poses, points and perhaps the focal length that explain all observations best."""

    #: (F, 4, 4): takes points of the world to each frame's camera, metres.
    T_cam_world: Array
    #: (P, 3), metres.
    points_world: Array
    #: The cameras, one per frame; all the same where one was given.
    cameras: tuple[CameraModel, ...]
    #: (M, 2) pixels: where each point now falls less where it was seen.
    residuals_px: Array
    #: (F, 6, 6), of a small rotation ω (rad) and translation v (m), in this order, in each camera's frame:
    #: p' = p + ω×p + v. Zero where a pose was held. From the residuals' own noise, in the gauge that was held.
    covariance: Array
    #: Standard deviation of the common factor of the focal lengths; NaN where that was not estimated.
    focal_deviation: float
    #: Standard deviation of a coordinate of a pixel; NaN where nothing is left over.
    noise_px: float
    #: Root mean square of the residuals' lengths, before and after, pixels.
    initial_rms_px: float
    rms_px: float
    iterations: int
    #: Whether it ended at a minimum rather than at the last iteration allowed.
    converged: bool
    #: "undetermined": the observations leave a pose, a point or the scale open; then the covariance is NaN.
    flags: tuple[str, ...] = ()

    @property
    def is_determined(self) -> bool:
        """Whether the observations left nothing open."""
        return "undetermined" not in self.flags
