"""How sure the depths of matched points are when poses were found from the same matches: first-order propagation."""

from __future__ import annotations

import numpy as np

from ..cameras import Array
from ._bundle import Bundle, linearised, residuals
from ._matches import Sightings

#: Errors drawn from the covariance; noise below which no matches are trusted to lie, pixels.
DRAWS, LEAST_NOISE_PX = 64, 0.1
#: Points are on a plane where all but this share of their sightings miss it by no more than noise: so many of its
#: median, or pixels; rounds of the plane's robust fit, and the relative residual that counts half there.
OFF_PLANE, NOISES, PLANE_PX, ROUNDS, HALF = 0.02, 4.0, 1.0, 10, 0.01


def relative_depth_spread(T: Array, points: Array, sightings: Sightings, focal_px: Array, frame: int) -> float:
    """Standard deviation of the depths that a frame's points have, relative to their depths and to their common scale.

    Poses and points share the noise of the sightings (Hartley & Zisserman 2004, section 5.2): errors of poses are drawn
    from the covariance of the reduced system of bundle adjustment, those of points from what then remains. Little
    parallax leaves poses and points that may bend together, which no residual shows.

    Args:
        T: (F, 4, 4), T_k_w; NaN where unknown.
        points: (N, 3), the adjusted ones, of which the sightings tell.
        sightings: by known frames.
        focal_px: (F,).
        frame: whose depths are asked for; its pose is the gauge.

    Returns:
        The median over the points that the frame sees; infinite where it sees none.
    """
    used = np.flatnonzero(np.isfinite(T).all(axis=(1, 2)))
    number = np.zeros(len(T), np.intp)
    number[used] = np.arange(len(used))
    seen = Sightings(number[sightings.frame], sightings.point, sightings.pixel, sightings.rays, sightings.count)
    bundle, own = Bundle(T[used], points), int(number[frame])
    system = linearised(bundle, seen, focal_px[used], own, None)
    V = np.linalg.inv(system.V + 1e-9 * np.trace(system.V, axis1=1, axis2=2)[:, None, None] * np.eye(3))
    WV = system.W @ V
    of_poses, axes = np.linalg.eigh(system.U - np.einsum("nci,ndi->cd", WV, system.W, optimize=True))
    scale = np.zeros(len(of_poses))
    scale[1:] = 1.0 / np.sqrt(np.maximum(of_poses[1:], 1e-12 * of_poses[-1]))  # the first is the common scale
    missed = np.abs(residuals(bundle, seen, focal_px[used]))
    freedom = missed.size / max(missed.size - points.size - len(of_poses), 0.1 * missed.size)
    noise = max(float(np.median(missed)) / 0.6745 * np.sqrt(freedom), LEAST_NOISE_PX)
    rng = np.random.default_rng(0)
    poses = (axes * scale) @ rng.standard_normal((len(scale), DRAWS))
    alone = np.linalg.cholesky(V) @ rng.standard_normal((len(points), 3, DRAWS))
    moved = noise * (alone - np.einsum("nci,cd->nid", WV, poses))
    at = np.unique(sightings.point[sightings.frame == frame])
    if at.size == 0:
        return float("inf")
    depth = points[at] @ T[frame, 2, :3] + T[frame, 2, 3]
    off = np.einsum("i,nid->nd", T[frame, 2, :3], moved[at]) / depth[:, None]
    off -= np.median(off, axis=0)
    return float(np.median(np.sqrt(np.mean(off**2, axis=1))))


def are_on_plane(T: Array, points: Array, sightings: Sightings, focal_px: Array, frame: int) -> bool:
    """Whether one plane explains the sightings as well as the points do: then a second motion may, too.

    The inverse depths of a plane are linear in the image (x, y) of any pinhole; `frame` is the one that is taken.
    Arguments as of `relative_depth_spread`.
    """
    X = points @ T[frame, :3, :3].T + T[frame, :3, 3]
    ahead = X[:, 2] > 1e-6
    if ahead.sum() < 4:
        return False
    rows, q = X[ahead] / X[ahead, 2:], 1.0 / X[ahead, 2]
    weight, plane = np.ones(len(q)), np.zeros(3)
    for _ in range(ROUNDS):
        plane = np.linalg.lstsq(rows * weight[:, None], q * weight, rcond=None)[0]
        weight = np.sqrt(1.0 / (1.0 + np.square((rows @ plane - q) / (HALF * q))))
    flat = np.full(len(X), np.nan)
    flat[ahead] = rows @ plane
    on = np.where((flat > 0)[:, None], X / np.maximum(X[:, 2:] * flat[:, None], 1e-12), np.nan)
    on = (on - T[frame, :3, 3]) @ T[frame, :3, :3]
    missed, missed_on = (
        np.linalg.norm(residuals(Bundle(T, each), sightings, focal_px), axis=1) for each in (points, on)
    )
    beyond = ~(missed_on <= max(NOISES * float(np.median(missed)), PLANE_PX))
    return bool(beyond.mean() < OFF_PLANE)
