"""The fisheye camera of Kannala and Brandt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ._base import Array
from ._distorted import as_coefficients
from ._focal import FocalCamera
from ._monotone import first_root, invert, profile_table

NAMES = ("k1", "k2", "k3", "k4")


@dataclass(frozen=True, kw_only=True)
class KannalaBrandt(FocalCamera):
    """A fisheye: the angle θ to the axis becomes the radius θ(1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸).

    Kannala & Brandt, "A generic camera model and calibration method…", PAMI 2006; OpenCV's ``cv2.fisheye`` and
    Kalibr's and ROS's ``equidistant`` have the same coefficients. It sees beyond 90°, up to where the radius stops
    growing (`limit_rad`, at most π).
    """

    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "distortion", as_coefficients(self.distortion))
        if len(self.distortion) != 4 or not all(np.isfinite(self.distortion)):
            raise ValueError(f"distortion must be four finite numbers k1 k2 k3 k4, given {self.distortion}")

    @cached_property
    def limit_rad(self) -> float:
        """The angle to the axis, radians, up to which the model sees."""
        k1, k2, k3, k4 = self.distortion
        return min(np.pi, first_root([1, 0, 3 * k1, 0, 5 * k2, 0, 7 * k3, 0, 9 * k4]))

    @property
    def _shape(self) -> dict[str, float]:
        return dict(zip(NAMES, self.distortion, strict=True))

    def _with_shape(self, values: tuple[float, ...]) -> dict[str, Any]:
        return {"distortion": values}

    def _profile(self, theta: Array) -> tuple[Array, Array]:
        k1, k2, k3, k4 = self.distortion
        s = theta * theta
        radius = theta * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4))))
        return radius, 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)))

    @cached_property
    def angle_table(self) -> tuple[Array, Array]:
        """Angles up to the limit and their radii, growing (1025,)."""
        return profile_table(lambda theta: self._profile(theta)[0], self.limit_rad)

    def _polar(self, points: Array) -> tuple[Array, Array]:
        """Distance to the axis, and the angle to it, NaN where unseen."""
        r = np.hypot(points[..., 0], points[..., 1])
        theta = np.arctan2(r, points[..., 2])
        seen = (theta <= self.limit_rad) & ((r > 0) | (points[..., 2] > 0))
        return r, np.where(seen, theta, np.nan)

    def _plane(self, points: Array) -> Array:
        _, theta = self._polar(points / np.abs(points).max(axis=-1, keepdims=True))  # r would overflow
        away = _away(points)
        return np.asarray(self._profile(theta)[0][..., None] * away)

    def _plane_jacobians(self, points: Array) -> tuple[Array, Array, Array]:
        size = np.abs(points).max(axis=-1, keepdims=True)
        away = _away(points)
        points = points / size
        r, theta = self._polar(points)
        z = points[..., 2]
        radius, slope = self._profile(theta)
        square = r * r + z * z
        # On the axis, where the direction away from it is undefined, both terms are 1/z times the identity.
        sideways = np.where(r > 0, radius / np.where(r > 0, r, 1.0), 1 / z)
        outer = away[..., :, None] * away[..., None, :]
        along, across = (slope * z / square)[..., None, None], sideways[..., None, None]
        by_xy = along * outer + across * (np.eye(2) - outer)
        by_z = (-slope * r / square)[..., None] * away
        by_shape = away[..., None] * (theta[..., None] ** (3, 5, 7, 9))[..., None, :]
        by_point = np.concatenate([by_xy, by_z[..., None]], axis=-1) / size[..., None]
        return radius[..., None] * away, by_point, by_shape

    def _directions(self, plane: Array) -> Array:
        radius = np.hypot(plane[..., 0], plane[..., 1])
        known = np.isfinite(radius)
        theta = np.full_like(radius, np.nan)
        theta[known] = invert(self._profile, self.angle_table, radius[known], self.limit_rad)
        away = np.where(radius[..., None] > 0, plane / radius[..., None], 0.0)
        return np.concatenate([away * np.sin(theta)[..., None], np.cos(theta)[..., None]], axis=-1)


def _away(points: Array) -> Array:
    """Unit directions (..., 2) away from the axis; (1, 0) on it."""
    xy = points[..., :2] / np.maximum(np.abs(points[..., :1]), np.abs(points[..., 1:2]))
    return np.where(np.isnan(xy[..., :1]), (1.0, 0.0), xy / np.hypot(xy[..., :1], xy[..., 1:]))
