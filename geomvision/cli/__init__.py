"""The command line: ``geomvision demo``, ``compare``, ``calibrate``, ``rectify``, ``fuse``, … Bodies import late.

What a user can get wrong (a file, an option, a pair) ends in one message on standard error and exit code 2.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, or 2 after a message on what was wrong."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files need not be text, nor terminals know every letter
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(given: Sequence[str]) -> None:
    from ..method import BackendError
    from .app import app

    try:
        app([word for word in given if word != "--traceback"], prog_name="geomvision")
    except (ValueError, OSError, BackendError) as error:
        if "--traceback" in given:
            raise
        print(f"geomvision: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
