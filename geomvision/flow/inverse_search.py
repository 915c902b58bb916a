"""Patch inverse search: small patches slide to their place, agree pixel by pixel, and are relaxed, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Image
from ..method import OptionError, backend, option
from ..results import Flow
from ..trace import Trace
from ._coarse_to_fine import Level
from ._total_variation import TotalVariationFlow

#: Patches along the shorter side of a level, at least, where they try each other's displacements. On smaller levels a
#: patch covers much of the image, and what fits one thing is carried over all.
PATCHES_ALONG = 4


@dataclass(frozen=True, kw_only=True)
class InverseSearch(TotalVariationFlow):
    """Dense inverse search (Kroeger, Timofte, Dai & Van Gool, ECCV 2016), relaxed as in TV-L1: fast, for large motions.

    On each level, patches of frame 0 on a grid descend to their place in frame 1 by Gauss–Newton steps. Derivatives are
    those of frame 0, so the 2 x 2 system of a patch is inverted once (Baker & Matthews, IJCV 2004). Where what a patch
    beside it found leaves less than half of its error, a patch goes on from there: so what one found spreads over all
    that moves alike (Barnes et al., SIGGRAPH 2009). A pixel takes the mean of the patches that cover it, weighted by
    how well each fits there, and few steps of `TVL1` smooth what they say. Differs from the paper in that relaxation,
    and in a brightness that may change from frame to frame: patches are compared about their means, and the relaxation
    sees frame 0 in the light of frame 1, cell by cell.

    The finest level is relaxed only. With `finest_search=0, warps=3, finest_warps=3, iterations=24` a call takes three
    times as long and errs as little on real scenes as `TVL1`, which takes four times that. The result is dense, without
    confidence. Grey levels run from 0 to 255 whatever the dtype; floats are scaled by the joint range of both frames.
    Images without contrast give zero flow.
    """

    warps: int = option(2, "how often a level warps frame 1 by the flow so far", minimum=1, maximum=1000)
    finest_warps: int = option(1, "such warps at most on the finest level", minimum=1, maximum=1000)
    median: int = option(
        5, "length of the medians along x and y on the flow after each warp; 1: none", unit="px", choices=(1, 3, 5, 7)
    )
    iterations: int = option(12, "primal and dual steps after each warp", minimum=1, maximum=100_000)
    brightness_cell: int = option(
        8, "cells over which brightness may change between frames; 0: it may not", unit="px", minimum=0, maximum=4096
    )
    patch_size: int = option(8, "side of a patch", unit="px", choices=(8, 16))
    patch_step: int = option(4, "distance between patches; at most their side", unit="px", minimum=1, maximum=16)
    descents: int = option(8, "Gauss–Newton steps of a patch at most", minimum=0, maximum=1000)
    propagations: int = option(2, "rounds in which a patch tries what those beside it found", minimum=0, maximum=1000)
    finest_search: int = option(1, "finest level on which patches descend; 0 is full size", minimum=0, maximum=32)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch_step > self.patch_size:
            raise OptionError(
                f"InverseSearch: patch_step is {self.patch_step}; allowed is at most patch_size, {self.patch_size} px"
            )

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from ._native import dense_flow

        return dense_flow("inverse_search", frame0, frame1, self.options(), self.num_threads)

    def _begin(self, level: Level, trace: Trace, stage: str) -> Level:
        if level.number >= self.finest_search and min(level.u.shape) >= self.patch_size:
            level = self._search(level, trace, stage)
        return super()._begin(level, trace, stage)

    def _search(self, level: Level, trace: Trace, stage: str) -> Level:
        import numpy as np

        from . import _patches

        size = self.patch_size
        frame0 = np.pad(level.frame0, 1, mode="edge")
        frame1 = np.pad(level.frame1, (size, size + 1), mode="edge")
        patches = _patches.patch_flow(frame0, frame1, level.u, level.v, size, self.patch_step, self.descents)
        if min(level.u.shape) >= PATCHES_ALONG * size:
            for _ in range(self.propagations):
                patches = _patches.propagated(frame0, frame1, patches, size, self.patch_step, self.descents)
        u, v = _patches.blended(frame0, frame1, patches, size, self.patch_step)
        trace.record(
            stage + "patches", patches, "px", f"displacement of each patch; they are {self.patch_step} px apart"
        )
        trace.record(stage + "blended", np.stack([u, v], -1), "px", "what the patches that cover a pixel agree on")
        return level._replace(u=u, v=v)
