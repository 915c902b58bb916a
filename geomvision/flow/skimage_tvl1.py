"""scikit-image's TV-L1 flow, as a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ._skimage import SkimageFlow


@dataclass(frozen=True, kw_only=True)
class SkimageTVL1(SkimageFlow):
    """`skimage.registration.optical_flow_tvl1` (Zach et al., DAGM 2007), coarse to fine; takes luma of 0…1.

    Defaults are scikit-image's own. Its levels halve the image while 16 pixels remain, ten at most.
    """

    attachment: float = option(15.0, "weight of the data against smoothness", minimum=1e-3, maximum=1e6)
    tightness: float = option(0.3, "of the coupling of data and smoothness", minimum=1e-3, maximum=1e3)
    warps: int = option(5, "warps on each level", minimum=1, maximum=1000)
    iterations: int = option(10, "fixed-point iterations after each warp", minimum=1, maximum=10_000)
    accuracy: float = option(1e-4, "change at which a warp's iterations end", minimum=0.0, maximum=1.0)
    prefilter: bool = option(False, "median of the flow before each warp")

    @backend("skimage", requires="skimage", extra="peers")
    def _skimage(self, frame0: Image, frame1: Image) -> Flow:
        from skimage import registration

        match: Any = registration.optical_flow_tvl1  # which has no types
        options = {
            "attachment": self.attachment,
            "tightness": self.tightness,
            "num_warp": self.warps,
            "num_iter": self.iterations,
            "tol": self.accuracy,
            "prefilter": self.prefilter,
        }
        return self.run(frame0, frame1, lambda a, b: match(a, b, **options))
