"""ReDWeb: relative depth of stereo photographs from the web (Xian et al., CVPR 2018)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..images import Image
from ..io.scaled import read_grey
from ..results import RelativeDepth
from ..samples import DepthSample
from ._base import Listed
from ._files import fitting, if_there, pictures


class ReDWeb(Listed[DepthSample, tuple[Path, Path]]):
    """One sample per photograph with relative disparity, up to scale and shift (`relative`).

    A stored value grows with distance: disparity is taken as 255 minus the value, and 255 itself, the sky, as unknown,
    as those who train on it do; the archive says neither.

    Args:
        path: the folder ``ReDWeb_V1``.

    Raises:
        DatasetError: when there is no photograph with truth; the message tells the layout.
    """

    layout = "Imgs/NAME.jpg and RDs/NAME.png"

    def _found(self) -> dict[str, tuple[Path, Path]]:
        root = self.path / "ReDWeb_V1" if (self.path / "ReDWeb_V1").is_dir() else self.path
        truths = {file.stem: if_there(root / "RDs" / f"{file.stem}.png") for file in pictures(root / "Imgs")}
        files = {file.stem: file for file in pictures(root / "Imgs")}
        return {stem: (files[stem], truth) for stem, truth in truths.items() if truth is not None}

    def read(self, name: str) -> DepthSample:
        """Read one photograph."""
        file, truth = self._of(name)
        image = io.read_image(file)
        return DepthSample(name=name, image=image, relative=_relative(truth, image))


def _relative(path: Path, image: Image) -> RelativeDepth:
    stored = read_grey(path)
    if stored.dtype != np.uint8:
        raise io.FormatError(path, f"holds {stored.dtype}", "8 bits, growing with distance")
    fitting(path, stored.shape, image)
    return RelativeDepth(values=np.where(stored == 255, np.nan, 255.0 - stored), kind="disparity_affine")
