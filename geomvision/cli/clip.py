"""What verbs share that go through frames in order: runs without a gap, and a bar of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..io.frames import Frame

Result = TypeVar("Result")


def progress() -> Progress:
    """On standard error, and only where somebody looks."""
    bars = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    return Progress(*bars, console=console, disable=not console.is_terminal)


class Clip:
    """Frames as unbroken runs: a damaged one, or one of another size, is told, counted and ends a run."""

    def __init__(self, frames: Iterable[Frame], console: Console, advance: Callable[[], None]) -> None:
        self._frames, self._console, self._advance = iter(frames), console, advance
        self._kind: tuple[Any, ...] | None = None
        self._ended = False
        self._run: list[Any] = []
        self.read = self.skipped = 0

    def results(self, along: Callable[[Iterator[Any]], Iterator[Result]]) -> Iterator[tuple[Any, Result]]:
        """What `along` makes of the frames of each run, each result with the first frame that it is about."""
        while not self._ended:
            for result in along(self._unbroken()):
                yield self._run.pop(0), result

    def _unbroken(self) -> Iterator[Frame]:
        self._run = []
        for frame in self._frames:
            self._advance()
            problem = frame.problem
            if frame.image is not None:
                kind = (frame.image.shape[:2], frame.image.dtype)
                self._kind = self._kind or kind
                if kind == self._kind:
                    self.read += 1
                    self._run.append(frame)
                    yield frame
                    continue
                (height, width), dtype = kind
                (h, w), other = self._kind
                problem = f"is {width}x{height} of {dtype}, the first frame {w}x{h} of {other}"
            self.skipped += 1
            self._console.print(f"warning: frame {frame.number} is skipped: {problem}", markup=False, soft_wrap=True)
            return
        self._ended = True
