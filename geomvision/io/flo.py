"""Middlebury's .flo: optical flow as little-endian float32 (Baker et al., IJCV 2011; also Sintel and Chairs).

The number 202021.25 (the bytes ``PIEH``), int32 width and height, then (dx, dy) per pixel, row by row from the
top. A component beyond 1e9 in magnitude means unknown.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import numbers
from ..images import Float32
from ._files import FormatError, PathLike, check_size, read_bytes, write_bytes

_TAG = b"PIEH"
_UNKNOWN_ABOVE = 1e9
_UNKNOWN = 1e10
_EXPECTED = "a .flo file"


def read_flo(path: PathLike) -> Float32:
    """Read (H, W, 2) float32 as (dx, dy) in pixels; both NaN where either is unknown.

    Raises:
        FormatError: when the file is missing or no .flo, or has another length than its header says.
    """
    data = read_bytes(path, _EXPECTED)
    if not data.startswith(_TAG) or len(data) < 12:
        hint = " (big-endian; the format is little-endian)" if data.startswith(_TAG[::-1]) else ""
        raise FormatError(path, f"starts with the bytes {data[:4]!r}{hint}", f"{_TAG!r}, width, height")
    width, height = struct.unpack_from("<ii", data, 4)
    check_size(path, width, height, _EXPECTED)
    size = 12 + width * height * 8
    if len(data) != size:
        short = "truncated: " if len(data) < size else ""
        raise FormatError(path, f"{short}{len(data)} bytes", f"{size} bytes for {width}x{height} pixels")
    flow = np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2).astype(np.float32)
    unknown = ~(np.abs(flow) <= _UNKNOWN_ABOVE).all(axis=2)
    flow[unknown] = np.nan
    return flow


def write_flo(path: PathLike, flow: ArrayLike) -> None:
    """Write (H, W, 2) flow in pixels, atomically; NaN becomes 1e10 (unknown).

    Raises:
        ValueError: on another shape, or on a component beyond 1e9, which would read as unknown.
        TypeError: on masked arrays.
    """
    values = numbers("", f"{path}: flow", flow).astype(np.float64, copy=False)
    if values.ndim != 3 or values.shape[2] != 2 or values.size == 0:
        raise ValueError(f"{path}: .flo holds numbers (H, W, 2), not {values.dtype} of shape {values.shape}")
    known = np.asarray(~np.isnan(values).any(axis=2))
    if (np.abs(values[known]) > _UNKNOWN_ABOVE).any():
        raise ValueError(f"{path}: .flo holds flow up to {_UNKNOWN_ABOVE:.0e} px; use NaN for unknown")
    pixels = np.where(known[..., None], values, _UNKNOWN).astype("<f4")
    write_bytes(path, _TAG + struct.pack("<ii", values.shape[1], values.shape[0]) + pixels.tobytes())
