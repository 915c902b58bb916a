"""DIODE: dense depth of a laser scanner, indoors and outdoors (Vasiljevic et al., 2019)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera
from ..images import Image
from ..io._arrays import read_npy
from ..results import Depth
from ..samples import DepthSample
from ._base import Listed
from ._files import depth_map, fitting

#: Published with the development kit, for 1024x768.
CAMERA = Camera(width=1024, height=768, fx=886.81, fy=927.06, cx=512.0, cy=384.0)


class DIODE(Listed[DepthSample, Path]):
    """One sample per crop, named by its path without ending; the category is "indoors" or "outdoor".

    Depth is in metres, unknown where ``_depth_mask.npy`` is 0. Whether it is z or the length of the ray is not told in
    the kit; it is taken as z. The camera is the one published for all crops of 1024x768.

    Args:
        path: the folder that holds ``train`` or ``val``, one of these, or a folder below.

    Raises:
        DatasetError: when there is no crop; the message tells the layout.
    """

    layout = (
        "val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010.png with …_depth.npy and …_depth_mask.npy "
        "beside it"
    )

    def _found(self) -> dict[str, Path]:
        files = sorted(
            file for file in self.path.rglob("*.png") if "_indoors_" in file.stem or "_outdoor_" in file.stem
        )
        return {file.relative_to(self.path).with_suffix("").as_posix(): file for file in files}

    def read(self, name: str) -> DepthSample:
        """Read one crop."""
        file = self._of(name)
        image = io.read_image(file)
        truth = file.with_name(f"{file.stem}_depth.npy")
        return DepthSample(
            name=name,
            image=image,
            camera=CAMERA if image.shape[:2] == (CAMERA.height, CAMERA.width) else None,
            depth=_depth(truth, file.with_name(f"{file.stem}_depth_mask.npy"), image) if truth.is_file() else None,
            category="indoors" if "_indoors_" in file.stem else "outdoor",
        )


def _depth(path: Path, mask: Path, image: Image) -> Depth:
    values, known = (
        _flat(each, read_npy(each, f"an array of the image's size ({each.stem})")) for each in (path, mask)
    )
    fitting(mask, known.shape, image)
    fitting(path, values.shape, image)
    return depth_map(path, np.where(known != 0, values, np.nan), image)


def _flat(path: Path, array: np.ndarray) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] == 1:
        return array[..., 0]
    if array.ndim != 2:
        raise io.FormatError(path, f"has the shape {array.shape}", "(H, W) or (H, W, 1)")
    return array
