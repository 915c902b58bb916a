"""The Middlebury stereo evaluation, version 3 (Scharstein et al., GCPR 2014; `evaldisp` of its SDK)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, root_mean_square, share

THRESHOLDS = (0.5, 1.0, 2.0, 4.0)


class Middlebury(Protocol):
    """Per region (noc, all) and threshold t: ``bad-t`` wrong estimates, ``invalid`` missing, ``totbad-t`` their sum.

    An estimate is wrong when it is more than t pixels off. All three are percentages of the pixels with truth.
    ``avgerr`` and ``rms`` (pixels) are over the pixels with an estimate. As in `evaldisp`, estimates are first
    clipped to [0, ndisp] (to [0, ∞) when the sample states no ndisp). Thresholds are pixels of the truth's size;
    the benchmark's table means pixels of the full size. Its mean over images is weighted, ours is not.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "middlebury"
    primary: ClassVar[str] = "totbad-2.0 noc"
    missing_estimates: ClassVar[str] = "counted apart as invalid, and as wrong in totbad; avgerr and rms leave them out"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`; those over noc only where the sample knows its occlusions."""
        pair = compare_disparity(estimate, sample)
        clipped = np.clip(pair.estimate, 0.0, getattr(sample, "max_disparity", None) or np.inf)
        error = np.abs(clipped - pair.truth)
        figures: dict[str, Ratio] = {}
        for name, region in pair.regions.items():
            known = region & pair.estimated
            for threshold in THRESHOLDS:
                figures[f"bad-{threshold} {name}"] = share(error > threshold, region)
            figures[f"invalid {name}"] = share(~pair.estimated, region)
            for threshold in THRESHOLDS:
                figures[f"totbad-{threshold} {name}"] = share(~(error <= threshold), region)
            figures[f"avgerr {name}"] = mean(error, known)
            figures[f"rms {name}"] = root_mean_square(error, known)
        return {**figures, "density": pair.density}
