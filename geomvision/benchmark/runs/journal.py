"""Lines of JSON that are only ever appended, each with its checksum: what a stopped process left torn is recognised.

A line is ``{"crc32":"0a1b2c3d","key":"…","value":{…}}``; the checksum is of all that follows it in the line. A process
killed while it writes leaves a last line that is cut short: it is no line yet, readers leave it out and the next writer
cuts it off. Keys are unique: to append one twice is an error.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import itertools
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

#: How long written lines may wait for the disk. A killed process loses none; a power cut what came within this time,
#: which is done again. A busy disk takes a tenth of a second to sync.
SYNC_S = 5.0
#: Lines that are written at a time where many are.
LINES = 1024
_HEAD, _BEFORE_KEY = b'{"crc32":"', b'","key":"'
_KEY_AT = len(_HEAD) + 8 + len(_BEFORE_KEY)
_BEFORE_VALUE = b'","value":'


class StoreError(ValueError):
    """A store that cannot be read or written as it is; the message names the file and says what to do."""


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: records have none, and it walks over all of very many again and again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def line_of(key: str, value: Mapping[str, Any]) -> bytes:
    """The line of a journal. ValueError for a key with characters that JSON would escape."""
    if not key.isascii() or not key.isprintable() or '"' in key or "\\" in key:
        raise ValueError(f"{key!r} is no key of a journal: it must be printable ASCII without quotes and backslashes")
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    rest = _BEFORE_KEY + key.encode() + _BEFORE_VALUE + text + b"}"
    return b"%s%08x%s\n" % (_HEAD, zlib.crc32(rest), rest)


def key_of(line: bytes) -> str | None:
    """The key of a whole line, without its newline; None where the line is not whole."""
    head = line[: len(_HEAD)] == _HEAD and line[len(_HEAD) + 8 : _KEY_AT] == _BEFORE_KEY
    rest = line[len(_HEAD) + 8 :]
    if not head or not line.endswith(b"}") or line[len(_HEAD) : len(_HEAD) + 8] != b"%08x" % zlib.crc32(rest):
        return None
    return line[_KEY_AT : line.index(b'"', _KEY_AT)].decode()


def value_of(line: bytes) -> dict[str, Any]:
    """What a whole line holds."""
    found: dict[str, Any] = _parser()(line)["value"]
    return found


@cache
def _parser() -> Callable[[bytes], Any]:
    """What reads JSON: orjson where it is there, in a quarter of the time; both read the same."""
    if importlib.util.find_spec("orjson") is None:
        return json.loads
    parser: Callable[[bytes], Any] = importlib.import_module("orjson").loads
    return parser


def read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Keys and lines without newline, as they were written; nothing where there is no file.

    What is torn at the end is left out. StoreError where a line before others is damaged.
    """
    if not path.exists():
        return
    broken: int | None = None
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            line = text.removesuffix(b"\n")
            key = key_of(line) if text.endswith(b"\n") else None
            if key is None:
                broken = broken or number
            elif broken is not None:
                told = f"{path}: line {broken} is damaged, though lines after it are whole"
                raise StoreError(f"{told}; go on with this run, and it is set aside and its unit is done again")
            else:
                yield key, line


class Journal:
    """A journal open for writing, by one process at a time.

    On opening, a torn end is cut off; damaged lines before whole ones are set aside in a file ending in ``.damaged``.

    Args:
        path: the file, made where it is absent.

    Raises:
        StoreError: when two lines have one key, which no journal has.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Lines that were found damaged and set aside.
        self.damaged = 0
        self.keys: set[str] = set()
        self._open()

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size, bad = self._scanned()
        if os.fstat(self._file).st_size > self._size:
            os.ftruncate(self._file, self._size)
            os.fsync(self._file)
        os.lseek(self._file, 0, os.SEEK_END)
        self._synced_at = time.monotonic()
        self._unsynced = False
        if bad:
            with self.path.with_name(self.path.name + ".damaged").open("ab") as aside:
                aside.writelines(bad)
            self.damaged += len(bad)
            self.rewrite(line for _, line in self._whole())

    def _whole(self) -> Iterator[tuple[str, bytes]]:
        with self.path.open("rb") as file:
            for text in file:
                key = key_of(text[:-1]) if text.endswith(b"\n") else None
                if key is not None:
                    yield key, text[:-1]

    def _scanned(self) -> tuple[int, list[bytes]]:
        """Where the last whole line ends, and the damaged lines before it. Keys are noted."""
        self.keys.clear()
        size = end = 0
        passed: list[bytes] = []
        bad: list[bytes] = []
        with self.path.open("rb") as file:
            for text in file:
                end += len(text)
                key = key_of(text[:-1]) if text.endswith(b"\n") else None
                if key is None:
                    passed.append(text)
                    continue
                if key in self.keys:
                    raise _twice(self.path, key)
                self.keys.add(key)
                bad += passed
                passed = []
                size = end
        return size, bad

    def append(self, key: str, value: Mapping[str, Any]) -> None:
        """Add one line, whole or not at all.

        Raises:
            ValueError: when the key is there.
            StoreError: when it cannot be written, as on a full disk; the journal is as before then.
        """
        if key in self.keys:
            raise ValueError(f"{self.path} holds the key {key}; it cannot be appended again")
        line = line_of(key, value)
        try:
            write_whole(self._file, line)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            os.lseek(self._file, 0, os.SEEK_END)
            raise _unwritable(self.path, error) from error
        self._size += len(line)
        self.keys.add(key)
        self._unsynced = True
        if time.monotonic() - self._synced_at > SYNC_S:
            self.sync()

    def sync(self) -> None:
        """Have the disk hold all that was appended. StoreError where it cannot."""
        if self._unsynced:
            try:
                os.fsync(self._file)
            except OSError as error:
                raise _unwritable(self.path, error) from error
        self._synced_at = time.monotonic()
        self._unsynced = False

    def rewrite(self, lines: Iterable[bytes]) -> None:
        """Replace every line at once: another process sees the lines as before or these.

        Raises:
            ValueError: for a line that is not whole; the journal is as before then.
            StoreError: as for `append`, and where a key is there twice.
        """
        keys: set[str] = set()
        size = 0

        def noted() -> Iterator[bytes]:
            nonlocal size
            for line in lines:
                key = key_of(line)
                if key is None:
                    raise ValueError(f"{self.path} was to be rewritten with a line that is not whole: {line[:80]!r}")
                if key in keys:
                    raise _twice(self.path, key)
                keys.add(key)
                size += len(line) + 1
                yield line

        replace_file(self.path, lambda file: write_lines(file, noted()))
        os.close(self._file)
        self._file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self._size = os.lseek(self._file, 0, os.SEEK_END)
        if self._size != size:
            raise StoreError(f"{self.path} has {self._size} bytes where {size} were written: another process writes it")
        self.keys = keys
        self._synced_at, self._unsynced = time.monotonic(), False

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._file)


def replace_file(path: Path, write: Callable[[int], object]) -> None:
    """Write beside and rename: nobody ever sees half a file, and nothing is left over. StoreError where it fails."""
    passing = path.with_name(path.name + ".tmp")
    try:
        file = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            write(file)
            os.fsync(file)
        finally:
            os.close(file)
        passing.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        passing.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    except BaseException:
        passing.unlink(missing_ok=True)
        raise


def write_lines(file: int, lines: Iterable[bytes]) -> None:
    """Write lines to a descriptor, each with its newline; many at a time, since each call costs."""
    rest = iter(lines)
    while batch := list(itertools.islice(rest, LINES)):
        write_whole(file, b"\n".join([*batch, b""]))


def write_whole(file: int, content: bytes) -> None:
    """Write all of it to a descriptor, which may take several calls. OSError where it does not fit."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _twice(path: Path, key: str) -> StoreError:
    return StoreError(f"{path} holds the key {key} twice; it was not written by one run alone")


def _unwritable(path: Path, error: OSError) -> StoreError:
    told = f"{path} cannot be written: {error.strerror}"
    return StoreError(f"{told}. What was done is kept: make room, then run the same command again to go on")
