"""Booster: mirrors, glass and other surfaces that stereo fails on, in 12 Mpx (Zama Ramirez et al., CVPR 2022)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import StereoRig
from ..images import Image, Mask
from ..io._arrays import read_npy
from ..io._files import naming
from ..io._xml import read_xml
from ..io.scaled import read_grey
from ..results import Disparity
from ..samples import StereoSample
from ._base import Listed
from ._files import camera_of, disparity_map, fitting, optional, partner
from ._occlusion import cross_check

#: Width and height of the published images, which calibrations are of.
_WHOLE = (4112, 3008)
_CALIB = "OpenCV's XML with proj_matL (3x4), proj_matR (3x4) and baselineLR (mm)"


class Booster(Listed[StereoSample, Path]):
    """One sample per lighting of a scene of the balanced set, named ``Bathroom/im0``.

    Truth that is not positive is unknown; occlusion is from the truth of both views. Masks "class 0" to "class 3", from
    surfaces that scatter light to those that let it through, are those of ``mask_cat.png``. Images may be of the whole
    4112x3008 pixels, as truth is, or made smaller with it by yourself: the rig is that of the images, made smaller with
    them where its principal point, far from their middle, tells that it was not. The unbalanced set, whose views differ
    in size, is left out. Baselines are millimetres, as in published code.

    Args:
        path: the folder that holds ``train/balanced``, that folder itself, or a scene.

    Raises:
        DatasetError: when there is no pair; the message tells the layout.
    """

    layout = (
        "train/balanced/Bathroom/camera_00/im0.png and camera_02/im0.png, disp_00.npy, disp_02.npy, mask_cat.png and "
        "calib_00-02.xml"
    )

    def _found(self) -> dict[str, Path]:
        patterns = (
            "camera_00/*.png",
            "*/camera_00/*.png",
            "balanced/*/camera_00/*.png",
            "*/balanced/*/camera_00/*.png",
        )
        files = [file for pattern in patterns for file in sorted(self.path.glob(pattern))]
        whole = [file for file in files if _right(file).is_file()]
        return {f"{file.resolve().parents[1].name}/{file.stem}": file for file in whole}

    def read(self, name: str) -> StereoSample:
        """Read one pair."""
        file = self._of(name)
        scene, left = file.parents[1], io.read_image(file)
        truths = [optional(scene / f"disp_{view}.npy", _disparity, left) for view in ("00", "02")]
        both = None not in truths
        return StereoSample(
            name=name,
            left=left,
            right=partner(_right(file), left),
            rig=optional(scene / "calib_00-02.xml", _rig, left),
            disparity=truths[0],
            disparity_right=truths[1],
            occluded=cross_check(*truths) if both else None,
            masks=optional(scene / "mask_cat.png", _classes, left) or {},
        )


def _right(left: Path) -> Path:
    return left.parents[1] / "camera_02" / left.name


def _disparity(path: Path, image: Image) -> Disparity:
    px = read_npy(path, "disparities (H, W), pixels")
    fitting(path, px.shape, image)
    return disparity_map(path, px, image, px > 0)


def _classes(path: Path, image: Image) -> dict[str, Mask]:
    values = read_grey(path)
    fitting(path, values.shape, image)
    return {f"class {value}": values == value for value in np.unique(values)}


def _rig(path: Path, image: Image) -> StereoRig:
    root = read_xml(path, _CALIB)
    with naming(path, _CALIB):
        left, right = (_matrix(root.findtext(f"proj_mat{side}/data")) for side in "LR")
        baseline = float(root.findtext("baselineLR") or "nan") / 1000.0
        camera = camera_of(path, left[:, :3], image, _WHOLE)
        doffs_px = (right[0, 2] - left[0, 2]) * camera.fx / left[0, 0]
        return StereoRig.rectified(camera, baseline, float(doffs_px))


def _matrix(text: str | None) -> np.ndarray:
    return np.array([float(word) for word in (text or "").split()]).reshape(3, 4)
