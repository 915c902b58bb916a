"""Poses and points that explain a clip's sightings best: robust least squares with the points eliminated.

Bundle adjustment (Triggs et al., 1999) by Levenberg–Marquardt on the reduced system of the cameras (Schur complement).
Poses are T_k_w: X_k = R_k X + t_k. Rays are (x, y, 1), so residuals in pixels are those of the rays times the focal
length, and one common factor of all focal lengths can be free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ..geometry._bundle import Loss, summed, weighted
from ..geometry._rotations import rotation_of
from ._matches import Sightings

#: Residuals beyond a pixel count linearly.
LOSS: tuple[Loss, float] = ("huber", 1.0)
STEPS = 30


@dataclass(eq=False)
class Bundle:
    """Poses (F, 4, 4), points (N, 3), and the factor by which the true focal lengths differ from those given."""

    T: Array
    points: Array
    focal: float = 1.0


@dataclass(frozen=True, eq=False)
class Prior:
    """How sure the poses given are: standard deviations of each frame's turn (rad), centre (m), and of ln focal."""

    T: Array
    turn: float
    shift: float
    log_focal: float


def triangulated(sightings: Sightings, T: Array) -> Array:
    """Points (N, 3) nearest to all their rays; NaN where these are parallel to within 0.1 degrees."""
    R, t = T[sightings.frame, :3, :3], T[sightings.frame, :3, 3]
    along = np.einsum("mji,mj->mi", R, sightings.rays)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    centre = -np.einsum("mji,mj->mi", R, t)
    across = np.eye(3) - along[:, :, None] * along[:, None, :]
    A, b = np.zeros((sightings.count, 3, 3)), np.zeros((sightings.count, 3))
    np.add.at(A, sightings.point, across)
    np.add.at(b, sightings.point, np.einsum("mij,mj->mi", across, centre))
    seen = np.bincount(sightings.point, minlength=sightings.count)
    flat = np.linalg.eigvalsh(A)[:, 0] / np.maximum(seen, 1) < np.radians(0.05) ** 2
    A[flat] = np.eye(3)
    points = np.linalg.solve(A, b[..., None])[..., 0]
    points[flat] = np.nan
    depth = np.einsum("mj,mj->m", R[:, 2], points[sightings.point]) + t[:, 2]
    behind = np.zeros(sightings.count, bool)
    behind[sightings.point[depth <= 0]] = True
    points[behind] = np.nan
    return np.asarray(points, np.float64)


def residuals(bundle: Bundle, sightings: Sightings, focal_px: Array) -> Array:
    """(M, 2) pixels by which each point misses its sighting; infinite behind the camera."""
    X = _seen(bundle, sightings)
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = (bundle.focal * X[:, :2] / X[:, 2:] - sightings.rays[:, :2]) * focal_px[sightings.frame, None]
    missed[~(X[:, 2] > 0)] = np.inf
    return missed


def adjust(
    bundle: Bundle, sightings: Sightings, focal_px: Array, fixed: int | None, prior: Prior | None = None
) -> Bundle:
    """The bundle that explains the sightings best. Frame `fixed` stays; without `prior` so do the focal lengths.

    Args:
        bundle: where to start.
        sightings: of points that all lie in front of the frames that see them.
        focal_px: (F,), what a ray's offset of 1 means in pixels.
        fixed: the frame whose pose stays; None, with `prior`: none does, so that no frame's error is all frames'.
        prior: what else is known of poses and focal lengths.
    """
    damping, cost = 1e-4, _cost(bundle, sightings, focal_px, prior)
    for _ in range(STEPS):
        system = linearised(bundle, sightings, focal_px, fixed, prior)
        better = None
        while damping < 1e6:
            trial = _moved(bundle, system, damping)
            trial_cost = _cost(trial, sightings, focal_px, prior)
            if trial_cost < cost:
                better = trial
                break
            damping *= 8.0
        if better is None:
            break
        gain, bundle, cost, damping = cost - trial_cost, better, trial_cost, damping / 5.0
        if gain < 1e-7 * cost:
            break
    return bundle


def _seen(bundle: Bundle, sightings: Sightings) -> Array:
    T = bundle.T[sightings.frame]
    return np.asarray(np.einsum("mij,mj->mi", T[:, :3, :3], bundle.points[sightings.point]) + T[:, :3, 3])


def centres(T: Array) -> Array:
    """Where the cameras of poses (F, 4, 4) stand, (F, 3)."""
    return np.asarray(-np.einsum("fji,fj->fi", T[:, :3, :3], T[:, :3, 3]))


def offsets(T: Array, prior: Prior) -> Array:
    """(F, 6): turn of each camera and shift of its centre away from the prior's."""
    R = T[:, :3, :3] @ prior.T[:, :3, :3].transpose(0, 2, 1)
    turn = np.stack([R[:, 2, 1] - R[:, 1, 2], R[:, 0, 2] - R[:, 2, 0], R[:, 1, 0] - R[:, 0, 1]], axis=1) / 2
    return np.concatenate([turn, centres(T) - centres(prior.T)], axis=1)


def _cost(bundle: Bundle, sightings: Sightings, focal_px: Array, prior: Prior | None) -> float:
    huber, _ = weighted(residuals(bundle, sightings, focal_px), LOSS)
    if prior is None:
        return huber
    away = offsets(bundle.T, prior) / ([prior.turn] * 3 + [prior.shift] * 3)
    return float(huber + (away**2).sum() + (np.log(bundle.focal) / prior.log_focal) ** 2)


@dataclass(frozen=True, eq=False)
class _System:
    """Normal equations: of cameras (C, C), of each point (N, 3, 3), between them (N, C, 3), and the right sides."""

    U: Array
    V: Array
    W: Array
    camera_side: Array
    point_side: Array
    free: NDArray[np.intp]


def linearised(
    bundle: Bundle, sightings: Sightings, focal_px: Array, fixed: int | None, prior: Prior | None
) -> _System:
    """The normal equations at a bundle; frame `fixed` has no columns, nor has ln focal without `prior`."""
    frames, count = len(bundle.T), sightings.count
    X = _seen(bundle, sightings)
    scale = focal_px[sightings.frame] * bundle.focal
    of_X = np.zeros((len(X), 2, 3))
    of_X[:, 0, 0] = of_X[:, 1, 1] = scale / X[:, 2]
    of_X[:, :, 2] = -scale[:, None] * X[:, :2] / X[:, 2:] ** 2
    of_turn = np.cross(X[:, None, :], of_X)  # row · [ω]ₓ X = ω · (X × row)
    of_point = of_X @ bundle.T[sightings.frame, :3, :3]
    of_focal = (scale[:, None] * X[:, :2] / X[:, 2:])[..., None]
    of_camera = np.concatenate([of_turn, -of_point, of_focal], axis=2)
    r = residuals(bundle, sightings, focal_px)
    weight = np.sqrt(weighted(r, LOSS)[1])[:, None, None]
    of_camera, of_point, r = weight * of_camera, weight * of_point, -weight[..., 0] * r
    size = 6 * frames + 1
    U, camera_side, W = np.zeros((size, size)), np.zeros(size), np.zeros((count, size, 3))
    for k in range(frames):  # a frame sees a point once
        rows = np.flatnonzero(sightings.frame == k)
        columns = np.append(np.arange(6 * k, 6 * k + 6), size - 1)
        J = of_camera[rows].reshape(-1, 7)
        U[np.ix_(columns, columns)] += J.T @ J
        camera_side[columns] += J.T @ r[rows].ravel()
        W[sightings.point[rows][:, None], columns[:6]] = np.einsum(
            "mki,mkj->mij", of_camera[rows][..., :6], of_point[rows]
        )
    W[:, -1] = summed(np.einsum("mk,mkj->mj", of_camera[..., 6], of_point), sightings.point, count)
    V = summed(np.einsum("mki,mkj->mij", of_point, of_point), sightings.point, count)
    point_side = summed(np.einsum("mki,mk->mi", of_point, r), sightings.point, count)
    free = np.arange(size)
    if fixed is not None:
        free = np.setdiff1d(free, np.arange(6 * fixed, 6 * fixed + 6))
    if prior is None:
        free = free[:-1]
    else:
        inverse = np.tile([prior.turn**-2] * 3 + [prior.shift**-2] * 3, frames)
        U[np.arange(size - 1), np.arange(size - 1)] += inverse
        camera_side[:-1] -= inverse * offsets(bundle.T, prior).ravel()
        U[-1, -1] += prior.log_focal**-2
        camera_side[-1] -= np.log(bundle.focal) * prior.log_focal**-2
    return _System(U[np.ix_(free, free)], V, W[:, free], camera_side[free], point_side, free)


def _moved(bundle: Bundle, system: _System, damping: float) -> Bundle:
    """The bundle after one damped Gauss–Newton step."""
    # Each unknown in a unit of its own: turns, centres and depths differ by powers of ten, squared.
    unit = 1.0 / np.sqrt(np.maximum(np.diag(system.U), np.finfo(float).tiny))
    U = system.U + np.diag((damping + 1e-12) * np.diag(system.U))
    diagonal = np.einsum("nii->ni", system.V)
    open_ended = 1e-12 * diagonal.max(axis=1, keepdims=True)
    V = np.linalg.inv(system.V + (damping * diagonal + open_ended)[:, :, None] * np.eye(3))
    WV = system.W @ V
    S = U - np.einsum("nci,ndi->cd", WV, system.W, optimize=True)
    right = system.camera_side - np.einsum("nci,ni->c", WV, system.point_side)
    step = np.zeros(6 * len(bundle.T) + 1)
    step[system.free] = unit * np.linalg.lstsq(S * np.outer(unit, unit), unit * right, rcond=1e-12)[0]
    shift = np.einsum("nij,nj->ni", V, system.point_side - np.einsum("nci,c->ni", system.W, step[system.free]))
    T, centre = bundle.T.copy(), centres(bundle.T)
    for k, (turn, move) in enumerate(step[:-1].reshape(-1, 2, 3)):
        T[k, :3, :3] = rotation_of(turn) @ T[k, :3, :3]
        T[k, :3, 3] = -T[k, :3, :3] @ (centre[k] + move)
    return Bundle(T, bundle.points + shift, bundle.focal * float(np.exp(np.clip(step[-1], -0.2, 0.2))))
