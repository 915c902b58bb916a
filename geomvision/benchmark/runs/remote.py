"""Data sets at URLs: fetched once into a cache through fsspec, which every worker of a machine shares."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from ...packages import needed_by

#: Where what is fetched lies; else in the user's cache.
VARIABLE = "GEOMVISION_CACHE"
#: What file systems tell of a file that changes with it.
TELLING = ("size", "mtime", "LastModified", "last_modified", "ETag", "created")


def is_url(location: str) -> bool:
    """Whether a location is a URL, as ``s3://bucket/folder``, and no path."""
    return "://" in location


def cache_folder() -> Path:
    """Where fetched data sets lie: ``GEOMVISION_CACHE``, or geomvision in the user's cache."""
    given = os.environ.get(VARIABLE)
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "geomvision"
    return Path(given) if given else own


def fetched(url: str) -> Path:
    """The folder of all that lies at a URL, fetched where that has not been done since it changed.

    Processes of a machine wait for the first to fetch it. What fsspec raises where it cannot be had.
    """
    stamp = remote_stamp(url)
    folder = cache_folder() / "data" / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = folder / stamp
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            passing = folder / f"{stamp}.part"
            shutil.rmtree(passing, ignore_errors=True)
            passing.mkdir(parents=True)
            system, root = _system(url)
            for path in _files(system, root):
                target = passing / path.removeprefix(root).lstrip("/")
                if not target.resolve().is_relative_to(passing.resolve()):
                    raise ValueError(f"{url} holds {path!r}, which would be written outside of {passing}")
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(path, str(target))
            passing.rename(place)
    return place


def remote_stamp(url: str) -> str:
    """What changes when a file at the URL does: of names, sizes, and times or tags as far as its system tells."""
    system, root = _system(url)
    digest = hashlib.sha256()
    for path, known in sorted(_files(system, root).items()):
        told = [str(known.get(name, "")) for name in TELLING]
        digest.update("\0".join((path.removeprefix(root), *told)).encode() + b"\n")
    return digest.hexdigest()[:16]


def _system(url: str) -> tuple[Any, str]:
    with needed_by(f"data at {url}"):
        import fsspec
    try:
        system, root = fsspec.core.url_to_fs(url)
    except ImportError as error:  # of the protocol's own package
        raise ValueError(f"{url} cannot be read here: {error} (pip install it)") from None
    except ValueError as error:
        known = ", ".join(sorted(fsspec.available_protocols()))
        raise ValueError(f"{url} cannot be read: {error}; fsspec knows {known}") from None
    return system, str(root).rstrip("/")


def _files(system: Any, root: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = system.find(root, detail=True)
    if not found:
        raise ValueError(f"there is nothing at {system.unstrip_protocol(root)}")
    return found
