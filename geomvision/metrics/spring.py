"""The Spring stereo evaluation (Mehl et al., Spring, CVPR 2023)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, share
from ._spring import DENSE, beyond_kitti, beyond_one, regions_of


class Spring(Protocol):
    """``1px``: percent of pixels more than 1 px off; ``Abs``: mean error, px; ``D1``: more than 3 px and 5 % off.

    1px is told apart where occlusions, or the sky (mask "sky"), are known. The truth is one value for each pixel of
    the image, as readers give it; the server's is of twice the size, where details thinner than a pixel count apart.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "spring"
    primary: ClassVar[str] = "1px all"
    missing_estimates: ClassVar[str] = DENSE
    aggregation: ClassVar = "pooled"

    def fits(self, sample: Any) -> bool:
        """Whether the sky is told, as in Spring."""
        return "sky" in getattr(sample, "masks", {})

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`."""
        pair = compare_disparity(estimate, sample)
        everywhere = pair.regions["all"]
        figures: dict[str, Ratio] = beyond_one(pair.error, regions_of(pair, sample))
        figures["Abs"] = mean(pair.error, everywhere & pair.estimated)
        figures["D1"] = share(beyond_kitti(pair.error, np.abs(pair.truth)), everywhere)
        return {**figures, "density": pair.density}
