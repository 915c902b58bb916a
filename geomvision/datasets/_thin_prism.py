"""Depth of a lens of ETH3D's (COLMAP's THIN_PRISM_FISHEYE) as a pinhole camera of the same place sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, Camera
from ..images import Float32
from ..io import FormatError
from ..io._files import naming, read_bytes, read_text

_CAMERAS = "CAMERA_ID THIN_PRISM_FISHEYE WIDTH HEIGHT and its 12 parameters"


def read_thin_prism(path: Path, camera_id: int) -> tuple[tuple[int, int], Array]:
    """Size (height, width) and the 12 parameters of a camera of cameras.txt."""
    for line in read_text(path, _CAMERAS).splitlines():
        words = line.split()
        with naming(path, _CAMERAS):
            if words and words[0] == str(camera_id) and words[1] == "THIN_PRISM_FISHEYE":
                values = np.array([float(word) for word in words[4:]]).reshape(12)
                return (int(words[3]), int(words[2])), values
    raise FormatError(path, f"has no such camera {camera_id}", _CAMERAS)


def read_raw_depth(path: Path, size: tuple[int, int]) -> Float32:
    """Float32 of `size` (height, width), row by row, without a header; infinite where unknown."""
    data = read_bytes(path, "depth as raw float32")
    if len(data) != 4 * size[0] * size[1]:
        raise FormatError(path, f"has {len(data)} bytes", f"{4 * size[0] * size[1]}, as {size[1]}x{size[0]} float32")
    return np.frombuffer(data, "<f4").reshape(size).astype(np.float32)


def seen_by(depth: NDArray[np.float32], parameters: Array, camera: Camera) -> Float32:
    """Depth at the pixels of `camera`, from the nearest pixel of the lens's map; NaN where that does not reach."""
    rays = camera.unproject(camera.pixel_grid())
    u, v = rays[..., 0], rays[..., 1]
    fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, sx, sy = parameters
    r = np.hypot(u, v)
    ratio = np.where(r > 1e-9, np.arctan(r) / np.maximum(r, 1e-9), 1.0)
    u, v = ratio * u, ratio * v
    r2 = u * u + v * v
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (k3 + r2 * k4)))
    x = u * radial + 2 * p1 * u * v + p2 * (r2 + 2 * u * u) + sx * r2
    y = v * radial + 2 * p2 * u * v + p1 * (r2 + 2 * v * v) + sy * r2
    column, row = np.floor(fx * x + cx), np.floor(fy * y + cy)  # COLMAP's pixel 0 reaches from 0 to 1
    height, width = depth.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row = (np.where(inside, each, 0).astype(np.intp) for each in (column, row))
    found = depth[row, column]
    return np.where(inside & np.isfinite(found), found, np.nan).astype(np.float32)
