"""Laser points as sparse depth in an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera
from ..geometry import nearest_pose
from ..io._files import naming, read_bytes
from ..results import Depth

_SCAN = "laser points: float32 x, y, z, reflectance"


def read_scan(path: Path) -> Array:
    """Points (N, 3), metres, of a .bin file of KITTI's; FormatError for another length or values not finite."""
    data = read_bytes(path, _SCAN)
    if len(data) % 16:
        raise io.FormatError(path, f"has {len(data)} bytes", f"{_SCAN}, 16 bytes each")
    points = np.frombuffer(data, "<f4").reshape(-1, 4)[:, :3].astype(np.float64)
    if not np.isfinite(points).all() or np.abs(points).max() > 1e6:
        raise io.FormatError(path, "holds points that are not finite, or thousands of kilometres away", _SCAN)
    return points


def depth_of_points(points: Array, camera: Camera, T_camera_points: Array) -> Depth:
    """Depth z, metres, at the pixels that points (N, 3) fall on; the nearest where several do, NaN elsewhere."""
    seen = points @ T_camera_points[:3, :3].T + T_camera_points[:3, 3]
    seen = seen[seen[:, 2] > 1e-3]
    pixels = np.round(camera.project(seen))
    inside = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(axis=1)
    z, (x, y) = seen[inside, 2], pixels[inside].astype(np.int64).T
    far_first = np.argsort(-z, kind="stable")
    depth = np.full((camera.height, camera.width), np.nan, np.float32)
    depth[y[far_first], x[far_first]] = z[far_first]
    return Depth(m=depth)


def kitti_velo_to_cam(path: Path) -> Array:
    """T_camera0_velodyne (4, 4) of a calib_velo_to_cam.txt."""
    entries = io.read_kitti_calib(path)
    with naming(path, "KITTI calibration with R (9 numbers) and T (3)"):
        T = np.eye(4)
        T[:3] = np.column_stack([entries["R"].reshape(3, 3), entries["T"].reshape(3)])
        return nearest_pose(T, "R and T")
