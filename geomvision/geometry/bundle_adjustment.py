"""Bundle adjustment of a posed clip: poses and points that explain all observations best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..arguments import points as as_points
from ..cameras import Array, Camera, CameraModel, check_pose
from ..images import Mask
from ..results.bundle import BundleAdjustment
from ._bundle import (
    Gauge,
    Loss,
    Observations,
    State,
    axes,
    is_open,
    normal_equations,
    reduced,
    residuals,
    step,
    weighted,
)
from ._rotations import rotation_of


@checked
def bundle_adjustment(
    T_cam_world: ArrayLike,
    points_world: ArrayLike,
    frames: ArrayLike,
    points: ArrayLike,
    pixels: ArrayLike,
    camera: CameraModel | Sequence[CameraModel],
    *,
    fixed_frames: Sequence[int] = (0,),
    fixed_points: Sequence[int] = (),
    fix_scale: bool = True,
    refine_focal: bool = False,
    loss: Loss = "squared",
    loss_px: float = 1.0,
    max_iterations: int = 100,
) -> BundleAdjustment:
    """Adjust the poses and points of a clip to their observations: Levenberg-Marquardt with the points eliminated.

    Triggs et al., Bundle adjustment: a modern synthesis, 2000. Meant for about 100 frames and 20,000 observations.

    The gauge: images alone tell poses and points up to a similarity. The frames of `fixed_frames` are held, and so,
    where that leaves the scale open, is the distance from the first of them to the frame that starts farthest from it.

    Args:
        T_cam_world: (F, 4, 4) poses to start from.
        points_world: (P, 3) points to start from, metres.
        frames: (M,) which frame saw …
        points: (M,) … which point …
        pixels: (M, 2) … where.
        camera: the camera of all frames, or F of them.
        fixed_frames: poses that are held.
        fixed_points: points that are held, such as surveyed ones.
        fix_scale: False leaves the scale open to be flagged, where nothing else holds it.
        refine_focal: estimate a common factor of f_x and f_y, too, of one `Camera`.
        loss: of the residual's length r with s = loss_px: "squared" r², "huber" (r² up to s, linear beyond), "cauchy"
            s²·ln(1 + r²/s²).
        loss_px: see there.
        max_iterations: steps tried at most.

    Raises:
        ValueError: for wrong shapes or indices, numbers that are not finite, observations that the start does not see
            (a point behind its camera), points seen fewer than two times or free frames that saw fewer than three.
    """
    if not (math.isfinite(loss_px) and loss_px > 0) or max_iterations < 1:
        raise ValueError(f"loss_px is {loss_px}, max_iterations {max_iterations}; allowed are above 0, and 1 or more")
    state, seen = _checked(T_cam_world, points_world, frames, points, pixels, camera)
    gauge = _gauge(state, fixed_frames, fixed_points, fix_scale, refine_focal)
    _check_support(state, seen, gauge)
    start = residuals(state, seen)
    lost = int(np.isnan(start).any(axis=1).sum())
    if lost:
        raise ValueError(f"{lost} of {len(start)} observations are of points that the start's cameras do not see")
    state, iterations, converged = _minimised(state, seen, gauge, (loss, loss_px), max_iterations)
    return _told(state, seen, gauge, start, (loss, loss_px), iterations, converged)


def _checked(
    poses: ArrayLike,
    points_world: ArrayLike,
    frames: ArrayLike,
    points: ArrayLike,
    pixels: ArrayLike,
    camera: CameraModel | Sequence[CameraModel],
) -> tuple[State, Observations]:
    T = np.asarray(poses, dtype=float)
    if T.ndim != 3 or T.shape[1:] != (4, 4) or len(T) == 0:
        raise ValueError(f"T_cam_world has shape {T.shape}; it must be (F, 4, 4) with F at least 1")
    T = np.stack([check_pose(pose, f"T_cam_world[{k}]") for k, pose in enumerate(T)])
    world, places = as_points(points_world, "points_world", 3).copy(), as_points(pixels, "pixels")
    cameras = (camera,) * len(T) if isinstance(camera, CameraModel) else tuple(camera)
    if len(cameras) != len(T):
        raise ValueError(f"camera: {len(cameras)} cameras were given for {len(T)} frames; give one, or one per frame")
    index = []
    for name, given, of in (("frames", frames, "T_cam_world"), ("points", points, "points_world")):
        count = len(T) if name == "frames" else len(world)
        numbers = np.asarray(given)
        if numbers.shape != (len(places),) or numbers.dtype.kind not in "ui":
            told = f"{name} has shape {numbers.shape} and dtype {numbers.dtype}"
            raise ValueError(f"{told}; it must be ({len(places)},) integers, one per pixel of pixels")
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < count):
            raise ValueError(f"{name} runs from {numbers.min()} to {numbers.max()}; there are {count} in {of}, from 0")
        index.append(numbers.astype(np.int64))
    state = State(rotations=T[:, :3, :3].copy(), translations=T[:, :3, 3].copy(), points=world, cameras=cameras)
    return state, Observations(frames=index[0], points=index[1], pixels=places)


def _gauge(
    state: State, fixed_frames: Sequence[int], fixed_points: Sequence[int], fix_scale: bool, refine_focal: bool
) -> Gauge:
    """A column for every unknown."""
    count, held = len(state.rotations), sorted(set(fixed_frames))
    for name, given, total in (("frames", held, count), ("points", list(fixed_points), len(state.points))):
        if given and not (min(given) >= 0 and max(given) < total):
            raise ValueError(f"fixed_{name} runs from {min(given)} to {max(given)}; there are {total}, from 0")
    if refine_focal and not (isinstance(state.cameras[0], Camera) and len(set(map(id, state.cameras))) == 1):
        raise ValueError("refine_focal needs one Camera for all frames: only that has one f_x and f_y")
    free, distance = np.ones((count, 6), bool), None
    free[held] = False
    if len(held) == 1 and not len(fixed_points) and fix_scale:
        ways = np.array([state.centre(k) for k in range(count)]) - state.centre(held[0])
        far = int(np.linalg.norm(ways, axis=1).argmax())
        length = float(np.linalg.norm(ways[far]))
        if length > 0:
            free[far, 5], distance = False, (held[0], far, length)
    columns = np.where(free, np.cumsum(free).reshape(free.shape) - 1, -1)
    total = int(free.sum())
    points = np.ones(len(state.points), bool)
    points[list(fixed_points)] = False
    return Gauge(
        columns=columns,
        held_distance=distance,
        focal_column=total if refine_focal else -1,
        size=total + refine_focal,
        free_points=points,
    )


def _check_support(state: State, seen: Observations, gauge: Gauge) -> None:
    """Every unknown needs observations enough to be one."""
    free: Mask = np.asarray((gauge.columns >= 0).any(axis=1))
    by_point = np.bincount(seen.points, minlength=len(state.points))
    by_frame = np.bincount(seen.frames, minlength=len(free))
    if len(seen.pixels) == 0:
        raise ValueError("there are no observations: nothing can be adjusted")
    few = int((by_point < 2)[gauge.free_points].sum())
    if few:
        raise ValueError(f"{few} points are seen fewer than two times: leave them out, or hold them by fixed_points")
    weak = np.flatnonzero((by_frame < 3) & free)
    if len(weak):
        raise ValueError(f"frames {weak.tolist()} see fewer than three points: leave them out, or hold their poses")


def _minimised(
    state: State, seen: Observations, gauge: Gauge, loss: tuple[Loss, float], most: int
) -> tuple[State, int, bool]:
    """Levenberg-Marquardt: the state at the minimum, the steps it took, and whether it is one."""
    cost, weights = weighted(residuals(state, seen), loss)
    equations, damping = normal_equations(state, seen, gauge, weights), 1e-4
    for iteration in range(1, most + 1):
        try:
            frames, points = step(equations, damping)
        except np.linalg.LinAlgError:
            damping = max(damping, 1e-12) * 10
            if damping > 1e12:
                return state, iteration, False
            continue
        following = _advanced(state, gauge, frames, points)
        ahead, weights = weighted(residuals(following, seen), loss)
        if ahead < cost:
            gained, state, cost = cost - ahead, following, ahead
            if gained <= 1e-13 * cost:
                return state, iteration, True
            equations, damping = normal_equations(state, seen, gauge, weights), max(damping * 0.1, 1e-14)
            continue
        size = max(float(np.abs(frames).max(initial=0.0)), float(np.abs(points).max(initial=0.0)))
        if size < 1e-12 * (1.0 + float(np.abs(state.points).max(initial=0.0))) or damping > 1e12:
            return state, iteration, True  # nothing is left to gain but rounding
        damping *= 10
    return state, most, False


def _advanced(state: State, gauge: Gauge, frames: Array, points: Array) -> State:
    """The state after a step; a distance that is held stays exactly the same."""
    moves = np.append(frames, 0.0)[gauge.columns]  # column -1: no move
    turns = np.array([rotation_of(w) for w in moves[:, :3]])
    shifts = np.einsum("fij,fj->fi", axes(state, gauge), moves[:, 3:])
    u, _, vt = np.linalg.svd(turns @ state.rotations)  # rounding must not add up
    held: Mask = np.asarray((gauge.columns < 0).all(axis=1))
    cameras = state.cameras
    if gauge.focal_column >= 0:
        factor = math.exp(min(1.0, max(-1.0, float(frames[gauge.focal_column]))))
        one = cameras[0]
        assert isinstance(one, Camera)
        cameras = (replace(one, fx=one.fx * factor, fy=one.fy * factor),) * len(cameras)
    after = State(
        rotations=np.where(held[:, None, None], state.rotations, u @ vt),
        translations=np.einsum("fij,fj->fi", turns, state.translations) + shifts,
        points=state.points + points,
        cameras=cameras,
    )
    if gauge.held_distance is not None:
        first, second, length = gauge.held_distance
        origin, way = after.centre(first), after.centre(second) - after.centre(first)
        centre = origin + way * (length / np.linalg.norm(way))
        after.translations[second] = -after.rotations[second] @ centre
    return after


def _told(
    state: State,
    seen: Observations,
    gauge: Gauge,
    start: Array,
    loss: tuple[Loss, float],
    iterations: int,
    converged: bool,
) -> BundleAdjustment:
    """The result with its noise, covariance and whether anything was left open."""
    after = residuals(state, seen)
    _, weights = weighted(after, loss)
    covariance, is_known = _covariance(state, seen, gauge, weights)
    freedom = 2 * len(after) - gauge.size - 3 * int(gauge.free_points.sum())
    variance = float(weights @ (after**2).sum(axis=1)) / freedom if freedom > 0 else math.nan
    poses = np.tile(np.eye(4), (len(state.rotations), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = state.rotations, state.translations
    padded = np.zeros((gauge.size + 1, gauge.size + 1))  # column -1: what is held is known
    padded[:-1, :-1] = covariance * variance
    blocks = padded[gauge.columns[:, :, None], gauge.columns[:, None, :]]
    turned = np.tile(np.eye(6), (len(poses), 1, 1))
    turned[:, 3:, 3:] = axes(state, gauge)
    focal = padded[gauge.focal_column, gauge.focal_column] if gauge.focal_column >= 0 else math.nan
    return BundleAdjustment(
        T_cam_world=poses,
        points_world=state.points,
        cameras=state.cameras,
        residuals_px=after,
        covariance=turned @ blocks @ np.swapaxes(turned, 1, 2),
        focal_deviation=math.sqrt(focal),
        noise_px=math.sqrt(variance),
        initial_rms_px=_rms(start),
        rms_px=_rms(after),
        iterations=iterations,
        converged=converged,
        flags=() if is_known else ("undetermined",),
    )


def _covariance(state: State, seen: Observations, gauge: Gauge, weights: Array) -> tuple[Array, bool]:
    """The inverse of what the observations tell of frames and focal length (C, C), NaN where something is open."""
    equations = normal_equations(state, seen, gauge, weights)
    if not is_open(equations.points).any():
        schur = reduced(equations, 0.0)[0]
        if not len(schur):
            return schur, True
        if not is_open(schur):
            return np.asarray(np.linalg.inv(schur), dtype=float), True
    return np.full((gauge.size, gauge.size), np.nan), False


def _rms(error: Array) -> float:
    return float(np.sqrt((error**2).sum(axis=1).mean()))
