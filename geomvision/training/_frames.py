"""A user's own video, or a folder of its frames, as pairs of neighbours: what cannot be read is skipped and told."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..images import Image, as_pair
from ..images import levels as levels_of
from ..io.frames import read_frames

IMAGES = (".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp")
Frame = NDArray[np.uint8]


class Frames:
    """Pairs of frames that follow each other, at most `most`, spread evenly.

    A folder's images are read where they are, in the order of the numbers in their names; of a video, the frames that
    are taken are written to `folder` once.

    Raises:
        ValueError: where there is no such file or folder, a folder has fewer than 2 images; by `prepare`: where fewer
            than 2 frames can be read, or they differ in size.
    """

    def __init__(self, source: Path, folder: Path, most: int) -> None:
        if not source.exists():
            raise ValueError(f"{source} does not exist; give a video, or a folder of its frames")
        self.source, self.most = source, most
        #: Of each pair; set by `prepare`.
        self.pairs: list[tuple[Path, Path]] = []
        self._files = images_in(source, "frames") if source.is_dir() else [source]
        if source.is_dir() and len(self._files) < 2:
            found = f"holds {len(self._files)} images ({', '.join(IMAGES)})"
            raise ValueError(f"{source} {found}; flow needs 2 or more that follow each other")
        entries = [[path.name, path.stat().st_size] for path in self._files]
        self.key = hashlib.sha256(json.dumps([entries, most]).encode()).hexdigest()[:12]
        self._store = folder / f"frames-{self.key}"

    @property
    def count(self) -> int:
        """About how many pairs there will be."""
        return min(self.most, len(self._files) - 1) if self.source.is_dir() else self.most

    def prepare(self, advance: Callable[[int], None]) -> None:
        """Find the pairs; read the video where that is not done yet."""
        if self.source.is_dir():
            self.pairs = self._of_folder(advance)
        else:
            listed = self._store / "pairs.json"
            if not listed.is_file():
                self._decode(listed, advance)
            names = json.loads(listed.read_text(encoding="utf-8"))
            self.pairs = [(self._store / first, self._store / second) for first, second in names]

    def load(self, index: int) -> tuple[Frame, Frame]:
        """Both frames of a pair, RGB (H, W, 3)."""
        first, second = self.pairs[index]
        return rgb(*as_pair(io.read_image(first), io.read_image(second), (first.name, second.name)))

    def _of_folder(self, advance: Callable[[int], None]) -> list[tuple[Path, Path]]:
        known: dict[Path, tuple[int, ...] | None] = {}

        def size(path: Path) -> tuple[int, ...] | None:
            if path not in known:
                try:
                    known[path] = io.read_image(path).shape
                except io.FormatError as error:
                    warnings.warn(f"frame skipped: {error}", UserWarning, stacklevel=2)
                    known[path] = None
            return known[path]

        pairs: dict[tuple[Path, Path], None] = {}
        for start in spread(len(self._files) - 1, self.most):
            whole = (path for path in self._files[start:] if size(path) is not None)
            pair = tuple(path for _, path in zip(range(2), whole, strict=False))
            if len(pair) == 2:
                pairs[pair[0], pair[1]] = None
            advance(1)
        shapes = [shape for shape in known.values() if shape is not None]
        self._require(len(shapes), len({shape[:2] for shape in shapes}))
        return list(pairs)

    def _decode(self, listed: Path, advance: Callable[[int], None]) -> None:
        count = sum(1 for _ in _read(self.source))
        self._require(count, 1)
        starts = spread(count - 1, self.most)
        wanted = sorted({frame for start in starts for frame in (start, start + 1)})
        self._store.mkdir(parents=True, exist_ok=True)
        needed, kept = set(wanted), set()
        for number, frame in _read(self.source):
            if frame is not None and number in needed:
                io.write_image(self._store / f"{number:06d}.png", frame)
                kept.add(number)
                advance(number in starts)
        lost = [number for number in wanted if number not in kept]
        if lost:
            told = f"{self.source}: {len(lost)} frames cannot be decoded and are skipped, the first is {lost[0]}"
            warnings.warn(told, UserWarning, stacklevel=2)
        pairs = [(f"{s:06d}.png", f"{s + 1:06d}.png") for s in starts if {s, s + 1} <= kept]
        self._require(2 * len(pairs), 1)
        passing = listed.with_suffix(".tmp")
        passing.write_text(json.dumps(pairs), encoding="utf-8")
        passing.replace(listed)

    def _require(self, frames: int, sizes: int) -> None:
        if frames < 2:
            raise ValueError(f"{self.source}: {frames} frames can be read; flow needs 2 or more that follow each other")
        if sizes > 1:
            raise ValueError(f"{self.source}: frames differ in size; the frames of one video do not: sort them out")


def rgb(frame0: Image, frame1: Image) -> tuple[Frame, Frame]:
    """Both frames as uint8 (H, W, 3), from any dtype, grey or coloured; floats by their joint range."""
    rounded = [np.rint(levels).astype(np.uint8) for levels in levels_of(frame0, frame1)]
    first, second = (np.repeat(each[..., None], 3, axis=2) if each.ndim == 2 else each for each in rounded)
    return first, second


def images_in(folder: Path, what: str) -> list[Path]:
    """The images of a folder, in the order of the numbers in their names. ValueError where there is no such folder."""
    if not folder.is_dir():
        of_video = "; of a video: ffmpeg -i VIDEO FOLDER/%05d.png" if folder.is_file() else ""
        raise ValueError(f"{folder} is no folder; give one of {what} ({', '.join(IMAGES)}){of_video}")
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in IMAGES), key=by_numbers)


def by_numbers(path: Path) -> tuple[Any, ...]:
    """By the numbers in the name: frame_2 comes before frame_10."""
    parts = re.split(r"(\d+)", path.name)
    return (*((int(part), part) if part.isdigit() else (-1, part) for part in parts),)


def spread(count: int, most: int) -> list[int]:
    """At most `most` of 0 … count − 1, spread evenly."""
    if count <= most:
        return list(range(count))
    return [int((i + 0.5) * count / most) for i in range(most)]


def _read(source: Path) -> Iterator[tuple[int, Frame | None]]:
    """Each frame of a video by number, RGB; None where it cannot be decoded."""
    try:
        frames = read_frames(source)
    except io.FormatError as error:
        told = f"{source} is no video that can be read; make a folder of frames: ffmpeg -i VIDEO f_%05d.png"
        raise ValueError(told) from error
    for frame in frames:
        yield frame.number, None if frame.image is None else rgb(frame.image, frame.image)[0]
