"""Brown's lens distortion with its later terms, on the plane z = 1: there, its derivatives, and back.

Brown, "Close-range camera calibration", 1971, in OpenCV's order: k1 k2 p1 p2 k3, the rational k4 k5 k6 (Claus &
Fitzgibbon 2005), thin prisms s1…s4 (Weng et al. 1992), and the tilted sensor τx τy (Scheimpflug; Louhichi et al. 2007)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._base import Array, all_finite, turned
from ._monotone import first_root, profile_table

NAMES = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6", "s1", "s2", "s3", "s4", "tau_x", "tau_y")
#: How many coefficients a model may have.
COUNTS = (0, 4, 5, 8, 12, 14)
#: Points solved at a time: their arrays stay in the processor's cache.
CHUNK = 4096


@dataclass(frozen=True)
class Brown:
    """Distortion by `coefficients`, all fourteen."""

    coefficients: tuple[float, ...]

    @cached_property
    def limit(self) -> float:
        """The radius on the plane z = 1 up to which no two points meet.

        On a disc (it is convex) a map is one-to-one where the symmetric part of its derivative is positive definite:
        min(f', f/r) of the radial profile f must exceed what tangential and prism terms take away at worst,
        6 r |p| + 2 r |(s1, s3)| + 4 r³ |(s2, s4)|. For radial distortion alone this is exactly where f stops growing.
        """
        from numpy.polynomial import polynomial

        k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = self.coefficients[:12]
        n = np.array([1, 0, k1, 0, k2, 0, k3])
        d = np.array([1, 0, k4, 0, k5, 0, k6])
        taken = np.array([0, 6 * np.hypot(p1, p2) + 2 * np.hypot(s1, s3), 0, 4 * np.hypot(s2, s4)])
        nd, loss = polynomial.polymul(n, d), polynomial.polymul(polynomial.polymul(d, d), taken)
        turning = polynomial.polymul(polynomial.polyder(n), d)
        turning = polynomial.polysub(turning, polynomial.polymul(n, polynomial.polyder(d)))
        slope = polynomial.polyadd(nd, polynomial.polymulx(turning))
        conditions = (d, polynomial.polysub(slope, loss), polynomial.polysub(nd, loss))
        return min(first_root(c) for c in conditions)

    @cached_property
    def table(self) -> tuple[Array, Array]:
        """Radii up to the limit and what the radial terms make of them."""

        def profile(r: Array) -> Array:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                value: Array = r * self._radial(r * r)[0]
            return np.where(np.isfinite(value), value, np.inf)

        return profile_table(profile, self.limit)

    @cached_property
    def reach(self) -> float:
        """No point below the limit is distorted further than this, before the tilt."""
        _, _, p1, p2, _, _, _, _, s1, s2, s3, s4 = self.coefficients[:12]
        if np.isinf(self.limit):
            return float("inf")
        r2 = self.limit**2
        sideways = 3 * np.hypot(p1, p2) + np.hypot(s1, s3) + r2 * np.hypot(s2, s4)
        return float(self.table[1][-1] + r2 * sideways) * (1 + 1e-9)

    def _radial(self, s: Array) -> tuple[Array, Array, Array]:
        """N/D, its derivative by s = r², and D."""
        k1, k2, _, _, k3, k4, k5, k6 = self.coefficients[:8]
        n = 1 + s * (k1 + s * (k2 + s * k3))
        dn = k1 + s * (2 * k2 + s * 3 * k3)
        if not (k4 or k5 or k6):
            return n, dn, np.ones_like(s)
        d = 1 + s * (k4 + s * (k5 + s * k6))
        dd = k4 + s * (2 * k5 + s * 3 * k6)
        return n / d, (dn * d - n * dd) / (d * d), d

    @cached_property
    def tilt(self) -> Array:
        """The homography (3, 3) of the tilted sensor."""
        return _tilt(*self.coefficients[12:])[0]

    @property
    def is_tilted(self) -> bool:
        """Whether the sensor is tilted."""
        return any(self.coefficients[12:])

    def __call__(self, plane: Array) -> Array:
        """Distort points (..., 2); NaN beyond the limit."""
        x, y = plane[..., 0], plane[..., 1]
        s = x * x + y * y
        moved = self._lens(x, y, s, self._radial(s)[0])
        if self.is_tilted:
            moved = _homography(self.tilt, moved)
        inside = (s <= self.limit**2)[..., None] & all_finite(moved)
        return np.where(inside, moved, np.nan)

    def _lens(self, x: Array, y: Array, s: Array, radial: Array) -> Array:
        _, _, p1, p2, _, _, _, _, s1, s2, s3, s4 = self.coefficients[:12]
        xy = 2 * x * y
        moved_x = x * radial + p1 * xy + p2 * (s + 2 * x * x) + s * (s1 + s * s2)
        moved_y = y * radial + p1 * (s + 2 * y * y) + p2 * xy + s * (s3 + s * s4)
        return np.stack([moved_x, moved_y], axis=-1)

    def _lens_derivatives(self, plane: Array) -> tuple[Array, Array]:
        """The plane before the tilt (..., 2) and its derivative by the plane (..., 2, 2)."""
        _, _, p1, p2, _, _, _, _, s1, s2, s3, s4 = self.coefficients[:12]
        x, y = plane[..., 0], plane[..., 1]
        s = x * x + y * y
        radial, growth, _ = self._radial(s)
        mixed = 2 * x * y * growth + 2 * (p1 * x + p2 * y)
        across, down = 2 * (s1 + 2 * s2 * s), 2 * (s3 + 2 * s4 * s)
        first = [radial + 2 * x * x * growth + 2 * p1 * y + 6 * p2 * x + across * x, mixed + across * y]
        second = [mixed + down * x, radial + 2 * y * y * growth + 6 * p1 * y + 2 * p2 * x + down * y]
        derivative = np.stack([np.stack(first, axis=-1), np.stack(second, axis=-1)], axis=-2)
        return self._lens(x, y, s, radial), derivative

    def derivatives(self, plane: Array) -> tuple[Array, Array, Array]:
        """Distorted points (..., 2), by the plane (..., 2, 2), and by all coefficients (..., 2, 14)."""
        moved, by_plane = self._lens_derivatives(plane)
        by_lens = self._by_coefficients(plane)
        by_tilt = np.zeros((*moved.shape, 2))
        if self.is_tilted:
            tilt, by_x, by_y = _tilt(*self.coefficients[12:])
            moved, projection, by_tilt = _homography_derivatives(tilt, (by_x, by_y), moved)
            by_plane, by_lens = projection @ by_plane, projection @ by_lens
        else:
            _, by_x, by_y = _tilt(0.0, 0.0)
            by_tilt = _homography_derivatives(np.eye(3), (by_x, by_y), moved)[2]
        outside = ~((np.square(plane).sum(axis=-1) <= self.limit**2) & np.isfinite(moved).all(axis=-1))
        by_all = np.concatenate([by_lens, by_tilt], axis=-1)
        moved[outside], by_plane[outside], by_all[outside] = np.nan, np.nan, np.nan
        return moved, by_plane, by_all

    def _by_coefficients(self, plane: Array) -> Array:
        x, y = plane[..., 0], plane[..., 1]
        s = x * x + y * y
        radial, _, d = self._radial(s)
        zero, powers = np.zeros_like(s), (s, s * s, s * s * s)
        k1, k2, k3 = ((x * p / d, y * p / d) for p in powers)
        k4, k5, k6 = ((-x * radial * p / d, -y * radial * p / d) for p in powers)
        p1, p2 = (2 * x * y, s + 2 * y * y), (s + 2 * x * x, 2 * x * y)
        prisms = ((s, zero), (s * s, zero), (zero, s), (zero, s * s))
        columns = (k1, k2, p1, p2, k3, k4, k5, k6, *prisms)
        return np.stack([np.stack(column, axis=-1) for column in columns], axis=-1)

    def inverse(self, distorted: Array, intrinsics: tuple[float, ...] = (1.0, 1.0, 0.0, 0.0)) -> Array:
        """The points (..., 2) that distort to `distorted`; NaN where there is none below the limit.

        `distorted` may be pixels of a camera with `intrinsics` fx, fy, cx, cy. The core solves nearly all; what its
        start does not lead to is solved from a table of the radial profile.
        """
        from .. import packages

        flat = np.ascontiguousarray(distorted.reshape(-1, 2))
        if packages.has_core():
            found: Array = packages.core().undistort_points(
                flat, np.array(intrinsics, float), np.array(self.coefficients), 0
            )
        else:
            found = np.full_like(flat, np.nan)
        left = np.flatnonzero(np.isnan(found[:, 0]))
        with np.errstate(all="ignore"):
            left, target = self._within_reach(left, (flat[left] - intrinsics[2:]) / intrinsics[:2])
            for first in range(0, left.size, CHUNK):
                found[left[first : first + CHUNK]] = self._newton(target[first : first + CHUNK])
        return found.reshape(distorted.shape)

    def _within_reach(self, indices: NDArray[np.int64], target: Array) -> tuple[NDArray[np.int64], Array]:
        """Those of the targets (N, 2), without their tilt, that some point may be distorted to."""
        if self.is_tilted:
            target = _homography(np.asarray(np.linalg.inv(self.tilt), dtype=float), target)
        within = np.isfinite(target).all(axis=1) & (np.hypot(target[:, 0], target[:, 1]) <= self.reach)
        return indices[within], target[within]

    def _newton(self, target: Array) -> Array:
        """Damped Newton: the limit makes every full step point downhill; what stays unsolved is NaN."""
        radius = np.hypot(target[:, 0], target[:, 1])
        first = np.interp(radius, self.table[1], self.table[0])
        plane = target * np.where(radius > 0, first / np.where(radius > 0, radius, 1.0), 1.0)[:, None]
        error = np.full(len(target), np.inf)
        left = np.arange(len(target))
        where, wanted = plane, target
        share = np.ones(len(target))
        moved, slope = self._lens_derivatives(where)
        miss = moved - wanted
        for _ in range(40):
            error[left] = size = np.abs(miss).max(axis=1)
            go = (size > 4e-16 * (1 + np.abs(wanted).max(axis=1))) & (share > 1e-4)
            left, where, wanted, share = left[go], where[go], wanted[go], share[go]
            miss, slope, size = miss[go], slope[go], size[go]
            if not left.size:
                break
            det = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
            dx = (miss[:, 0] * slope[:, 1, 1] - miss[:, 1] * slope[:, 0, 1]) / det
            dy = (miss[:, 1] * slope[:, 0, 0] - miss[:, 0] * slope[:, 1, 0]) / det
            trial = where - share[:, None] * np.stack([dx, dy], axis=1)
            trial *= np.minimum(1.0, self.limit / np.maximum(np.hypot(trial[:, 0], trial[:, 1]), 1e-300))[:, None]
            trial_moved, trial_slope = self._lens_derivatives(trial)
            better = np.abs(trial_moved - wanted).max(axis=1) < size
            where = np.where(better[:, None], trial, where)
            miss = np.where(better[:, None], trial_moved - wanted, miss)
            slope = np.where(better[:, None, None], trial_slope, slope)
            share = np.where(better, 1.0, np.where(size < 1e-14, 0.0, share / 4))
            plane[left] = where
        solved = error <= 1e-11 * (1 + np.abs(target).max(axis=1))
        return np.where(solved[:, None], plane, np.nan)


def _tilt(tau_x: float, tau_y: float) -> tuple[Array, Array, Array]:
    """The homography of a sensor turned by τx, then τy, and its derivatives by both."""
    a, b, c, d = np.cos(tau_x), np.sin(tau_x), np.cos(tau_y), np.sin(tau_y)
    about_x, by_x = np.array([[1, 0, 0], [0, a, b], [0, -b, a]]), np.array([[0, 0, 0], [0, -b, a], [0, -a, -b]])
    about_y, by_y = np.array([[c, 0, -d], [0, 1, 0], [d, 0, c]]), np.array([[-d, 0, -c], [0, 0, 0], [c, 0, -d]])

    def onto_plane(r: Array, last: float) -> Array:
        return np.array([[r[2, 2], 0, -r[0, 2]], [0, r[2, 2], -r[1, 2]], [0, 0, last]])

    r = about_y @ about_x
    rx, ry = about_y @ by_x, by_y @ about_x
    flat = onto_plane(r, 1.0)
    return flat @ r, onto_plane(rx, 0.0) @ r + flat @ rx, onto_plane(ry, 0.0) @ r + flat @ ry


def _homography(h: Array, plane: Array) -> Array:
    """Points (..., 2) through a homography; NaN behind it."""
    moved = turned(plane, h[:, :2]) + h[:, 2]
    w = np.where(moved[..., 2:] > 0, moved[..., 2:], np.nan)
    return np.asarray(moved[..., :2] / w)


def _homography_derivatives(h: Array, by: tuple[Array, ...], plane: Array) -> tuple[Array, Array, Array]:
    """Moved points (..., 2), by the plane (..., 2, 2), and by what moves the homography (..., 2, len(by))."""
    whole = turned(plane, h[:, :2]) + h[:, 2]
    w = np.where(whole[..., 2] > 0, whole[..., 2], np.nan)[..., None, None]
    moved = whole[..., :2] / w[..., 0]
    by_plane = (h[:2, :2] - moved[..., :, None] * h[2, :2]) / w
    moving = [turned(plane, g[:, :2]) + g[:, 2] for g in by]
    columns = [(t[..., :2] - moved * t[..., 2:]) / w[..., 0] for t in moving]
    return moved, by_plane, np.stack(columns, axis=-1)
