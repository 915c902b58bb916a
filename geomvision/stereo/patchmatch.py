"""PatchMatch stereo: every pixel looks for a slanted plane, and tells its neighbours what it found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..images import Image, as_pair, to_grey
from ..method import backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch


@dataclass(frozen=True, kw_only=True)
class PatchMatch(RangeSearch):
    """PatchMatch stereo with slanted support windows (Bleyer, Rhemann & Rother, BMVC 2011).

    Each pixel p of both views has a plane d = a x + b y + c. Its cost (eq. 3) is the sum over the window of
    w(p, q) ρ(q, q − d(q)), with the support weight w = exp(−|I_p − I_q| / γ) and the dissimilarity (eq. 5)
    ρ = (1 − α) min(|ΔI|, τ_colour) + α min(|ΔI'|, τ_gradient) of levels I and their horizontal derivatives I', the
    other view interpolated between pixels. Planes begin at random. An iteration offers every pixel the planes of its
    neighbours, those of the other view that point at it, and random changes of its own, halved from one to the next.

    Other than in the paper: grey levels; every `step`-th pixel of the window; pixels change in the order of a
    checkerboard and look at neighbours 1, 5 and 17 pixels away (Galliani, Lasinger & Schindler, ICCV 2015), so that
    they can be computed in parallel; random numbers are hashes of `seed`, iteration and pixel. All of it is integer
    arithmetic: disparities and slopes in 2⁻¹⁶ px, levels in 1/64 of 0 … 255 (8-bit images as they are, others by the
    joint range of the pair). `alpha` is 0.97, not 0.9, as levels of grey say less than those of three channels, and
    cameras differ in them; windows are 29 pixels wide, not 35.

    `confidence` is (c₂ − c₁) / c₂ / (1 + |d_left − d_right|): c₁ is the plane's cost, c₂ the smaller one of its costs
    when moved by two pixels of disparity either way, d_right the disparity of the right pixel that it points at. There
    is no estimate where c₁ ≥ c₂, as on a surface without texture, and where the left–right check fails: the match lies
    outside the right image, or |d_left − d_right| is above `left_right`. `occluded` marks pixels without an estimate
    that no right pixel points at; None without the check. `fill` gives these pixels the plane, of the next ones with
    an estimate to the left and to the right, that lies further back, and then the median of their window, weighted by
    w. Their confidence is 0.
    """

    iterations: int = option(3, "rounds of propagation and refinement", minimum=1, maximum=100)
    window: int = option(29, "side of the support window", unit="px", minimum=3, maximum=35, odd=True)
    step: int = option(2, "between the compared pixels of the window", unit="px", choices=(1, 2))
    gamma: float = option(
        10.0, "difference at which the support weight falls to 1/e", unit="levels", minimum=0.25, maximum=1000
    )
    alpha: float = option(0.97, "weight of gradients against levels", minimum=0, maximum=1)
    tau_colour: float = option(10.0, "truncation of differences of levels", unit="levels", minimum=0, maximum=63)
    tau_gradient: float = option(2.0, "truncation of differences of gradients", unit="levels/px", minimum=0, maximum=63)
    max_slope: float = option(0.5, "largest slope of a plane", unit="px/px", minimum=0, maximum=0.9)
    seed: int = option(0, "of the random planes", minimum=0, maximum=2**31 - 1)
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    fill: str = option(
        "background", "'background' gives every pixel an estimate, as in the paper", choices=("none", "background")
    )

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, left: Image, right: Image) -> Disparity:
        from .. import _core

        self.searched(left.shape[1])
        options = {**self.options(), "num_threads": self.num_threads}
        px, confidence, occluded = _core.patchmatch(to_grey(left), to_grey(right), options)
        return Disparity(px=px, confidence=confidence, occluded=occluded if self.left_right >= 0 else None)

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, left: Image, right: Image) -> Disparity:
        from . import _patchmatch_reference

        return _patchmatch_reference.run(self, to_grey(left), to_grey(right), NoTrace())

    def trace(self, left: Any, right: Any) -> Trace:
        """Every stage of a pair, by name, as the reference runs it; `.result` equals that of a plain call.

        Stages: levels_left, levels_right, random, iteration(i) for each, right, left_right, confidence, fill and
        median (when filled).
        """
        from . import _patchmatch_reference

        trace = Trace()
        grey = [to_grey(image) for image in as_pair(left, right)]
        trace.result = _patchmatch_reference.run(replace(self, backend="reference"), grey[0], grey[1], trace)
        return trace
