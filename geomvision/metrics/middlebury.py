"""The Middlebury stereo evaluation, version 3 (Scharstein et al., GCPR 2014; `evaldisp` of its SDK)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..results import Disparity
from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, root_mean_square, share

THRESHOLDS = (0.5, 1.0, 2.0, 4.0)
#: Sizes that an estimate may have: the truth's, a half and a quarter of it.
FACTORS = (1, 2, 4)


class Middlebury(Protocol):
    """Per region (noc, all) and threshold t: ``bad-t`` wrong estimates, ``invalid`` missing, ``totbad-t`` their sum.

    An estimate is wrong when it is more than t pixels off. All three are percentages of the pixels with truth.
    ``avgerr`` and ``rms`` (pixels) are over the pixels with an estimate. As in `evaldisp`, estimates are first
    clipped to [0, ndisp] (to [0, ∞) when the sample states no ndisp). An estimate of exactly half or a quarter of
    the truth's width and height is enlarged: each value counts for all pixels it covers, times the factor. Thresholds
    are pixels of the truth's size; the benchmark's table means pixels of the full size.

    Means over images are the benchmark's: PianoL, Playroom, Playtable, Shelves and Vintage of its training set count
    half.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "middlebury"
    primary: ClassVar[str] = "totbad-2.0 noc"
    missing_estimates: ClassVar[str] = "counted apart as invalid, and as wrong in totbad; avgerr and rms leave them out"
    aggregation: ClassVar = "mean"
    weights: ClassVar = dict.fromkeys(("PianoL", "Playroom", "Playtable", "Shelves", "Vintage"), 0.5)

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`; those over noc only where the sample knows its occlusions."""
        pair = compare_disparity(_enlarged(estimate, sample), sample)
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


def _enlarged(estimate: Any, sample: Any) -> Any:
    """The estimate at the truth's size where it has a half or a quarter of it; else as it is, to be refused."""
    truth = getattr(sample, "disparity", None)
    if not isinstance(estimate, Disparity) or truth is None or estimate.size == truth.size:
        return estimate
    for factor in FACTORS[1:]:
        if truth.size == (factor * estimate.size[0], factor * estimate.size[1]):
            return Disparity(px=factor * estimate.px.repeat(factor, axis=0).repeat(factor, axis=1))
    return estimate
