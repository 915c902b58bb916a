"""Calibrating two cameras together: each alone first, then both, the rig and all boards in one refinement."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ...arguments import checked
from ...cameras import Array, StereoRig, inverse, pose
from .board import Board, BoardView
from .covariance import check_determined, covariance_of, noise_variance, parameter_names, settled
from .results import Calibration, CalibrationError, StereoCalibration
from .single import calibrate, camera_result, check_loss, rms, sights_of
from .solver import Loss, Sights, Solution, State, offsets, solve

FEWEST_PAIRS = 3
#: A board that both cameras saw at the same moment fits both: where the rig makes corners miss by so many times more
#: than each camera alone does, it was not the same moment, or not the same board. First a warning, then no rig.
LARGE_RATIO, NO_RATIO = 2.0, 10.0

Pair = tuple[BoardView | None, BoardView | None]


@checked
def calibrate_stereo(
    left: Sequence[BoardView | None],
    right: Sequence[BoardView | None],
    board: Board,
    *,
    model: str = "brown5",
    loss: Loss = "huber",
    loss_px: float = 1.0,
) -> StereoCalibration:
    """Calibrate a rig from pairs of views taken at the same moment; None where a camera did not see the board.

    Boards that only one camera saw still help that camera. The options are those of `calibrate`. Where a board looks
    the same after a turn, right corners are numbered so that all pairs agree on one rig.

    Raises:
        CalibrationError: when the views cannot determine the rig.
        ValueError: on other wrong arguments.
    """
    check_loss(loss_px)
    if len(left) != len(right):
        raise CalibrationError(f"{len(left)} left and {len(right)} right views; they come in pairs, None for a gap")
    pairs: list[Pair] = [pair for pair in zip(left, right, strict=True) if pair != (None, None)]
    both = [n for n, (a, b) in enumerate(pairs) if a is not None and b is not None]
    if len(both) < FEWEST_PAIRS:
        raise CalibrationError(f"{len(both)} pairs show the board in both images; at least {FEWEST_PAIRS} are needed")
    alone = tuple(
        calibrate([v for v in side if v is not None], board, model=model, loss=loss, loss_px=loss_px)
        for side in zip(*pairs, strict=True)
    )
    start, pairs = _joined(alone, pairs, both, board)
    numbers = [[n for n, pair in enumerate(pairs) if pair[side] is not None] for side in (0, 1)]
    views = [[view for pair in pairs if (view := pair[side]) is not None] for side in (0, 1)]
    sights = (sights_of(views[0], board, numbers[0]), sights_of(views[1], board, numbers[1]))
    solution = settled(solve(start, sights, loss=loss, scale=loss_px), sights, loss, loss_px)
    joint, apart = rms(np.concatenate(solution.residuals)), max(one.rms_px for one in alone)
    if joint > NO_RATIO * apart and joint > 1:
        raise CalibrationError(
            f"no rig fits these pairs: each camera alone misses by {apart:.2g} px, both together by {joint:.2g} px. "
            "Were the images of a pair taken at the same moment, and are left and right in the same order?"
        )
    covariance = covariance_of(solution, sights, loss, loss_px)
    return _result(solution, sights, covariance, views, board, alone)


def _joined(
    alone: tuple[Calibration, ...], pairs: list[Pair], both: list[int], board: Board
) -> tuple[State, list[Pair]]:
    """The state from which both cameras are refined, and the pairs with right corners numbered as the left ones."""
    poses: list[dict[int, Array]] = []
    for side, one in enumerate(alone):
        numbers = [n for n, pair in enumerate(pairs) if pair[side] is not None]
        poses.append(dict(zip(numbers, one.poses, strict=True)))
    rig, turns = _agreed_rig([poses[0][n] for n in both], [poses[1][n] for n in both], board)
    numbered = list(pairs)
    for n, ids in zip(both, turns, strict=True):
        first, second = pairs[n]
        assert second is not None
        numbered[n] = (first, second.renumbered(ids))
    boards = [poses[0][n] if n in poses[0] else inverse(rig) @ poses[1][n] for n in range(len(pairs))]
    return State((alone[0].camera, alone[1].camera), rig, np.stack(boards)), numbered


def _agreed_rig(left: list[Array], right: list[Array], board: Board) -> tuple[Array, list[Any]]:
    """``T_right_left`` that most pairs come closest to, and the turn of the board in each right view that it takes."""
    symmetries = board.symmetries()
    back = [inverse(_turn_of(board, ids)) for ids in symmetries]
    candidates = np.array([[b @ turn @ inverse(a) for turn in back] for a, b in zip(left, right, strict=True)])
    far = float(np.median([np.linalg.norm(T[:3, 3]) for T in left]))

    def distances(rig: Array) -> Array:
        turned = np.einsum("ij,nkil->nkjl", rig[:3, :3], candidates[..., :3, :3])
        cosines = np.clip((np.trace(turned, axis1=2, axis2=3) - 1) / 2, -1, 1)
        shifts = np.linalg.norm(candidates[..., :3, 3] - rig[:3, 3], axis=-1)
        return np.asarray(np.arccos(cosines) + shifts / far)

    flat = candidates.reshape(-1, 4, 4)
    upright = [1e-3 * float(np.linalg.norm(T[:3, :3] - np.eye(3))) for T in flat]  # breaks ties alone
    costs = [float(distances(T).min(axis=1).sum()) + extra for T, extra in zip(flat, upright, strict=True)]
    rig = flat[int(np.argmin(costs))]
    return rig, [symmetries[int(k)] for k in distances(rig).argmin(axis=1)]


def _turn_of(board: Board, ids: Any) -> Array:
    """The rigid motion that takes corner i of the board to corner ``ids[i]``."""
    points = board.points_m(ids)
    x, y = (points[1] - points[0]) / board.square_m, (points[board.columns] - points[0]) / board.square_m
    return pose(np.stack([x, y, np.cross(x, y)], axis=1), points[0])


def _result(
    solution: Solution,
    sights: tuple[Sights, Sights],
    covariance: Array,
    views: Sequence[Sequence[BoardView]],
    board: Board,
    alone: tuple[Calibration, ...],
) -> StereoCalibration:
    state, at, variance = solution.state, offsets(solution.state), noise_variance(solution)
    assert state.rig is not None
    sides = []
    for i, camera in enumerate(state.cameras):
        own = covariance[at[i] : at[i + 1], at[i] : at[i + 1]]
        check_determined(camera, own, variance)
        sides.append(camera_result(solution, i, sights[i], own, views[i], board))
    names, shift = parameter_names(state), state.rig[:3, 3]
    sigma = dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
    baseline = float(np.linalg.norm(shift))
    along = shift / max(baseline, 1e-300)
    sigma["baseline_m"] = float(np.sqrt(along @ covariance[-3:, -3:] @ along))
    if baseline < 1e-9 * board.square_m or baseline < 3 * sigma["baseline_m"]:
        raise CalibrationError(
            f"the two cameras are at one place: their distance is {baseline:.2g} ± {sigma['baseline_m']:.2g} m"
            " (are both lists the same images?)"
        )
    rig: Any = StereoRig
    warnings = [f"{side}: {text}" for side, one in zip(("left", "right"), sides, strict=True) for text in one.warnings]
    return StereoCalibration(
        rig=rig(left=state.cameras[0], right=state.cameras[1], T_right_left=state.rig),
        left=sides[0],
        right=sides[1],
        parameter_names=names,
        sigma=MappingProxyType(sigma),
        covariance=covariance,
        rms_px=rms(np.concatenate(solution.residuals)),
        poses=state.poses,
        warnings=(*dict.fromkeys(warnings), *_rig_warnings(sides, alone, shift, sigma["baseline_m"])),
        iterations=solution.iterations,
    )


def _rig_warnings(sides: Sequence[Calibration], alone: Sequence[Calibration], shift: Array, sigma: float) -> list[str]:
    found = []
    for side, joint, one in zip(("left", "right"), sides, alone, strict=True):
        if joint.rms_px > LARGE_RATIO * one.rms_px and joint.rms_px > 0.3:
            found.append(
                f"{side} corners miss by {joint.rms_px:.2g} px in the rig but by {one.rms_px:.2g} px alone: were the "
                "images taken at the same moment, and are they in the same order?"
            )
    baseline = float(np.linalg.norm(shift))
    if shift[0] > 0.5 * baseline:
        found.append("the right camera lies on the left of the left one: are the two swapped?")
    if sigma > 0.01 * baseline:
        found.append(f"the baseline is unsure by {sigma / baseline:.0%}: bring boards nearer, seen by both cameras")
    return found
