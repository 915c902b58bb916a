"""Observed pixels and the cameras that saw them, at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Array, Camera, CameraModel

Floats = NDArray[np.floating[Any]]


def as_pixels(points: ArrayLike, name: str) -> Floats:
    """C-contiguous (N, 2), float32 if it came so, else float64; NaN and infinity may be among them."""
    given = np.asarray(points)
    if given.ndim != 2 or given.shape[1] != 2:
        hint = f": transpose it with {name}.T" if given.ndim == 2 and given.shape[0] == 2 else ""
        raise ValueError(f"{name} has shape {given.shape}; it must be (N, 2) as x, y{hint}")
    if given.dtype.kind not in "fui":
        raise ValueError(f"{name} has dtype {given.dtype}; it must hold numbers")
    return np.ascontiguousarray(given, dtype=np.float32 if given.dtype == np.float32 else np.float64)


def as_pairs(points0: ArrayLike, points1: ArrayLike) -> tuple[Floats, Floats]:
    """Two lists (N, 2) of one dtype. ValueError where they are not of equal length."""
    first, second = as_pixels(points0, "points0"), as_pixels(points1, "points1")
    if len(first) != len(second):
        raise ValueError(f"points0 holds {len(first)} points and points1 {len(second)}; they must be pairs")
    if first.dtype != second.dtype:
        return first.astype(np.float64), second.astype(np.float64)
    return first, second


def is_plain(camera: CameraModel) -> bool:
    """Whether a 3x3 matrix is all there is to the camera."""
    return isinstance(camera, Camera) and not camera.is_distorted


def as_matrix(camera: CameraModel, pixels: Floats) -> tuple[Array, Floats]:
    """A 3x3 matrix and where a camera with it would have seen `pixels` (N, 2); NaN where there is no such place.

    Around the middle of the image its pixels are as large as the camera's.
    """
    if isinstance(camera, Camera) and not camera.is_distorted:
        return camera.K, pixels
    middle = camera.rays(((camera.width - 1) / 2, (camera.height - 1) / 2))
    axis = middle if np.isfinite(middle).all() else np.array([0.0, 0.0, 1.0])
    focal = float(np.linalg.norm(camera.jacobians(axis)[1]) / np.sqrt(2))
    if not np.isfinite(focal):
        raise ValueError(f"{type(camera).__name__} has no derivative in the middle of its image: is it a camera?")
    return np.diag([focal, focal, 1.0]), np.ascontiguousarray(focal * camera.unproject(pixels)[:, :2])
