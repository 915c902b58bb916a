"""The Spring optical flow evaluation (Mehl et al., Spring, CVPR 2023)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import compare_flow, mean, share
from ._spring import DENSE, beyond_kitti, beyond_one, regions_of, weighted_area


class SpringFlow(Protocol):
    """``1px``: percent of pixels more than 1 px off; ``EPE``: mean end-point error, px; ``Fl``; ``WAUC``, percent.

    1px is told apart by true speed in px per frame (to 10, to 40, beyond), and where occlusions, or the sky (mask
    "sky"), are known. ``Fl``: more than 3 px and more than 5 % off. ``WAUC``: shares within 0.05 … 5 px, the smaller
    threshold weighing more (Richter et al., ICCV 2017). The truth is one vector for each pixel, as readers give it.
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "spring_flow"
    primary: ClassVar[str] = "1px all"
    missing_estimates: ClassVar[str] = DENSE
    aggregation: ClassVar = "pooled"

    def fits(self, sample: Any) -> bool:
        """Whether the sky is told, as in Spring."""
        return "sky" in getattr(sample, "masks", {})

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`."""
        pair = compare_flow(estimate, sample)
        speed = np.hypot(pair.truth[..., 0], pair.truth[..., 1])
        everywhere = pair.regions["all"]
        figures: dict[str, Ratio] = beyond_one(pair.error, regions_of(pair, sample, speed))
        figures["EPE"] = mean(pair.error, everywhere & pair.estimated)
        figures["Fl"] = share(beyond_kitti(pair.error, speed), everywhere)
        figures["WAUC"] = weighted_area(pair.error, everywhere)
        return {**figures, "density": pair.density}
