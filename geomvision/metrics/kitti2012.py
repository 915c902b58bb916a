"""The KITTI 2012 stereo evaluation (Geiger et al., CVPR 2012; `evaluate_stereo.cpp` of its devkit)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Score
from ._comparison import compare_disparity
from ._kitti import FILLED, outliers_by_threshold


class KITTI2012(Protocol):
    """``out-1`` … ``out-5``: percent of pixels more than that many px off; ``avg``: mean error, px; noc and all.

    The benchmark ranks by out-3 noc. Figures that end in ``est`` use only original estimates; ``refl`` are of what
    reflects alone, where the sample has a mask "reflective" (the devkit's ``disp_refl`` maps).
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "kitti2012"
    primary: ClassVar[str] = "out-3 noc"
    missing_estimates: ClassVar[str] = FILLED
    aggregation: ClassVar = "pooled"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`; those over noc only where the sample knows its occlusions."""
        reflective = getattr(sample, "masks", {}).get("reflective")
        return outliers_by_threshold(compare_disparity(estimate, sample), reflective)
