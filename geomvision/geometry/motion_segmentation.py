"""What moves by itself: where the observed flow is not the one that the camera's motion implies."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import ops
from ..arguments import checked
from ..cameras import CameraModel
from ..images import Float32, Mask
from ..results import Depth, Flow
from .rigid_flow import per_relative_depth, rigid_flow
from .scene_flow import returns

#: Median absolute deviation of a normal variable, the least noise that is believed, and the most before it is said.
MAD, LEAST_NOISE_PX, MUCH_NOISE_PX = 0.6745, 0.3, 2.0
#: Window over which pixels vote; how far a pixel may miss its start after going there and back, pixels.
WINDOW, ROUND_TRIP_PX = 9, 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class MotionSegmentation:
    """Which pixels move by themselves.

    `moving` is decided where `known`: both flows exist and frame 1 shows the point. `chi2` is the squared residual in
    units of its expected noise (2 degrees of freedom), NaN where unknown; `noise_px` the flow's standard deviation per
    component that it was measured with.
    """

    moving: Mask
    known: Mask
    chi2: Float32
    noise_px: float


@checked
def motion_segmentation(
    observed: Flow,
    depth: Depth,
    camera: CameraModel,
    T_1_0: ArrayLike,
    *,
    backward: Flow | None = None,
    noise_px: float | None = None,
    depth_noise: float = 0.02,
    false_alarm: float = 1e-4,
    min_size: int = 64,
) -> MotionSegmentation:
    """Pixels whose flow is not explained by the camera's motion past a scene that stands still.

    The residual r of observed against rigid flow has the covariance Σ = σ²·I + s²·g·gᵀ when nothing moves: σ the flow's
    noise, s the relative noise of depth, g = ∂flow / ∂ln Z. r·Σ⁻¹·r is χ² with 2 degrees of freedom, and a pixel is
    suspect above −2·ln(false_alarm). Most of the suspects' window must agree; small regions and holes go. What moves
    along the epipolar line by less than depth may be off cannot be told.

    Args:
        observed: flow from frame 0 to frame 1, by any method.
        depth: of frame 0, in metres.
        camera: that took both frames, of the maps' size.
        T_1_0: 4x4 pose that takes points of camera 0 to camera 1, metres.
        backward: flow from frame 1 to frame 0: where the two do not lead back to within a pixel, nothing is known. At
            borders of objects estimated flow is mostly wrong, and this is how to find out.
        noise_px: standard deviation of each component of the observed flow; None: from the residuals' median absolute
            deviation, at least 0.3, so that the larger part of the image must stand still.
        depth_noise: relative standard deviation of depth.
        false_alarm: share of still pixels that may be suspect.
        min_size: regions and holes of fewer pixels are removed.

    Raises:
        ValueError: when sizes differ, a number is not allowed, the pose is none, or no pixel has both flows.
    """
    _check(noise_px, depth_noise, false_alarm, min_size)
    if observed.size != depth.size:
        (h, w), (height, width) = observed.size, depth.size
        raise ValueError(f"the flow is {w}x{h} but the depth is {width}x{height} pixels; they must be equal")
    rigid = rigid_flow(depth, camera, T_1_0)
    residual = observed.px.astype(np.float64) - rigid.px
    known = np.isfinite(residual).all(axis=2) & ~np.asarray(rigid.occluded)
    if observed.occluded is not None:
        known &= ~observed.occluded
    if backward is not None:
        if observed.size != backward.size:
            raise ValueError(f"backward has size {backward.size}, the flow {observed.size}; they must be equal")
        known &= returns(observed, backward, ROUND_TRIP_PX)
    if not known.any():
        raise ValueError("no pixel has both an observed and a rigid flow: does the pose T_1_0 look the other way?")
    along = depth_noise * per_relative_depth(depth, camera, T_1_0)
    sigma = noise_across(residual[known], along[known]) if noise_px is None else noise_px
    squared = (residual**2).sum(axis=2) / sigma**2
    explained = (residual * along).sum(axis=2) ** 2 / sigma**2 / (sigma**2 + (along**2).sum(axis=2))
    chi2 = np.where(known, np.maximum(squared - explained, 0.0), np.nan).astype(np.float32)
    suspect = chi2 > -2.0 * math.log(false_alarm)
    return MotionSegmentation(moving=regions(suspect, known, min_size), known=known, chi2=chi2, noise_px=float(sigma))


def _check(noise_px: float | None, depth_noise: float, false_alarm: float, min_size: int) -> None:
    if noise_px is not None and not (math.isfinite(noise_px) and noise_px > 0):
        raise ValueError(f"noise_px is {noise_px}; it must be a positive number of pixels, or None")
    if not (math.isfinite(depth_noise) and depth_noise >= 0):
        raise ValueError(f"depth_noise is {depth_noise}; it must be 0 or more, as a share of the depth")
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm is {false_alarm}; it must lie between 0 and 1")
    if min_size < 0:
        raise ValueError(f"min_size is {min_size}; allowed is 0 or more")


def noise_across(residual: np.ndarray, along: np.ndarray) -> float:
    """The flow's noise per component: from residuals across the direction in which depth may be off."""
    length = np.linalg.norm(along, axis=1, keepdims=True)
    direction = np.where(length > 0, along / np.where(length > 0, length, 1.0), (1.0, 0.0))
    across = residual[:, 1] * direction[:, 0] - residual[:, 0] * direction[:, 1]
    noise = max(float(np.median(np.abs(across))) / MAD, LEAST_NOISE_PX)
    if noise > MUCH_NOISE_PX:
        warnings.warn(
            f"observed and rigid flow differ by {noise:.1f} px as a rule: is T_1_0 right? Less motion is not seen",
            UserWarning,
            stacklevel=3,
        )
    return noise


def regions(suspect: Mask, known: Mask, min_size: int) -> Mask:
    """Where most known pixels of the window are suspect, without small regions and holes."""
    votes = np.where(known, suspect, np.nan).astype(np.float32)[..., None]
    share = np.nan_to_num(ops.box_aggregation(votes, window=WINDOW)[..., 0])
    moving = (share > 0.5).astype(np.float32)
    for _ in range(2):  # small regions first, then small holes
        flips = np.isnan(ops.speckle(moving, size=min_size, range=0.5))
        moving = np.where(flips, 1.0 - moving, moving).astype(np.float32)
    return np.asarray((moving > 0.5) & known)
