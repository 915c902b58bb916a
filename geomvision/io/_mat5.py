"""MATLAB's files before 7.3 (MAT-File Format, level 5): arrays of numbers, and structs of them.

Damaged files end scipy's reader, and the process with it, in a segmentation fault; this one checks every length.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import FormatError, PathLike, naming, read_bytes

_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_MATRIX, _COMPRESSED, _STRUCT = 14, 15, 2
_MOST_BYTES, _DEEPEST = 2**30, 8


def read_mat(path: PathLike, name: str, expected: str) -> Any:
    """One variable: an array without axes of length 1, or a dict of a struct's fields. What is neither is left out.

    Raises FormatError for what is no such file, for damage, and where the variable is missing.
    """
    data = read_bytes(path, expected)
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if len(data) < 128 or order is None or struct.unpack(order + "H", data[124:126])[0] != 0x0100:
        raise FormatError(path, "is no MATLAB file of level 5 (7.3 is HDF5)", expected)
    with naming(path, expected):
        try:
            for kind, content in _elements(data[128:], order):
                whole = _inflated(content, order) if kind == _COMPRESSED else (kind, content)
                if whole[0] == _MATRIX:
                    called, value = _matrix(whole[1], order, 0)
                    if called == name and value is not None:
                        return value
        except (struct.error, zlib.error) as error:
            raise FormatError(path, f"is damaged ({error})", expected) from error
    raise FormatError(path, f"has no numbers or struct called {name!r}", expected)


def _inflated(content: bytes, order: str) -> tuple[int, bytes]:
    inflater = zlib.decompressobj()
    data = inflater.decompress(content, _MOST_BYTES)
    if not inflater.eof:
        raise ValueError("a compressed part is cut off, or too large")
    return next(_elements(data, order), (0, b""))


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each part, one after the other; small ones have both in eight bytes."""
    at = 0
    while at + 8 <= len(data):
        kind, count = struct.unpack_from(order + "II", data, at)
        if kind >> 16:
            kind, count, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if count > 4:
                raise ValueError(f"a small part says that it has {count} bytes")
        else:
            start = at + 8
            end = start + count if kind == _COMPRESSED else start + -(-count // 8) * 8
        if start + count > len(data):
            raise ValueError(f"a part of {count} bytes is cut off")
        yield kind, data[start : start + count]
        at = end


def _matrix(data: bytes, order: str, depth: int) -> tuple[str, NDArray[Any] | dict[str, Any] | None]:
    """Name and value; None for what is neither numbers nor one struct."""
    parts = _elements(data, order)
    flags, sizes, label = (next(parts, (0, b""))[1] for _ in range(3))
    if depth > _DEEPEST or len(flags) < 4:
        raise ValueError("an array has no flags, or lies too deep")
    kind = struct.unpack_from(order + "I", flags)[0] & 0xFF
    shape = tuple(int(side) for side in np.frombuffer(sizes, order + "i4"))
    name = label.decode("latin-1")
    if kind == _STRUCT and math.prod(shape) == 1:
        width = struct.unpack(order + "i", next(parts, (0, b""))[1])[0]
        names = next(parts, (0, b""))[1]
        if not 1 <= width <= len(names):
            raise ValueError("a struct's names are damaged")
        fields = [names[k : k + width].partition(b"\0")[0].decode("latin-1") for k in range(0, len(names), width)]
        values = [_matrix(next(parts, (0, b""))[1], order, depth + 1)[1] for _ in fields]
        return name, dict(zip(fields, values, strict=True))
    if kind not in _CLASSES:
        return name, None
    stored, content = next(parts, (0, b""))
    if stored not in _STORED:
        raise ValueError(f"an array is stored as kind {stored}")
    flat = np.frombuffer(content, order + _STORED[stored])
    if not shape or min(shape) < 0 or flat.size != math.prod(shape):
        raise ValueError(f"an array of {shape} holds {flat.size} numbers")
    with np.errstate(invalid="ignore", over="ignore"):
        return name, np.squeeze(flat.astype(_CLASSES[kind]).reshape(shape, order="F"))
