"""Points from pixels: two views or more, with what speaks for each point, and NaN with the reason where none is.

Pixels are (N, 2), centres at integers; poses ``T_a_b`` take b to a; lengths are metres.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..arguments import checked, pairs
from ..arguments import points as as_points
from ..cameras import Array, CameraModel, check_pose
from ..ops._dispatch import cuda_kernel
from ..results import PointReason, Run, TriangulatedPoints
from . import _triangulation_reference as reference
from ._observations import Floats, as_matrix, is_plain
from ._true_pixels import Views, measured, refined
from .epipolar import as_fundamental

Codes = NDArray[np.uint8]
Method = Literal["linear", "midpoint", "optimal"]
OfManyViews = Literal["midpoint", "optimal"]
Backend = Literal["cpp", "cuda", "reference"]

#: The methods in the order of the core's.
METHODS = ("linear", "midpoint", "optimal")


@checked
def triangulate(
    points0: ArrayLike,
    points1: ArrayLike,
    camera0: CameraModel,
    camera1: CameraModel,
    T_1_0: ArrayLike,
    *,
    method: Method = "optimal",
    sigma_px: float = 1.0,
    min_angle_deg: float = 0.0,
    max_error_px: float | None = None,
    covariance: bool = True,
    backend: Backend = "cpp",
    num_threads: int = 0,
) -> TriangulatedPoints:
    """Points in frame 0, metres, that two cameras see at `points0` and `points1`.

    ``"optimal"`` is the point of least squared pixel errors: Lindstrom's correction ("Triangulation made easy", CVPR
    2010) iterated until it stands, and for cameras with distortion a few steps of Gauss and Newton in their own pixels.
    ``"linear"`` is least squares of the projection equations ("Linear-LS", Hartley & Sturm, CVIU 1997), ``"midpoint"``
    the middle of where the rays pass each other.

    Args:
        points0: (N, 2) pixels of camera 0, as it took them: distortion is taken out here. NaN where there is none.
        points1: (N, 2) pixels of camera 1, of the same N scene points.
        camera0: of view 0; any model. Rays at 90° or more from the axis of a lens with distortion have no point here.
        camera1: of view 1.
        T_1_0: pose; its translation is not 0.
        method: which point.
        sigma_px: standard deviation of each coordinate, for `covariance_m2`.
        min_angle_deg: points whose rays meet under less become NaN.
        max_error_px: points that a view sees farther from the observation become NaN; None takes all.
        covariance: whether covariances are wanted.
        backend: ``"cpp"``; ``"cuda"``, whose results are equal, and `run.copy_seconds` is what copying took; or
            ``"reference"``: numpy point by point, with the polynomial of Hartley and Sturm.
        num_threads: 0 takes every core. Results do not depend on it.

    Raises:
        ValueError: for other shapes, a pose that is none or has no translation, a number outside its range.
        RuntimeError: for ``"cuda"`` where there is no GPU, or it was not built.
    """
    start = time.perf_counter()
    pixels = pairs(points0, "points0", points1, "points1", finite=False, keep_single=True)
    T = check_pose(T_1_0, "T_1_0")
    if not np.linalg.norm(T[:3, 3]) > 0:
        raise ValueError("T_1_0 has no translation: from one place no distances can be seen; give two places")
    rules = _Rules(method, sigma_px, min_angle_deg, max_error_px, covariance, num_threads)
    result, copied = _of_pair(pixels, (camera0, camera1), T, rules, backend)
    return replace(result, run=rules.run("triangulate", backend, start, copied))


@checked
def triangulate_views(
    points: ArrayLike | Sequence[ArrayLike],
    cameras: Sequence[CameraModel],
    poses: ArrayLike | Sequence[ArrayLike],
    *,
    method: OfManyViews = "optimal",
    sigma_px: float = 1.0,
    min_angle_deg: float = 0.0,
    max_error_px: float | None = None,
    covariance: bool = True,
    num_threads: int = 0,
) -> TriangulatedPoints:
    """Points in the world, metres, that any number of cameras see.

    Args:
        points: (V, N, 2) pixels, NaN where a view does not see a point; two views at least must see it.
        cameras: V cameras, of any model.
        poses: (V, 4, 4) ``T_view_world``; not all at one place.
        method: ``"midpoint"`` is the point nearest to all rays, ``"optimal"`` that of least squared pixel errors,
            found from there by Levenberg and Marquardt's iteration. Rays must meet under 1e-7 rad here.
        sigma_px: standard deviation of each coordinate, for `covariance_m2`.
        min_angle_deg: points whose widest rays meet under less become NaN.
        max_error_px: points that a view sees farther from the observation become NaN; None takes all.
        covariance: whether covariances are wanted.
        num_threads: 0 takes every core. Results do not depend on it.

    Raises:
        ValueError: for other shapes, fewer than two views, poses that are none, a number outside its range.
    """
    start = time.perf_counter()
    seen = [as_points(each, f"points[{i}]", finite=False, keep_single=True) for i, each in enumerate(points)]  # type: ignore[arg-type]
    all_poses = [check_pose(T, f"poses[{i}]") for i, T in enumerate(poses)]  # type: ignore[arg-type]
    if not (len(seen) == len(cameras) == len(all_poses) >= 2):
        given = f"points of {len(seen)} views, {len(cameras)} cameras, {len(all_poses)} poses"
        raise ValueError(f"there are {given}; they must be as many, and at least 2")
    if len({len(each) for each in seen}) > 1:
        raise ValueError(f"views hold {[len(each) for each in seen]} points; they must be as many, NaN where not seen")
    rules = _Rules(method, sigma_px, min_angle_deg, max_error_px, covariance, num_threads)
    result = _of_many(seen, cameras, all_poses, rules)
    return replace(result, run=rules.run("triangulate_views", "cpp", start))


@checked
def correct_matches(
    F: ArrayLike, points0: ArrayLike, points1: ArrayLike, *, num_threads: int = 0
) -> tuple[Floats, Floats]:
    """The pairs (N, 2) nearest to the given ones that fulfil x1ᵀ F x0 = 0; NaN where there are none nearby.

    Least squares of pixels (Lindstrom, CVPR 2010, iterated until it stands). The scale of F does not matter.
    """
    first, second = pairs(points0, "points0", points1, "points1", finite=False, keep_single=True)
    corrected: tuple[Floats, Floats] = _core.correct_matches(as_fundamental(F), first, second, num_threads)
    return corrected


@dataclass(frozen=True)
class _Rules:
    method: str
    sigma_px: float
    min_angle_deg: float
    max_error_px: float | None
    covariance: bool
    num_threads: int

    def __post_init__(self) -> None:
        if not (self.sigma_px > 0 and np.isfinite(self.sigma_px)):
            raise ValueError(f"sigma_px is {self.sigma_px}; it must be above 0")
        if not 0 <= self.min_angle_deg <= 180:
            raise ValueError(f"min_angle_deg is {self.min_angle_deg}; allowed is 0 to 180")
        if self.max_error_px is not None and not self.max_error_px > 0:
            raise ValueError(f"max_error_px is {self.max_error_px}; it must be above 0, or None")

    @property
    def angle_rad(self) -> float:
        return float(np.radians(self.min_angle_deg))

    def run(self, function: str, backend: str, start: float, copied: float | None = None) -> Run:
        options = {k: v for k, v in asdict(self).items() if k != "num_threads"}
        seconds = time.perf_counter() - start
        return Run(method=function, options=options, backend=backend, seconds=seconds, copy_seconds=copied)

    def of_core(self, measured: bool) -> dict[str, Any]:
        """What the core is told; where lenses distort only points are wanted of it."""
        return {
            "method": METHODS.index(self.method),
            "sigma_px": self.sigma_px,
            "min_angle_rad": self.angle_rad if measured else 0.0,
            "measured": measured,
            "covariance": measured and self.covariance,
        }


def _of_pair(
    pixels: tuple[Floats, Floats], cameras: tuple[CameraModel, CameraModel], T: Array, rules: _Rules, backend: str
) -> tuple[TriangulatedPoints, float | None]:
    """The points, and seconds of copying to a GPU and back."""
    (K0, ideal0), (K1, ideal1) = (as_matrix(camera, x) for camera, x in zip(cameras, pixels, strict=True))
    P0, P1 = np.eye(3, 4), np.ascontiguousarray(K1 @ T[:3])
    P0[:, :3] = K0
    plain = all(is_plain(camera) for camera in cameras)
    copied = None
    if backend != "reference":
        if backend == "cpp":
            rows = _core.triangulate(P0, P1, ideal0, ideal1, **rules.of_core(plain), num_threads=rules.num_threads)
        else:
            *rows, copied = _twin()(P0, P1, ideal0, ideal1, **rules.of_core(plain))
        if plain:
            return _within(_result(*rows), rules), copied
        found, reasons = rows[:2]
    else:
        found = _each(getattr(reference, rules.method), P0, P1, ideal0, ideal1)
        missing = ~(np.isfinite(ideal0) & np.isfinite(ideal1)).all(axis=1)
        reasons = np.where(missing, PointReason.NOT_FINITE, PointReason.VALID).astype(np.uint8)
    views = Views(cameras, np.stack([np.eye(4), T]), np.stack(pixels).astype(np.float64))
    return _in_true_pixels(found, reasons, views, rules, plain), copied


def _twin() -> Callable[..., Any]:
    kernel: Callable[..., Any] | None = cuda_kernel("triangulate_arrays")
    if kernel is None:
        raise RuntimeError('backend="cuda" needs a GPU and a build with CUDA; `geomvision doctor` says what is missing')
    return kernel


def _of_many(
    seen: Sequence[Floats], cameras: Sequence[CameraModel], poses: Sequence[Array], rules: _Rules
) -> TriangulatedPoints:
    ideal = [as_matrix(camera, each.astype(np.float64)) for camera, each in zip(cameras, seen, strict=True)]
    projections = np.stack([K @ T[:3] for (K, _), T in zip(ideal, poses, strict=True)])
    plain = all(is_plain(camera) for camera in cameras)
    seen_ideal = np.stack([x for _, x in ideal])
    rows = _core.triangulate_views(projections, seen_ideal, **rules.of_core(plain), num_threads=rules.num_threads)
    if plain:
        return _within(_steady(_result(*rows)), rules)
    views = Views(cameras, np.stack(poses), np.stack(seen).astype(np.float64))
    return _in_true_pixels(rows[0], rows[1], views, rules, plain)


def _in_true_pixels(found: Array, reasons: Codes, views: Views, rules: _Rules, plain: bool) -> TriangulatedPoints:
    """What the cameras themselves say of points found without their distortion; `reasons` of the core stay."""
    points = refined(found, views) if rules.method == "optimal" and not plain else found
    result = measured(points, views, rules.sigma_px, rules.angle_rad)
    lost = reasons != PointReason.VALID
    result.reasons[lost] = reasons[lost]
    for values in (result.m, result.angle_rad, result.errors_px, result.covariance_m2):
        if values is not None:
            values[lost] = np.nan
    return _within(result if rules.covariance else replace(result, covariance_m2=None), rules)


def _each(solve: Callable[..., Array], P0: Array, P1: Array, x0: Floats, x1: Floats) -> Array:
    points = np.full((len(x0), 3), np.nan)
    for i, (a, b) in enumerate(zip(x0.astype(np.float64), x1.astype(np.float64), strict=True)):
        if np.isfinite(a).all() and np.isfinite(b).all():
            points[i] = solve(P0, P1, a, b)
    return points


def _result(points: Floats, reasons: Codes, errors: Floats, angle: Floats, covariance: Floats) -> TriangulatedPoints:
    return TriangulatedPoints(m=points, reasons=reasons, angle_rad=angle, errors_px=errors, covariance_m2=covariance)


def _steady(result: TriangulatedPoints) -> TriangulatedPoints:
    """The result, without points of gross errors: where the iteration stands nowhere, their covariances are none."""
    if result.covariance_m2 is not None:
        variances = np.einsum("nii->ni", result.covariance_m2)
        lost = result.valid & ~((variances >= 0) & (variances < np.inf)).all(axis=1)
        result.reasons[lost] = PointReason.NOT_CONVERGED
        for values in (result.m, result.angle_rad, result.errors_px, result.covariance_m2):
            values[lost] = np.nan
    return result


def _within(result: TriangulatedPoints, rules: _Rules) -> TriangulatedPoints:
    """The result, without what the rules forbid: NaN wherever there is a reason."""
    if rules.max_error_px is not None:
        large = result.valid & (result.errors_px > rules.max_error_px).any(axis=1)
        result.reasons[large] = PointReason.LARGE_ERROR
        result.m[large] = np.nan
        if result.covariance_m2 is not None:
            result.covariance_m2[large] = np.nan
    return result
