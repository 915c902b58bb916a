"""The Middlebury stereo data sets of 2001, 2003, 2005, 2006, 2014, 2021 and of the evaluation v3, as downloaded."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from .. import io
from ..images import Image, Mask
from ..samples import StereoSample
from ._base import Dataset, empty, existing_folder
from ._files import fitting, partner
from ._middlebury_truth import coarse, exact, rig_2005
from ._occlusion import cross_check

#: Left and right image of a scene, newest layout first.
_PAIRS = (
    ("im0.png", "im1.png"),
    ("view1.png", "view5.png"),
    ("im2.png", "im6.png"),
    ("im2.ppm", "im6.ppm"),
)
_LAYOUT = (
    "scenes with im0.png, im1.png, disp0.pfm or disp0GT.pfm, calib.txt (2014, 2021, evaluation v3), "
    "view1.png, view5.png, disp1.png (2005, 2006), im2.png, im6.png, disp2.png (2003) or "
    "im2.ppm, im6.ppm, disp2.pgm (2001)"
)


class Middlebury(Dataset[StereoSample]):
    """Scenes at `path`, up to two folders below it, or `path` itself, named by their path from there.

    2014, 2021, v3: exact truth in PFM, rig and ndisp from ``calib.txt``, occlusion from ``mask0nocc.png`` (255 seen,
    128 occluded) or, without it, from the truth of both views. 2005, 2006, 2003, 2001: 8-bit truth whose scale follows
    from the image height, occlusion from the truth of both views; 2005 has a rig where ``dmin.txt`` lies in the scene
    (focal length 3740 px at full size, baseline 160 mm, principal point taken at the image centre).

    Args:
        path: a scene, or a folder of scenes.
        scale: stored value = disparity · scale, for 8-bit truth of images of unusual height.

    Raises:
        DatasetError: when there is no scene; the message tells the layouts.
    """

    def __init__(self, path: str | Path, *, scale: float | None = None) -> None:
        self.path = existing_folder(path, _LAYOUT)
        self.scale = scale
        if not self._scenes:
            raise empty(self.path, _LAYOUT)

    @cached_property
    def _scenes(self) -> dict[str, tuple[Path, str, str]]:
        scenes = {}
        for folder in (self.path, *sorted(self.path.glob("*/")), *sorted(self.path.glob("*/*/"))):
            for left, right in _PAIRS:
                if (folder / left).is_file() and (folder / right).is_file():
                    name = self.path.name if folder == self.path else folder.relative_to(self.path).as_posix()
                    scenes[name] = (folder, left, right)
                    break
        return scenes

    @property
    def names(self) -> list[str]:
        """Scene names in order."""
        return list(self._scenes)

    def read(self, name: str) -> StereoSample:
        """Read one scene."""
        scene, left_name, right_name = self._scenes[name]
        left = io.read_image(scene / left_name)
        right = partner(scene / right_name, left)
        if left_name == "im0.png":
            return _read_exact(name, scene, left, right)
        first, second = left_name[-5], right_name[-5]
        endings = "pgm" if left_name.endswith(".ppm") else "png"
        truth, truth_right = (
            coarse(scene / f"disp{n}.{endings}", left, left_name, self.scale) for n in (first, second)
        )
        return StereoSample(
            name=name,
            left=left,
            right=right,
            rig=rig_2005(scene, left) if left_name == "view1.png" else None,
            disparity=truth,
            disparity_right=truth_right,
            occluded=None if truth is None or truth_right is None else cross_check(truth, truth_right),
        )


def _read_exact(name: str, scene: Path, left: Image, right: Image) -> StereoSample:
    truth, truth_right = (exact(scene, view, left) for view in (0, 1))
    calib = scene / "calib.txt"
    calibration = io.read_middlebury_calib(calib) if calib.exists() else None
    if calibration is not None:
        fitting(calib, (calibration.rig.left.height, calibration.rig.left.width), left)
    mask_path = scene / "mask0nocc.png"
    occluded: Mask | None = None
    if mask_path.exists():
        occluded = np.asarray(io.read_scaled(mask_path, scale=1, invalid=None) == 128)
        fitting(mask_path, occluded.shape, left)
    elif truth is not None and truth_right is not None:
        occluded = cross_check(truth, truth_right)
    return StereoSample(
        name=name,
        left=left,
        right=right,
        rig=None if calibration is None else calibration.rig,
        disparity=truth,
        disparity_right=truth_right,
        occluded=occluded,
        max_disparity=None if calibration is None else calibration.ndisp,
    )
