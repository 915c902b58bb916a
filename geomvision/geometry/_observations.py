"""Observed pixels and the cameras that saw them."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, Camera, CameraModel

Floats = NDArray[np.floating[Any]]


def is_plain(camera: CameraModel) -> TypeGuard[Camera]:
    """Whether a 3x3 matrix is all there is to the camera."""
    return isinstance(camera, Camera) and not camera.is_distorted


def as_matrix(camera: CameraModel, pixels: Floats) -> tuple[Array, Floats]:
    """A 3x3 matrix and where a camera with it would have seen `pixels` (N, 2); NaN where there is no such place.

    Around the middle of the image its pixels are as large as the camera's. Its focal lengths are positive: what a
    camera with fy < 0 sees is turned over, about its principal point.
    """
    if is_plain(camera):
        if camera.fy > 0:
            return camera.K, pixels
        turned = pixels * np.array([1, -1], pixels.dtype) + np.array([0, 2 * camera.cy], pixels.dtype)
        return np.diag([1.0, -1.0, 1.0]) @ camera.K + np.array([[0, 0, 0], [0, 0, 2 * camera.cy], [0, 0, 0]]), turned
    middle = camera.rays(((camera.width - 1) / 2, (camera.height - 1) / 2))
    axis = middle if np.isfinite(middle).all() else np.array([0.0, 0.0, 1.0])
    focal = float(np.linalg.norm(camera.jacobians(axis)[1]) / np.sqrt(2))
    if not np.isfinite(focal):
        raise ValueError(f"{type(camera).__name__} has no derivative in the middle of its image: is it a camera?")
    return np.diag([focal, focal, 1.0]), np.ascontiguousarray(focal * camera.unproject(pixels)[:, :2])
