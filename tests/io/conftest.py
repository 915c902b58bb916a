"""PNG written byte by byte, so that no library's writer vouches for our reader."""

import struct
import zlib
from collections.abc import Callable

import pytest

PNG = Callable[..., bytes]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.fixture(scope="session")
def png() -> PNG:
    """png(width, height, bits, colour, rows): rows are the raw big-endian samples of each row."""

    def build(width: int, height: int, bits: int, colour: int, rows: list[bytes]) -> bytes:
        header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
        body = zlib.compress(b"".join(b"\0" + row for row in rows))
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")

    return build
