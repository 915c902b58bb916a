"""Middlebury's truth: exact in PFM from 2014 on, of 8 bits before; and the rig of 2005."""

from __future__ import annotations

from pathlib import Path

from .. import io
from ..cameras import Camera, StereoRig
from ..images import Image
from ..io._files import naming, read_text
from ..results import Disparity
from ._base import DatasetError
from ._files import disparity_map

#: Stored disparities are in full-size pixels; an image of this height holds them times this scale.
_SCALES = {
    "view1.png": {1110: 1.0, 555: 2.0, 370: 3.0},
    "im2.png": {1500: 1.0, 750: 2.0, 375: 4.0},
}
_FOCAL_2005_PX, _BASELINE_2005_M = 3740.0, 0.16


def coarse(path: Path, image: Image, left_name: str, scale: float | None) -> Disparity | None:
    """The truth of one view; its scale is told by the image's height where none is given. None where there is none."""
    if not path.exists():
        return None
    height = image.shape[0]
    if left_name == "im2.ppm":  # 2001: no unknown pixels, a stored 0 is a disparity
        return disparity_map(path, io.read_disparity(path, scale=scale or 8.0, invalid=None).px, image)
    scale = scale or _SCALES[left_name].get(height)
    if scale is None:
        usual = ", ".join(f"{h} ({s:g})" for h, s in _SCALES[left_name].items())
        raise DatasetError(f"{path}: the image is {height} rows high, not one of {usual}: give Middlebury(scale=…)")
    return disparity_map(path, io.read_disparity(path, scale=scale).px, image)


def rig_2005(scene: Path, image: Image) -> StereoRig | None:
    """Cropping took `dmin` full-size pixels from every disparity; without it metres are unknown."""
    path = scene / "dmin.txt"
    size = _SCALES["view1.png"].get(image.shape[0])
    if not path.exists() or size is None:
        return None
    try:
        dmin = float(read_text(path, "the number dmin"))
    except ValueError as error:
        raise io.FormatError(path, "holds no number", "dmin, the disparity removed by cropping, px") from error
    height, width = image.shape[:2]
    f = _FOCAL_2005_PX / size
    camera = Camera(width=width, height=height, fx=f, fy=f, cx=(width - 1) / 2, cy=(height - 1) / 2)
    with naming(path, "dmin, the disparity removed by cropping, px"):
        return StereoRig.rectified(camera, _BASELINE_2005_M, dmin / size)


def exact(scene: Path, view: int, image: Image) -> Disparity | None:
    """The truth of view 0 or 1; None where there is none."""
    for path in (scene / f"disp{view}.pfm", scene / f"disp{view}GT.pfm"):
        if path.exists():
            return disparity_map(path, io.read_disparity(path).px, image)
    return None
