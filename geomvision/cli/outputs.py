"""What can be written, and what must not be: anything that was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ..method import Method

#: Files of a scene folder that tell of its images.
TELLING = ("meta.json", "objects.json")


def spare(flag: str, written: Iterable[Path], read: Iterable[Path | None]) -> None:
    """ValueError where a file that is given would be written over, under whatever name it goes.

    Of a folder that is given, those are meant that tell of its scenes (`TELLING`).
    """
    given = [path for path in read if path is not None]
    for path in written:
        if any(_is_read(path, each) for each in given):
            raise ValueError(f"{flag}: {path} is read, and would be written over: give another name or folder")


def files_of(methods: Iterable[Method]) -> Iterator[Path]:
    """The files that options of methods, and of those that they ask, may name: weights or nets, and their cards."""
    for method in methods:
        for value in method.options().values():
            if isinstance(value, str) and value:
                path = Path(value).expanduser()
                yield from filter(_exists, (path, path.parent / f"{path.stem}.json"))
        yield from files_of(method.asked())


def check_folder(out: Path, frames: Iterable[Path] = ()) -> None:
    """ValueError where a file stands in the place of the folder to write, or frames that are read lie in it."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out}: this is a file; a folder is written")
    places = {place for path in frames for place in _places(path)}
    if any(place.resolve() == out.resolve() for place in places):
        raise ValueError(f"--out {out}: the frames lie there; give another folder")


def check_file(flag: str, path: Path | None, *endings: str) -> None:
    """ValueError, before the work, where a file to write has another ending, or its folder does not exist."""
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise ValueError(f"{flag} {path}: it must end with {' or '.join(endings)}")
    if path.is_dir() or not path.parent.is_dir():
        why = "this is a folder" if path.is_dir() else f"its folder {path.parent} does not exist"
        raise ValueError(f"{flag} {path}: {why}")


def _is_read(written: Path, given: Path) -> bool:
    if given.is_dir():
        file = written.resolve()
        return file.name in TELLING and given.resolve() in file.parents and file.exists()
    return written.exists() and given.exists() and written.samefile(given)


def _exists(path: Path) -> bool:
    with suppress(OSError):  # what the options of another method are told in may be too long for a name
        return path.exists()
    return False


def _places(path: Path) -> Iterator[Path]:
    """The folder of a frame, and that of the file which it links to."""
    yield path.parent
    if path.is_symlink():
        yield path.resolve().parent
