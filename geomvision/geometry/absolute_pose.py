"""Where a camera is, from points whose place in the world is known: PnP, minimal, by least squares and robust."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, CameraModel, check_pose
from ..images import Mask
from ..results.absolute_pose import AbsolutePose
from ._charts import charts_at, seen_points
from ._observations import is_plain
from ._points import distinct, extents

#: Points whose second extent is below this share of the first lie on a line; whose third is, in a plane.
COLLINEAR, PLANAR = 1e-4, 1e-2
#: A mirrored pose whose squared error is larger by less than this many variances is as good.
AS_GOOD = 14.0
#: A matrix whose product with its transpose is farther from I is no rotation.
ROUNDING = 1e-9
#: The solvers in the order of the core's.
SOLVERS = ("sqpnp", "epnp")

Backend = Literal["cpp", "reference"]
Solver = Literal["sqpnp", "epnp"]


@checked
def p3p(points_world: ArrayLike, pixels: ArrayLike, camera: CameraModel, *, backend: Backend = "cpp") -> list[Array]:
    """The poses ``T_cam_world``, at most four, that see three points at three pixels exactly.

    Persson & Nordberg, ECCV 2018; Ding et al., CVPR 2023. None where the points lie on a line, or so nearly that
    rounding leaves no rotations, or no camera sees them so.

    Args:
        points_world: (3, 3), metres.
        pixels: (3, 2).
        camera: any central camera.
        backend: ``"cpp"``, or ``"reference"``: numpy, by a quartic (Haralick et al., IJCV 1994).

    Raises:
        ValueError: for other shapes, numbers that are not finite, or pixels without a ray.
    """
    core = _core(backend)
    points, places, charts = seen_points(points_world, pixels, camera)
    if len(points) != 3:
        raise ValueError(f"{len(points)} points were given; p3p takes 3: see absolute_pose for more")
    if not charts.any(axis=(1, 2)).all():
        raise ValueError(f"pixels {places.tolist()} have no ray in this camera")
    found = list(core.p3p(np.ascontiguousarray(camera.rays(places)), points))
    return [T for T in found if np.abs(T[:3, :3] @ T[:3, :3].T - np.eye(3)).max() <= ROUNDING]


@checked
def perspective_n_point(
    points_world: ArrayLike,
    pixels: ArrayLike,
    camera: CameraModel,
    *,
    solver: Solver = "sqpnp",
    refine: bool = True,
    backend: Backend = "cpp",
) -> AbsolutePose:
    """The pose from four or more points without outliers, without a guess.

    Every point counts; use `absolute_pose` where some may be wrong.

    Args:
        points_world: (N, 3), metres.
        pixels: (N, 2).
        camera: any central camera.
        solver: ``"sqpnp"`` (Terzakis & Lourakis, ECCV 2020), the best rotation of all by an algebraic error, or
            ``"epnp"`` (Lepetit, Moreno-Noguer & Fua, IJCV 2009): control points; less exact of few points.
        refine: go on to the least squares of pixels, by Levenberg-Marquardt.
        backend: ``"cpp"``, or ``"reference"``: the same in numpy.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, a solver that there is not.
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver is {solver!r}; allowed are {' and '.join(SOLVERS)}")
    core = _core(backend)
    points, places, charts = seen_points(points_world, pixels, camera)
    used: Mask = np.asarray(charts.any(axis=(1, 2)))
    flags = _degeneracy(points[used])
    if flags:
        return _unknown(used, flags)
    told = core.perspective_n_point(points[used], charts[used], SOLVERS.index(solver), bool(refine))
    if refine:
        told = _exactly(told, points, places, used, camera, math.inf, core)
    return _judged(told, points, charts, used, () if told[0] else ("undetermined",), core)


@checked
def refine_absolute_pose(
    T_cam_world: ArrayLike,
    points_world: ArrayLike,
    pixels: ArrayLike,
    camera: CameraModel,
    *,
    max_error_px: float = math.inf,
    backend: Backend = "cpp",
) -> AbsolutePose:
    """The least squares pose in pixels near `T_cam_world`, from the points within `max_error_px` of it.

    ``backend="reference"`` is the same in numpy.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, a matrix that is no pose, a threshold ≤ 0.
    """
    core = _core(backend)
    points, places, charts = seen_points(points_world, pixels, camera)
    start = np.ascontiguousarray(check_pose(T_cam_world, "T_cam_world"))
    if not max_error_px > 0:
        raise ValueError(f"max_error_px is {max_error_px}; it must be above 0 pixels")
    used = _errors_px(start, points, charts) <= max_error_px
    flags = _degeneracy(points[used])
    if flags:
        return _unknown(used, flags)
    told = core.refine_absolute_pose(points, charts, start, float(max_error_px))
    told = _exactly(told, points, places, used, camera, math.inf, core)
    return _judged(told, points, charts, used, () if told[0] else ("undetermined",), core)


@checked
def absolute_pose(
    points_world: ArrayLike,
    pixels: ArrayLike,
    camera: CameraModel,
    *,
    max_error_px: float = 4.0,
    confidence: float = 0.9999,
    max_iterations: int = 10_000,
    seed: int = 0,
    num_threads: int = 0,
    backend: Backend = "cpp",
) -> AbsolutePose:
    """The pose that most points agree on: LO-RANSAC on P3P, then least squares in pixels on the inliers.

    Fischler & Bolles 1981; Chum, Matas & Kittler 2003. The least squares take the inliers within 3.5 standard
    deviations of their own noise. A pose that chance would explain as well is not given: ``"no_consensus"`` where more
    than 1e-3 sets of inliers as large would be expected of pixels without meaning (Moisan & Stival 2004).

    Args:
        points_world: (N, 3), metres.
        pixels: (N, 2), where the camera saw them. Those without a ray are never inliers.
        camera: any central camera.
        max_error_px: largest error of an inlier; about 3 times the noise.
        confidence: chance wanted that one sample was free of outliers.
        max_iterations: samples drawn at most.
        seed: of the samples; the result depends on nothing else.
        num_threads: threads; 0 takes every core.
        backend: ``"cpp"``, or ``"reference"``: the same samples and scores in numpy, by one thread.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite, options that are not allowed.
    """
    core = _core(backend)
    points, places, charts = seen_points(points_world, pixels, camera)
    if not (math.isfinite(max_error_px) and max_error_px > 0):
        raise ValueError(f"max_error_px is {max_error_px}; it must be a positive number of pixels")
    if not 0 < confidence < 1 or max_iterations < 1 or seed < 0:
        given = f"confidence is {confidence}, max_iterations {max_iterations}, seed {seed}"
        raise ValueError(f"{given}; allowed are (0, 1), 1 or more, and 0 or more")
    flags = _degeneracy(points[charts.any(axis=(1, 2))])
    if flags:
        return _unknown(np.zeros(len(points), bool), flags)
    told, inside = core.absolute_pose(
        points, charts, float(max_error_px), confidence, max_iterations, seed, num_threads
    )
    inliers = inside.astype(bool)
    chance = min(1.0, math.pi * max_error_px**2 / (camera.width * camera.height))
    if not told[0] or not _is_meaningful(points, places, inliers, chance):
        return _unknown(inliers, ("no_consensus",), told[5])
    flags = _degeneracy(points[inliers])
    return _judged(_exactly(told, points, places, inliers, camera, 3.5, core), points, charts, inliers, flags, core)


def _core(backend: str) -> Any:
    """What does the work."""
    if backend == "cpp":
        from .. import _core as core
    else:
        from . import _absolute_pose_reference as core  # type: ignore[no-redef]
    return core


def _unknown(inliers: Mask, flags: tuple[str, ...], iterations: int = 0) -> AbsolutePose:
    nothing = np.full((6, 6), np.nan)
    T = np.full((4, 4), np.nan)
    return AbsolutePose(
        T_cam_world=T, inliers=inliers, covariance=nothing, noise_px=math.nan, flags=flags, iterations=iterations
    )


def _degeneracy(points: Array) -> tuple[str, ...]:
    """Why no pose can be known from these points, or nothing. Three points leave up to four poses."""
    different = distinct(points)
    if len(points) >= 3 and different == 1:
        return ("coincident",)
    if different < 4:
        return ("too_few_points",)
    along, across, _ = extents(points)
    return ("collinear",) if across < COLLINEAR * along else ()


def _is_meaningful(points: Array, places: Array, inliers: Mask, chance: float) -> bool:
    """Whether fewer than 1e-3 sets of as many inliers would be expected by chance (NFA); repetitions count once.

    A pixel that many points are matched to is one observation at most, and so is a point matched to many pixels.
    """
    count = min(distinct(points[inliers]), distinct(places[inliers]))
    total = len(points)
    if count < 4:
        return False
    subsets = math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)
    samples = math.log(count * (count - 1) * (count - 2) / 6.0)
    return math.log(total) + subsets + samples + (count - 3) * math.log(chance) < math.log(1e-3)


def _exactly(told: Any, points: Array, places: Array, used: Mask, camera: CameraModel, widths: float, core: Any) -> Any:
    """The core's answer again, by charts that are exact at its pose instead of at the pixels.

    It rests on the observations within so many widths of the noise.
    """
    found, T, noise_px, *_, iterations = told
    if not found or is_plain(camera) or not math.isfinite(noise_px):
        return told
    charts = charts_at(T, points[used], places[used], camera)
    again = core.refine_absolute_pose(points[used], charts, T, max(widths * noise_px, 1e-6))
    return (*again[:5], iterations) if again[0] and np.isfinite(again[3]).all() else told


def _judged(told: Any, points: Array, charts: Array, inliers: Mask, flags: tuple[str, ...], core: Any) -> AbsolutePose:
    """The core's answer with everything there is to say about it."""
    _, T, noise_px, covariance, _, iterations = told
    if not flags and not np.isfinite(covariance).all():
        flags = ("undetermined",)
    if flags:
        return _unknown(inliers, flags, iterations)
    _, across, through = extents(points[inliers])
    if through < PLANAR * across:
        mirrored = _is_ambiguous(T, noise_px, points[inliers], charts[inliers], core)
        flags = ("planar", "ambiguous") if mirrored else ("planar",)
    return AbsolutePose(
        T_cam_world=T, inliers=inliers, covariance=covariance, noise_px=noise_px, flags=flags, iterations=iterations
    )


def _is_ambiguous(T: Array, noise_px: float, points: Array, charts: Array, core: Any) -> bool:
    """Whether the plane's mirror image explains the pixels as well (Schweighofer & Pinz, PAMI 2006).

    Seen from afar, a plane and its reflection in the plane across the line of sight look alike.
    """
    centre = points.mean(axis=0)
    normal = np.linalg.svd(points - centre)[2][2]
    sight = T[:3, :3] @ centre + T[:3, 3]
    ahead = sight / np.linalg.norm(sight)
    mirrored = np.eye(4)
    mirrored[:3, :3] = (np.eye(3) - 2 * np.outer(ahead, ahead)) @ T[:3, :3] @ (np.eye(3) - 2 * np.outer(normal, normal))
    mirrored[:3, 3] = sight - mirrored[:3, :3] @ centre
    found, other, other_noise, _, count, _ = core.refine_absolute_pose(points, charts, mirrored, math.inf)
    if not found or count < len(points) or np.abs(other[:3, :3] - T[:3, :3]).max() < 1e-2:
        return False
    freedom = 2 * len(points) - 6
    return bool(freedom * (other_noise**2 - noise_px**2) < AS_GOOD * noise_px**2)


def _errors_px(T: Array, points: Array, charts: Array) -> Array:
    """Distances (N,) in pixels from where the points were seen; infinite where they are not seen."""
    q = np.einsum("nij,nj->ni", charts, points @ T[:3, :3].T + T[:3, 3])
    seen = q[:, 2] > 0
    depth = np.where(seen, q[:, 2], 1.0)
    return np.where(seen, np.hypot(q[:, 0] / depth, q[:, 1] / depth), np.inf)
