"""Sintel's files: depth and cameras, little-endian behind .flo's tag, and disparity in PNG (Butler et al., 2012)."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from ..images import Float32
from ._files import FormatError, PathLike, check_size, read_bytes
from .image import read_image

_TAG = b"PIEH"
_DEPTH, _CAMERA = "a .dpt file of Sintel", "a .cam file of Sintel: M (3, 3) and N (3, 4), float64"
_DISPARITY = "a disparity of Sintel: RGB PNG of 8 bits, d = 4 R + G / 64 + B / 16384"


def read_dpt(path: PathLike) -> Float32:
    """Depth (H, W) float32, metres; NaN where it is not positive or not finite.

    The number 202021.25, int32 width and height, float32 row by row. Raises FormatError for another length or tag.
    """
    data = read_bytes(path, _DEPTH)
    if not data.startswith(_TAG) or len(data) < 12:
        raise FormatError(path, f"starts with the bytes {data[:4]!r}", f"{_TAG!r}, width, height")
    width, height = struct.unpack_from("<ii", data, 4)
    check_size(path, width, height, _DEPTH)
    if len(data) != 12 + 4 * width * height:
        raise FormatError(path, f"has {len(data)} bytes", f"{12 + 4 * width * height} for {width}x{height} pixels")
    depth = np.frombuffer(data, "<f4", offset=12).reshape(height, width).astype(np.float32)
    depth[~(np.isfinite(depth) & (depth > 0))] = np.nan
    return depth


def read_sintel_camera(path: PathLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intrinsics K (3, 3), pixels, and T_camera_world (4, 4), metres; x = K [I 0] T X.

    Raises FormatError for another tag or length, and for numbers that are not finite.
    """
    data = read_bytes(path, _CAMERA)
    if not data.startswith(_TAG) or len(data) != 4 + 21 * 8:
        raise FormatError(path, f"has {len(data)} bytes, the first {data[:4]!r}", _CAMERA)
    numbers = np.frombuffer(data, "<f8", offset=4).astype(np.float64)
    if not np.isfinite(numbers).all():
        raise FormatError(path, "holds numbers that are not finite", _CAMERA)
    T = np.eye(4)
    T[:3] = numbers[9:].reshape(3, 4)
    return numbers[:9].reshape(3, 3), T


def read_sintel_disparity(path: PathLike) -> Float32:
    """Disparity (H, W) float32 in pixels, positive; raises FormatError unless the file is RGB of 8 bits."""
    stored = read_image(path)
    if stored.ndim != 3 or stored.dtype != np.uint8:
        raise FormatError(path, f"holds {stored.dtype} of shape {stored.shape}", _DISPARITY)
    red, green, blue = (stored[..., k].astype(np.float64) for k in range(3))
    return (4 * red + green / 64 + blue / 16384).astype(np.float32)
