"""What chunks of a PNG say of numbers that pixels hold: the colours of a palette, and a grey level that is transparent.

PNG specification, 11.2 and 11.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_MAGIC = 8
#: Chunks that an image of a palette alone may have.
_OF_PALETTES = (b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sPLT")


def palette_of(png: bytes) -> NDArray[np.uint8]:
    """Colours by number, (N, 3) RGB, of a whole PNG that was checked; none of one that has no palette."""
    for kind, content in _chunks(png):
        if kind == b"PLTE":
            return np.frombuffer(content, np.uint8)[: len(content) // 3 * 3].reshape(-1, 3)
    return np.zeros((0, 3), np.uint8)


def as_grey(png: bytes) -> bytes:
    """The same pixels as a grey PNG, whose levels are the numbers: both are stored in the same way."""
    parts = [png[:_MAGIC]]
    for kind, content in _chunks(png):
        if kind in _OF_PALETTES:
            continue
        held = content[:9] + b"\0" + content[10:] if kind == b"IHDR" else content
        parts += [struct.pack(">I", len(held)), kind, held, struct.pack(">I", zlib.crc32(kind + held))]
    return b"".join(parts)


def transparent_level(png: bytes) -> int:
    """Which level of a grey PNG is transparent, as decoders have it, of 8 bits at least; −1: none, or not grey."""
    bits, colour = png[24], png[25]
    marks = [] if colour else [content for kind, content in _chunks(png) if kind == b"tRNS" and len(content) == 2]
    if not marks:
        return -1
    level: int = struct.unpack(">H", marks[0])[0] & (2**bits - 1)
    return level * 255 // (2**bits - 1) if bits < 8 else level


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position, kind = _MAGIC, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", png, position)
        yield kind, png[position + 8 : position + 8 + length]
        position += 12 + length
