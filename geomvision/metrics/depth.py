"""Metric depth errors (Eigen et al., NeurIPS 2014; KITTI depth devkit, Uhrig et al., 3DV 2017)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import compare_depth, mean, root_mean_square, share


class Depth(Protocol):
    """With Z the estimate, Z* the truth, in metres, over the pixels that have both; no crop and no cap.

    ``AbsRel`` mean |Z − Z*| / Z*; ``SqRel`` mean (Z − Z*)² / Z* (Eigen's, in metres); ``SqErrRel`` mean
    ((Z − Z*) / Z*)² (KITTI's, without unit); ``MAE`` and ``RMSE`` in metres; ``RMSE-log`` of the natural logarithm;
    ``log10`` mean |log₁₀ Z − log₁₀ Z*|; ``SILog`` 100 · standard deviation of ln Z − ln Z* (KITTI's); ``delta1`` … 3
    percent of pixels with max(Z / Z*, Z* / Z) < 1.25, 1.25², 1.25³. Relative depth is refused until it is aligned.
    """

    task: ClassVar[str] = "depth"
    name: ClassVar[str] = "depth"
    primary: ClassVar[str] = "AbsRel"
    missing_estimates: ClassVar[str] = "left out of every error; density tells how many pixels were estimated"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`. Raises TypeError for `RelativeDepth`, with the reason."""
        pair = compare_depth(estimate, sample)
        known = pair.regions["all"] & pair.estimated
        z, truth = np.where(known, pair.estimate, 1.0), np.where(known, pair.truth, 1.0)
        error = np.abs(z - truth)
        log_error = np.log(z) - np.log(truth)
        ratio = np.maximum(z / truth, truth / z)
        return {
            "AbsRel": mean(error / truth, known),
            "SqRel": mean(error**2 / truth, known),
            "SqErrRel": mean((error / truth) ** 2, known),
            "MAE": mean(error, known),
            "RMSE": root_mean_square(error, known),
            "RMSE-log": root_mean_square(log_error, known),
            "log10": mean(np.abs(log_error) / np.log(10.0), known),
            "SILog": _spread(100.0 * log_error[known]),
            **{f"delta{n}": share(ratio < 1.25**n, known) for n in (1, 2, 3)},
            "density": pair.density,
        }


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Ratio:
    """Standard deviation as a ratio: the root of the mean squared distance from the mean."""
    centred = values - values.mean() if values.size else values
    return Ratio(float((centred**2).sum()), float(values.size), "root")
