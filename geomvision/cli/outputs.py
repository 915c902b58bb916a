"""What is written must not be what was read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def spare(flag: str, written: Iterable[Path], read: Iterable[Path | None]) -> None:
    """ValueError where a file that is given would be written over."""
    given = {path.resolve(): path for path in read if path is not None}
    for path in written:
        if path.resolve() in given:
            raise ValueError(
                f"{flag}: {given[path.resolve()]} is read, and would be written over: give another name or folder"
            )
