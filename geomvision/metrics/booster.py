"""The Booster evaluation by classes of surfaces (Zama Ramirez et al., CVPR 2022): what glass and mirrors cost."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Ratio, Score
from ._classes import classes, with_other
from ._comparison import compare_disparity, mean, root_mean_square, share

THRESHOLDS = (2.0, 4.0, 6.0, 8.0)


class Booster(Protocol):
    """``bad-t`` percent more than t pixels off, ``avgerr``, ``rms``: of all pixels, and bad-2.0 and avgerr by class.

    The classes are the sample's masks, "glass" and "mirror" of an annotation tool or of a rendered scene, which also
    has "polished", "specular", "textureless", …; "other" is what none of them covers. Thresholds are pixels of the
    truth's size; the benchmark's are pixels of a quarter of the full one.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "booster"
    primary: ClassVar[str] = "bad-2.0 all"
    missing_estimates: ClassVar[str] = "counted as wrong in bad; avgerr and rms leave them out"
    aggregation: ClassVar = "mean"

    def fits(self, sample: Any) -> bool:
        """Whether a class is known."""
        return bool(classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`. ValueError where a mask is of another size than the truth."""
        pair = compare_disparity(estimate, sample)
        error, everywhere = pair.error, pair.regions["all"]
        figures: dict[str, Ratio] = {}
        for threshold in THRESHOLDS:
            figures[f"bad-{threshold} all"] = share(~(error <= threshold), everywhere)
        figures["avgerr all"] = mean(error, everywhere & pair.estimated)
        figures["rms all"] = root_mean_square(error, everywhere & pair.estimated)
        for label, region in with_other(sample, everywhere).items():
            figures[f"bad-2.0 {label}"] = share(~(error <= 2.0), region)
            figures[f"avgerr {label}"] = mean(error, region & pair.estimated)
        return {**figures, "density": pair.density}
