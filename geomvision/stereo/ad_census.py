"""AD-census: two costs that err differently, summed over regions of like grey, scanned, and repaired step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..images import Image, as_pair, to_grey
from ..method import OptionError, backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch


@dataclass(frozen=True, kw_only=True)
class ADCensus(RangeSearch):
    """AD-census stereo (Mei, Sun, Zhou, Jiao, Wang & Zhang, ICCV Workshops 2011).

    The cost of a disparity is ρ(C_census, λ_census) + ρ(C_AD, λ_AD) with ρ(c, λ) = 1 − exp(−c / λ) (eq. 3), of the
    Hamming distance of 9x7 census words and the absolute difference of levels. It is averaged `aggregations` times
    over crosses: arms grow in four directions while levels stay near to the pixel's (section 2.2). Scans along rows
    and columns (eq. 7) add π₁ for a step of one pixel and π₂ for a larger one: whole where neither view changes along
    the scan, a quarter where one does, a tenth where both do. The winner takes all, and is repaired (section 2.4):
    what fails the left–right check is voted on by its region, what remains is interpolated; edges of depth move to the
    side that costs less; a parabola gives fractions of a pixel, and a median filter of 3x3 ends it.

    Other than in the paper: grey levels, 0 … 255 (8-bit images as they are, others by the joint range of the pair);
    crosses of the left view alone; costs are integers, 2⁻¹⁰; a candidate outside the right image costs the mean of
    those inside, but at most a third of the largest cost, so that borders neither win nor lose. The defaults suit grey,
    where fewer pixels differ than in three channels, and slanted surfaces, which large crosses flatten; the paper has
    lambda_ad 10, arm 34, arm_near 17, tau 20, tau_far 6, aggregations 4, pi1 1 and left_right 0.

    `confidence` is (s₂ − s₁) / s₂ / (1 + |d_left − d_right|): s₁ is the winning sum of the scans, s₂ the smallest one
    more than a pixel away, d_right the disparity of the right pixel that the winner points at. It is 0 where the pixel
    has no estimate of its own. Where two disparities more than a pixel apart are equally good there is none.
    A pixel fails the left–right check when its match lies outside the right image, or forms a pair with another left
    pixel, each the other's winner, whose disparity differs by more than `left_right`. `occluded` marks the failed ones
    that no right pixel points at; None without the check. With `fill` "none" no estimate is made up: no voting, no
    interpolation.
    """

    lambda_ad: float = option(60.0, "scale of absolute differences", unit="levels", minimum=0.1, maximum=1000)
    lambda_census: float = option(30.0, "scale of Hamming distances", unit="bits", minimum=0.1, maximum=1000)
    arm: int = option(17, "longest arm of a cross (L1)", unit="px", minimum=1, maximum=64)
    arm_near: int = option(9, "arms beyond it must pass the stricter threshold (L2)", unit="px", minimum=1, maximum=64)
    tau: int = option(8, "difference of levels within an arm (tau 1)", unit="levels", minimum=1, maximum=256)
    tau_far: int = option(3, "the same beyond arm_near (tau 2)", unit="levels", minimum=1, maximum=256)
    aggregations: int = option(2, "averages over crosses: rows first, then columns first, …", minimum=0, maximum=16)
    pi1: float = option(0.5, "penalty of a step of one pixel; costs lie between 0 and 2", minimum=0, maximum=4)
    pi2: float = option(3.0, "penalty of larger steps, at least pi1", minimum=0, maximum=4)
    tau_scan: int = option(15, "difference of levels that counts as a change", unit="levels", minimum=1, maximum=256)
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    votings: int = option(5, "rounds of region voting", minimum=0, maximum=100)
    votes: int = option(20, "a region needs more reliable pixels than that (tau S)", unit="px", minimum=0, maximum=1000)
    share: int = option(40, "and more than that of them for the winner (tau H)", unit="percent", minimum=0, maximum=100)
    median: int = option(3, "window of the median filter; 1: none", unit="px", minimum=1, maximum=15, odd=True)
    fill: str = option(
        "background", "'background' gives every pixel an estimate, as in the paper", choices=("none", "background")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pi1 > self.pi2:
            raise OptionError(f"ADCensus: pi1 is {self.pi1} and pi2 {self.pi2}; pi2 must be at least pi1")

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, left: Image, right: Image) -> Disparity:
        from .. import _core

        self.searched(left.shape[1])
        options = {**self.options(), "num_threads": self.num_threads}
        px, confidence, occluded = _core.ad_census(to_grey(left), to_grey(right), options)
        return Disparity(px=px, confidence=confidence, occluded=occluded if self.left_right >= 0 else None)

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, left: Image, right: Image) -> Disparity:
        from . import _ad_census_reference

        return _ad_census_reference.run(self, to_grey(left), to_grey(right), NoTrace())

    def trace(self, left: Any, right: Any) -> Trace:
        """Every stage of a pair, by name, as the reference runs it; `.result` equals that of a plain call.

        Stages: left, right, cost, arms, aggregated, sums, winner, winner_right, agreement and left_right (with the
        check), voting and interpolation (when filled), edges, subpixel, median, confidence. Volumes are (H, W,
        disparities): take small images.
        """
        from . import _ad_census_reference

        trace = Trace()
        grey = [to_grey(image) for image in as_pair(left, right)]
        trace.result = _ad_census_reference.run(replace(self, backend="reference"), grey[0], grey[1], trace)
        return trace
