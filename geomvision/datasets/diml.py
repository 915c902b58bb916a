"""DIML/CVL: rooms by Kinect v2, streets by a ZED stereo camera (Cho et al., 2021)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..images import Image, Mask
from ..results import Depth
from ..samples import DepthSample
from ._base import Listed
from ._files import depth_map, fitting, if_there


class DIML(Listed[DepthSample, tuple[Path, Path, Path | None]]):
    """One sample per image with depth in millimetres, named by its path; the category is "indoor" or "outdoor".

    Indoors depth was filled (``depth_filled``); outdoors it is from stereo, and known where the confidence map is not
    dark: at least `confidence` of its largest value. Cameras are not read: their files could not be made sure.

    Args:
        path: the folder of either part, or any that holds it.
        confidence: share of the confidence map's range, 0 to 1, below which outdoor depth counts as unknown.

    Raises:
        DatasetError: when there is no image with depth; the message tells the layout. ValueError for another share.
    """

    layout = (
        "indoors LR/1. room/color/NAME_c.png and depth_filled/NAME_depth_filled.png (or col/ and up_png/), outdoors "
        "outleft/NAME.png, depthmap/NAME.png and confidencemap/NAME.png"
    )

    def __init__(self, path: str | Path, *, confidence: float = 0.6) -> None:
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence is {confidence}; it must be 0 to 1")
        self.confidence = confidence
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, Path, Path | None]]:
        found: dict[str, tuple[Path, Path, Path | None]] = {}
        for file in sorted(self.path.rglob("*.png")):
            scene, room = file.parents[1] if len(file.parents) > 1 else file.parent, file.parent.name
            if room == "outleft":
                truth, sure = scene / "depthmap" / file.name, if_there(scene / "confidencemap" / file.name)
            elif room in ("color", "col"):
                stem, sure = file.stem.removesuffix("_c"), None
                filled = scene / "depth_filled" / f"{stem}_depth_filled.png"
                truth = filled if filled.is_file() else scene / "up_png" / f"{stem}_ud.png"
            else:
                continue
            if truth.is_file():
                found[file.relative_to(self.path).with_suffix("").as_posix()] = (file, truth, sure)
        return found

    def read(self, name: str) -> DepthSample:
        """Read one image with its depth."""
        file, truth, sure = self._of(name)
        image = io.read_image(file)
        depth = depth_map(truth, io.read_scaled(truth, scale=1000.0), image)
        if sure is not None:
            depth = Depth(m=np.where(self._sure(sure, image), depth.m, np.nan))
        category = "outdoor" if file.parent.name == "outleft" else "indoor"
        return DepthSample(name=name, image=image, depth=depth, category=category)

    def _sure(self, path: Path, image: Image) -> Mask:
        values = io.read_scaled(path, scale=1, invalid=None)
        fitting(path, values.shape, image)
        return np.asarray(values >= self.confidence * (255 if values.max() < 256 else 65535))
