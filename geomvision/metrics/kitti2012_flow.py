"""The KITTI 2012 optical flow evaluation (Geiger et al., CVPR 2012; `evaluate_flow.cpp` of its devkit)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Score
from ._comparison import compare_flow
from ._kitti import FILLED, outliers_by_threshold


class KITTI2012Flow(Protocol):
    """``out-1`` … ``out-5``: percent of pixels whose end point is more than that many px off; ``avg``: mean, px.

    The benchmark ranks by out-3 noc. Figures that end in ``est`` use only original estimates.
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "kitti2012_flow"
    primary: ClassVar[str] = "out-3 noc"
    missing_estimates: ClassVar[str] = FILLED
    aggregation: ClassVar = "pooled"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`; those over noc only where the sample knows its occlusions."""
        return outliers_by_threshold(compare_flow(estimate, sample))
