"""Optical flow by classes of objects or surfaces, as Booster has it for stereo (Zama Ramirez et al., CVPR 2022)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Ratio, Score
from ._classes import classes, with_other
from ._comparison import compare_flow, mean, share

_WRONG_PX = 3.0


class RegionsFlow(Protocol):
    """``EPE``, the mean end-point error in pixels, and ``bad-3.0``, percent more than 3 px off: of all, and by class.

    The classes are the sample's masks, of an annotation tool (`io.read_masks`), of the data set or of a rendered scene;
    "other" is what none of them covers. No benchmark has these figures; they are this library's.
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "regions_flow"
    primary: ClassVar[str] = "EPE all"
    missing_estimates: ClassVar[str] = "counted as wrong in bad-3.0; EPE leaves them out"
    aggregation: ClassVar = "pooled"

    def fits(self, sample: Any) -> bool:
        """Whether a class is known."""
        return bool(classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`. ValueError where a mask is of another size than the truth."""
        pair = compare_flow(estimate, sample)
        error, everywhere = pair.error, pair.regions["all"]
        figures: dict[str, Ratio] = {}
        for label, region in {"all": everywhere, **with_other(sample, everywhere)}.items():
            figures[f"EPE {label}"] = mean(error, region & pair.estimated)
            figures[f"bad-3.0 {label}"] = share(~(error <= _WRONG_PX), region)
        return {**figures, "density": pair.density}
