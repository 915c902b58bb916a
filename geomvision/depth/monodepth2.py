"""Monodepth2: depth from one image, learnt from video, from pairs, or from both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Float32
from ..learned import Net
from ..method import option
from ..results import Depth, RelativeDepth
from ._learned import FOCAL_PX, resized_inverse
from ._scaled import ScaledDepth

#: KITTI's focal lengths, of the width and of the height, as the authors' training takes them.
KITTI_FX, KITTI_FY = 0.58, 1.92


@dataclass(frozen=True, kw_only=True)
class Monodepth2(ScaledDepth):
    """A U-Net on ResNet-18, 14.3 million parameters at full width (Godard et al., ICCV 2019).

    What learnt from video alone says depth up to scale. Public checkpoints are a folder: give the path of its
    encoder.pth, beside which depth.pth lies. They see images at the size that they learnt from (`side_px` does not
    count then). Those that learnt from KITTI's pairs say metres where a camera is given: 5.4 times what the net says,
    for KITTI's camera, and in proportion to the focal length for another. Their licence forbids commercial use.

    As with the authors, it is the inverse of depth that is brought to the size of the image: between a thing and what
    is behind it, means of depth would lie far behind the thing. They shrink images by Lanczos' filter; here by means.
    """

    net = Net(
        "monodepth2",
        "Monodepth2",
        32,
        64,
        public="public_monodepth2.monodepth2",
        origin="nianticlabs/monodepth2 (encoder.pth beside depth.pth)",
        beside="depth.pth",
    )

    weights: str = option(
        "monodepth2", "name of shipped weights, or path of a .safetensors file with its card or of a public encoder.pth"
    )

    def seen(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what the net sees of an image of this size: one for all, if it was taught so."""
        feed: tuple[int, int] | None = self._loaded().feed
        return super().seen(height, width) if feed is None else feed

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Depth | RelativeDepth:
        if self._loaded().stereo:
            taught_px = math.sqrt(KITTI_FX * maps.shape[2] * KITTI_FY * maps.shape[1])
            maps = maps * np.float32(FOCAL_PX / taught_px)
        return super()._result(resized_inverse(maps[0], *memory["size"])[None], memory)
