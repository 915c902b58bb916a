"""The ETH3D low-resolution two-view evaluation (Schöps et al., CVPR 2017)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, percentile, root_mean_square, share

THRESHOLDS = (0.5, 1.0, 2.0, 4.0)
PERCENTILES = (50, 90, 95, 99)


class ETH3D(Protocol):
    """Per region (noc, all): ``bad-t`` percent more than t pixels off, ``avgerr``, ``rms``, percentiles ``A50`` …

    These are over the pixels with an estimate, so they can be bought with gaps: ``density`` stands beside them,
    and ``totbad-t`` counts a missing estimate as wrong. For a dense estimate bad and totbad are equal.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "eth3d"
    primary: ClassVar[str] = "totbad-1.0 noc"
    missing_estimates: ClassVar[str] = "left out of bad, avgerr, rms and percentiles; counted as wrong in totbad"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`; those over noc only where the sample knows its occlusions."""
        pair = compare_disparity(estimate, sample)
        error = pair.error
        figures: dict[str, Ratio] = {}
        for name, region in pair.regions.items():
            known = region & pair.estimated
            for threshold in THRESHOLDS:
                figures[f"bad-{threshold} {name}"] = share(error > threshold, known)
            for threshold in THRESHOLDS:
                figures[f"totbad-{threshold} {name}"] = share(~(error <= threshold), region)
            figures[f"avgerr {name}"] = mean(error, known)
            figures[f"rms {name}"] = root_mean_square(error, known)
            for percent in PERCENTILES:
                figures[f"A{percent} {name}"] = percentile(error, known, percent)
        return {**figures, "density": pair.density}
