"""The normal equations of bundle adjustment, and how the points are eliminated from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, CameraModel
from ..images import Mask

Indices = NDArray[np.int64]
Loss = Literal["squared", "huber", "cauchy"]
#: A pivot or eigenvalue below this share of its scale leaves something open.
OPEN = 1e-11
#: Points that are eliminated at once.
TOGETHER = 512


@dataclass(frozen=True, kw_only=True, eq=False)
class Observations:
    """Point `points[i]` was seen in frame `frames[i]` at `pixels[i]`."""

    frames: Indices
    points: Indices
    pixels: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Gauge:
    """Which unknowns there are: a column for each, -1 for those that are held."""

    #: (F, 6): of each frame's small rotation and translation; the translation in the frame's `axes`.
    columns: Indices
    #: Two frames and the distance of their centres that is held, if one is; the second moves across it alone.
    held_distance: tuple[int, int, float] | None
    #: Of the focal lengths' common factor, -1 where it is held.
    focal_column: int
    size: int
    #: (P,): points that may move.
    free_points: Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Everything that is adjusted."""

    rotations: Array
    translations: Array
    points: Array
    cameras: tuple[CameraModel, ...]

    def centre(self, frame: int) -> Array:
        """Where the frame's camera is in the world."""
        return np.asarray(-self.rotations[frame].T @ self.translations[frame])


def moved(state: State, observations: Observations) -> Array:
    """(M, 3): the observed points in their cameras' frames."""
    turned = np.einsum("mij,mj->mi", state.rotations[observations.frames], state.points[observations.points])
    return np.asarray(turned + state.translations[observations.frames])


def residuals(state: State, observations: Observations) -> Array:
    """(M, 2) pixels: where the points fall less where they were seen; NaN where a camera does not see one."""
    p = moved(state, observations)
    out = np.empty((len(p), 2))
    for camera, rows in by_camera(state.cameras, observations.frames):
        out[rows] = camera.project(p[rows])
    return out - observations.pixels


def by_camera(cameras: Sequence[CameraModel], frames: Indices) -> list[tuple[CameraModel, Any]]:
    """Each camera with the observations it made."""
    if all(camera is cameras[0] for camera in cameras):
        return [(cameras[0], slice(None))]
    return [(camera, np.flatnonzero(frames == k)) for k, camera in enumerate(cameras)]


def axes(state: State, gauge: Gauge) -> Array:
    """(F, 3, 3): the directions, as columns, along which each frame's translations are counted.

    The last one of a frame whose distance is held leads away from the frame it is held from.
    """
    made = np.tile(np.eye(3), (len(state.rotations), 1, 1))
    if gauge.held_distance is not None:
        first, second, _ = gauge.held_distance
        away = state.rotations[second] @ (state.centre(second) - state.centre(first))
        made[second] = np.linalg.svd(away[:, None])[0][:, [1, 2, 0]]
    return made


@dataclass(frozen=True, kw_only=True, eq=False)
class Equations:
    """J'J and J'r by blocks: of frames and focal length, of points, and between them."""

    frames: Any
    points: Array
    between: Any
    frame_gradient: Array
    point_gradient: Array


def normal_equations(state: State, observations: Observations, gauge: Gauge, weights: Array) -> Equations:
    """Gauss-Newton's, of the residuals weighted by `weights` (M,)."""
    from scipy import sparse

    p, count = moved(state, observations), len(observations.frames)
    by_point, by_focal, error = np.empty((count, 2, 3)), np.empty((count, 2, 1)), np.empty((count, 2))
    for camera, rows in by_camera(state.cameras, observations.frames):
        pixels, by_point[rows], by_parameters = camera.jacobians(p[rows])
        error[rows] = pixels - observations.pixels[rows]
        by_focal[rows] = (by_parameters[..., :2] @ camera.parameters[:2])[..., None] if gauge.focal_column >= 0 else 0.0
    root = np.sqrt(weights)[:, None]
    error = error * root
    by_point *= root[:, :, None]
    turn = np.cross(p[:, None, :], by_point)  # slope · (ω×p) = ω · (p×slope)
    shift = by_point @ axes(state, gauge)[observations.frames]
    by_frame = np.concatenate([turn, shift, by_focal * root[:, :, None]], axis=2)
    focal = np.full((count, 1), gauge.focal_column)
    columns = np.concatenate([gauge.columns[observations.frames], focal], axis=1)
    rows, spread = np.broadcast_to(np.arange(2 * count).reshape(count, 2, 1), by_frame.shape), by_frame.shape
    kept = np.broadcast_to(columns[:, None, :], spread) >= 0
    across = np.broadcast_to(columns[:, None, :], spread)[kept]
    a = sparse.csr_matrix((by_frame[kept], (rows[kept], across)), shape=(2 * count, gauge.size))
    slopes = (by_point @ state.rotations[observations.frames]) * gauge.free_points[observations.points][:, None, None]
    total = len(state.points)
    places = np.broadcast_to((3 * observations.points[:, None] + np.arange(3))[:, None, :], slopes.shape)
    every = np.broadcast_to(np.arange(2 * count).reshape(count, 2, 1), slopes.shape)
    b = sparse.csr_matrix((slopes.ravel(), (every.ravel(), places.ravel())), shape=(2 * count, 3 * total))
    blocks = summed(np.einsum("mki,mkj->mij", slopes, slopes), observations.points, total)
    blocks[~gauge.free_points] = np.eye(3)
    return Equations(
        frames=a.T @ a,
        points=blocks,
        between=(a.T @ b).tocsc(),
        frame_gradient=a.T @ error.ravel(),
        point_gradient=summed(np.einsum("mki,mk->mi", slopes, error), observations.points, total),
    )


def summed(values: Array, index: Indices, count: int) -> Array:
    """Sums of the rows of `values` (M, …) that share an index, (count, …)."""
    flat = values.reshape(len(values), -1)
    sums = [np.bincount(index, weights=column, minlength=count) for column in flat.T]
    return np.stack(sums, axis=1).astype(float).reshape(count, *values.shape[1:])


def weighted(error: Array, loss: tuple[Loss, float]) -> tuple[float, Array]:
    """The cost of residuals (M, 2), and their weights (M,) in the least squares that have the same gradient."""
    kind, scale = loss
    squared = (error**2).sum(axis=1)
    if np.isnan(squared).any():
        return math.inf, np.zeros(len(squared))
    if kind == "cauchy":
        return float(scale**2 * np.log1p(squared / scale**2).sum()), 1.0 / (1.0 + squared / scale**2)
    if kind == "huber":
        length = np.sqrt(squared)
        near = length <= scale
        cost = np.where(near, squared, 2 * scale * length - scale**2)
        return float(cost.sum()), np.where(near, 1.0, scale / np.where(near, 1.0, length))
    return float(squared.sum()), np.ones(len(squared))


def reduced(equations: Equations, damping: float) -> tuple[Array, Array]:
    """The Schur complement of the points (C, C), and the points' inverse blocks (P, 3, 3).

    Triggs et al., Bundle adjustment: a modern synthesis, 2000, section 6. Damped as by Marquardt 1963. A hundred frames
    fill it: its products are dense, some points at a time.
    """
    inverses: Array = np.linalg.inv(equations.points * (1.0 + damping * np.eye(3))).astype(float)
    schur: Array = equations.frames.toarray()
    schur[np.diag_indices_from(schur)] *= 1.0 + damping
    for first in range(0, len(inverses), TOGETHER):
        some = inverses[first : first + TOGETHER]
        between = equations.between[:, 3 * first : 3 * (first + len(some))].toarray()
        by_point = between.reshape(len(schur), len(some), 3).swapaxes(0, 1)
        schur -= (by_point @ some).swapaxes(0, 1).reshape(between.shape) @ between.T
    return schur, inverses


def step(equations: Equations, damping: float) -> tuple[Array, Array]:
    """The damped Gauss-Newton step of frames (C,) and points (P, 3). Raises LinAlgError where there is none."""
    from scipy import linalg

    schur, inverses = reduced(equations, damping)
    if not np.isfinite(schur).all():
        raise np.linalg.LinAlgError("the points' blocks are singular")
    alone = np.einsum("pij,pj->pi", inverses, equations.point_gradient)
    right = equations.frame_gradient - equations.between @ alone.ravel()
    frames = -linalg.cho_solve(linalg.cho_factor(schur), right) if len(right) else np.zeros(0)
    pulled = equations.point_gradient + (equations.between.T @ frames).reshape(-1, 3)
    return frames, -np.einsum("pij,pj->pi", inverses, pulled)


def is_open(symmetric: Array) -> Mask:
    """Which of symmetric matrices (…, n, n) have a direction about which they say nothing, to rounding."""
    scale = np.sqrt(np.maximum(np.diagonal(symmetric, axis1=-2, axis2=-1), np.finfo(float).tiny))
    values = np.linalg.eigvalsh(symmetric / (scale[..., :, None] * scale[..., None, :]))
    return np.asarray(~(values[..., 0] > OPEN))
