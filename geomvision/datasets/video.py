"""A video without truth, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

from .. import io
from ..cameras import Camera
from ..images import Image
from ..io.frames import read_frames
from ..samples import DepthSample, FlowSample
from ._base import Dataset, DatasetError
from ._files import fitting
from ._video import frame_at

Task = Literal["depth", "flow"]
_EXPECTED = "a video that tells how many frames it has"


class Video(Dataset[DepthSample | FlowSample]):
    """One sample per frame ("depth"), or per frame and the next ("flow"), named by number, ``000000`` and on.

    Iterating decodes each frame once; a sample by name decodes from the beginning on, since seeking is not exact in all
    videos. `camera` is that of all frames; None where nobody knows it.

    Raises:
        DatasetError: when there is no such video, or it does not tell its length. FormatError, when read, for a frame
            that is damaged, or of another size than the camera. ValueError for another task.
    """

    def __init__(self, path: str | Path, *, task: Task = "depth", camera: Camera | None = None) -> None:
        if task not in ("depth", "flow"):
            raise ValueError(f"task is {task!r}; allowed are depth, flow")
        self.path, self.task, self.camera = Path(path), task, camera
        if not self.path.is_file():
            raise DatasetError(f"{self.path} is no file; expected {_EXPECTED}")
        if not self.names:
            raise DatasetError(f"{self.path} does not tell its length, or is of one frame; expected {_EXPECTED}")

    @cached_property
    def _count(self) -> int:
        total = read_frames(self.path).total or 0
        return total if self.task == "depth" else total - 1

    @property
    def names(self) -> list[str]:
        """Numbers of the frames, in order."""
        return [f"{number:06d}" for number in range(self._count)]

    def read(self, name: str) -> DepthSample | FlowSample:
        """Read one frame, or two."""
        number = int(name)
        later = frame_at(self.path, number + 1) if self.task == "flow" else None
        return self._sample(name, frame_at(self.path, number), later)

    def __iter__(self) -> Iterator[DepthSample | FlowSample]:
        before: Image | None = None
        for frame in read_frames(self.path):
            if frame.image is None:
                raise io.FormatError(self.path, f"frame {frame.number} {frame.problem}", "whole frames")
            if self.task == "depth" and frame.number < self._count:
                yield self._sample(f"{frame.number:06d}", frame.image, None)
            elif self.task == "flow" and before is not None and frame.number <= self._count:
                yield self._sample(f"{frame.number - 1:06d}", before, frame.image)
            before = frame.image

    def _sample(self, name: str, image: Image, later: Image | None) -> DepthSample | FlowSample:
        if self.camera is not None:
            fitting(self.path, (self.camera.height, self.camera.width), image)
        if later is None:
            return DepthSample(name=name, image=image, camera=self.camera)
        return FlowSample(name=name, frame0=image, frame1=later, camera=self.camera)
