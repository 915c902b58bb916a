"""Single frames of a video, by number."""

from __future__ import annotations

from pathlib import Path

from .. import io
from ..images import Image
from ..io.frames import read_frames


def frame_at(path: Path, number: int) -> Image:
    """A frame by its number from 0, decoded from the beginning on: seeking is not exact in all videos.

    FormatError where the video is none, ends before, or the frame is damaged.
    """
    for frame in read_frames(path):
        if frame.number == number:
            if frame.image is None:
                raise io.FormatError(path, f"frame {number} {frame.problem}", "a whole frame")
            return frame.image
        if frame.number > number:
            break
    raise io.FormatError(path, f"has no frame {number}", "a video of more frames")
