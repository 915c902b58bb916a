"""Any matcher, corrected, filled and sharpened by a small net trained on rendered scenes."""

from __future__ import annotations

from dataclasses import dataclass

from ..method import option
from ._base import StereoMethod
from ._based import Based
from ._refining import Refining, filling
from .fast_stereo import FastStereo


@dataclass(frozen=True, kw_only=True)
class Refined(Based, Refining):
    """A stereo method refined by the net of `fast_stereo`, with weights that learnt from many matchers' answers.

    One file serves all bases; files of `refined_sgm` and of `fast_stereo`, which learnt from SGM alone, are taken, too.

    Every pixel gets an estimate, occluded ones too; only where the base finds nothing in the whole image, nothing is
    invented and all is NaN. `confidence` is the net's probability that the estimate is less than one pixel off;
    `occluded` are the pixels that it holds for unseen by the right view with a probability above one half.

    The net is told the base's disparity and confidence. A base with an option `fill` fills its own gaps unless its
    options say otherwise; those that remain, such as the border that a matcher leaves out, are filled from behind
    (`ops.fill_background`) with confidence 0. A base without confidence is run once more, on the mirrored pair: what
    fails the left–right check is a gap, and the rest is trusted the more, the better the views agree.

    The base searches `max_disparity` and `min_disparity` if it has these options. With weights of `refined_sgm`,
    `refined` alone is that.

    >>> Refined(base="opencv_sgbm", base_options="mode=3way", max_disparity=96)  # doctest: +SKIP
    """

    NET = FastStereo.NET
    OTHERS = (Refining.NET,)

    weights: str = option("refined", "name of shipped weights, or path of a .safetensors file with its card")

    def matcher(self) -> StereoMethod:
        """The base with its options, filling its gaps if it can."""
        found = super().matcher()
        return found if "fill" in self._named() else filling(found)
