"""Poses of clips as files have them, and cameras as plane geometry wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, Camera, CameraModel, check_pose
from ..cameras.poses import FILE_TOLERANCE
from ._observations import is_plain


@checked
def nearest_pose(T: ArrayLike, name: str = "pose", tolerance: float = FILE_TOLERANCE) -> Array:
    """The rigid transform nearest to a 4x4 matrix whose rotation is one to within `tolerance`.

    Files hold rotations rounded, or as a tracker let them drift; 6 digits are not enough to be orthonormal.

    Raises:
        ValueError: when it is no finite 4x4 matrix, its last row is not (0, 0, 0, 1), or R·Rᵀ differs from I by more.
    """
    return check_pose(T, name, tolerance)


@checked
def pinhole_of(camera: CameraModel) -> Camera:
    """The camera itself where it is one without distortion, else one of its size and central focal length."""
    if is_plain(camera):
        return camera
    if isinstance(camera, Camera):
        fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    else:
        cx, cy = (camera.width - 1) / 2, (camera.height - 1) / 2
        here, right, below = camera.unproject(np.array([[cx, cy], [cx + 1, cy], [cx, cy + 1]]))[:, :2]
        fx, fy = float(1 / (right - here)[0]), float(1 / (below - here)[1])
        cx, cy = cx - fx * float(here[0]), cy - fy * float(here[1])
    return Camera(width=camera.width, height=camera.height, fx=fx, fy=fy, cx=cx, cy=cy)
