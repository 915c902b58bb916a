"""Where the cameras of a clip stood: poses given and tested against the images, or found from them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, Camera, CameraModel, inverse
from ..geometry import absolute_pose
from ._bundle import Bundle, Prior, adjust, centres, offsets, residuals, triangulated
from ._matches import LEAST_MATCHES, Pair, Sightings, focal_px, seen_twice

#: Points that poses are found from, at most; points that a frame must share to be of use.
MOST_POINTS, LEAST_POINTS = 1500, 12
#: Poses whose points miss their sightings by this (median, pixels) fit the images; so do those that no adjustment
#: brings below MENDED of it.
FITS_PX, MENDED, HOPELESS_PX = 0.3, 0.6, 3.0
#: What no adjustment may reach: a turn of this many radians, a change of ln focal; and misses that none is tried from.
FARTHEST, BEYOND_MENDING_PX = (np.radians(5.0), 0.25), 15.0
#: Parallax (what the best rotation leaves of the fifth of the matches that differ most, pixels) that a pair needs.
LEAST_PARALLAX_PX, PARALLAX_PERCENTILE = 1.0, 80.0
#: How far poses and focal length that do not fit are trusted: radians, share of the widest baseline, ln focal.
TURN, SHIFT, LOG_FOCAL = np.radians(1.0), 0.05, 0.1


@dataclass(frozen=True, eq=False)
class Solved:
    """Poses T_k_w of the frames (NaN where unknown), their cameras, and the points they agree on."""

    T: Array
    cameras: tuple[CameraModel, ...]
    sightings: Sightings
    points: Array

    def known(self) -> NDArray[np.bool_]:
        """Which frames have a pose."""
        return np.asarray(np.isfinite(self.T).all(axis=(1, 2)))

    def depths(self, frame: int) -> Array:
        """Depths z of the points that a frame saw."""
        at = self.sightings.point[self.sightings.frame == frame]
        return np.asarray(self.points[at] @ self.T[frame, 2, :3] + self.T[frame, 2, 3])


def with_given_poses(T: Array, cameras: Sequence[CameraModel], sightings: Sightings, refine: str) -> Solved:
    """The poses given, tested against the sightings, and mended together with the focal length where they do not fit.

    Raises ValueError when they are so far off that nothing can be mended.
    """
    focal = np.array([focal_px(camera) for camera in cameras])
    bundle, sightings = _points_of(T, sightings.longest(MOST_POINTS))
    given = Solved(T, tuple(cameras), sightings, bundle.points)
    if refine == "never" or sightings.count < LEAST_POINTS:
        return _consistent(given, focal)
    missed = _median_px(bundle, sightings, focal)
    if refine == "auto" and missed <= FITS_PX:
        return _consistent(given, focal)
    matched, misfit = len(sightings.frame), _misfit(missed)
    if missed > BEYOND_MENDING_PX:
        raise ValueError(misfit)
    widest = float(np.linalg.norm(centres(T)[:, None] - centres(T), axis=2).max())
    pinholes = all(isinstance(camera, Camera) for camera in cameras)  # other models' focal lengths are left alone
    prior = Prior(T, TURN, SHIFT * widest, LOG_FOCAL if pinholes else 1e-9)
    for _ in range(2):
        bundle = adjust(bundle, sightings, focal, None, prior)
        bundle, sightings = _inliers(bundle, sightings, focal)
    mended = _median_px(bundle, sightings, focal)
    if refine == "auto" and missed < HOPELESS_PX and mended > MENDED * missed:
        return _consistent(given, focal)
    turned = np.linalg.norm(offsets(bundle.T, prior)[:, :3], axis=1).max()
    far = turned > FARTHEST[0] or abs(np.log(bundle.focal)) > FARTHEST[1]
    if mended > HOPELESS_PX or far or len(sightings.frame) < 0.5 * matched:
        raise ValueError(misfit)
    if refine == "auto":
        warnings.warn(
            f"poses and cameras do not fit the images: points miss their sightings by {missed:.2f} px (median). They "
            f"were adjusted to {mended:.2f} px, the focal length by a factor of {bundle.focal:.3f}; depth is that of "
            "the adjusted camera. refine='never' keeps what was given, refine='always' says nothing",
            UserWarning,
            stacklevel=4,
        )
    refocused = {id(camera): _refocused(camera, bundle.focal) for camera in cameras}
    return Solved(bundle.T, tuple(refocused[id(camera)] for camera in cameras), sightings, bundle.points)


def _misfit(missed: float) -> str:
    return (
        f"poses and cameras do not fit the images at all: points miss their sightings by {missed:.1f} px (median). "
        "T_world_cam takes camera to world coordinates, in metres; is it the inverse, or of other frames?"
    )


def from_matches(cameras: Sequence[CameraModel], sightings: Sightings, pairs: Sequence[Pair], reference: int) -> Solved:
    """Poses from the images alone, in the reference's frame; the unit is the median depth of its points.

    Raises ValueError when too little is seen twice, the camera does not move, or only turns.
    """
    focal = np.array([focal_px(camera) for camera in cameras])
    sightings = sightings.longest(MOST_POINTS)
    if not pairs:
        raise ValueError(f"no two frames share {LEAST_MATCHES} points: there is too little texture or overlap")
    parallax = [_parallax(pair, focal) for pair in pairs]
    if max(parallax) < LEAST_PARALLAX_PX:
        motion = max(_displacement(pair, focal) for pair in pairs)
        how = "does not move" if motion < 2 * LEAST_PARALLAX_PX else "only turns"
        raise ValueError(
            f"the camera {how}: a rotation explains four fifths of the matches to {max(parallax):.2f} px, and without "
            "parallax images tell no depth; move the camera sideways"
        )
    score = [min(p, 0.08 * focal.mean()) * np.sqrt(len(pair.rays0)) for p, pair in zip(parallax, pairs, strict=True)]
    bundle, used = _started(pairs[int(np.argmax(score))], sightings, focal)
    adjusted = np.count_nonzero(used)
    while True:
        frame = _next_frame(bundle, used, sightings)
        if frame is None:
            break
        used[frame] = _resected(bundle, frame, sightings, cameras[frame])
        if not used[frame]:
            bundle.T[frame] = np.inf  # tried
            continue
        if np.count_nonzero(used) >= 1.5 * adjusted:
            bundle = _adjusted(bundle, used, sightings, focal)
            adjusted = np.count_nonzero(used)
        else:
            bundle.points = _points(bundle.T, used, sightings)
    bundle = _adjusted(bundle, used, sightings, focal)
    bundle, seen = _inliers(bundle, _among(sightings, used), focal)
    if not used[reference] or (seen.frame == reference).sum() < LEAST_POINTS:
        raise ValueError(f"frame {reference}, the reference, shares too few points with the others to know its pose")
    T = np.where(used[:, None, None], bundle.T, np.nan) @ inverse(_rigid(bundle.T[reference]))
    points = bundle.points @ bundle.T[reference, :3, :3].T + bundle.T[reference, :3, 3]
    unit = float(np.median(points[seen.point[seen.frame == reference], 2]))
    T[:, :3, 3] /= unit
    return Solved(T, tuple(cameras), seen, points / unit)


def _finite(points: Array) -> NDArray[np.bool_]:
    """Which points are known."""
    return np.asarray(np.isfinite(points).all(axis=1))


def _points_of(T: Array, sightings: Sightings) -> tuple[Bundle, Sightings]:
    points = triangulated(sightings, T)
    kept = sightings.only(_finite(points)[sightings.point])
    return Bundle(T, triangulated(kept, T)), kept


def _median_px(bundle: Bundle, sightings: Sightings, focal: Array) -> float:
    return float(np.median(np.linalg.norm(residuals(bundle, sightings, focal), axis=1))) if sightings.count else np.inf


def _inliers(bundle: Bundle, sightings: Sightings, focal: Array) -> tuple[Bundle, Sightings]:
    """Without the sightings that miss by much more than most, and the points that are left with one."""
    missed = np.linalg.norm(residuals(bundle, sightings, focal), axis=1)
    kept = missed < max(2.0, 4.0 * float(np.median(missed)))
    fewer = sightings.only(kept)
    seen = seen_twice(sightings.point[kept], sightings.count)
    return Bundle(bundle.T, bundle.points[seen], bundle.focal), fewer


def _consistent(solved: Solved, focal: Array) -> Solved:
    if solved.sightings.count == 0:
        return solved
    bundle, kept = _inliers(Bundle(solved.T, solved.points), solved.sightings, focal)
    return replace(solved, sightings=kept, points=bundle.points)


def _refocused(camera: CameraModel, factor: float) -> CameraModel:
    return camera if not isinstance(camera, Camera) else replace(camera, fx=camera.fx * factor, fy=camera.fy * factor)


def _rigid(T: Array) -> Array:
    """The nearest rigid transform: many small steps leave a rotation that is one to 1e-12 or so."""
    U, _, Vt = np.linalg.svd(T[:3, :3])
    rigid = np.eye(4)
    rigid[:3, :3], rigid[:3, 3] = U @ Vt, T[:3, 3]
    return rigid


def _parallax(pair: Pair, focal: Array) -> float:
    """Pixels by which a fifth of the matches differ from the best rotation, at least."""
    d0 = pair.rays0 / np.linalg.norm(pair.rays0, axis=1, keepdims=True)
    d1 = pair.rays1 / np.linalg.norm(pair.rays1, axis=1, keepdims=True)
    kept = np.ones(len(d0), bool)
    away = np.zeros(len(d0))
    for _ in range(5):
        U, _, Vt = np.linalg.svd(d1[kept].T @ d0[kept])
        R = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
        away = np.linalg.norm(d1 - d0 @ R.T, axis=1) * focal[pair.frames[1]]
        kept = away <= np.median(away)
    return float(np.percentile(away, PARALLAX_PERCENTILE))


def _displacement(pair: Pair, focal: Array) -> float:
    return float(np.median(np.linalg.norm(pair.rays1 - pair.rays0, axis=1)) * focal[pair.frames[1]])


def _started(pair: Pair, sightings: Sightings, focal: Array) -> tuple[Bundle, NDArray[np.bool_]]:
    """A bundle of one pair."""
    i, j = pair.frames
    used = np.zeros(len(focal), bool)
    used[[i, j]] = True
    T = np.full((len(focal), 4, 4), np.nan)
    T[i], T[j] = np.eye(4), pair.T_1_0
    return _adjusted(Bundle(T, _points(T, used, sightings)), used, sightings, focal), used


def _among(sightings: Sightings, used: NDArray[np.bool_]) -> Sightings:
    """Sightings by those frames, the points' numbers unchanged."""
    kept = used[sightings.frame]
    return Sightings(
        sightings.frame[kept], sightings.point[kept], sightings.pixel[kept], sightings.rays[kept], sightings.count
    )


def _points(T: Array, used: NDArray[np.bool_], sightings: Sightings) -> Array:
    """All points by the frames used; NaN where they tell none."""
    return triangulated(_among(sightings, used), np.where(used[:, None, None], T, 0.0))


def _missed(bundle: Bundle, seen: Sightings, chosen: NDArray[np.bool_], focal: Array) -> Array:
    """By how many pixels points miss the chosen sightings; infinite behind the frame."""
    part = Sightings(seen.frame[chosen], seen.point[chosen], seen.pixel[chosen], seen.rays[chosen], seen.count)
    return np.asarray(np.linalg.norm(residuals(bundle, part, focal), axis=1))


def _adjusted(bundle: Bundle, used: NDArray[np.bool_], sightings: Sightings, focal: Array) -> Bundle:
    """Poses of the used frames and all points they see, adjusted; points that they do not agree on are NaN."""
    seen = _among(sightings, used)
    kept = _finite(bundle.points)[seen.point]
    kept[kept] = np.isfinite(_missed(bundle, seen, kept, focal))  # one behind its frame would bar every step
    fixed = int(np.flatnonzero(used)[0])
    for _ in range(2):
        often = seen_twice(seen.point[kept], seen.count)
        part = seen.only(kept)
        T = np.where(used[:, None, None], bundle.T, np.eye(4))
        small = adjust(Bundle(T, bundle.points[often]), part, focal, fixed)
        points = np.full_like(bundle.points, np.nan)
        points[often] = small.points
        bundle = Bundle(np.where(used[:, None, None], small.T, bundle.T), points)
        missed = np.full(len(seen.frame), np.inf)
        there = often[seen.point]
        missed[there] = _missed(bundle, seen, there, focal)
        kept = missed < max(2.0, 4.0 * float(np.median(missed[there])))
    often = seen_twice(seen.point[kept], seen.count)
    bundle.points[~often] = np.nan
    return bundle


def _next_frame(bundle: Bundle, used: NDArray[np.bool_], sightings: Sightings) -> int | None:
    """The frame without a pose that sees most known points."""
    known = _finite(bundle.points)[sightings.point]
    counts = np.bincount(sightings.frame[known], minlength=len(used))
    counts[used | np.isinf(bundle.T[:, 0, 0])] = 0
    frame = int(np.argmax(counts))
    return frame if counts[frame] >= LEAST_POINTS else None


def _resected(bundle: Bundle, frame: int, sightings: Sightings, camera: CameraModel) -> bool:
    """Give `frame` the pose from which it sees the known points; whether there is one."""
    at = (sightings.frame == frame) & _finite(bundle.points)[sightings.point]
    found = absolute_pose(bundle.points[sightings.point[at]], sightings.pixel[at], camera)
    if not found.is_known or found.inliers.sum() < LEAST_POINTS:
        return False
    bundle.T[frame] = found.T_cam_world
    return True
