"""Frames in order: of a video, a camera, a folder of images or a pattern. One that is damaged is a gap, not an end."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..images import Image
from ..packages import needed_by
from ._files import FormatError, PathLike, by_number
from .image import read_image

IMAGES = (".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".tif", ".tiff", ".bmp", ".webp")
_EXPECTED = "a video, a folder of images, a pattern like 'frames/*.png', or the number of a camera"
#: Reads that may fail in a row before a video is taken to be over, and before one is that does not tell its length.
_ATTEMPTS, _ATTEMPTS_UNTOLD = 1000, 10
#: A video's frames come at equal steps of time when none is off by more, in steps.
_OFF = 0.1


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: its number from 0, damaged ones counted, and a name for files; without an image, the `problem`."""

    number: int
    name: str
    image: Image | None
    problem: str = ""


@dataclass(eq=False)
class Frames:
    """What `read_frames` found. Iterating reads frame by frame; `total` is None where nothing tells it."""

    source: str
    total: int | None
    #: The images, for a folder or pattern; empty for a video or camera.
    paths: tuple[Path, ...] = ()
    #: What was amiss at the end: fewer frames than announced.
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Frame]:
        return self._images() if self.paths else self._video()

    def _images(self) -> Iterator[Frame]:
        for number, path in enumerate(self.paths):
            try:
                yield Frame(number, path.stem, read_image(path))
            except FormatError as error:
                yield Frame(number, path.stem, None, str(error))

    def _video(self) -> Iterator[Frame]:
        capture = _opened(self.source)
        clock = _Clock(capture)
        expected = failed = 0
        untold = 0 if self.source.isdecimal() else _ATTEMPTS_UNTOLD  # a camera that fails is gone
        try:
            while failed <= (untold if self.total is None else min(_ATTEMPTS, self.total - expected)):
                read, image = capture.read()
                if not read or image is None:
                    failed += 1
                    continue
                number = clock.number(expected, failed)
                for lost in range(expected, number):
                    yield Frame(lost, f"{lost:06d}", None, "could not be decoded")
                yield Frame(number, f"{number:06d}", _rgb(image))
                expected, failed = number + 1, 0
        finally:
            capture.release()
        if self.total is not None and expected < self.total:
            self.notes.append(f"{self.source} announces {self.total} frames; {expected} could be read")


class _Clock:
    """Which frame it is by the time it is shown at, in videos whose frames come at equal steps."""

    def __init__(self, capture: Any) -> None:
        with needed_by("reading videos"):
            import cv2

        self._capture, self._msec = capture, cv2.CAP_PROP_POS_MSEC
        self._per_msec = max(0.0, float(capture.get(cv2.CAP_PROP_FPS))) / 1000.0
        self._first: float | None = None
        self._equal = 0 < self._per_msec < 1

    def number(self, expected: int, failed: int) -> int:
        """The number of the frame just read, when `expected` comes next and so many reads have failed."""
        at = float(self._capture.get(self._msec))
        if self._first is None:
            self._first = at - (expected + failed) / self._per_msec if self._equal else at
        place = (at - self._first) * self._per_msec
        self._equal = self._equal and abs(place - round(place)) <= _OFF
        return round(place) if self._equal and round(place) >= expected else expected + failed


def read_frames(source: PathLike | int) -> Frames:
    """Open frames by what is given; nothing is decoded before they are iterated over.

    Args:
        source: a video that OpenCV reads, or its address; a folder, whose images are taken by name, numbers in names by
            value; a pattern of images (``frames/*.png``); or the number of a camera, as int or text.

    Raises:
        FormatError: saying what was found and what may be given.
    """
    text = str(source)
    path = Path(text)
    if path.is_dir():
        found = [each for each in path.iterdir() if each.suffix.lower() in IMAGES and not each.name.startswith(".")]
        return _of_images(text, found, "is a folder without images")
    if path.is_file():
        if path.suffix.lower() in IMAGES:
            raise FormatError(text, "is one image", _EXPECTED)
        return _of_video(text)
    if text.isdecimal() or "://" in text:
        return _of_video(text)
    if glob.has_magic(text):
        beginning = Path(path.anchor)
        found = [each for each in beginning.glob(str(path.relative_to(path.anchor))) if each.is_file()]
        return _of_images(text, found, "fits no file")
    raise FormatError(text, "does not exist", _EXPECTED)


def _of_images(source: str, paths: list[Path], none: str) -> Frames:
    if not paths:
        raise FormatError(source, none, _EXPECTED)
    paths.sort(key=lambda path: by_number(str(path)))
    counts = Counter(path.stem for path in paths)
    twice = next((stem for stem, count in counts.items() if count > 1), None)
    if twice is not None:
        raise FormatError(source, f"holds more than one image called {twice!r}", "one for each frame: give a pattern")
    return Frames(source, len(paths), tuple(paths))


def _of_video(source: str) -> Frames:
    capture = _opened(source)
    with needed_by("reading videos"):
        import cv2

    count = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return Frames(source, int(count) if 0 < count < 1e8 and not source.isdecimal() else None)


def _opened(source: str) -> Any:
    with needed_by("reading videos"):
        import cv2

    try:
        source.encode()
    except UnicodeEncodeError:  # OpenCV ends the process over such a name
        told = "its name is no UTF-8, which OpenCV cannot open: rename it"
        raise FormatError(source.encode(errors="backslashreplace").decode(), told, _EXPECTED) from None
    is_camera = source.isdecimal() and not Path(source).exists()
    capture = cv2.VideoCapture(int(source)) if is_camera else cv2.VideoCapture(source)
    if not capture.isOpened():
        what = "there is no such camera, or another program has it" if is_camera else "OpenCV cannot read it as a video"
        raise FormatError(f"camera {source}" if is_camera else source, what, _EXPECTED)
    return capture


def _rgb(image: Image) -> Image:
    return np.ascontiguousarray(image if image.ndim == 2 else image[..., ::-1])
