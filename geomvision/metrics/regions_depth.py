"""Metric depth by classes of objects or surfaces, as Booster has it for stereo (Zama Ramirez et al., CVPR 2022)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Ratio, Score
from ._classes import classes, of_classes, with_other
from ._comparison import compare_depth
from ._metric_depth import MetricDepth, depth_errors

#: Of all the errors of depth, those that are told by class.
TOLD = ("AbsRel", "RMSE", "delta1")


class RegionsDepth(MetricDepth):
    """``AbsRel``, ``RMSE`` in metres and ``delta1`` in percent, as `Depth` has them: of all pixels, and by class.

    The classes are the sample's masks, of an annotation tool (`io.read_masks`), of the data set or of a rendered scene;
    "other" is what none of them covers. ``AbsRel classes``, which ranks, is the mean over classes and "other": in it
    a small thing counts as much as the ground. No benchmark has these figures; they are this library's.
    """

    name: ClassVar[str] = "regions_depth"
    primary: ClassVar[str] = "AbsRel classes"
    missing_estimates: ClassVar[str] = "left out of every error; density tells how many pixels were estimated"

    def fits(self, sample: Any) -> bool:
        """Whether the sample has true depth, and a class is known."""
        return super().fits(sample) and bool(classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`.

        Raises TypeError for `RelativeDepth`, with the reason; ValueError where a mask is of another size.
        """
        pair = compare_depth(estimate, sample)
        everywhere = pair.regions["all"]
        figures: dict[str, Ratio] = {}
        for label, region in {"all": everywhere, **with_other(sample, everywhere)}.items():
            known = region & pair.estimated
            found = depth_errors(pair.estimate[known], pair.truth[known])
            figures |= {f"{name} {label}": found[name] for name in TOLD}
            estimated = Ratio(float(np.count_nonzero(known)), float(np.count_nonzero(region)), "percent")
            figures[f"density {label}"] = estimated
        return {"AbsRel classes": of_classes(figures, "AbsRel"), **figures, "density": pair.density}
