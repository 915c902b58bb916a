"""Rows of points: triangulation, corrected matches, undistortion, points of disparities. Peers are OpenCV's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from contest import OURS, Call, Contest, Row, Work, core
from numpy.typing import NDArray

Array = NDArray[np.float64]

K0 = np.array([[812.0, 0, 333], [0, 790, 251], [0, 0, 1]])
K1 = np.array([[700.0, 0, 310], [0, 705, 239], [0, 0, 1]])
#: The largest entry of K1⁻ᵀ [t]x R K0⁻¹, t in metres.
SMALL = 0.018
DISTORTION = np.array([-0.28, 0.09, 1e-3, -5e-4, -0.01])


def projections() -> tuple[Array, Array]:
    """Two cameras half a metre apart, the second turned by 11 degrees about the vertical."""
    c, s = np.cos(-0.2), np.sin(-0.2)
    turned = np.array([[c, 0, s, -0.5], [0, 1, 0, 0.05], [-s, 0, c, 0.02]])
    return K0 @ np.eye(3, 4), K1 @ turned


def fundamental(P0: Array, P1: Array) -> Array:
    """x1ᵀ F x0 = 0, its largest entry 1."""
    a, b, c = P1[:, 3]  # camera 0 lies at the origin
    F = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]]) @ P1[:, :3] @ np.linalg.inv(P0[:, :3])
    return F / np.abs(F).max()


def matches(count: int, noise: float = 0.5) -> tuple[Array, Array]:
    """Pixels (N, 2) of both views, a noise of half a pixel in each coordinate."""
    random = np.random.default_rng(1)
    points = np.c_[random.uniform((-1.0, -0.8, 2.0), (1.3, 0.9, 7.0), (count, 3)), np.ones(count)]
    seen = [points @ P.T for P in projections()]
    first, second = (p[:, :2] / p[:, 2:] + random.normal(0, noise, (count, 2)) for p in seen)
    return first, second


def two_views(method: int, count: int, threads: int) -> Mapping[str, Call]:
    import cv2

    (P0, P1), (x0, x1) = projections(), matches(count)
    options = {"method": method, "sigma_px": 1.0, "min_angle_rad": 0.0, "measured": False, "covariance": False}
    ours, y0, y1 = core("triangulate"), np.ascontiguousarray(x0.T), np.ascontiguousarray(x1.T)
    return {
        OURS: lambda: ours(P0, P1, x0, x1, **options, num_threads=threads),
        "cv2.triangulatePoints": lambda: cv2.triangulatePoints(P0, P1, y0, y1),
    }


def corrected(count: int, threads: int, *, scaled: bool = True) -> Mapping[str, Call]:
    """Of an F whose norm is far below 1, as it is of pixels, cv2.correctMatches stops at rough roots, and sooner."""
    import cv2

    F, (x0, x1), ours = fundamental(*projections()), matches(count), core("correct_matches")
    if not scaled:  # as K1⁻ᵀ [t]x R K0⁻¹ comes out
        F = F * SMALL
    return {
        OURS: lambda: ours(F, x0, x1, threads),
        "cv2.correctMatches": lambda: cv2.correctMatches(F, x0[None], x1[None]),
    }


def undistorted(count: int, threads: int) -> Mapping[str, Call]:
    import cv2

    pixels = np.random.default_rng(2).uniform((0, 0), (640, 480), (count, 2))
    intrinsics, ours = np.array([K0[0, 0], K0[1, 1], K0[0, 2], K0[1, 2]]), core("undistort_points")
    return {
        OURS: lambda: ours(pixels, intrinsics, DISTORTION, threads),
        "cv2.undistortPoints": lambda: cv2.undistortPoints(pixels[:, None], K0, DISTORTION),
    }


def reprojected(width: int, height: int, threads: int) -> Mapping[str, Call]:
    import cv2

    px = np.random.default_rng(3).uniform(1, 100, (height, width)).astype(np.float32)
    f, baseline, offset, cx, cy = 1100.0, 0.12, 1.5, width / 2 - 9, height / 2 - 7
    Q = np.array([[1, 0, 0, -cx], [0, 1, 0, -cy], [0, 0, 0, f], [0, 0, 1 / baseline, offset / baseline]])
    rig = {"focal_px": f, "baseline_m": baseline, "offset_px": offset, "cx_px": cx, "cy_px": cy, "focal_y_px": f}
    ours = core("points_from_disparity")
    return {
        OURS: lambda: ours(px, **rig, num_threads=threads),
        "cv2.reprojectImageTo3D": lambda: cv2.reprojectImageTo3D(px, Q),
    }


#: What a peer's result is in the form of ours, by row.
AS_OURS: dict[str, Callable[[Any], Any]] = {
    "triangulation, linear": lambda h: (h[:3] / h[3]).T,
    "triangulation, optimal": lambda h: (h[:3] / h[3]).T,
    "corrected matches": np.concatenate,
    "corrected matches, F of pixels": np.concatenate,
    "undistorted points": lambda points: points[:, 0],
    "points of disparities": lambda points: points,
}


def rows(count: int = 1_000_000, few: int = 300_000, size: tuple[int, int] = (1920, 1080)) -> list[Row]:
    """`few` is for the peer that takes microseconds for a point."""
    linear, optimal, matched, small, straight, cloud = AS_OURS
    width, height = size
    pixels = float(width * height)
    of_points = f"{count:,} points, double"

    def row(name: str, peer: str, bar: float, case: str, prepare: Callable[[int], Mapping[str, Call]], n: float) -> Row:
        contest = Contest(row=name, case=case, prepare=prepare, work=Work(bytes=n))
        return Row(name=name, peer=peer, bar=bar, cases=(contest,))

    return [
        row(linear, "cv2.triangulatePoints", 200.0, of_points, partial(two_views, 0, count), 56.0 * count),
        row(optimal, "cv2.triangulatePoints", 100.0, of_points, partial(two_views, 2, count), 56.0 * count),
        row(matched, "cv2.correctMatches", 2000.0, f"{few:,} pairs, double", partial(corrected, few), 64.0 * few),
        row(small, "cv2.correctMatches", 100.0, f"{few:,} pairs, double, F as of pixels",
            partial(corrected, few, scaled=False), 64.0 * few),
        row(straight, "cv2.undistortPoints", 10.0, f"{count:,} points, k1 k2 p1 p2 k3", partial(undistorted, count),
            32.0 * count),
        row(cloud, "cv2.reprojectImageTo3D", 5.0, f"{width}×{height}", partial(reprojected, width, height),
            16.0 * pixels),
    ]  # fmt: skip
