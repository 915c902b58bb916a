"""Points of a rectified pair's disparities, and how far off depth may be."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from ..arguments import checked
from ..cameras import Array, StereoRig
from ..images import Float32
from ..results import Disparity


@checked
def points_from_disparity(disparity: Disparity, rig: StereoRig, *, num_threads: int = 0) -> Float32:
    """Points (H, W, 3) in the left camera's frame, metres; NaN where there is no estimate or d + doffs ≤ 0.

    Z = f·B / (d + doffs), X = (x − cx)·Z / fx, Y = (y − cy)·Z / fy (Hartley & Zisserman 2004, section 6.1), computed in
    double.

    Raises:
        ValueError: when the rig is not rectified or its size is not the map's.
    """
    rig.require_rectified()
    left = rig.left
    if disparity.size != (left.height, left.width):
        given, allowed = f"{disparity.size[1]}x{disparity.size[0]}", f"{left.width}x{left.height}"
        raise ValueError(f"the map is {given} but the camera is {allowed}: resize the rig with rig.resize(…)")
    points: Float32 = _core.points_from_disparity(
        np.ascontiguousarray(disparity.px), focal_px=left.fx, baseline_m=rig.baseline_m, offset_px=rig.doffs_px,
        cx_px=left.cx, cy_px=left.cy, focal_y_px=left.fy, num_threads=num_threads,
    )  # fmt: skip
    return points


@checked
def depth_error(depth_m: ArrayLike, rig: StereoRig, *, disparity_error_px: float = 0.5) -> Array:
    """How far depth is off for a disparity that is off by so much: δZ = Z²·δd / (f·B), metres, of the depths' shape.

    The first term of a series: true as long as δZ is small against Z. NaN where depth is not above 0.

    Raises:
        ValueError: when the rig is not rectified, or the error of disparity is below 0.
    """
    rig.require_rectified()
    if not (disparity_error_px >= 0 and np.isfinite(disparity_error_px)):
        raise ValueError(f"disparity_error_px is {disparity_error_px}; it must be 0 or above")
    z = np.asarray(depth_m, dtype=float)
    with np.errstate(invalid="ignore", over="ignore"):
        error = z * z * (disparity_error_px / (rig.left.fx * rig.baseline_m))
    return np.where((z > 0) & np.isfinite(error), error, np.nan)
