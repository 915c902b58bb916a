"""The Booster evaluation by classes of surfaces (Zama Ramirez et al., CVPR 2022): what glass and mirrors cost."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ..images import Mask
from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, root_mean_square, share

THRESHOLDS = (2.0, 4.0, 6.0, 8.0)
#: Masks of single things are no classes, nor are those that a sample says are `things`.
_SINGLE = re.compile(r"object \d+")


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
        return bool(_classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`. ValueError where a mask is of another size than the truth."""
        pair = compare_disparity(estimate, sample)
        error, everywhere = pair.error, pair.regions["all"]
        figures: dict[str, Ratio] = {}
        for threshold in THRESHOLDS:
            figures[f"bad-{threshold} all"] = share(~(error <= threshold), everywhere)
        figures["avgerr all"] = mean(error, everywhere & pair.estimated)
        figures["rms all"] = root_mean_square(error, everywhere & pair.estimated)
        masks = _classes(sample)
        other = everywhere.copy()
        for label, mask in masks.items():
            if mask.shape != everywhere.shape:
                raise ValueError(f"the mask {label!r} has shape {mask.shape}; the truth has {everywhere.shape}")
            other &= ~mask
        for label, mask in {**masks, "other": other}.items() if masks else ():
            figures[f"bad-2.0 {label}"] = share(~(error <= 2.0), everywhere & mask)
            figures[f"avgerr {label}"] = mean(error, everywhere & mask & pair.estimated)
        return {**figures, "density": pair.density}


def _classes(sample: Any) -> dict[str, Mask]:
    single = getattr(sample, "things", ())
    return {
        label: mask
        for label, mask in getattr(sample, "masks", {}).items()
        if label not in single and not _SINGLE.fullmatch(label)
    }
