"""What moves by itself in a scene flow: the camera's own motion, found or given, taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, StereoRig, check_pose
from ..images import Float32, Mask
from ..results import AbsolutePose, SceneFlow
from .absolute_pose import absolute_pose
from .motion_segmentation import LEAST_NOISE_PX, MAD, noise_across, regions

#: Pixels that the camera's motion is found from, at most; how far they may be off, pixels.
DRAWN, ROBUST_PX = 4000, 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class IndependentMotion:
    """A scene flow without the camera's part.

    `T_1_0` takes what stands still from camera 0 to camera 1, metres; `pose` tells how it was found, None where it was
    given. `residual` (H, W, 3) is what each point moved besides, metres in the axes of camera 1; NaN where motion is
    unknown. `moving` is decided where `known`. `chi2` is the squared residual of flow and disparity in units of its
    expected noise (3 degrees of freedom), NaN where unknown, with the standard deviations it was measured by.
    """

    T_1_0: Array
    residual: Float32
    moving: Mask
    known: Mask
    chi2: Float32
    flow_noise_px: float
    disparity_noise_px: float
    pose: AbsolutePose | None = None


@checked
def independent_motion(
    scene_flow: SceneFlow,
    rig: StereoRig,
    *,
    T_1_0: ArrayLike | None = None,
    flow_noise_px: float | None = None,
    disparity_noise_px: float | None = None,
    false_alarm: float = 1e-4,
    min_size: int = 64,
    seed: int = 0,
) -> IndependentMotion:
    """The motion of things that move by themselves, as metres and as a mask.

    The camera's motion is the `absolute_pose` of the points of frame 0 at the pixels where flow takes them: pixels err
    alike everywhere, metres do not. Most of what is seen must stand still. What that pose predicts, (x, y) and the
    disparity in frame 1, is held against what was measured. The difference r has the covariance
    Σ = diag(σf², σf², σd²) + σd²·g·gᵀ when a point stands still: σf, σd the noise of flow and disparity, g the
    derivative of the prediction by the disparity in frame 0. r·Σ⁻¹·r is χ² with 3 degrees of freedom; most of a
    suspect's window must agree, small regions and holes go (as in `motion_segmentation`, which knows depth of frame 0
    alone and so not what moves along its ray).

    Args:
        scene_flow: made of maps, by `scene_flow` or ``FromStereoAndFlow``.
        rig: the rectified rig of the maps.
        T_1_0: 4x4 pose of camera 1, metres, where it is known; None: found.
        flow_noise_px: standard deviation of each component of flow; None: from what is left over, at least 0.3.
        disparity_noise_px: that of both disparities; None: from what is left over, at least 0.3.
        false_alarm: share of still pixels that may be suspect.
        min_size: regions and holes of fewer pixels are removed.
        seed: of the samples that find the pose.

    Raises:
        ValueError: when sizes differ, a number is not allowed, the scene flow is not of maps or knows no motion, or
            the motions tell no pose.
    """
    _check(flow_noise_px, disparity_noise_px, false_alarm, min_size, seed)
    points0, seen = _seen(scene_flow, rig)
    known, found = scene_flow.valid, None
    if T_1_0 is None:
        found = _pose(points0, seen[:, :2], rig, seed)
        T = found.T_cam_world
    else:
        T = check_pose(T_1_0, "T_1_0")
    chi2 = np.full(known.shape, np.nan, np.float32)
    distance, flow_noise, disparity_noise = _chi2(points0, seen, T, rig, flow_noise_px, disparity_noise_px)
    chi2[known] = distance
    residual = scene_flow.points1 - (scene_flow.points0 @ T[:3, :3].T + T[:3, 3])
    residual[~known] = np.nan
    decided = ~np.isnan(chi2)
    return IndependentMotion(
        T_1_0=T,
        residual=residual.astype(np.float32),
        moving=regions(np.nan_to_num(chi2) > _quantile(false_alarm), decided, min_size),
        known=decided,
        chi2=chi2,
        flow_noise_px=flow_noise,
        disparity_noise_px=disparity_noise,
        pose=found,
    )


def _seen(scene_flow: SceneFlow, rig: StereoRig) -> tuple[Array, Array]:
    """Points of frame 0 whose motion is known, and x, y and disparity (N, 3) of these in frame 1."""
    maps = scene_flow.disparity0, scene_flow.disparity1, scene_flow.flow
    if maps[0] is None or maps[1] is None or maps[2] is None:
        raise ValueError("scene_flow is not made of disparities and flow; independent_motion needs these maps")
    rig.require_rectified()
    if maps[0].size != (rig.left.height, rig.left.width):
        (h, w), (height, width) = maps[0].size, (rig.left.height, rig.left.width)
        raise ValueError(f"scene_flow is {w}x{h} but the rig is {width}x{height} pixels: resize the rig, rig.resize(…)")
    known = scene_flow.valid
    if not known.any():
        raise ValueError("scene_flow knows the motion of no pixel; one at least must have all three maps")
    pixels1 = (rig.left.pixel_grid() + maps[2].px)[known]
    return scene_flow.points0[known].astype(np.float64), np.column_stack([pixels1, maps[1].px[known]])


def _pose(points0: Array, pixels1: Array, rig: StereoRig, seed: int) -> AbsolutePose:
    chosen = np.random.default_rng(seed).permutation(len(points0))[:DRAWN]
    found = absolute_pose(points0[chosen], pixels1[chosen], rig.left, max_error_px=ROBUST_PX, seed=seed)
    if not found.is_known:
        told = ", ".join(found.flags)
        raise ValueError(f"the scene_flow tells no motion of the camera ({told}): give T_1_0 where it is known")
    return found


def _predicted(points0: Array, T: Array, rig: StereoRig) -> Array:
    """(N, 3): x, y and disparity in frame 1 of points that stand still; NaN behind the camera."""
    moved = points0 @ T[:3, :3].T + T[:3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        disparity = rig.left.fx * rig.baseline_m / np.where(moved[:, 2] > 0, moved[:, 2], np.nan) - rig.doffs_px
    return np.column_stack([rig.left.project(moved), disparity])


def _chi2(
    points0: Array, seen: Array, T: Array, rig: StereoRig, flow_noise: float | None, disparity_noise: float | None
) -> tuple[Array, float, float]:
    """r·Σ⁻¹·r of each point by the formula of Sherman and Morrison, and the noise it is measured by."""
    r = seen - _predicted(points0, T, rig)
    # A disparity that is larger by ε scales a point by Z·… = 1 / (1 + ε·Z / (f·B)).
    per_px = points0[:, 2:] / (rig.left.fx * rig.baseline_m)
    step = 1e-3
    more, less = (_predicted(points0 / (1.0 + sign * step * per_px), T, rig) for sign in (1.0, -1.0))
    g = (more - less) / (2.0 * step)
    whole = np.asarray(np.isfinite(np.hstack([r, g])).all(axis=1))
    if not whole.any():
        raise ValueError(
            "no point of scene_flow lies before camera 1: is T_1_0 right? It must take camera 0 to camera 1"
        )
    r, g = np.where(whole[:, None], r, np.nan), np.where(whole[:, None], g, np.nan)
    if disparity_noise is None:
        told = np.nanmedian(np.abs(r[:, 2]) / np.sqrt(1.0 + g[:, 2] ** 2))
        disparity_noise = max(float(told) / MAD, LEAST_NOISE_PX)
    if flow_noise is None:  # across the direction in which the disparity of frame 0 may be off
        flow_noise = noise_across(r[whole, :2], g[whole, :2])
    weight = np.array([flow_noise, flow_noise, disparity_noise]) ** -2.0
    plain, mixed, own = (r * r) @ weight, (r * g) @ weight, (g * g) @ weight
    return np.maximum(plain - mixed**2 / (disparity_noise**-2.0 + own), 0.0), flow_noise, disparity_noise


def _quantile(false_alarm: float) -> float:
    """What χ² with 3 degrees of freedom exceeds in this share of cases."""
    from scipy.special import chdtri

    return float(chdtri(3, false_alarm))


def _check(flow: float | None, disparity: float | None, false_alarm: float, min_size: int, seed: int) -> None:
    for name, value in (("flow_noise_px", flow), ("disparity_noise_px", disparity)):
        if value is not None and not (math.isfinite(value) and value > 1e-6):
            raise ValueError(f"{name} is {value}; it must be a number of pixels above 1e-6, or None")
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm is {false_alarm}; it must lie between 0 and 1")
    if min_size < 0 or seed < 0:
        raise ValueError(f"min_size is {min_size}, seed {seed}; allowed are 0 or more")
