"""How to turn two cameras so that rows agree, and with which common focal length and centre to look."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cameras import Array, Camera, CameraModel, StereoRig, inverse
from ._rotations import rotation_of, turn_onto, vector_of
from .rectification_residual import RectificationRefused

#: Shorter baselines are none: squares of their components would vanish.
LEAST_BASELINE_M = 1e-9
#: The relative rotation from which two views are not a stereo pair any more, degrees.
MOST_TURNED_DEG = 120.0
#: An epipole inside an image and nearer than this to its optical axis means motion along the view, degrees.
FORWARD_DEG = 60.0
#: A flat image that keeps every pixel would be boundless beyond this angle from its axis, degrees.
WIDEST_DEG = 80.0


def rotations(rig: StereoRig, *, vertical: bool) -> tuple[Array, Array]:
    """Rotations of the left and the right camera that make rows agree.

    Both turn by half of the relative rotation, so that neither is resampled more than it must be (Bouguet), and then
    together by the smallest rotation that takes the baseline to the x axis.

    Raises:
        RectificationRefused: for a zero baseline, swapped or vertical views, forward motion, views turned apart.
    """
    R, t = rig.T_right_left[:3, :3], rig.T_right_left[:3, 3]
    turn = vector_of(R)
    apart = float(np.degrees(np.linalg.norm(turn)))
    if not np.linalg.norm(t) > LEAST_BASELINE_M:
        raise RectificationRefused("the baseline is zero: both cameras share one centre, so no depth can come of them")
    if apart > MOST_TURNED_DEG:
        raise RectificationRefused(f"the views are turned {apart:.0f} degrees apart: they show no common scene")
    _require_sideways(rig)
    x, y, _ = -rotation_of(turn / 2).T @ t  # where the right camera stands, seen from between
    if abs(y) > abs(x) and not vertical:
        above = "below" if y > 0 else "above"
        raise RectificationRefused(
            f"the rig is vertical: the right camera stands {above} the left one; vertical=True turns both images by"
            " 90 degrees and rectifies them"
        )
    if abs(y) <= abs(x) and x < 0:
        raise RectificationRefused(
            f"the views are swapped: the right camera stands {rig.baseline_m:.3g} m to the left of the left one;"
            " exchange them (or T_right_left is that of left from right: invert it)"
        )
    return row_rotations(R, t)


def row_rotations(R: Array, t: Array) -> tuple[Array, Array]:
    """The rotations of both cameras after which the baseline is the x axis of both; see `rotations`."""
    half = rotation_of(vector_of(R) / 2)
    level = turn_onto(-half.T @ t, (1.0, 0.0, 0.0))
    return level @ half, level @ half.T


def _require_sideways(rig: StereoRig) -> None:
    """Refuse a motion along the view: the epipole, where all epipolar lines meet, lies inside an image."""
    left_of = inverse(rig.T_right_left)[:3, 3]
    for name, camera, centre in (("left", rig.left, left_of), ("right", rig.right, rig.T_right_left[:3, 3])):
        direction = centre / np.linalg.norm(centre) * (1.0 if centre[2] >= 0 else -1.0)
        epipole = camera.project(direction)
        inside = bool(
            (epipole >= -0.5).all() and epipole[0] <= camera.width - 0.5 and epipole[1] <= camera.height - 0.5
        )
        if inside and direction[2] > np.cos(np.radians(FORWARD_DEG)):
            raise RectificationRefused(
                f"one camera stands before the other: the epipole lies inside the {name} image at"
                f" ({epipole[0]:.0f}, {epipole[1]:.0f}), where all epipolar lines meet; rows cannot agree there"
            )


def common_camera(rig: StereoRig, turns: tuple[Array, Array], size: tuple[int, int], alpha: float | None) -> Camera:
    """The pinhole camera that both views get.

    Args:
        rig: the rig as it was taken.
        turns: the rotations of both cameras.
        size: (width, height) of the rectified images.
        alpha: None keeps the mean focal length; 0 shows valid pixels only, 1 every pixel of both; between, a blend.
    """
    width, height = size
    axes = [turn @ (0.0, 0.0, 1.0) for turn in turns]
    if min(axis[2] for axis in axes) <= 0:
        raise RectificationRefused("a camera looks along the baseline: its image has nothing that can be rectified")
    middle = np.mean([_looked_at(camera, turn) for camera, turn in zip((rig.left, rig.right), turns, strict=True)], 0)
    focal, sign = _focal(rig, turns, size)

    def camera(f: float, centre: Array) -> Camera:
        c = (np.array(size) - 1) / 2 - f * centre * (1, sign)
        return Camera(width=width, height=height, fx=f, fy=sign * f, cx=float(c[0]), cy=float(c[1]))

    if alpha is None:
        return camera(focal, middle)
    inner = _narrowest(rig, turns, camera, middle, focal)
    if alpha == 0:
        return camera(inner, middle)
    low, high = _bounds(rig, turns)
    outer = float(np.min((np.array(size) - 1) / (high - low)))
    return camera((1 - alpha) * inner + alpha * outer, (1 - alpha) * middle + alpha * (low + high) / 2)


def _looked_at(camera: CameraModel, turn: Array) -> Array:
    """Normalised rectified coordinates (2,) of what an image centre sees, or of the optical axis."""
    ray = turn @ camera.rays([(camera.width - 1) / 2, (camera.height - 1) / 2])
    if not (np.isfinite(ray).all() and ray[2] > 0):
        ray = turn[:, 2]
    return np.asarray(ray[:2] / ray[2])


def _focal(rig: StereoRig, turns: tuple[Array, Array], size: tuple[int, int]) -> tuple[float, int]:
    """Mean focal length on the axes, scaled to `size`, and the sign of fy (−1 where both images lie upside down)."""
    step, lengths, signs = 1e-4, [], []
    for camera in (rig.left, rig.right):
        at = camera.project([[-step, 0.0, 1.0], [step, 0.0, 1.0], [0.0, -step, 1.0], [0.0, step, 1.0]])
        fx, fy = (at[1, 0] - at[0, 0]) / (2 * step), (at[3, 1] - at[2, 1]) / (2 * step)
        lengths.append(float(np.sqrt(abs(fx * fy))))
        signs.append(np.sign(fy))
    from_size = np.array([rig.left.width, rig.left.height])
    if abs(turns[0][0, 1]) > abs(turns[0][0, 0]):  # turned by 90 degrees
        from_size = from_size[::-1]
    scale = float(np.min(np.array(size) / from_size))
    return float(np.mean(lengths)) * scale, -1 if max(signs) < 0 else 1


def _narrowest(
    rig: StereoRig, turns: tuple[Array, Array], camera: Callable[[float, Array], Camera], middle: Array, focal: float
) -> float:
    """The shortest focal length whose image has only valid pixels, both views."""

    def valid(f: float) -> bool:
        target = camera(f, middle)
        rays = target.rays(_border(target.width, target.height))
        for source, turn in zip((rig.left, rig.right), turns, strict=True):
            at = source.project(rays @ turn)
            if not ((at >= 0).all() and (at <= (source.width - 1, source.height - 1)).all()):
                return False
        return True

    f = 64 * focal
    if not valid(f):
        raise RectificationRefused("the views have no common field: no image of valid pixels only exists (alpha=0)")
    while valid(f * 0.9) and f > focal / 64:  # from narrow to wide: the first failure comes before any lens folds
        f *= 0.9
    low, high = f * 0.9, f
    for _ in range(30):
        f = (low + high) / 2
        low, high = (low, f) if valid(f) else (f, high)
    return high


def _border(width: int, height: int) -> Array:
    """Pixels (N, 2) along the four sides of an image."""
    x, y = np.arange(width, dtype=float), np.arange(height, dtype=float)
    rows = [np.stack([x, np.full_like(x, side)], axis=1) for side in (0, height - 1)]
    columns = [np.stack([np.full_like(y, side), y], axis=1) for side in (0, width - 1)]
    return np.concatenate([*rows, *columns])


def _bounds(rig: StereoRig, turns: tuple[Array, Array]) -> tuple[Array, Array]:
    """Normalised rectified coordinates (2,), lowest and highest, that any pixel of either view has."""
    seen = []
    for camera, turn in zip((rig.left, rig.right), turns, strict=True):
        x, y = np.meshgrid(np.linspace(0, camera.width - 1, 65), np.linspace(0, camera.height - 1, 65))
        rays = camera.rays(np.stack([x.ravel(), y.ravel()], axis=1)) @ turn.T
        rays = rays[np.isfinite(rays).all(axis=1)]
        steep = rays[:, 2] <= np.cos(np.radians(WIDEST_DEG))
        if steep.any() or not len(rays):
            raise RectificationRefused(
                f"a view reaches {WIDEST_DEG:.0f} degrees from the rectified axis or beyond: no flat image holds all of"
                " it; leave out alpha, or take 0"
            )
        seen.append(rays[:, :2] / rays[:, 2:])
    both = np.concatenate(seen)
    return both.min(axis=0), both.max(axis=0)
