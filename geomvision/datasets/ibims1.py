"""iBims-1: rooms with depth, edges and planes to judge depth from one image by (Koch et al., ECCV Workshops 2018)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera
from ..images import Mask
from ..io._files import naming
from ..io._mat5 import read_mat
from ..samples import DepthSample
from ._base import Listed
from ._files import camera_of, depth_map, fitting, mask_map, optional, read_camera

_FOLDERS = ("ibims1_core_raw", "ibims1_core_mat")
_SCALE = 65535.0 / 50.0
_WHOLE = (640, 480)  # width and height of the published images, which cameras are of
_MAT = "a .mat file of iBims-1: data with rgb, depth, calib, edges, mask_invalid, mask_transp"
_PLANES = ("wall", "floor", "table")


class IBims1(Listed[DepthSample, Path]):
    """One sample per image, named ``corridor_01``; the category is the name's first part.

    Depth is unknown where ``mask_invalid`` or ``mask_transp`` are 0, as in the published evaluation. Masks are "edges",
    and "wall", "floor" and "table" where an image has such planes. Of the raw archive depth is 50 m / 65535 a step;
    of the .mat archive it is in metres.

    Args:
        path: the folder that holds ``ibims1_core_raw`` or ``ibims1_core_mat``, or one of these.

    Raises:
        DatasetError: when there is no image; the message tells the layout.
    """

    layout = (
        "ibims1_core_raw/rgb/corridor_01.png with depth/, calib/corridor_01.txt, edges/, mask_invalid/, mask_transp/, "
        "or ibims1_core_mat/corridor_01.mat"
    )

    def _found(self) -> dict[str, Path]:
        for folder in (*(self.path / each for each in _FOLDERS), self.path):
            files = sorted((folder / "rgb").glob("*.png")) or sorted(folder.glob("*_*.mat"))
            if files:
                return {file.stem: file for file in files}
        return {}

    def read(self, name: str) -> DepthSample:
        """Read one image."""
        file = self._of(name)
        return _of_mat(name, file) if file.suffix == ".mat" else _of_images(name, file)


def _of_images(name: str, file: Path) -> DepthSample:
    root, image = file.parents[1], io.read_image(file)
    truth = root / "depth" / file.name
    depth = None
    if truth.is_file():
        m = io.read_scaled(truth, scale=_SCALE)
        fitting(truth, m.shape, image)
        for part in ("mask_invalid", "mask_transp"):
            m = np.where(mask_map(root / part / file.name, image), m, np.nan)
        depth = depth_map(truth, m, image)
    masks = {"edges": root / "edges" / file.name} | {each: root / f"mask_{each}" / file.name for each in _PLANES}
    found: dict[str, Mask] = {each: mask_map(path, image) for each, path in masks.items() if path.is_file()}
    camera: Camera | None = optional(root / "calib" / f"{name}.txt", read_camera, image, _WHOLE)
    return DepthSample(name=name, image=image, camera=camera, depth=depth, masks=found, category=name.partition("_")[0])


def _of_mat(name: str, file: Path) -> DepthSample:
    data = read_mat(file, "data", _MAT)
    with naming(file, _MAT), np.errstate(invalid="ignore"):
        image = np.ascontiguousarray(data["rgb"])
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"rgb is {image.dtype} {image.shape}")
        m = np.asarray(data["depth"], np.float64)
        fitting(file, m.shape, image)
        known = np.asarray(data["mask_invalid"], bool) & np.asarray(data["mask_transp"], bool)
        masks = {"edges": np.asarray(data["edges"], bool)}
        masks |= {each: np.asarray(plane) > 0 for each in _PLANES if np.ndim(plane := data.get(f"mask_{each}", 0))}
        for mask in (known, *masks.values()):
            fitting(file, mask.shape, image)
        camera = camera_of(file, np.asarray(data["calib"], np.float64), image, _WHOLE)
        depth = depth_map(file, np.where(known, m, np.nan), image)
    masks = {each: mask for each, mask in masks.items() if each == "edges" or mask.any()}
    return DepthSample(name=name, image=image, camera=camera, depth=depth, masks=masks, category=name.partition("_")[0])
