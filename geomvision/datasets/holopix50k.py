"""Holopix50k: stereo pairs of phones from the wild, without truth (Hua et al., CVPR Workshops 2020)."""

from __future__ import annotations

from pathlib import Path

from .. import io
from ..samples import StereoSample
from ._base import Listed
from ._files import partner, pictures


class Holopix50k(Listed[StereoSample, tuple[Path, Path]]):
    """One sample per pair, named by its part and number (``train/-L0a…``); no truth and no rig is published.

    Pairs were rectified on the phone, and disparities have both signs: scenes converge somewhere in the middle.

    Args:
        path: the folder that holds ``train``, ``val`` and ``test``, or one of these.

    Raises:
        DatasetError: when there is no pair; the message tells the layout.
    """

    layout = "train/left/NAME_left.jpg and train/right/NAME_right.jpg (val/, test/ alike)"

    def _found(self) -> dict[str, tuple[Path, Path]]:
        found = {}
        for part in (self.path, *(self.path / each for each in ("train", "val", "test"))):
            for left in pictures(part / "left"):
                stem = left.stem.removesuffix("_left")
                names = (f"{stem}_right{left.suffix}", left.name)
                right = next((part / "right" / each for each in names if (part / "right" / each).is_file()), None)
                if right is not None:
                    found[stem if part == self.path else f"{part.name}/{stem}"] = (left, right)
        return found

    def read(self, name: str) -> StereoSample:
        """Read one pair."""
        left, right = self._of(name)
        image = io.read_image(left)
        return StereoSample(name=name, left=image, right=partner(right, image))
