"""Reading whole files with errors that name them, and writing so that no half-written file is ever seen."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

PathLike = str | os.PathLike[str]

#: Larger headers are taken for damage: 2^28 pixels are sixteen times a 4K frame.
MAX_PIXELS = 2**28
_MAX_BYTES = 2**32


class FormatError(ValueError):
    """A file that is not what it should be; the message names it, what was found and what is expected."""

    def __init__(self, path: PathLike, found: str, expected: str) -> None:
        super().__init__(f"{os.fspath(path)}: {found}; expected {expected}")
        self.path = Path(path)


def read_bytes(path: PathLike, expected: str) -> bytes:
    """The bytes of a regular file. `expected` says in an error what the file should have been.

    Raises FormatError when it is missing, no regular file, empty, unreadable or larger than 4 GiB.
    """
    file = Path(path)
    if file.is_dir():
        raise FormatError(path, "is a folder", expected)
    if not file.exists():
        raise FormatError(path, "does not exist", expected)
    if not file.is_file():
        raise FormatError(path, "is no regular file", expected)
    try:
        size = file.stat().st_size
        if size > _MAX_BYTES:
            raise FormatError(path, f"has {size} bytes, more than any such file has", expected)
        data = file.read_bytes()
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})", expected) from error
    if not data:
        raise FormatError(path, "is empty", expected)
    return data


def read_text(path: PathLike, expected: str) -> str:
    """The text of a UTF-8 file; raises FormatError as `read_bytes` does, and where it is no text."""
    try:
        return read_bytes(path, expected).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(path, "is no UTF-8 text", expected) from error


def read_json_object(path: PathLike, expected: str) -> dict[str, Any]:
    """The entries of a JSON object in a file; raises FormatError as `read_text` does, and where there is none."""
    try:
        entries = json.loads(read_text(path, expected))
    except (json.JSONDecodeError, RecursionError) as error:
        raise FormatError(path, f"is no JSON ({error})", expected) from error
    if not isinstance(entries, dict):
        raise FormatError(path, f"holds a {type(entries).__name__}", expected)
    return entries


def check_size(path: PathLike, width: int, height: int, expected: str) -> None:
    """Raise FormatError when a header's size cannot be true, before anything of that size is allocated."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise FormatError(path, f"its header says {width}x{height} pixels", f"{expected} of 1 to {MAX_PIXELS} pixels")


def write_bytes(path: PathLike, data: bytes) -> None:
    """Write a file in one step: beside its place first, then renamed, so that no part of it is ever seen.

    Raises FormatError when its folder does not exist or the path is a folder, OSError when the disk refuses.
    """
    file = Path(path)
    if file.is_dir():
        raise FormatError(path, "is a folder", "the name of a file to write")
    if not file.parent.is_dir():
        raise FormatError(path, f"its folder {file.parent} does not exist", "a folder that exists")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
