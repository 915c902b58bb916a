"""SUN RGB-D: rooms by four depth cameras (Song et al., CVPR 2015)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..images import Image
from ..io._files import read_text
from ..io.scaled import read_grey
from ..results import Depth
from ..samples import DepthSample
from ._base import DatasetError, Listed
from ._files import depth_map, fitting, optional, pictures, read_camera

_FARTHEST_M = 8.0


class SUNRGBD(Listed[DepthSample, Path]):
    """One sample per image, named by its folder (``kv1/NYUdata/NYU0001``); the scene's type is the category.

    A stored depth is millimetres with its bits turned by three, 0 unknown; what lies beyond 8 m is unknown here, where
    the toolbox sets it to 8 m. Sensors' images differ in size.

    Args:
        path: the folder ``SUNRGBD``, one that holds it, or a folder below it.
        raw: take the sensors' own depth (``depth``) instead of the filled one (``depth_bfx``).

    Raises:
        DatasetError: when there is no image; the message tells the layout.
    """

    layout = (
        "kv1/NYUdata/NYU0001/image/NYU0001.jpg, depth/NYU0001.png, depth_bfx/NYU0001.png, intrinsics.txt, scene.txt"
    )

    def __init__(self, path: str | Path, *, raw: bool = False) -> None:
        self.raw = raw
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        root = self.path / "SUNRGBD" if (self.path / "SUNRGBD").is_dir() else self.path
        folders = sorted(file.parent for file in root.rglob("intrinsics.txt"))
        scenes = [folder for folder in folders if (folder / "image").is_dir()]
        return {s.name if s == root else s.relative_to(root).as_posix(): s for s in scenes}

    def read(self, name: str) -> DepthSample:
        """Read one image with its depth."""
        folder = self._of(name)
        file = _only(folder / "image", self.layout)
        image = io.read_image(file)
        room = folder / ("depth" if self.raw else "depth_bfx")
        return DepthSample(
            name=name,
            image=image,
            camera=read_camera(folder / "intrinsics.txt", image),
            depth=_depth(_only(room, self.layout), image) if room.is_dir() else None,
            category=optional(folder / "scene.txt", _scene),
        )


def _only(folder: Path, layout: str) -> Path:
    files = pictures(folder)
    if len(files) != 1:
        raise DatasetError(f"{folder} holds {len(files)} images; expected one, as in {layout}")
    return files[0]


def _depth(path: Path, image: Image) -> Depth:
    stored = read_grey(path)
    if stored.dtype != np.uint16:
        raise io.FormatError(path, f"holds {stored.dtype}", "16 bits, millimetres with their bits turned by three")
    fitting(path, stored.shape, image)
    m = ((stored >> 3) | (stored << 13)) / 1000.0
    return depth_map(path, np.where(m <= _FARTHEST_M, m, np.nan), image)


def _scene(path: Path) -> str:
    return read_text(path, "the scene's type").strip()
