"""Depth up to scale and shift, as MiDaS is evaluated (Ranftl et al., TPAMI 44(3), 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..results import RelativeDepth
from ._affine_fit import fitted
from ._any_depth import AnyDepth
from ._base import Score
from ._comparison import compare_maps
from ._metric_depth import NEAREST_M, depth_errors


@dataclass(frozen=True)
class Affine(AnyDepth):
    """The errors of `Depth` after scale and shift were fitted by least squares, in the space of the estimate.

    A ``disparity_affine`` map is fitted to inverse true depth, clipped to 1 / cap at least, and inverted; all others,
    metric depth among them, are fitted to true depth and clipped to 1 mm … cap. Every map is given a scale **and** a
    shift, whatever its kind leaves open, so that all methods are compared alike; nothing keeps the scale positive, as
    in the published code. A constant map becomes the mean. Metres are the truth's: figures say nothing of whether the
    method knows them. MiDaS prints 100 − ``delta1``. True depth beyond the cap is left out.
    """

    name: ClassVar[str] = "affine"
    primary: ClassVar[str] = "AbsRel"
    missing_estimates: ClassVar[str] = "left out of fit and errors; density tells how many pixels were estimated"

    #: The data set's largest depth, as 80 for KITTI and 10 for NYU; None: the largest true depth of the image.
    cap_m: float | None = None

    def __post_init__(self) -> None:
        if self.cap_m is not None and not (np.isfinite(self.cap_m) and self.cap_m > NEAREST_M):
            raise ValueError(f"cap_m is {self.cap_m}; it must be a number of metres above {NEAREST_M}, or None")

    def fits(self, sample: Any) -> bool:
        """Whether the sample has true depth."""
        return getattr(sample, "depth", None) is not None

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `RelativeDepth` or `Depth`. TypeError for others, ValueError without truth of its size."""
        self.require(estimate, sample, "depth")
        relative = isinstance(estimate, RelativeDepth)
        pair = compare_maps(estimate, sample.depth, None, truth_values="m", values="values" if relative else "m")
        within = pair.regions["all"] & (pair.truth <= (np.inf if self.cap_m is None else self.cap_m))
        known = within & pair.estimated
        inverse = relative and estimate.kind == "disparity_affine"
        truth = pair.truth[known]
        cap = self.cap_m or (float(pair.truth[within].max()) if within.any() else np.inf)
        aligned = fitted(pair.estimate[known], 1.0 / truth if inverse else truth)
        z = 1.0 / np.maximum(aligned, 1.0 / cap) if inverse else np.clip(aligned, NEAREST_M, cap)
        return {**depth_errors(z, truth), "density": pair.density}
