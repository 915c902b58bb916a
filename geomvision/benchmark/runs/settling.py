"""Records brought to the plan's order, from an index of where their lines lie: of the lines, one is held at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from . import journal
from .journal import Journal


def settle_records(records: Journal, superseded: Path, labels: Mapping[str, str]) -> None:
    """Order and label records as the plan has them; those of other units go to `superseded`, and come from there.

    Wherever this is stopped, every record is in one of the files: what leaves one is in the other before.

    Args:
        records: the journal; it is left alone where it is right as it is.
        superseded: a file of lines like a journal's, which may be absent.
        labels: by the key of every unit of the plan, in its order.
    """
    if not superseded.exists() and _settled(records, labels):
        return
    with _Lines(superseded, records.path) as found:
        aside = found.keys[superseded]
        past = [key for key in found if key not in labels]
        if any(key in records.keys for key in past):
            coming = [key for key in aside if key in labels]
            journal.replace_file(superseded, lambda file: journal.write_lines(file, found.lines([*past, *coming])))
        if not _settled(records, labels) or any(key in labels and key not in records.keys for key in aside):
            wanted = found.of(key for key in labels if key in found)
            records.rewrite(_labelled(line, labels[key]) for key, line in wanted)
        if any(key in labels for key in aside):
            journal.replace_file(superseded, lambda file: journal.write_lines(file, found.lines(past)))


def _settled(records: Journal, labels: Mapping[str, str]) -> bool:
    """Whether every record is of the plan, in its order and with its label."""
    wanted = ((key, label) for key, label in labels.items() if key in records.keys)
    for key, line in journal.read(records.path):
        if key not in labels:
            return False
        expected, label = next(wanted)
        if key != expected or not _says(line, label):
            return False
    return True


def _says(line: bytes, label: str) -> bool:
    return b'"label":%s,' % json.dumps(label, ensure_ascii=False).encode() in line


def _labelled(line: bytes, label: str) -> bytes:
    if _says(line, label):
        return line
    key = journal.key_of(line)
    assert key is not None
    return journal.line_of(key, {**journal.value_of(line), "label": label}).removesuffix(b"\n")


class _Lines:
    """Where the lines of journals lie, by key; of two with one key, the later file's. Absent files have none."""

    def __init__(self, *paths: Path) -> None:
        #: Of each file, in its order.
        self.keys: dict[Path, list[str]] = {path: [] for path in paths}
        self._at: dict[str, tuple[int, int, int]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._files = []
            for number, path in enumerate(path for path in self.keys if path.exists()):
                # A file that is replaced meanwhile is read as it was.
                self._files.append(opened.enter_context(path.open("rb")))
                place = 0
                for key, line in journal.read(path):
                    self.keys[path].append(key)
                    self._at[key] = (number, place, len(line))
                    place += len(line) + 1
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __contains__(self, key: str) -> bool:
        return key in self._at

    def of(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Keys and their lines without newline, in this order."""
        for key in keys:
            number, place, length = self._at[key]
            file = self._files[number]
            file.seek(place)
            yield key, file.read(length)

    def lines(self, keys: Iterable[str]) -> Iterator[bytes]:
        """The lines of `of` alone."""
        return (line for _, line in self.of(keys))
