"""Images: PNG with 8 or 16 bits, and whatever else OpenCV decodes (JPEG, PGM, PPM, TIFF, BMP, WebP).

Arrays are (H, W) grey or (H, W, 3) **RGB**, uint8, uint16 or float32. OpenCV works in BGR; the swap happens
here and nowhere else. PNG is checked chunk by chunk, since decoders fill what a truncated file lacks.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..images import DTYPES, Image, as_image
from ..packages import needed_by
from ._files import FormatError, PathLike, check_size, read_bytes, write_bytes
from ._palettes import as_grey, palette_of, transparent_level

_EXPECTED = "an image (PNG, JPEG, PGM, PPM, TIFF, BMP or WebP)"
_PALETTE = "a PNG image with a palette"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC = b"\xff\xd8\xff"
#: PNG is looked at as it is decoded; JPEG, PNM and Radiance have no alpha. In BMP most programs leave the fourth byte 0
#: and mean opaque.
_WITHOUT_ALPHA = (_PNG_MAGIC, _JPEG_MAGIC, b"BM", b"P", b"#?")
_PNM = re.compile(rb"P([56])\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(\d{1,5})\s")
#: The same in text, where comments may stand anywhere.
_PLAIN = re.compile(rb"P([23])((?:\s+|#[^\n]*\n)+\d)")
_WRITABLE: dict[str, tuple[str, ...]] = dict.fromkeys((".png", ".ppm", ".pgm"), ("uint8", "uint16"))
_WRITABLE |= {".jpg": ("uint8",), ".jpeg": ("uint8",)}


@dataclass(frozen=True)
class PNGHeader:
    """What a PNG's first chunk says. `colour` is the standard's type: 0 grey, 2 RGB, 3 palette, 4 and 6 with alpha."""

    width: int
    height: int
    bits: int
    colour: int


def read_image(path: PathLike) -> Image:
    """Read an image: (H, W) grey or (H, W, 3) RGB; uint8, uint16, float32 or float64, as stored.

    The orientation a camera noted is applied, but in PNG. An alpha channel must be opaque and is dropped. Of several
    images in a file (TIFF, GIF) the first is taken.

    Raises:
        FormatError: when the file is missing, no image, truncated, damaged, transparent or absurdly large.
    """
    data = read_bytes(path, _EXPECTED)
    if data.startswith(_PNG_MAGIC):
        check_png(path, data)
    data = _whole_pnm(path, data)
    if _PLAIN.match(data[:1024]):
        return _plain_pnm(path, data)
    # In a JPEG's compressed data every 0xFF is escaped, so the end marker must follow the last scan's start.
    if data.startswith(_JPEG_MAGIC) and data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda"):
        raise FormatError(path, "is a truncated JPEG: it has no end marker", _EXPECTED)
    return _decode(path, data)


def read_png_header(path: PathLike) -> PNGHeader:
    """Size, bits per sample and colour type of a PNG. Raises FormatError when it is none or is damaged."""
    return check_png(path, read_bytes(path, "a PNG image"))


def read_png_numbers(path: PathLike) -> tuple[Image, NDArray[np.uint8]]:
    """The numbers (H, W) that the pixels of a PNG with a palette hold, and the colour of each, (N, 3) RGB.

    Raises:
        FormatError: when the file is none, or damaged, or a number has no colour.
    """
    data = read_bytes(path, _PALETTE)
    header = check_png(path, data)
    if header.colour != 3:
        raise FormatError(path, f"has no palette, but colours of type {header.colour}", _PALETTE)
    palette = palette_of(data)
    numbers = _decode(path, as_grey(data)) // np.uint8(255 // (2**header.bits - 1))  # decoders stretch few bits to 8
    if int(numbers.max()) >= len(palette):
        raise FormatError(path, f"has pixels of colour {numbers.max()}; its palette has {len(palette)}", _PALETTE)
    return numbers, palette


def check_png(path: PathLike, data: bytes) -> PNGHeader:
    """Check magic, sizes, chunk lengths and checksums of a PNG up to its end chunk (PNG specification, 5)."""
    if not data.startswith(_PNG_MAGIC):
        raise FormatError(path, f"starts with the bytes {data[:8]!r}", "a PNG image")
    header: PNGHeader | None = None
    position = len(_PNG_MAGIC)
    while True:
        if position + 12 > len(data):
            raise FormatError(path, f"is truncated after {len(data)} bytes: no end chunk", "a whole PNG image")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise FormatError(path, f"is truncated within its chunk {kind!r}", "a whole PNG image")
        if zlib.crc32(data[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise FormatError(path, f"is damaged: the checksum of its chunk {kind!r} is wrong", "a whole PNG image")
        if header is None:
            if kind != b"IHDR" or length != 13:
                raise FormatError(path, f"its first chunk is {kind!r} of {length} bytes", "a PNG that starts with IHDR")
            header = PNGHeader(*struct.unpack_from(">IIBB", data, position + 8))
            check_size(path, header.width, header.height, "a PNG image")
        if kind == b"IEND":
            return header
        position = end


def _whole_pnm(path: PathLike, data: bytes) -> bytes:
    """The file; of a binary PGM or PPM whose header has Windows line ends, without the byte that shifts its pixels.

    Raises FormatError when one is shorter than its header says, before it is allocated.
    """
    header = _PNM.match(data[:1024])
    if header is None:
        return data
    width, height = int(header[2]), int(header[3])
    check_size(path, width, height, "a PGM or PPM image")
    size = width * height * (3 if header[1] == b"6" else 1) * (1 if int(header[4]) < 256 else 2)
    if len(data) - header.end() < size:
        found = f"is truncated: {len(data) - header.end()} bytes follow the header"
        raise FormatError(path, found, f"{size} bytes for {width}x{height} pixels")
    end = header.end()
    windows = b"\r\n" in header[0] and data[end - 1 : end + 1] == b"\r\n" and len(data) - end == size + 1
    return data[: end - 1] + data[end:] if windows else data


def _plain_pnm(path: PathLike, data: bytes) -> Image:
    """The numbers of a PGM or PPM in text as they stand there: a decoder would stretch them to 8 bits."""
    expected = "a PGM or PPM image: width, height and largest value up to 65535, then as many numbers"
    words = re.sub(rb"#[^\n]*", b" ", data[2:]).split()
    try:
        width, height, top = (int(word) for word in words[:3])
        check_size(path, width, height, expected)
        count = width * height * (3 if data[1:2] == b"3" else 1)
        if len(words) - 3 < count:
            raise FormatError(path, f"is truncated: {len(words) - 3} numbers follow, not {count}", expected)
        values = np.array(words[3 : 3 + count]).astype(np.int64)
    except FormatError:
        raise
    except (ValueError, OverflowError) as error:
        raise FormatError(path, f"holds a word that is no whole number ({error})", expected) from error
    if not 1 <= top <= 65535 or values.min() < 0 or values.max() > top:
        raise FormatError(path, f"its largest value is {top}, and it holds {values.min()} to {values.max()}", expected)
    shape = (height, width) if count == width * height else (height, width, 3)
    return values.astype(np.uint8 if top < 256 else np.uint16).reshape(shape)


def _decode(path: PathLike, data: bytes) -> Image:
    with needed_by("reading and writing images"):
        import cv2

    upright = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    is_png = data.startswith(_PNG_MAGIC)  # which is never turned; other formats lose their alpha in being so
    try:
        image: Image | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED if is_png else upright)
    except cv2.error as error:
        raise FormatError(path, f"cannot be decoded ({error.err})", _EXPECTED) from error
    if image is None:
        found = f"starts with the bytes {data[:8]!r}, which no decoder knows or could finish"
        if data[4:8] == b"ftyp":
            found = "is a HEIC or AVIF image that OpenCV here cannot decode: convert it"
        raise FormatError(path, found, _EXPECTED)
    if not data.startswith(_WITHOUT_ALPHA):
        _require_opaque(path, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    if image.dtype.name not in DTYPES:
        raise FormatError(path, f"holds {image.dtype} samples", "an image of uint8, uint16 or float samples")
    _require_opaque(path, image, transparent_level(data) if is_png else -1)
    if image.ndim == 3 and image.shape[2] == 4:
        image = image[..., :3]
        if data[25] == 4:  # grey with alpha, which the decoder spreads over three channels
            image = image[..., 0]
    if image.ndim == 3 and image.shape[2] not in (1, 3):
        raise FormatError(path, f"has {image.shape[2]} channels", "an image with 1 or 3")
    if image.ndim == 3:
        image = image[..., 0] if image.shape[2] == 1 else image[..., ::-1]
    return np.ascontiguousarray(image)


def _require_opaque(path: PathLike, image: Image | None, level: int = -1) -> None:
    """FormatError where a fourth channel is not all of what is opaque, or a grey pixel has the transparent level."""
    clear = False
    if image is not None and image.ndim == 3 and image.shape[2] == 4:  # opaque is the largest number, of floats 1
        clear = bool((image[..., 3] != (np.iinfo(image.dtype).max if image.dtype.kind in "iu" else 1)).any())
    elif image is not None and level >= 0:
        clear = bool((image == level).any())
    if clear:
        raise FormatError(path, "has transparent pixels", "an opaque image: flatten it onto a background first")


def write_image(path: PathLike, image: Image) -> None:
    """Write (H, W) grey or (H, W, 3) RGB as .png, .ppm or .pgm (uint8, uint16) or .jpg (uint8), atomically.

    Raises:
        ImageError: when the array is no image.
        ValueError: when the ending is unknown or cannot hold the array's dtype.
    """
    with needed_by("reading and writing images"):
        import cv2

    ending = Path(path).suffix.lower()
    if ending not in _WRITABLE:
        raise ValueError(f"{path}: cannot write an image as {ending!r}; allowed are {', '.join(_WRITABLE)}")
    array = as_image(image)
    if array.dtype.name not in _WRITABLE[ending]:
        allowed = " or ".join(_WRITABLE[ending])
        raise ValueError(f"{path}: {ending} cannot hold {array.dtype}; convert the image to {allowed} first")
    if ending == ".pgm" and array.ndim == 3:
        raise ValueError(f"{path}: .pgm is grey but the image is RGB; write .ppm or .png")
    encoded, data = cv2.imencode(ending, array[..., ::-1] if array.ndim == 3 else array)
    if not encoded:
        raise ValueError(f"{path}: OpenCV could not encode {array.shape} {array.dtype} as {ending}")
    write_bytes(path, data.tobytes())
