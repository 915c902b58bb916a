"""Grey images whose samples are a quantity times a scale: disparities and depths in PNG or PGM.

The file does not tell its scale, so the caller must: Middlebury 2001 stores disparity times 8, 2003 (quarter
size) times 4, 2005 and 2006 (third size) times 3; KITTI disparity and depth times 256; TUM RGB-D depth in
metres times 5000; depth in millimetres is metres times 1000.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..arguments import numbers
from ..images import Float32, Image
from ..packages import needed_by
from ._files import FormatError, PathLike, write_bytes
from .image import read_image, read_png_header


def read_scaled(path: PathLike, *, scale: float, invalid: int | Collection[int] | None = 0) -> Float32:
    """Read value / scale as float32 (H, W); NaN where the stored value is (one of) `invalid`.

    Raises:
        FormatError: when the file is no grey PNG or PGM of 8 or 16 bits.
        ValueError: when the scale is not a positive number.
    """
    return apply_scale(read_grey(path), scale=scale, invalid=invalid)


def read_grey(path: PathLike) -> Image:
    """Read the stored values, uint8 or uint16 (H, W). RGB with three equal channels counts as grey."""
    expected = "a grey PNG or PGM of 8 or 16 bits per pixel"
    if Path(path).suffix.lower() == ".png":
        header = read_png_header(path)  # a JPEG under this name would decode, and its losses would pass for truth
        if header.bits < 8 and header.colour == 0:  # the decoder would stretch these values to 8 bits
            raise FormatError(path, f"is a {header.bits}-bit PNG", expected)
    image = read_image(path)
    if image.dtype.kind != "u":
        raise FormatError(path, f"holds {image.dtype} samples", expected)
    if image.ndim == 3:
        if (image != image[..., :1]).any():
            raise FormatError(path, "is a colour image", f"{expected} (is it a visualisation?)")
        image = np.ascontiguousarray(image[..., 0])
    return image


def apply_scale(stored: Image, *, scale: float, invalid: int | Collection[int] | None = 0) -> Float32:
    """Stored values / scale as float32; NaN where the stored value is (one of) `invalid`."""
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"scale is {scale}; it must be a positive number")
    values = (stored / np.float64(scale)).astype(np.float32)
    unknown = () if invalid is None else (invalid,) if isinstance(invalid, int | np.integer) else tuple(invalid)
    values[np.isin(stored, unknown)] = np.nan
    return values


def require_png16(path: PathLike, channels: int, what: str) -> None:
    """Raise FormatError unless the file is a PNG of 16 bits with 1 or 3 channels."""
    header = read_png_header(path)
    colour = {1: 0, 3: 2}[channels]
    if header.bits != 16 or header.colour != colour:
        kinds = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
        found = f"is a {kinds.get(header.colour, 'strange')} PNG of {header.bits} bits"
        raise FormatError(path, found, f"{what}: {kinds[colour]} of 16 bits (was it converted or rendered?)")


def write_png16(path: PathLike, stored: Image) -> None:
    """Write uint16 (H, W) or (H, W, 3) RGB as PNG, atomically."""
    with needed_by("writing PNG"):
        import cv2

    encoded, data = cv2.imencode(".png", stored[..., ::-1] if stored.ndim == 3 else stored)
    if not encoded:
        raise ValueError(f"{path}: OpenCV could not encode {stored.shape} {stored.dtype} as PNG")
    write_bytes(path, data.tobytes())


def to_uint16(path: PathLike, values: Float32, *, scale: float, what: str) -> Image:
    """value · scale rounded to uint16, 0 for NaN; what would round to 0 becomes 1, since 0 means unknown.

    Raises ValueError when a value is negative or too large for 16 bits.
    """
    array = numbers("", f"{path}: {what}", values)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{path}: {what} is {array.dtype} of shape {array.shape}; it must be numbers (H, W)")
    known = ~np.isnan(array)
    stored = np.where(known, np.rint(np.where(known, array, 0).astype(np.float64) * scale), 0)
    outside = int(np.count_nonzero((array < 0) | (stored > 65535)))
    if outside:
        top = 65535 / scale
        raise ValueError(
            f"{path}: 16 bits hold {what} from 0 to {top:g}; {outside} pixels lie outside: set them to NaN"
        )
    return np.where(known, np.maximum(stored, 1), 0).astype(np.uint16)
