"""Points in the pixels of any camera model, distortion and all: how well they fit, and the point that fits best."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, CameraModel
from ..results import PointReason, TriangulatedPoints

#: Rays that meet under less have no point: depth would be made of rounding.
LEAST_ANGLE = 1e-10


class Views:
    """Observations (V, N, 2), NaN where there is none, of V cameras with poses ``T_view_world`` (V, 4, 4)."""

    def __init__(self, cameras: Sequence[CameraModel], poses: Array, pixels: Array) -> None:
        self.cameras, self.pixels = cameras, pixels
        self.rotations, self.translations = poses[:, :3, :3], poses[:, :3, 3]
        self.seen: NDArray[np.bool_] = np.asarray(np.isfinite(pixels).all(axis=2))

    def errors(self, points: Array) -> tuple[Array, Array]:
        """Observed minus projected pixels (V, N, 2), and derivatives of the projections by the points (V, N, 2, 3).

        NaN where a view does not see the point, whether it was observed or not.
        """
        errors, slopes = np.empty(self.pixels.shape), np.empty((*self.pixels.shape, 3))
        for i, camera in enumerate(self.cameras):
            projected, by_point, _ = camera.jacobians(points @ self.rotations[i].T + self.translations[i])
            errors[i], slopes[i] = self.pixels[i] - projected, by_point @ self.rotations[i]
        return errors, slopes

    def cost(self, errors: Array) -> Array:
        """Sum of squares (N,) over the views that observed the point; infinite where one of them has it behind."""
        squares = np.where(self.seen, np.square(errors).sum(axis=2), 0.0)
        return np.asarray(np.where(np.isnan(squares), np.inf, squares).sum(axis=0))

    def normal(self, errors: Array, slopes: Array) -> tuple[Array, Array]:
        """JᵀJ (N, 3, 3) and Jᵀe (N, 3)."""
        J = np.where(self.seen[..., None, None], slopes, 0.0)
        e = np.where(self.seen[..., None], errors, 0.0)
        return np.einsum("vnka,vnkb->nab", J, J), np.einsum("vnka,vnk->na", J, e)


def refined(points: Array, views: Views, rounds: int = 20) -> Array:
    """The points (N, 3) of least squared pixel errors near `points`, by damped Gauss-Newton; NaN stays NaN."""
    points = points.copy()
    errors, slopes = views.errors(points)
    cost, damping = views.cost(errors), np.full(len(points), 1e-6)
    open_ = np.isfinite(points).all(axis=1) & np.isfinite(cost)
    for _ in range(rounds):
        A, b = views.normal(errors, slopes)
        A[~open_] = np.eye(3)
        A += (damping[:, None] * np.einsum("naa->na", A) + 1e-300)[:, :, None] * np.eye(3)
        step = _solved(A, b)
        trial = np.where(open_[:, None], points + step, points)
        trial_errors, trial_slopes = views.errors(trial)
        trial_cost = views.cost(trial_errors)
        better = open_ & (trial_cost < cost)
        small = np.linalg.norm(step, axis=1) <= 1e-12 * np.linalg.norm(points, axis=1)
        points[better] = trial[better]
        errors[:, better], slopes[:, better] = trial_errors[:, better], trial_slopes[:, better]
        open_ &= ~(small | (better & (trial_cost >= (1 - 1e-13) * cost)))
        cost = np.where(better, trial_cost, cost)
        damping = np.where(better, damping * 0.1, damping * 10)
        if not open_.any():
            break
    return points


def _solved(A: Array, b: Array) -> Array:
    """A⁻¹ b of each; 0 where there is no inverse."""
    size = np.abs(A).max(axis=(1, 2))  # units of length may be so small that a determinant overflows
    known = np.isfinite(size) & (size > 0)
    A = np.where(known[:, None, None], A, np.eye(3)) / np.where(known, size, 1.0)[:, None, None]
    good = known & (np.abs(np.linalg.det(A)) > 0)
    A = np.where(good[:, None, None], A, np.eye(3))
    step = np.linalg.solve(A, b[:, :, None] / np.where(known, size, 1.0)[:, None, None])[:, :, 0]
    return np.where(good[:, None], step, 0.0)


def widest_angle(points: Array, views: Views) -> Array:
    """The largest angle (N,) between rays to `points` from two views that observed them, radians; NaN for one view."""
    centres = -np.einsum("vba,vb->va", views.rotations, views.translations)
    widest = np.full(len(points), np.nan)
    for i, j in combinations(range(len(centres)), 2):
        a, b = points - centres[i], points - centres[j]
        # |a × b| with b - a known exactly: no digits are lost where the rays are nearly parallel
        sine = np.linalg.norm(np.cross(a, centres[i] - centres[j]), axis=1)
        angle = np.where(views.seen[i] & views.seen[j], np.arctan2(sine, np.einsum("na,na->n", a, b)), np.nan)
        widest = np.fmax(widest, angle)
    return widest


def measured(points: Array, views: Views, sigma_px: float, min_angle_rad: float) -> TriangulatedPoints:
    """Points with their errors, angles, covariances and reasons."""
    errors, slopes = views.errors(points)
    angle = widest_angle(points, views)
    apart = (angle > LEAST_ANGLE) & (angle < np.pi - LEAST_ANGLE)
    seen_by = views.seen.sum(axis=0)
    reasons = np.full(len(points), PointReason.VALID, dtype=np.uint8)
    reasons[~np.isfinite(views.cost(errors))] = PointReason.BEHIND
    reasons[~apart] = PointReason.PARALLEL
    reasons[seen_by < 2] = PointReason.TOO_FEW_VIEWS
    reasons[np.isinf(views.pixels).any(axis=(0, 2))] = PointReason.NOT_FINITE
    angle[reasons != PointReason.VALID] = np.nan
    reasons[angle < min_angle_rad] = PointReason.SMALL_ANGLE
    valid = reasons == PointReason.VALID
    A, _ = views.normal(errors, slopes)
    A[~valid] = np.eye(3)
    covariance = np.where(valid[:, None, None], sigma_px**2 * np.linalg.inv(A), np.nan)
    distances = np.where(valid[:, None] & views.seen.T, np.linalg.norm(errors, axis=2).T, np.nan)
    m = np.where(valid[:, None], points, np.nan)
    return TriangulatedPoints(m=m, reasons=reasons, angle_rad=angle, errors_px=distances, covariance_m2=covariance)
