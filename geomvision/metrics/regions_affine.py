"""Depth up to scale and shift (Ranftl et al., TPAMI 44(3), 2022) by classes of objects or surfaces, after one fit."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..results import RelativeDepth
from ._affine_fit import fitted
from ._any_depth import AnyDepth
from ._base import Ratio, Score
from ._classes import classes, of_classes, with_other
from ._comparison import compare_maps
from ._metric_depth import NEAREST_M, depth_errors
from .regions_depth import TOLD


class RegionsAffine(AnyDepth):
    """``AbsRel``, ``RMSE`` and ``delta1`` as `Affine` has them, of all pixels and by class.

    Scale and shift are those of the whole image: a class does not choose its own, so that figures tell where a map is
    bent. Classes are those of `RegionsDepth`, and so is ``AbsRel classes``, the mean over them, which ranks.
    """

    name: ClassVar[str] = "regions_affine"
    primary: ClassVar[str] = "AbsRel classes"
    missing_estimates: ClassVar[str] = "left out of fit and errors; density tells how many pixels were estimated"

    def fits(self, sample: Any) -> bool:
        """Whether the sample has true depth, and a class is known."""
        return getattr(sample, "depth", None) is not None and bool(classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `RelativeDepth` or `Depth`. TypeError for others, ValueError where sizes differ."""
        self.require(estimate, sample, "depth")
        relative = isinstance(estimate, RelativeDepth)
        pair = compare_maps(estimate, sample.depth, None, truth_values="m", values="values" if relative else "m")
        everywhere, inverse = pair.regions["all"], relative and estimate.kind == "disparity_affine"
        known = everywhere & pair.estimated
        truth = pair.truth[known]
        cap = float(pair.truth[everywhere].max()) if everywhere.any() else np.inf
        aligned = np.full(known.shape, np.nan)
        aligned[known] = fitted(pair.estimate[known], 1.0 / truth if inverse else truth)
        z = 1.0 / np.maximum(aligned, 1.0 / cap) if inverse else np.clip(aligned, NEAREST_M, cap)
        figures: dict[str, Ratio] = {}
        for label, region in {"all": everywhere, **with_other(sample, everywhere)}.items():
            found = depth_errors(z[region & known], pair.truth[region & known])
            figures |= {f"{name} {label}": found[name] for name in TOLD}
        return {"AbsRel classes": of_classes(figures, "AbsRel"), **figures, "density": pair.density}
