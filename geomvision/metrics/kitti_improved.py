"""KITTI's depth prediction by its devkit (Uhrig et al., Sparsity invariant CNNs, 3DV 2017; `evaluate_depth.cpp`)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Score
from ._comparison import Float64, compare_depth
from ._garg import of_kitti_shape
from ._kitti import filled
from ._metric_depth import MetricDepth, average, percent, rooted, spread

#: Share of the pixels that have true depth in KITTI's improved maps at least; one scan alone covers half of that.
IMPROVED_COVERAGE = 0.1


class KITTIImproved(MetricDepth):
    """``SILog`` 100 · standard deviation of ln Z − ln Z*, ``sqErrRel`` and ``absErrRel`` in percent, ``iRMSE`` in 1/km.

    Besides ``MAE`` and ``RMSE`` in metres, ``iMAE`` in 1/km, ``MAE-log`` and ``RMSE-log``, which the devkit prints,
    too. Over all pixels with truth, without crop, cap and clipping. sqErrRel is mean ((Z − Z*) / Z*)², not Eigen's
    SqRel. The truth it is for joins eleven laser scans and drops what stereo contradicts.
    """

    name: ClassVar[str] = "kitti_improved"
    primary: ClassVar[str] = "SILog"
    missing_estimates: ClassVar[str] = (
        "filled row by row with the nearer of the two neighbours, ends extrapolated, as in the devkit; a map with "
        "empty rows between others, which that leaves empty, has no figures; 'est' figures use original estimates only"
    )

    def fits(self, sample: Any) -> bool:
        """Whether the image is as wide as KITTI's, and its truth denser than one scan."""
        return of_kitti_shape(sample) and sample.depth.density >= IMPROVED_COVERAGE

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`. Raises TypeError for `RelativeDepth`, with the reason."""
        pair = compare_depth(estimate, sample)
        scored = pair.regions["all"]
        full, truth = filled(pair.estimate)[scored], pair.truth[scored]
        if np.isnan(full).any():
            full, truth = full[:0], truth[:0]
        known = scored & pair.estimated
        estimated = _errors(pair.estimate[known], pair.truth[known])
        original = {f"{name} est": estimated[name] for name in ("SILog", "sqErrRel", "absErrRel", "iRMSE")}
        return {**_errors(full, truth), **original, "density": pair.density}


def _errors(z: Float64, truth: Float64) -> Score:
    error, log_error, inverse = np.abs(z - truth), np.log(z) - np.log(truth), 1000.0 * (1.0 / z - 1.0 / truth)
    return {
        "SILog": spread(100.0 * log_error),
        "sqErrRel": percent((error / truth) ** 2),
        "absErrRel": percent(error / truth),
        "iRMSE": rooted(inverse),
        "MAE": average(error),
        "RMSE": rooted(error),
        "iMAE": average(np.abs(inverse)),
        "MAE-log": average(np.abs(log_error)),
        "RMSE-log": rooted(log_error),
    }
