"""scikit-image's iterative Lucas–Kanade flow, as a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ._skimage import SkimageFlow


@dataclass(frozen=True, kw_only=True)
class SkimageILK(SkimageFlow):
    """`skimage.registration.optical_flow_ilk` (Le Besnerais & Champagnat, ICIP 2005), coarse to fine; luma of 0…1.

    Defaults are scikit-image's own. Its levels halve the image while 16 pixels remain, ten at most.
    """

    radius: int = option(7, "of the window around a pixel", unit="px", minimum=1, maximum=127)
    warps: int = option(10, "warps on each level", minimum=1, maximum=1000)
    gaussian: bool = option(False, "weigh the window by a Gaussian instead of a box")
    prefilter: bool = option(False, "median of the flow before each warp")

    @backend("skimage", requires="skimage", extra="peers")
    def _skimage(self, frame0: Image, frame1: Image) -> Flow:
        from skimage import registration

        match: Any = registration.optical_flow_ilk  # which has no types
        options = {"gaussian": self.gaussian, "prefilter": self.prefilter}
        return self.run(frame0, frame1, lambda a, b: match(a, b, radius=self.radius, num_warp=self.warps, **options))
