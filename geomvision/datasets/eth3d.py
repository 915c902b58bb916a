"""ETH3D's low-resolution two-view benchmark (Schöps et al., CVPR 2017)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..io._files import naming
from ..samples import StereoSample
from ._base import Listed
from ._files import disparity_map, fitting, if_there, partner


class ETH3D(Listed[StereoSample, tuple[Path, Path]]):
    """One sample per scene, named as its folder; grey images, laser truth on part of the pixels.

    Truth lies with the images or in a folder beside theirs that ends in ``_gt``, as the two archives are extracted.
    Occlusion is from ``mask0nocc.png`` (255 seen, 128 occluded). The baseline in ``calib.txt`` is in millimetres, as
    measured (59.55 for a rig of 60 mm); its ``ndisp`` is the width of the image and says nothing.

    Args:
        path: the folder of scenes, one that holds ``two_view_training`` and ``two_view_training_gt``, or a scene.

    Raises:
        DatasetError: when there is no scene; the message tells the layout.
    """

    layout = (
        "two_view_training/delivery_area_1l/im0.png, im1.png and calib.txt, truth beside them or in "
        "two_view_training_gt/delivery_area_1l/disp0GT.pfm and mask0nocc.png"
    )

    def _found(self) -> dict[str, tuple[Path, Path]]:
        scenes = [self.path, *sorted(self.path.glob("*/")), *sorted(self.path.glob("*/*/"))]
        found = {}
        for scene in scenes:
            if all((scene / image).is_file() for image in ("im0.png", "im1.png")):
                beside = scene.parent.with_name(f"{scene.parent.name}_gt") / scene.name
                truth = next((each for each in (scene, beside) if (each / "disp0GT.pfm").is_file()), scene)
                found[scene.resolve().name] = (scene, truth)
        return found

    def read(self, name: str) -> StereoSample:
        """Read one scene."""
        scene, room = self._of(name)
        left, calib = io.read_image(scene / "im0.png"), scene / "calib.txt"
        truth, mask = room / "disp0GT.pfm", if_there(room / "mask0nocc.png")
        rig = io.read_middlebury_calib(calib).rig if calib.is_file() else None
        if rig is not None:
            fitting(calib, (rig.left.height, rig.left.width), left)
        hidden = None if mask is None else io.read_scaled(mask, scale=1, invalid=None) == 128
        if mask is not None and hidden is not None:
            fitting(mask, hidden.shape, left)
        with naming(truth, "a PFM of disparities"):
            known = None if not truth.is_file() else disparity_map(truth, io.read_disparity(truth).px, left)
        return StereoSample(
            name=name,
            left=left,
            right=partner(scene / "im1.png", left),
            rig=rig,
            disparity=known,
            occluded=None if hidden is None else np.asarray(hidden),
        )
