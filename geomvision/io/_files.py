"""Reading whole files with errors that name them, and writing so that no half-written file is ever seen."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        return read_bytes(path, expected).decode("utf-8-sig")  # some editors begin a file with a byte order mark
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


@contextmanager
def naming(path: PathLike, expected: str) -> Iterator[None]:
    """What is wrong with values that were read in this block becomes a FormatError that names the file."""
    try:
        yield
    except FormatError:
        raise
    except KeyError as error:
        raise FormatError(path, f"lacks {error.args[0] if error.args else 'an entry'!r}", expected) from error
    except IndexError as error:
        raise FormatError(path, f"has too few entries ({error})", expected) from error
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise FormatError(path, str(error), expected) from error


def below(folder: Path, name: str, listing: PathLike) -> Path:
    """The file that a listing names in a folder. FormatError for a name that leads out of it, or that none can have."""
    parts = PurePosixPath(name.replace("\\", "/"))
    odd = parts.is_absolute() or ".." in parts.parts or not parts.parts or ":" in name
    if odd or any(ord(character) < 32 for character in name):
        raise FormatError(listing, f"names the file {name!r}", f"the name of a file below {folder}")
    return folder / parts


def read_numbers(path: PathLike, expected: str, columns: int | None = None) -> NDArray[np.float64]:
    """The numbers of a text file, by lines, (N, columns); commas count as spaces, lines with # are comments.

    Without `columns` all its numbers, (N,). FormatError where a word is no finite number, or a line has more or fewer.
    """
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path, expected).splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").split()
        with naming(path, expected):
            values = [float(word) for word in words]
        if words and (columns not in (None, len(values)) or not np.isfinite(values).all()):
            raise FormatError(path, f"line {number} holds {line.strip()[:60]!r}", expected)
        rows += [values] if words else []
    if not rows:
        raise FormatError(path, "holds no number", expected)
    return np.concatenate([np.array(row) for row in rows]) if columns is None else np.array(rows)


def by_number(name: str) -> tuple[list[tuple[int, str]], str]:
    """What names sort by so that numbers in them count as numbers: "frame 2" before "frame 10"."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def check_size(path: PathLike, width: int, height: int, expected: str) -> None:
    """Raise FormatError when a header's size cannot be true, before anything of that size is allocated."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise FormatError(path, f"its header says {width}x{height} pixels", f"{expected} of 1 to {MAX_PIXELS} pixels")


def write_bytes(path: PathLike, data: bytes) -> None:
    """Write a file in one step: beside its place first, then renamed, so that no part of it is ever seen.

    A link stays one: what it leads to is written. Raises FormatError when its folder does not exist, or the path is a
    folder, a device or a pipe, which a rename would put a file in the place of; OSError when the disk refuses.
    """
    file = Path(os.path.realpath(path))
    if file.is_dir():
        raise FormatError(path, "is a folder", "the name of a file to write")
    if file.exists() and not file.is_file():
        raise FormatError(path, "is no regular file", "the name of a file to write")
    if not file.parent.is_dir():
        raise FormatError(path, f"its folder {file.parent} does not exist", "a folder that exists")
    part = file.with_name(f".{secrets.token_hex(8)}.part")  # names may be as long as the system allows
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: PathLike, value: Any) -> None:
    """Write what JSON can hold, as `write_bytes` does; NaN and infinity, which it cannot, become null: unknown."""
    write_bytes(path, (json.dumps(_finite(value), indent=1, allow_nan=False) + "\n").encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
