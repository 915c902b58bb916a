"""SYNS-Patches: views of laser panoramas, the Monocular Depth Estimation Challenge's (Spencer et al., TMLR 2022)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera
from ..images import Image
from ..io._arrays import read_npy
from ..io._files import below, read_bytes, read_text
from ..samples import DepthSample
from ._base import DatasetError, Listed
from ._files import depth_map, mask_map, optional

_SPLIT, _INFO = "lines '01 00.png': scene and image", "a line 'Scene Category: Agriculture: Orchard', the second"
_DEPTH = "depth (H, W) in metres, 0 where it is unknown"
#: Published: 84.10 by 25.46 degrees around the centre of 1242x376 pixels.
_SIZE, _VIEW_DEG = (376, 1242), (25.46, 84.10)


class SYNSPatches(Listed[DepthSample, Path]):
    """One sample per view, named ``01/00``; its scene's category, "Agriculture" and such, and the mask "edges".

    The camera follows from the published fields of view of images of 1242x376, its centre at half of width and height
    as in the authors' code.

    Args:
        path: the folder of scenes.
        split: only the views that ``splits/SPLIT_files.txt`` lists, as "val" or "test"; None: all. The truth of "test"
            is not published.

    Raises:
        DatasetError: when there is no view; the message tells the layout. FormatError for a damaged list.
    """

    layout = (
        "01/images/00.png with depths/00.npy, edges/00.png and a .txt that tells the category, and splits/val_files.txt"
    )

    def __init__(self, path: str | Path, *, split: str | None = None) -> None:
        self.split = split
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        if self.split is None:
            files = sorted(self.path.glob("*/images/*.png"))
            return {f"{file.parents[1].name}/{file.stem}": file for file in files}
        listing = self.path / "splits" / f"{self.split}_files.txt"
        if not listing.is_file():
            raise DatasetError(f"{listing} does not exist, which tells the split; expected {self.layout}")
        found = {}
        for line in read_text(listing, _SPLIT).splitlines():
            words = line.split()
            if len(words) not in (0, 2):
                raise io.FormatError(listing, f"a line is {line[:60]!r}", _SPLIT)
            if words:
                scene, file = words
                found[f"{scene}/{Path(file).stem}"] = below(self.path, f"{scene}/images/{file}", listing)
        return found

    def read(self, name: str) -> DepthSample:
        """Read one view."""
        file = self._of(name)
        scene, image = file.parents[1], io.read_image(file)
        edges = optional(scene / "edges" / file.name, mask_map, image)
        return DepthSample(
            name=name,
            image=image,
            camera=_camera(image),
            depth=optional(scene / "depths" / f"{file.stem}.npy", lambda path: depth_map(path, _flat(path), image)),
            masks={} if edges is None else {"edges": edges},
            category=_category(scene),
        )


def _flat(path: Path) -> np.ndarray:
    values = read_npy(path, _DEPTH)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim != 2:
        raise io.FormatError(path, f"has the shape {values.shape}", _DEPTH)
    return values


def _camera(image: Image) -> Camera | None:
    if image.shape[:2] != _SIZE:
        return None
    (height, width), (down, across) = _SIZE, np.radians(_VIEW_DEG)
    fx, fy = width / 2 / np.tan(across / 2), height / 2 / np.tan(down / 2)
    return Camera(width=width, height=height, fx=float(fx), fy=float(fy), cx=width / 2, cy=height / 2)


def _category(scene: Path) -> str | None:
    path = next(iter(sorted(scene.glob("*.txt"))), None)
    if path is None:
        return None
    lines = read_bytes(path, _INFO).decode("latin-1").splitlines()
    if len(lines) < 2 or not lines[1].startswith("Scene Category: "):
        raise io.FormatError(path, "tells no category", _INFO)
    told = lines[1].removeprefix("Scene Category: ")
    return told.partition(": ")[0].partition(" - ")[0].strip()
