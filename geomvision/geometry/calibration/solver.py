"""All cameras, poses and the rig at once: Levenberg–Marquardt on analytic Jacobians, boards eliminated by Schur.

Unknown are the cameras' parameters, the pose of camera 1 in a rig, and the pose of the board in every view. A board's
pose touches only its own view, so its 6x6 block leaves the normal equations first (Triggs et al. 2000, §6); what stays
is as large as the cameras have parameters, and its inverse is their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...cameras import Array, CameraModel

Loss = Literal["huber", "cauchy", "squared"]
#: Coefficients of Brown's denominator are of order 1 unless views tell otherwise: they and the numerator's can trade
#: places far along a valley, where both have roots inside the image.
OPEN_ENDED, ORDER = ("k4", "k5", "k6"), 1.0
#: Noise (standard deviation, pixels) that is taken until residuals tell it.
LIKELY_NOISE_PX = 0.1
#: A step that lowers the cost by less moves no parameter by a hundredth of its standard deviation.
ENOUGH = 1e-9


@dataclass(frozen=True, eq=False)
class Sights:
    """What one camera saw: `pixels` (N, 2) of board points (N, 3), `view` (N,) sorted."""

    view: NDArray[np.int64]
    points: Array
    pixels: Array


@dataclass(frozen=True, eq=False)
class State:
    """Cameras, ``T_1_0`` (None for one camera) and ``T_0_board`` (V, 4, 4).

    `noise` is the variance of a corner's coordinate, px²: what an expectation of a coefficient weighs against corners.
    """

    cameras: tuple[CameraModel, ...]
    rig: Array | None
    poses: Array
    noise: float = LIKELY_NOISE_PX**2


@dataclass(frozen=True, eq=False)
class Normal:
    """Cost and normal equations: shared unknowns S, boards (V, 6, 6), and what couples them (V, S, 6)."""

    cost: float
    shared: Array
    shared_slope: Array
    boards: Array
    boards_slope: Array
    coupling: Array


@dataclass(frozen=True, eq=False)
class Solution:
    """Where the search ended: residuals (N, 2) and weights (N,) of each camera, covariances, whether it settled."""

    state: State
    residuals: tuple[Array, ...]
    weights: tuple[Array, ...]
    cost: float
    iterations: int
    settled: bool


def turn(vectors: Array) -> Array:
    """Rotations (..., 3, 3) about `vectors` (..., 3) by their lengths in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    skew = crosses(vectors)
    sine, versine = np.sinc(angle / np.pi), 0.5 * np.sinc(angle / (2 * np.pi)) ** 2  # sin x / x, (1 − cos x) / x²
    return np.asarray(np.eye(3) + sine * skew + versine * skew @ skew)


def moved(poses: Array, steps: Array) -> Array:
    """Poses (..., 4, 4) after a small turn steps[..., :3] and shift steps[..., 3:] in the frame that they lead to."""
    after = poses.copy()
    rotation = turn(steps[..., :3])
    after[..., :3, :] = rotation @ poses[..., :3, :]
    after[..., :3, 3] += steps[..., 3:]
    return after


def crosses(vectors: Array) -> Array:
    """[v]× (..., 3, 3) with [v]×·w = v × w."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)


def seen(state: State, index: int, sights: Sights) -> tuple[Array, Array]:
    """The points in the frame of camera 0 and in that of camera `index`."""
    T = state.poses[sights.view]
    first = np.einsum("nij,nj->ni", T[:, :3, :3], sights.points) + T[:, :3, 3]
    if index == 0 or state.rig is None:
        return first, first
    return first, first @ state.rig[:3, :3].T + state.rig[:3, 3]


def losses(squares: Array, loss: Loss, scale: float) -> tuple[Array, Array]:
    """Robust cost of squared residuals and the weights of its quadratic stand-in."""
    if loss == "squared":
        return squares, np.ones_like(squares)
    if loss == "cauchy":
        return scale**2 * np.log1p(squares / scale**2), 1 / (1 + squares / scale**2)
    length = np.sqrt(squares)
    far = length > scale
    return np.where(far, 2 * scale * length - scale**2, squares), np.where(far, scale / np.maximum(length, scale), 1.0)


def offsets(state: State) -> list[int]:
    """Where each camera's parameters begin among the shared unknowns; the last entry is where the rig's begin."""
    return [0, *np.cumsum([len(camera.parameters) for camera in state.cameras]).tolist()]


def expected(state: State) -> tuple[Array, Array]:
    """Of each shared unknown what it weighs in the cost, half of which times its square is added, and its value."""
    weights, values = np.zeros((2, offsets(state)[-1] + (0 if state.rig is None else 6)))
    for camera, at in zip(state.cameras, offsets(state), strict=False):
        if {"p1", *OPEN_ENDED} <= set(camera.parameter_names):
            places = [camera.parameter_names.index(name) for name in OPEN_ENDED]
            values[[at + k for k in places]] = camera.parameters[places]
            weights[[at + k for k in places]] = state.noise / ORDER**2
    return weights, values


def residuals_of(state: State, sights: tuple[Sights, ...]) -> tuple[Array, ...]:
    """Projected minus measured, (N, 2) of each camera; NaN where a camera does not see its point."""
    return tuple(
        camera.project(seen(state, i, sight)[1]) - sight.pixels
        for i, (camera, sight) in enumerate(zip(state.cameras, sights, strict=True))
    )


def cost_of(state: State, sights: tuple[Sights, ...], loss: Loss, scale: float) -> float:
    """Half the summed robust cost; infinite where a point is not seen."""
    parts = residuals_of(state, sights)
    weights, values = expected(state)
    total = sum(float(losses(np.square(r).sum(axis=1), loss, scale)[0].sum()) for r in parts)
    total += float(weights @ values**2)
    return total / 2 if np.isfinite(total) else float("inf")


def normal_equations(state: State, sights: tuple[Sights, ...], loss: Loss, scale: float) -> Normal:
    """Cost, gradient and the Gauss–Newton matrix in blocks."""
    at = offsets(state)
    size, count = at[-1] + (0 if state.rig is None else 6), len(state.poses)
    total = Normal(
        0.0,
        np.zeros((size, size)),
        np.zeros(size),
        np.zeros((count, 6, 6)),
        np.zeros((count, 6)),
        np.zeros((count, size, 6)),
    )
    stiffness, values = expected(state)
    total.shared[:] += np.diag(stiffness)
    total.shared_slope[:] += stiffness * values
    cost = float(stiffness @ values**2) / 2
    for i, (camera, sight) in enumerate(zip(state.cameras, sights, strict=True)):
        first, here = seen(state, i, sight)
        pixels, by_point, by_camera = camera.jacobians(here)
        residual = pixels - sight.pixels
        costs, weights = losses(np.square(residual).sum(axis=1), loss, scale)
        cost += float(costs.sum()) / 2
        shared = np.zeros((len(here), 2, size))
        shared[:, :, at[i] : at[i + 1]] = by_camera
        by_first = by_point
        if i > 0 and state.rig is not None:
            shared[:, :, at[-1] :] = _by_motion(by_point, here)
            by_first = by_point @ state.rig[:3, :3]
        root = np.sqrt(weights)[:, None, None]
        board = _by_motion(by_first, first) * root
        _add(total, sight.view, shared * root, board, residual * root[:, 0])
    return replace(total, cost=cost if np.isfinite(cost) else float("inf"))


def _by_motion(by_point: Array, points: Array) -> Array:
    """Derivative (N, 2, 6) by a small turn and shift of the points."""
    return np.concatenate([-by_point @ crosses(points), by_point], axis=2)


def _add(total: Normal, view: NDArray[np.int64], shared: Array, board: Array, residual: Array) -> None:
    """View by view: products so small are not shared out to threads, whose number must not show in the result."""
    views, starts = np.unique(view, return_index=True)
    for v, begin, end in zip(views, starts, [*starts[1:], len(view)], strict=True):
        own, r = board[begin:end].reshape(-1, 6), residual[begin:end].ravel()
        s = shared[begin:end].reshape(-1, shared.shape[2])
        total.shared[:] += s.T @ s
        total.shared_slope[:] += s.T @ r
        total.boards[v] += own.T @ own
        total.boards_slope[v] += own.T @ r
        total.coupling[v] += s.T @ own


def reduced(normal: Normal, damping: float = 0.0) -> tuple[Array, Array, Array]:
    """The Schur complement of the boards, its right side, and ``boards⁻¹ · couplingᵀ`` (V, 6, S)."""
    boards = normal.boards + damping * _diagonal(normal.boards)
    gain = np.linalg.solve(boards, np.swapaxes(normal.coupling, 1, 2))
    matrix = normal.shared + damping * _diagonal(normal.shared) - np.einsum("vsi,vit->st", normal.coupling, gain)
    slope = normal.shared_slope - np.einsum("vis,vi->s", gain, normal.boards_slope)
    return np.asarray((matrix + matrix.T) / 2), np.asarray(slope), np.asarray(gain)


def _diagonal(matrices: Array) -> Array:
    return np.asarray(np.einsum("...ii->...i", matrices)[..., None] * np.eye(matrices.shape[-1]))


def step_of(normal: Normal, damping: float) -> tuple[Array, Array]:
    """The damped step of the shared unknowns and of the boards (V, 6). LinAlgError where it has none."""
    matrix, slope, gain = reduced(normal, damping)
    scale = 1 / np.sqrt(np.maximum(np.diag(normal.shared), 1e-300))
    shared = -scale * np.linalg.solve(matrix * np.outer(scale, scale), scale * slope)
    boards = normal.boards + damping * _diagonal(normal.boards)
    own = -np.linalg.solve(boards, normal.boards_slope[..., None])[..., 0] - gain @ shared
    return shared, own


def stepped(state: State, shared: Array, boards: Array) -> State:
    """The state after a step; ValueError where a camera cannot have such parameters."""
    at = offsets(state)
    cameras = tuple(
        camera.with_parameters(camera.parameters + shared[a:b])
        for camera, a, b in zip(state.cameras, at[:-1], at[1:], strict=True)
    )
    rig = None if state.rig is None else moved(state.rig, shared[at[-1] :])
    return State(cameras, rig, moved(state.poses, boards), state.noise)


def solve(
    state: State, sights: tuple[Sights, ...], *, loss: Loss = "huber", scale: float = 1.0, most: int = 100
) -> Solution:
    """Least squares from `state`: the cost falls with every step taken, until a step changes nothing."""
    damping, settled, iterations = 1e-3, False, 0
    normal = normal_equations(state, sights, loss, scale)
    while iterations < most and np.isfinite(normal.cost) and not settled:
        iterations += 1
        try:
            with np.errstate(all="ignore"):  # a step may lead anywhere; its cost tells
                shared, boards = step_of(normal, damping)
                trial = stepped(state, shared, boards)
                cost = cost_of(trial, sights, loss, scale)
        except (ValueError, np.linalg.LinAlgError):  # singular, or no such camera: a shorter step
            cost = float("inf")
        if cost <= normal.cost:
            settled = normal.cost - cost <= ENOUGH * normal.cost + 1e-20
            state, damping = trial, max(damping / 10, 1e-12)
            normal = normal_equations(state, sights, loss, scale)
        else:
            damping *= 10
            settled = damping > 1e12
    residuals = residuals_of(state, sights)
    weights = tuple(losses(np.square(r).sum(axis=1), loss, scale)[1] for r in residuals)
    return Solution(state, residuals, weights, normal.cost, iterations, settled)
