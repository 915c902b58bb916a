"""What may tell the metres of a relative map, where it is no map itself: points, zones, the height of the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import numbers, points
from ..cameras import Array, Camera, CameraModel
from ..images import Mask
from .maps import Depth


def _depths(values: ArrayLike, name: str, shape: tuple[int, ...]) -> Array:
    """Positive numbers of metres, one for all or each its own; NaN where none is known."""
    given = numbers("", name, values).astype(np.float64)
    if given.ndim == 0 and name == "sigma_m":
        given = np.full(shape, float(given))
    if given.shape != shape:
        raise ValueError(f"{name} has shape {given.shape}; it must be {shape}")
    with np.errstate(invalid="ignore"):
        wrong = int((~((given > 0) & (given < 1e30)) & ~np.isnan(given)).sum())
    if wrong:
        raise ValueError(f"{name} holds {wrong} values that are no positive number of metres; use NaN for unknown ones")
    return given


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthPoints:
    """Depth known at a few places of an image: laser returns, tracks of structure from motion.

    `xy` (N, 2) pixels, not necessarily whole ones; `m` (N,) depth z in metres, NaN where unknown; `sigma_m` (N,), their
    standard deviations in metres where these are known; one number is that of all.
    """

    xy: Array
    m: Array
    sigma_m: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "xy", points(self.xy, "xy").astype(np.float64))
        object.__setattr__(self, "m", _depths(self.m, "m", (len(self.xy),)))
        if self.sigma_m is not None:
            object.__setattr__(self, "sigma_m", _depths(self.sigma_m, "sigma_m", self.m.shape))

    @classmethod
    def of_points(cls, points_m: ArrayLike, camera: CameraModel, *, sigma_m: ArrayLike | None = None) -> DepthPoints:
        """Points (N, 3) in the camera's frame, metres: those in front of it, and within its image, are known.

        Raises ValueError for another shape, or numbers that are not finite.
        """
        given = points(points_m, "points_m", 3)
        pixels = camera.project(given)
        limit = np.array([camera.width - 0.5, camera.height - 0.5])
        seen = (given[:, 2] > 0) & ((pixels >= -0.5) & (pixels < limit)).all(axis=1)
        xy, m = np.where(seen[:, None], pixels, 0.0), np.where(seen, given[:, 2], np.nan)
        return cls(xy=xy, m=m, sigma_m=None if sigma_m is None else np.asarray(sigma_m))

    def to_depth(self, size: tuple[int, int]) -> Depth:
        """A map of (height, width) pixels, NaN but where a point is nearest; of several in one pixel the nearest one.

        Points outside are left out.
        """
        height, width = size
        x, y = np.rint(self.xy).astype(np.intp).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & ~np.isnan(self.m)
        nearest = np.full(height * width, np.inf)
        np.minimum.at(nearest, y[inside] * width + x[inside], self.m[inside])
        return Depth(m=np.where(np.isinf(nearest), np.nan, nearest).reshape(height, width))


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthZones:
    """A coarse grid of depths, each the mean of what its zone sees: a time-of-flight sensor of 8x8 zones.

    `m` (rows, columns) metres, NaN where a zone saw nothing; `sigma_m`, of the same shape, where it is known. The grid
    covers `region`: (left, top, right, bottom) in pixels, edges of pixels lying at halves; None is the whole image.
    """

    m: Array
    sigma_m: Array | None = None
    region: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.m)
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"m has shape {shape}; it must be (rows, columns) of zones")
        object.__setattr__(self, "m", _depths(self.m, "m", shape))
        if self.sigma_m is not None:
            object.__setattr__(self, "sigma_m", _depths(self.sigma_m, "sigma_m", shape))
        if self.region is not None:
            left, top, right, bottom = self.region
            if not (all(map(math.isfinite, self.region)) and left < right and top < bottom):
                raise ValueError(f"region is {self.region}; it must be left < right and top < bottom, in pixels")

    def zone_of(self, size: tuple[int, int]) -> Array:
        """Of each pixel of a map of (height, width) the number of its zone, row by row; −1 outside the grid."""
        height, width = size
        left, top, right, bottom = self.region or (-0.5, -0.5, width - 0.5, height - 0.5)
        rows, columns = self.m.shape
        row = np.floor((np.arange(height) - top) / (bottom - top) * rows).astype(np.intp)
        column = np.floor((np.arange(width) - left) / (right - left) * columns).astype(np.intp)
        inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
        return np.where(inside, row[:, None] * columns + column[None, :], -1)


@dataclass(frozen=True, kw_only=True, eq=False)
class CameraHeight:
    """A camera at `m` metres over a flat ground, which the image shows in its lower part.

    `horizon_px` is the image row of the horizon at the principal point of a camera that is not rolled; without it the
    ground is found as a plane. `region` (H, W) says where ground may be seen; None: wherever the camera looks down.
    """

    m: float
    camera: CameraModel
    horizon_px: float | None = None
    region: Mask | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.camera, CameraModel):
            raise TypeError(f"camera is {type(self.camera).__name__}; it must be a geomvision.cameras.CameraModel")
        if not (isinstance(self.m, int | float | np.floating) and math.isfinite(self.m) and self.m > 0):
            raise ValueError(f"m is {self.m!r}; it must be a positive number of metres")
        if self.horizon_px is not None and not isinstance(self.camera, Camera):
            raise TypeError("a horizon_px is a row of a pinhole camera; undistort the image, or leave it out")
        if self.horizon_px is not None and not math.isfinite(self.horizon_px):
            raise ValueError(f"horizon_px is {self.horizon_px}; it must be a finite image row")
        size = (self.camera.height, self.camera.width)
        if self.region is not None and (np.shape(self.region) != size or np.asarray(self.region).dtype != np.bool_):
            raise ValueError(f"region has shape {np.shape(self.region)}; it must be bool {size}, as the camera's image")

    def normal(self) -> Array:
        """(3,) Unit vector down to the ground in the camera's frame, by the horizon. ValueError where none is given."""
        if self.horizon_px is None or not isinstance(self.camera, Camera):
            raise ValueError("the direction of the ground is unknown: give horizon_px")
        pitch = math.atan((self.camera.cy - self.horizon_px) / self.camera.fy)
        return np.array([0.0, math.cos(pitch), math.sin(pitch)])

    def rays(self) -> tuple[Array, Mask]:
        """Rays (H, W, 3) of depth 1, and the pixels that may show ground, bool (H, W)."""
        rays = self.camera.unproject(self.camera.pixel_grid())
        down = rays[..., 1] if self.horizon_px is None else rays @ self.normal()
        with np.errstate(invalid="ignore"):
            below = down > 0
        return rays, below if self.region is None else below & self.region
