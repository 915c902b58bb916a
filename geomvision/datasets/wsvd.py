"""WSVD: stereo videos from the web, side by side, without truth (Wang et al., 3DV 2019)."""

from __future__ import annotations

import io as streams
import pickle
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import io
from ..images import Image
from ..io._files import naming, read_bytes
from ..samples import StereoSample
from ._base import Listed
from ._files import if_there
from ._video import frame_at

_LIST = "a pickled list of dicts with 'name' and 'clips', each of these with 'frames'; plain values alone"


class WSVD(Listed[StereoSample, tuple[Path, int]]):
    """One sample per listed frame of a video that is there, named ``Z7p1Qiq6SkM/0/000123``: video, clip, frame.

    A frame holds both views side by side at half their width, left first; each half is stretched to the whole width.
    Nobody told which video has them swapped or one above the other; no truth and no camera is published, only which
    frames belong to clips. That list is a pickle: what is in it is not run, and any other than plain values is refused.

    Args:
        path: the folder of the lists, videos beside them or in ``wsvd/`` or ``videos/``.
        split: "train" or "test".

    Raises:
        DatasetError: when no listed video is there; the message tells the layout. FormatError for a damaged list.
    """

    layout = "wsvd_train_clip_frame_ids.pkl, wsvd_test_clip_frame_ids.pkl and videos wsvd/Z7p1Qiq6SkM.mp4"

    def __init__(self, path: str | Path, *, split: Literal["train", "test"] = "test") -> None:
        if split not in ("train", "test"):
            raise ValueError(f"split is {split!r}; allowed are train, test")
        self.split = split
        super().__init__(path)

    @cached_property
    def _clips(self) -> Sequence[Mapping[str, Any]]:
        path = self.path / f"wsvd_{self.split}_clip_frame_ids.pkl"
        return _plain(path) if path.is_file() else []

    def _found(self) -> dict[str, tuple[Path, int]]:
        path, found = self.path / f"wsvd_{self.split}_clip_frame_ids.pkl", {}
        with naming(path, _LIST):
            for each in self._clips:
                name = str(each["name"]).partition(".")[0]
                video = self._video(name) if name.replace("-", "").replace("_", "").isalnum() else None
                for number, clip in enumerate(each["clips"] if video else ()):
                    for frame in (int(value) for value in clip["frames"]):
                        assert video is not None
                        found[f"{name}/{number}/{frame:06d}"] = (video, frame)
        return found

    def _video(self, name: str) -> Path | None:
        places = (
            self.path / room / f"{name}{e}" for room in ("wsvd", "videos", ".") for e in (".mp4", ".mkv", ".webm")
        )
        return next((place for place in places if if_there(place)), None)

    def read(self, name: str) -> StereoSample:
        """Read one frame, cut in two."""
        video, number = self._of(name)
        image = frame_at(video, number)
        half = image.shape[1] // 2
        if half < 1:
            raise io.FormatError(video, f"frame {number} is one pixel wide", "two views side by side")
        return StereoSample(name=name, left=_stretched(image[:, :half]), right=_stretched(image[:, half : 2 * half]))


def _stretched(half: Image) -> Image:
    """Twice as wide, each column twice: no value is made up."""
    return np.ascontiguousarray(np.repeat(half, 2, axis=1))


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _plain(path: Path) -> Sequence[Mapping[str, Any]]:
    data = read_bytes(path, _LIST)
    try:
        found = _Plain(streams.BytesIO(data)).load()
    except Exception as error:  # damaged pickles fail in every way there is
        raise io.FormatError(path, f"is no such list ({error})", _LIST) from error
    if not isinstance(found, list):
        raise io.FormatError(path, f"holds a {type(found).__name__}", _LIST)
    return found
