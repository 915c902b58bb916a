"""NYU Depth v2: Kinect images of rooms (Silberman et al., ECCV 2012), the labelled .mat or folders of images."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from .. import io
from ..cameras import Camera
from ..images import Image
from ..samples import DepthSample
from ._base import DatasetError, Listed
from ._files import depth_map
from ._nyu_mat import chosen_of, image_and_depth, image_count, scene_types

#: The colour camera of the published toolbox, 640x480.
CAMERA = Camera(width=640, height=480, fx=518.857901, fy=519.469611, cx=325.582449, cy=253.736166)
#: How folders call an image and its depth.
_PAIRS = (("rgb_*.jpg", "rgb_", "sync_depth_"), ("*_colors.png", "_colors", "_depth"))


class NYUv2(Listed[DepthSample, "int | tuple[Path, Path]"]):
    """One sample per image with depth in metres, and the published colour camera where images are of 640x480.

    Of the labelled ``.mat`` (reading needs h5py) names are ``0001`` to ``1449``; its arrays lie there with reversed
    axes; the scene's type is the category. Of folders: ``rgb_00045.jpg`` with ``sync_depth_00045.png``, or
    ``00000_colors.png`` with ``00000_depth.png``, in millimetres, 16 bits; folders are categories there. The camera is
    taken as the toolbox prints it, though it may count pixels from 1.

    Args:
        path: the .mat file, the folder that holds it, or a folder of images.
        splits: the toolbox's ``splits.mat``, and
        split: which of them is taken of the .mat: "train" or "test"; None: all.
        raw: take the .mat's ``rawDepths``, with gaps, instead of ``depths``, which are filled.

    Raises:
        DatasetError: when there is no sample; the message tells the layout. FormatError for a damaged .mat.
    """

    layout = (
        "nyu_depth_v2_labeled.mat, or folders with rgb_00045.jpg and sync_depth_00045.png, or with 00000_colors.png "
        "and 00000_depth.png"
    )

    def __init__(
        self,
        path: str | Path,
        *,
        splits: str | Path | None = None,
        split: Literal["train", "test"] | None = None,
        raw: bool = False,
    ) -> None:
        if split not in (None, "train", "test") or (split is None) != (splits is None):
            raise ValueError(f"split is {split!r}, splits {splits}; give both ('train' or 'test'), or none")
        self.split, self.splits, self.raw = split, splits, raw
        file = Path(path)
        mat = file if file.is_file() else file / "nyu_depth_v2_labeled.mat"
        self._mat = mat if mat.is_file() else None
        super().__init__(file.parent if file.is_file() else file)

    def _found(self) -> dict[str, int | tuple[Path, Path]]:
        if self._mat is None:
            if self.split is not None:
                raise DatasetError(f"{self.path}: splits are of the .mat; expected nyu_depth_v2_labeled.mat")
            return self._pairs()
        count = image_count(self._mat)
        chosen = np.arange(count) if self.splits is None else chosen_of(Path(self.splits), str(self.split), count)
        return {f"{number + 1:04d}": int(number) for number in chosen}

    def _pairs(self) -> dict[str, int | tuple[Path, Path]]:
        found: dict[str, int | tuple[Path, Path]] = {}
        for pattern, colour, depth in _PAIRS:
            for file in sorted(self.path.rglob(pattern)):
                partner = file.with_name(f"{file.stem.replace(colour, depth)}.png")
                if partner.is_file():
                    found[file.relative_to(self.path).with_suffix("").as_posix()] = (file, partner)
        return found

    @cached_property
    def _types(self) -> list[str]:
        return [] if self._mat is None else scene_types(self._mat)

    def read(self, name: str) -> DepthSample:
        """Read one image with its depth."""
        entry = self._of(name)
        if isinstance(entry, tuple):
            image = io.read_image(entry[0])
            depth = depth_map(entry[1], io.read_scaled(entry[1], scale=1000.0), image)
            folder = name.rpartition("/")[0].rpartition("/")[2]
            camera = _camera(image)
            return DepthSample(name=name, image=image, camera=camera, depth=depth, category=folder or None)
        assert self._mat is not None
        image, m = image_and_depth(self._mat, entry, "rawDepths" if self.raw else "depths")
        types = self._types
        return DepthSample(
            name=name,
            image=image,
            camera=_camera(image),
            depth=depth_map(self._mat, m, image),
            category=types[entry] if entry < len(types) else None,
        )


def _camera(image: Image) -> Camera | None:
    return CAMERA if image.shape[:2] == (CAMERA.height, CAMERA.width) else None
