"""Metric depth errors (Eigen et al., NeurIPS 2014; KITTI depth devkit, Uhrig et al., 3DV 2017)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Score
from ._comparison import compare_depth
from ._metric_depth import MetricDepth, depth_errors


class Depth(MetricDepth):
    """With Z the estimate, Z* the truth, in metres, over the pixels that have both; no crop and no cap.

    ``AbsRel`` mean |Z − Z*| / Z*; ``SqRel`` mean (Z − Z*)² / Z* (Eigen's, in metres); ``SqErrRel`` mean
    ((Z − Z*) / Z*)² (KITTI's, without unit); ``MAE`` and ``RMSE`` in metres; ``RMSE-log`` of the natural logarithm;
    ``log10`` mean |log₁₀ Z − log₁₀ Z*|; ``SILog`` 100 · standard deviation of ln Z − ln Z* (KITTI's); ``delta1`` … 3
    percent of pixels with max(Z / Z*, Z* / Z) < 1.25, 1.25², 1.25³. Relative depth is refused until it is aligned.
    """

    name: ClassVar[str] = "depth"
    missing_estimates: ClassVar[str] = "left out of every error; density tells how many pixels were estimated"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`. Raises TypeError for `RelativeDepth`, with the reason."""
        pair = compare_depth(estimate, sample)
        known = pair.regions["all"] & pair.estimated
        return {**depth_errors(pair.estimate[known], pair.truth[known]), "density": pair.density}
