"""Rectification without calibration: two homographies from matches alone.

After Hartley ("Theory and practice of projective rectification", IJCV 1999): the right image turns about its centre
so that its epipole goes to infinity along x, the left one follows by the fundamental matrix, which fixes the rows of
both. What rows leave free, the columns, is chosen so that each image is stretched and sheared as little as can be.
Lenses must be nearly free of distortion. Which of the views is the left one cannot be told without calibration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, pairs
from ..cameras import Array
from ..images import Image, Mask, as_pair
from .epipolar import epipoles, sampson_distance, skew
from .features import match_features
from .rectification import Rectification, common_region
from .rectification_residual import RectificationRefused
from .rectification_view import Homography, RectifiedView

#: Matches that must agree on one epipolar geometry, and the share of all that they must be.
FEWEST_MATCHES, LEAST_AGREEING = 16, 0.3
#: Matches within this distance of their epipolar lines agree, pixels (Sampson).
AGREE_PX = 1.0
#: Of the robust searches: largest error that counts, pixels; confidence; samples at most; seed; all threads.
SEARCH = (3.0, 0.9999, 10_000, 0, 0)
#: Share of agreeing matches that one plane may explain: beyond, the epipolar geometry is not determined.
MOST_PLANAR = 0.95
#: A pixel stretched or squeezed by more than this factor is not worth having.
MOST_STRETCHED = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class EpipolarFit:
    """A fundamental matrix (x_rightᵀ F x_left = 0) and which matches agree with it."""

    F: Array
    kept: Mask


@checked
def rectify_uncalibrated(
    left: Image, right: Image, *, crop: bool = False, vertical: bool = False, features: int = 4000
) -> Rectification:
    """Rectify two images of which nothing is known: match features, then `rectify_matches`, then measure.

    Args:
        left: image (H, W) or (H, W, 3).
        right: image of the same size.
        crop: crop both views to the largest rectangle that is valid in both.
        vertical: as for `rectify_matches`.
        features: how many are looked for in each image.

    Raises:
        RectificationRefused: as for `rectify_matches`, or when the rows of the result do not agree within 2 px.
        ImageError: when these are no two images of one size.
    """
    first, second = as_pair(left, right)
    found = match_features(first, second, features=features)
    size = first.shape[1], first.shape[0]
    return rectify_matches(found.points0, found.points1, size, crop=crop, vertical=vertical).measured(first, second)


@checked
def rectify_matches(
    points_left: ArrayLike,
    points_right: ArrayLike,
    size: tuple[int, int],
    *,
    crop: bool = False,
    vertical: bool = False,
) -> Rectification:
    """Two homographies that make the rows of matches agree, with disparities from about 0 upwards.

    Args:
        points_left: (N, 2) pixels in the left image; mismatches are allowed.
        points_right: (N, 2), their partners.
        size: (width, height) of both images, and of the rectified ones.
        crop: crop both views to the largest rectangle that is valid in both.
        vertical: allow views that stand above each other: both images turn by 90 degrees, and `size` with them.

    Returns:
        Rectification without a rig; `residual` is that of the matches that agree.

    Raises:
        RectificationRefused: when too few matches agree, when one plane explains them all, when an epipole lies
            inside an image, when the views are turned by a quarter, or when an image would be torn apart.
        ValueError: for points of another shape, or that are NaN or infinite.
    """
    left, right = pairs(points_left, "points_left", points_right, "points_right")
    width, height = size
    if min(width, height) < 2:
        raise ValueError(f"size is {size}; it must be (width, height), at least 2 pixels each")
    fit = _robust_fundamental(left, right)
    _require_outside(fit.F, size)
    target = (height, width) if vertical else size
    to_left, to_right = _homographies(fit.F, size, left[fit.kept], right[fit.kept], vertical=vertical)
    for name, H in (("left", to_left), ("right", to_right)):
        _require_gentle(name, H, size)
    views = [RectifiedView.of(Homography(H=H), size, *target) for H in (to_left, to_right)]
    found = Rectification(left=views[0], right=views[1], rig=None, region=common_region(*views))
    found = found.cropped() if crop else found
    residual = found.vertical_residual(left[fit.kept], right[fit.kept])
    residual.require()
    return replace(found, residual=residual)


def _robust_fundamental(left: Array, right: Array) -> EpipolarFit:
    """F by LO-RANSAC, as `geomvision.pose.Fundamental` finds it, and the matches that agree."""
    if len(left) < FEWEST_MATCHES:
        raise RectificationRefused(f"only {len(left)} features match; {FEWEST_MATCHES} are needed at least")
    found = _core().estimate_fundamental(left, right, *SEARCH)
    if not found["found"]:
        raise RectificationRefused("no epipolar geometry fits the matches (do both images show one rigid scene?)")
    F = np.asarray(found["matrix"])
    kept = np.nan_to_num(sampson_distance(F, left, right), nan=np.inf) <= AGREE_PX
    if kept.sum() < FEWEST_MATCHES or kept.sum() < LEAST_AGREEING * len(left):
        raise RectificationRefused(
            f"only {int(kept.sum())} of {len(left)} matches agree on one epipolar geometry; {FEWEST_MATCHES} and"
            f" {100 * LEAST_AGREEING:.0f} % are needed (do both images show one rigid scene, at one time?)"
        )
    _require_depth(left[kept], right[kept])
    return EpipolarFit(F=F, kept=kept)


def _require_depth(left: Array, right: Array) -> None:
    """Refuse matches that one homography explains: a plane, or no change of place, leaves F undetermined."""
    found = _core().estimate_homography(left, right, *SEARCH)
    if not found["found"]:
        return
    moved = np.concatenate([left, np.ones((len(left), 1))], axis=1) @ np.asarray(found["matrix"]).T
    with np.errstate(all="ignore"):
        apart = np.linalg.norm(moved[:, :2] / moved[:, 2:] - right, axis=1)
    share = float((apart <= 2 * AGREE_PX).mean())
    if share > MOST_PLANAR:
        raise RectificationRefused(
            f"one plane (or a turn about one centre) explains {100 * share:.0f} % of the matches: they do not determine"
            " the epipolar geometry; give a calibration"
        )


def _core() -> Any:
    from .. import _core as core

    return core


def _require_outside(F: Array, size: tuple[int, int]) -> None:
    for name, epipole in zip(("left", "right"), epipoles(F), strict=True):
        if abs(epipole[2]) * 1e9 < np.linalg.norm(epipole[:2]):
            continue
        x, y = epipole[:2] / epipole[2]
        if -0.5 <= x <= size[0] - 0.5 and -0.5 <= y <= size[1] - 0.5:
            raise RectificationRefused(
                f"one camera stands before the other: the epipole lies inside the {name} image at ({x:.0f}, {y:.0f}),"
                " where all epipolar lines meet; rows cannot agree there"
            )


def _homographies(F: Array, size: tuple[int, int], left: Array, right: Array, *, vertical: bool) -> tuple[Array, Array]:
    """Homographies of both images, of mean scale 1, about centred, with the least disparity of the matches near 0."""
    grid = _grid(size)
    _, e = epipoles(F)
    start = _epipole_to_infinity(e, size)
    follow = start @ (skew(e) @ F + np.outer(e, (0.0, 0.0, 1.0)))  # Hartley's M: F = [e']× M
    found = [_upright(_least_sheared(H, grid), grid) for H in (follow, start)]
    slopes = [_jacobians(H, grid) for H in found]
    if not vertical and any(abs(J[:, 1, 0].mean()) > abs(J[:, 1, 1].mean()) for J in slopes):
        raise RectificationRefused("the views stand above each other: vertical=True turns both images by 90 degrees")
    if slopes[0][:, 1, 1].mean() < 0:  # both upside down: turn both
        found = [np.diag([-1.0, -1.0, 1.0]) @ H for H in found]
    scale = 1 / np.sqrt(np.mean([np.abs(np.linalg.det(J)).mean() for J in slopes]))
    found = [np.diag([scale, scale, 1.0]) @ H for H in found]
    at = [_applied(H, (np.array([size], dtype=float) - 1) / 2)[0] for H in found]
    shift = (np.array(size[::-1] if vertical else size) - 1) / 2 - np.stack(at)
    shift[:, 1] = shift[:, 1].mean()
    found = [_shifted(H, *by) for H, by in zip(found, shift, strict=True)]
    disparity = _applied(found[0], left)[:, 0] - _applied(found[1], right)[:, 0]
    lowest = float(np.percentile(disparity, 0.5)) - 1.0
    return _shifted(found[0], -lowest / 2, 0.0), _shifted(found[1], lowest / 2, 0.0)


def _epipole_to_infinity(e: Array, size: tuple[int, int]) -> Array:
    """Hartley's G·R·T: centre to the origin, epipole onto the x axis by the smaller turn, and off to infinity."""
    cx, cy = (np.array(size) - 1) / 2
    x, y, w = np.array([[1.0, 0.0, -cx], [0.0, 1.0, -cy], [0.0, 0.0, 1.0]]) @ e
    if x < 0:
        x, y, w = -x, -y, -w
    length = np.hypot(x, y)
    R = np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, length]]) / length
    G = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-w / length, 0.0, 1.0]])
    return np.asarray(G @ R @ np.array([[1.0, 0.0, -cx], [0.0, 1.0, -cy], [0.0, 0.0, 1.0]]))


def _least_sheared(H: Array, grid: Array) -> Array:
    """H with the first row under which the map is nearest to conformal: the gradients of x and y a right angle apart.

    Rows 2 and 3 make the rows of the image and stay. The gradient of x = h·p / (w·p) is linear in h, so that least
    squares over the image give h up to a shift.
    """
    J, (p, D) = _jacobians(H, grid), _denominators(H, grid)
    wanted = np.stack([J[:, 1, 1], -J[:, 1, 0]], axis=1)
    unit = np.eye(3)[:2]  # derivatives of p by x and by y
    by_h = (unit[None] * D[:, None, None] - H[2, :2, None] * p[:, None, :]) / np.square(D)[:, None, None]
    h = np.linalg.lstsq(by_h.reshape(-1, 3), wanted.ravel(), rcond=1e-12)[0]
    return np.stack([h, H[1], H[2]])


def _upright(H: Array, grid: Array) -> Array:
    """H or −H, whichever has positive denominators all over the image; refused where there is none."""
    D = _denominators(H, grid)[1]
    if D.min() < 0 < D.max():
        raise RectificationRefused("an image would be torn apart: the line that goes to infinity crosses it")
    return np.asarray(H if D.mean() > 0 else -H)


def _denominators(H: Array, points: Array) -> tuple[Array, Array]:
    p = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    return p, p @ H[2]


def _jacobians(H: Array, points: Array) -> Array:
    """(N, 2, 2): derivatives of the mapped x, y (rows) by x, y."""
    p, D = _denominators(H, points)
    mapped = (p @ H[:2].T) / D[:, None]
    return np.asarray((H[None, :2, :2] - mapped[:, :, None] * H[2, None, None, :2]) / D[:, None, None])


def _require_gentle(name: str, H: Array, size: tuple[int, int]) -> None:
    stretch = np.linalg.svd(_jacobians(H, _grid(size)), compute_uv=False)
    if stretch.max() > MOST_STRETCHED or stretch.min() < 1 / MOST_STRETCHED:
        raise RectificationRefused(
            f"the {name} image would be stretched by {stretch.max():.1f} and squeezed by {1 / stretch.min():.1f};"
            f" at most {MOST_STRETCHED:g} is useful (views far apart in direction, or too few matches to tell)"
        )


def _grid(size: tuple[int, int]) -> Array:
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, 9), np.linspace(0, size[1] - 1, 9))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _applied(H: Array, points: Array) -> Array:
    return Homography(H=H).forward(points)


def _shifted(H: Array, dx: float, dy: float) -> Array:
    return np.asarray(np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]]) @ (H / H[2, 2]))
