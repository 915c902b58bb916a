"""PFM, the portable float map: Middlebury's and ETH3D's disparities, FlyingThings' flow.

``Pf`` (one channel) or ``PF`` (three), width and height, a scale whose **sign** tells the byte order
(negative: little-endian), then float32 rows from **bottom to top** (P. Debevec's definition). The scale's
magnitude is ignored, as Middlebury's own reader does: its files carry 1/255 there and mean pixels.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import numbers
from ..images import Float32
from ._files import FormatError, PathLike, check_size, read_bytes, write_bytes

_HEADER = re.compile(rb"(P[fF])\s+(\d{1,9})\s+(\d{1,9})\s+([-+.0-9eE]+)\s")
_EXPECTED = "a PFM file"


def read_pfm(path: PathLike) -> Float32:
    """Read (H, W) or (H, W, 3) float32, top row first; NaN where the file has infinity (unknown) or NaN.

    Raises:
        FormatError: when the file is missing or no PFM, or has another length than its header says.
    """
    data = read_bytes(path, _EXPECTED)
    header = _HEADER.match(data[:256])
    if header is None:
        raise FormatError(path, f"starts with the bytes {data[:12]!r}", "PFM: 'Pf' or 'PF', width, height, scale")
    width, height = int(header[2]), int(header[3])
    check_size(path, width, height, _EXPECTED)
    scale = _scale(path, header[4])
    channels = 3 if header[1] == b"PF" else 1
    start, size = header.end(), width * height * channels * 4
    if len(data) - start == size + 1 and data[start - 1 : start + 1] == b"\r\n":
        start += 1  # a header with Windows line ends
    if len(data) - start != size:
        short = "truncated: " if len(data) - start < size else ""
        found = f"{short}{len(data) - start} bytes follow the header"
        raise FormatError(path, found, f"{size} bytes for {width}x{height} pixels of {channels} channels")
    values = np.frombuffer(data, "<f4" if scale < 0 else ">f4", offset=start)
    rows = values.reshape((height, width) if channels == 1 else (height, width, 3))
    image = np.array(rows[::-1], dtype=np.float32, order="C")
    image[np.isinf(image)] = np.nan
    return image


def _scale(path: PathLike, text: bytes) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not math.isfinite(scale) or scale == 0:
        raise FormatError(path, f"its scale is {text.decode()!r}", "a number whose sign tells the byte order")
    return scale


def write_pfm(path: PathLike, array: ArrayLike) -> None:
    """Write (H, W) or (H, W, 3) as little-endian PFM, atomically; NaN becomes +infinity (unknown).

    Raises:
        ValueError: on another shape, an empty array or one that is not of numbers, and on numbers beyond float32, which
            would read as unknown. TypeError on masked arrays.
    """
    values = numbers("", f"{path}: PFM holds numbers; the map", array)
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3) or values.size == 0:
        raise ValueError(f"{path}: PFM holds (H, W) or (H, W, 3), not shape {values.shape}")
    with np.errstate(over="ignore"):
        rows = values[::-1].astype("<f4")
    beyond = int(np.count_nonzero(np.isinf(rows) & np.isfinite(values[::-1])))
    if beyond:
        raise ValueError(f"{path}: {beyond} numbers are beyond float32, which PFM holds; use NaN for unknown")
    rows[np.isnan(rows)] = np.inf
    kind = "Pf" if values.ndim == 2 else "PF"
    header = f"{kind}\n{values.shape[1]} {values.shape[0]}\n-1.0\n"
    write_bytes(path, header.encode() + rows.tobytes())
