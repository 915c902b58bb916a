"""Calibrating one camera from views of a board.

Start: Zhang's closed form where the lens is near a pinhole, and a sweep of fields of view for every model; boards are
posed from rays. Then everything is refined together (see `solver`) with a robust loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ...arguments import checked
from ...cameras import Array, CameraModel
from .board import FEWEST_CORNERS, Board, BoardView
from .covariance import check_determined, covariance_of, noise_variance, settled
from .coverage import measured, warnings_of
from .models import LensModel, lens_model
from .results import Calibration, CalibrationError
from .solver import Loss, Sights, Solution, State, cost_of, solve
from .start import homography, pose_from_rays, zhang

FEWEST_VIEWS = 3
#: Views whose corners differ by less than this share of the width are one view taken twice.
SAME = 0.003
#: So many of the starts are given so many steps to show how good they are.
TRIALS, TRIAL_STEPS = 3, 8


@checked
def calibrate(
    observations: Sequence[BoardView],
    board: Board,
    *,
    model: str = "brown5",
    loss: Loss = "huber",
    loss_px: float = 1.0,
) -> Calibration:
    """Calibrate a camera from views of a flat board (`find_corners`).

    `model` is pinhole, brown4, brown5, brown8, brown12, brown14, fisheye, ucm, mei or eucm. `loss` is huber, cauchy or
    squared: how residuals above `loss_px` pixels count. The result does not depend on anything but the arguments.

    Raises:
        CalibrationError: when the views cannot determine the camera: too few, on a line, all parallel.
        ValueError: on other wrong arguments.
    """
    lens = lens_model(model)
    check_loss(loss_px)
    views = check_views(observations, board)
    sights = sights_of(views, board)
    solution = _best_start(lens, views, sights, loss, loss_px)
    solution = settled(solve(solution.state, (sights,), loss=loss, scale=loss_px), (sights,), loss, loss_px)
    covariance = covariance_of(solution, (sights,), loss, loss_px)
    check_determined(solution.state.cameras[0], covariance, noise_variance(solution))
    return camera_result(solution, 0, sights, covariance, views, board)


def check_loss(loss_px: float) -> None:
    """Raise ValueError unless a loss can have this scale."""
    if not (np.isfinite(loss_px) and loss_px > 0):
        raise ValueError(f"loss_px is {loss_px}; it must be a positive number of pixels")


def check_views(observations: Sequence[BoardView], board: Board) -> tuple[BoardView, ...]:
    """The views that say something, or an error that says what is wrong with them."""
    views = tuple(observations)
    if len(views) < FEWEST_VIEWS:
        raise CalibrationError(f"{len(views)} views of the board; at least {FEWEST_VIEWS} are needed, better 10 to 20")
    sizes = {(view.width, view.height) for view in views}
    if len(sizes) > 1:
        given = ", ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise CalibrationError(f"the images differ in size: {given}; one camera has one size")
    for i, view in enumerate(views):
        points = board.points_m(view.ids)[:, :2]
        who = view.name or f"view {i}"
        if len(points) < FEWEST_CORNERS:
            raise CalibrationError(f"{who} has {len(points)} corners; at least {FEWEST_CORNERS} are needed")
        for what, plane in (("the board", points), ("the image", view.pixels)):
            spread = np.linalg.svd(plane - plane.mean(axis=0), compute_uv=False)
            if spread[1] < 1e-3 * max(spread[0], 1e-300):
                raise CalibrationError(f"the corners of {who} lie on a line of {what}; they must span an area")
    distinct = _distinct(views)
    if distinct < FEWEST_VIEWS:
        raise CalibrationError(
            f"{len(views)} views show the board in {distinct} places; at least {FEWEST_VIEWS} are needed: move it"
        )
    return views


def _distinct(views: Sequence[BoardView]) -> int:
    """How many views show the board elsewhere than all before them, by more than SAME of the image's width."""
    kept: list[BoardView] = []
    for view in views:
        for other in kept:
            _, a, b = np.intersect1d(view.ids, other.ids, return_indices=True)
            if len(a) and np.median(np.abs(view.pixels[a] - other.pixels[b])) < SAME * view.width:
                break
        else:
            kept.append(view)
    return len(kept)


def sights_of(views: Sequence[BoardView], board: Board, numbers: Sequence[int] | None = None) -> Sights:
    """All corners as one list; `numbers` are those of the views, in rising order."""
    each = range(len(views)) if numbers is None else numbers
    return Sights(
        np.concatenate([np.full(len(v.ids), n, dtype=np.int64) for n, v in zip(each, views, strict=True)]),
        np.concatenate([board.points_m(v.ids) for v in views]),
        np.concatenate([v.pixels for v in views]),
    )


def _best_start(lens: LensModel, views: Sequence[BoardView], sights: Sights, loss: Loss, scale: float) -> Solution:
    """The start from which a few steps lead closest to the corners."""
    width, height = views[0].width, views[0].height
    known = None
    if lens.perspective:
        parts = [sights.view == n for n in range(len(views))]
        one = np.ones(len(sights.pixels))
        rays = np.column_stack([sights.pixels, one])
        known = zhang([homography(sights.points[p, :2], rays[p]) for p in parts], width, height)
    starts = []
    for camera in lens.starts(width, height, known):
        poses = board_poses(camera, sights, len(views))
        if poses is not None:
            state = State((camera,), None, poses)
            starts.append((cost_of(state, (sights,), loss, scale), state))
    best = [state for cost, state in sorted(starts, key=lambda start: start[0])[:TRIALS] if np.isfinite(cost)]
    tried = [solve(state, (sights,), loss=loss, scale=scale, most=TRIAL_STEPS) for state in best]
    if not tried:
        raise CalibrationError("no camera of this model sees all corners in front of it; is it the right model?")
    return min(tried, key=lambda trial: trial.cost)


def board_poses(camera: CameraModel, sights: Sights, count: int) -> Array | None:
    """``T_camera_board`` (V, 4, 4) of every view; None where the camera has too few rays for one."""
    rays = camera.rays(sights.pixels)
    known = np.isfinite(rays).all(axis=1)
    poses = []
    for number in range(count):
        part = known & (sights.view == number)
        if int(part.sum()) < FEWEST_CORNERS:
            return None
        poses.append(pose_from_rays(sights.points[part, :2], rays[part]))
    return np.stack(poses)


def camera_result(
    solution: Solution, index: int, sights: Sights, covariance: Array, views: Sequence[BoardView], board: Board
) -> Calibration:
    """What a solution says about camera `index`; `covariance` is that of its own parameters."""
    state, residuals, weights = solution.state, solution.residuals[index], solution.weights[index]
    camera, numbers = state.cameras[index], np.unique(sights.view)
    poses = state.poses[numbers] if index == 0 or state.rig is None else state.rig @ state.poses[numbers]
    parts = [sights.view == n for n in numbers]
    each = tuple(rms(residuals[p]) for p in parts)
    sigma = dict(zip(camera.parameter_names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
    coverage = measured(camera, covariance, views, poses, board)
    weights_of = tuple(weights[p] for p in parts)
    return Calibration(
        camera=camera,
        board=board,
        sigma=MappingProxyType(sigma),
        covariance=covariance,
        rms_px=rms(residuals),
        per_image_rms=each,
        poses=poses,
        views=tuple(views),
        residuals_px=tuple(residuals[p] for p in parts),
        weights=weights_of,
        coverage=coverage,
        warnings=warnings_of(coverage, sigma, camera, views, each, weights_of) + unsettled(solution),
        iterations=solution.iterations,
    )


def rms(residuals: Array) -> float:
    """Root mean square length of residuals (N, 2)."""
    return float(np.sqrt(np.square(residuals).sum(axis=1).mean()))


def unsettled(solution: Solution) -> tuple[str, ...]:
    """A warning where the search was stopped on its way."""
    if solution.settled:
        return ()
    return (f"the search had not settled after {solution.iterations} steps: a coefficient is not determined",)
