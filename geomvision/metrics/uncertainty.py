"""Whether a method knows where its depth is wrong (Poggi et al., On the uncertainty of self-supervised depth, 2020)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Ratio, Score
from ._comparison import Float64, compare_depth
from ._metric_depth import MetricDepth

#: Shares of pixels that are taken away one after another.
STEPS = 50


class Uncertainty(MetricDepth):
    """``AUSE``, the area under the sparsification error, and ``AURG``, that over chance, of three errors of depth.

    The errors are AbsRel, RMSE in metres, and 100 − delta1 in percent. The least sure pixels are taken away in steps
    of 2 %, down to none, where the error is 0; the area is taken over the share that is gone. AUSE is that area less
    the one of an oracle that takes away the largest errors (0: confidence ranks as the error does); AURG is the error
    of all pixels less that area (0 and below: chance does as well). As in the published code, what is as sure as the
    last pixel to stay stays, too. Only the order of `confidence` counts. `sparsification` gives exact curves, of
    stereo and flow as well. No crop and no cap; score by name: few methods have confidence.
    """

    name: ClassVar[str] = "uncertainty"
    primary: ClassVar[str] = "AUSE AbsRel"
    missing_estimates: ClassVar[str] = "left out: they have no confidence; density tells how many were estimated"

    def takes(self, estimate: Any) -> bool:
        """Whether the estimate is in metres and has confidence."""
        return super().takes(estimate) and estimate.confidence is not None

    def fits(self, sample: Any) -> bool:  # noqa: ARG002
        """Never unasked."""
        return False

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth` with confidence.

        Raises TypeError for `RelativeDepth`, with the reason; ValueError where there is no confidence.
        """
        pair = compare_depth(estimate, sample)
        if estimate.confidence is None:
            raise ValueError("the Depth has no confidence; take a method that gives it")
        known = pair.regions["all"] & pair.estimated
        z, truth, sure = pair.estimate[known], pair.truth[known], np.asarray(estimate.confidence, np.float64)[known]
        error, ratio = np.abs(z - truth), np.maximum(z / truth, truth / z)
        errors: dict[str, tuple[Float64, Float64, bool]] = {
            "AbsRel": (error / truth, error / truth, False),
            "RMSE": (error**2, error**2, True),
            "100-delta1": (np.where(ratio >= 1.25, 100.0, 0.0), ratio, False),
        }
        figures: dict[str, Ratio] = {}
        for name, (kept, order, root) in errors.items():
            ours, best = (_area(kept, ranks, root) for ranks in (sure, -order))
            whole = np.sqrt(kept.mean()) if root and kept.size else kept.mean() if kept.size else 0.0
            count = float(kept.size > 0)
            figures[f"AUSE {name}"] = Ratio(ours - best, count)
            figures[f"AURG {name}"] = Ratio(float(whole) - ours, count)
        return {**figures, "density": pair.density}


def _area(errors: Float64, sure: Float64, root: bool) -> float:
    """Area under the mean error of what is left, its root if asked, by the share of pixels that is gone."""
    if not errors.size:
        return 0.0
    order = np.argsort(sure, kind="stable")
    thresholds = np.percentile(sure, 100.0 * np.arange(STEPS) / STEPS)
    starts = np.searchsorted(sure[order], thresholds, side="left")
    left = np.cumsum(errors[order][::-1])[::-1]
    means = left[starts] / (errors.size - starts)
    curve = np.append(np.sqrt(means) if root else means, 0.0)
    return float(((curve[1:] + curve[:-1]) / 2).sum() / STEPS)
