"""Relative pose with its scale from matches and a metric depth map of each view, as in map-free relocalisation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import LARGEST_COORDINATE, checked, pairs
from ..cameras import Array, CameraModel, inverse
from ..images import Mask
from ..results.alignment import Alignment
from ..results.maps import Depth
from ..results.metric_pose import MetricPose
from ._depth_alignment import DepthAlignment, align_by_pixels, pose_of_pixels
from ._repeated import distinct
from ._rotations import vector_of
from .absolute_pose import absolute_pose
from .alignment import align_points_robust

Solver = Literal["points", "pnp"]
#: Neighbouring depths that differ by more than this share belong to different things: none is made up between them.
EDGE = 0.05
#: Depth maps whose scales differ by more than this share disagree.
DISAGREEING = 0.1
#: Errors that map-free relocalisation allows: metres and degrees.
ALLOWED_M, ALLOWED_DEG = 0.25, 5.0
UNKNOWN = np.full((6, 6), np.nan)
#: Where another pose leaves so many times less noise of the pixels, either may be right; or else the depth is wrong.
PIXELS_DOUBT, PIXELS_KNOW, LEAST_NOISE_PX = 1.5, 2.5, 0.05


@checked
def metric_relative_pose(
    points0: ArrayLike,
    points1: ArrayLike,
    camera0: CameraModel,
    camera1: CameraModel,
    depth0: Depth | ArrayLike,
    depth1: Depth | ArrayLike,
    *,
    solver: Solver = "points",
    depth_error: float = 0.05,
    max_error_px: float = 4.0,
    confidence: float = 0.9999,
    max_iterations: int = 10_000,
    seed: int = 0,
    num_threads: int = 0,
) -> MetricPose:
    """The pose of view 1 relative to view 0, in metres (Arnold et al., Map-free visual relocalization, ECCV 2022).

    ``"points"`` lifts the matches of both views by their depth and aligns them (`align_points_robust`), then refines
    the pose by what pixels and depths must move to agree: the turn follows the pixels, both maps vouch for the scale,
    and matches whose depth disagrees with where the pixels meet are no inliers. ``"pnp"`` lifts view 0 alone and sees
    where view 1 has the points (`absolute_pose`): the scale is view 0's; view 1's depth only says whether it agrees.

    Args:
        points0: (N, 2) pixels in view 0 …
        points1: (N, 2) … and the same in view 1. A match that is given several times counts once.
        camera0: camera of view 0, of its depth map's size.
        camera1: camera of view 1, of its depth map's size.
        depth0: depth z of view 0 (H, W), metres, NaN where there is none …
        depth1: … and that of view 1.
        solver: see above.
        depth_error: relative error of depth up to which a match is an inlier ("points").
        max_error_px: largest error of an inlier, in view 1 ("pnp") or in either view ("points").
        confidence: chance wanted that one sample was free of outliers.
        max_iterations: samples drawn at most.
        seed: of the samples; the result depends on nothing else.
        num_threads: threads ("pnp"); 0 takes every core.

    Raises:
        ValueError: for wrong shapes, pixels that are not finite, maps of another size than their camera.
    """
    pixels0, pixels1 = _checked(points0, points1, depth_error, max_error_px)
    once = distinct(pixels0, pixels1)
    kept = (pixels0, pixels1) if once is None else (pixels0[once[0]], pixels1[once[0]])
    lifted = _lifted(kept[0], camera0, depth0, "depth0"), _lifted(kept[1], camera1, depth1, "depth1")
    how: dict[str, Any] = {"confidence": confidence, "max_iterations": max_iterations, "seed": seed}
    if solver == "pnp":
        found = _by_points(kept[1], lifted, camera1, how | {"max_error_px": max_error_px, "num_threads": num_threads})
    else:
        limits = {"max_error_px": max_error_px, "depth_error": depth_error}
        found = _by_depths(lifted, (camera0, camera1), limits, how)
    return found if once is None else replace(found, inliers=found.inliers[once[1]])


def _by_points(pixels1: Array, lifted: tuple[Array, Array], camera1: CameraModel, how: dict[str, Any]) -> MetricPose:
    known0 = _known(lifted[0])
    found = absolute_pose(lifted[0][known0], pixels1[known0], camera1, **how)
    return _judged(found.T_cam_world, _scattered(found.inliers, known0), found.covariance, found.flags, *lifted)


def _by_depths(
    lifted: tuple[Array, Array],
    cameras: tuple[CameraModel, CameraModel],
    limits: dict[str, float],
    how: dict[str, Any],
) -> MetricPose:
    both = _known(lifted[0]) & _known(lifted[1])
    distances = np.linalg.norm(lifted[0], axis=1) + np.linalg.norm(lifted[1], axis=1)
    limit = limits["depth_error"] / math.sqrt(2.0) * distances
    aligned, flags = _aligned(lifted[0][both], lifted[1][both], {**how, "max_error_m": limit[both]})
    if not aligned.is_known:
        return _judged(aligned.T_target_source, _scattered(aligned.inliers, both), UNKNOWN, flags, *lifted)
    matched = lifted[0][both], lifted[1][both]
    refined = _refined(aligned, matched, cameras, limits, how["seed"])
    if refined is None:  # the pairs align, but no pose lets pixels and depths agree
        return _judged(UNKNOWN[:4, :4], _scattered(aligned.inliers, both), UNKNOWN, ("undetermined",), *lifted)
    inliers, flags = _scattered(refined.inliers, both), flags + refined.flags
    return _judged(refined.T, inliers, refined.covariance, flags, *lifted)


def _checked(points0: ArrayLike, points1: ArrayLike, depth_error: float, max_error_px: float) -> tuple[Array, Array]:
    pixels0, pixels1 = pairs(points0, "points0", points1, "points1")
    if not 0 < depth_error < 1:
        raise ValueError(f"depth_error is {depth_error}; it must lie between 0 and 1")
    if not (math.isfinite(max_error_px) and max_error_px > 0):
        raise ValueError(f"max_error_px is {max_error_px}; it must be a positive number of pixels")
    return pixels0, pixels1


def _lifted(pixels: Array, camera: CameraModel, depth: Depth | ArrayLike, name: str) -> Array:
    """Points (N, 3) of the pixels, NaN where there is no depth: outside the map, in a gap, across an edge, too far."""
    try:
        metres = (depth if isinstance(depth, Depth) else Depth(m=np.asarray(depth))).m
    except ValueError as error:
        raise ValueError(f"{name} is no depth map: {error}") from error
    if metres.shape != (camera.height, camera.width):
        given, wanted = f"{metres.shape[1]}x{metres.shape[0]}", f"{camera.width}x{camera.height}"
        raise ValueError(f"{name} is {given} but its camera is {wanted}: resize the camera with camera.resize(…)")
    height, width = metres.shape
    inside: Mask = np.asarray(((pixels >= -0.5) & (pixels <= (width - 0.5, height - 0.5))).all(axis=1))
    places = np.clip(np.where(inside[:, None], pixels, 0.0), 0, (width - 1, height - 1))
    low = np.minimum(places.astype(int), np.maximum((width - 2, height - 2), 0))
    high = np.minimum(low + 1, (width - 1, height - 1))
    near = np.stack([metres[y, x] for y in (low[:, 1], high[:, 1]) for x in (low[:, 0], high[:, 0])]).astype(float)
    fx, fy = (places - low).T
    mixed = np.array([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy])
    smooth = inside & (near.max(axis=0) - near.min(axis=0) <= EDGE * near.min(axis=0))  # false with any NaN
    z = np.where(smooth, (mixed * np.where(smooth, near, 0.0)).sum(axis=0), np.nan)
    points = camera.unproject(pixels, z)
    return np.where((np.abs(points) <= LARGEST_COORDINATE).all(axis=1, keepdims=True), points, np.nan)


def _aligned(points0: Array, points1: Array, how: dict[str, Any]) -> tuple[Alignment, tuple[str, ...]]:
    """The rigid alignment and its flags; not known where more pairs agree on one of another scale."""
    rigid = align_points_robust(points0, points1, **how)
    if len(points0) and rigid.inliers.mean() < 0.8:
        similar = align_points_robust(points0, points1, with_scale=True, **how)
        more = similar.is_known and similar.inliers.sum() > rigid.inliers.sum()
        if more and abs(math.log(similar.scale)) > math.log1p(DISAGREEING):
            return replace(rigid, rotation=np.full((3, 3), np.nan)), (*rigid.flags, "scales_disagree")
    return rigid, rigid.flags


def _refined(
    aligned: Alignment,
    pairs: tuple[Array, Array],
    cameras: tuple[CameraModel, CameraModel],
    limits: dict[str, float],
    seed: int,
) -> DepthAlignment | None:
    """By pixels and depths; from the pose of the pixels alone where that explains them far better.

    Depth maps that are flat agree with one another at a pose that is not the pixels'.
    """
    refined = align_by_pixels(aligned.T_target_source, pairs, cameras, aligned.inliers, **limits)
    by_pixels = pose_of_pixels(pairs, cameras, limits["max_error_px"], seed)
    if by_pixels is None or refined is None or by_pixels[1].sum() < 0.5 * refined.inliers.sum():
        return refined
    T, inliers, noise_px = by_pixels
    if refined.noise_px < PIXELS_DOUBT * noise_px + LEAST_NOISE_PX:
        return refined
    again = align_by_pixels(T, pairs, cameras, inliers, **limits, noise_px=noise_px)
    if again is not None and again.noise_px < refined.noise_px:
        refined = again
    apart = refined.T @ inverse(T)  # which of the two is right, nobody knows: so far may it be off
    off = np.concatenate([vector_of(apart[:3, :3]), apart[:3, 3]])
    flags = ("depth_disagrees",) if refined.noise_px > PIXELS_KNOW * noise_px + LEAST_NOISE_PX else ()
    return replace(refined, covariance=refined.covariance + np.outer(off, off), flags=flags)


def _known(points: Array) -> Mask:
    return np.asarray(np.isfinite(points).all(axis=1))


def _scattered(inliers: Mask, among: Mask) -> Mask:
    every: Mask = np.zeros(len(among), bool)
    every[among] = inliers
    return every


def _judged(
    T: Array, inliers: Mask, covariance: Array, flags: tuple[str, ...], lifted0: Array, lifted1: Array
) -> MetricPose:
    """With what both depth maps say of the pose, and how sure it is."""
    T = T.copy() if np.isfinite(T).all() else np.full((4, 4), np.nan)
    ratio, trust = math.nan, 0.0
    if np.isfinite(T).all():
        z = (lifted0 @ T[:3, :3].T + T[:3, 3])[:, 2]
        told = inliers & (z > 0) & np.isfinite(lifted1[:, 2])
        ratio = float(np.median(lifted1[told, 2] / z[told])) if told.any() else math.nan
        if abs(math.log(ratio)) > math.log1p(DISAGREEING):
            flags = (*flags, "scales_disagree")
        turn, shift = (math.sqrt(max(0.0, float(np.trace(covariance[k : k + 3, k : k + 3])))) for k in (0, 3))
        trust = float(inliers.mean() * -np.expm1((3.0 - inliers.sum()) / 10.0))
        trust *= _allowance(shift, ALLOWED_M) * _allowance(math.degrees(turn), ALLOWED_DEG)
    return MetricPose(T_1_0=T, inliers=inliers, covariance=covariance, confidence=trust, depth_ratio=ratio, flags=flags)


def _allowance(deviation: float, allowed: float) -> float:
    """1 while two standard deviations are allowed, then less; 0 where nothing is known of them."""
    return 0.0 if math.isnan(deviation) else min(1.0, allowed / max(2.0 * deviation, 1e-12))
