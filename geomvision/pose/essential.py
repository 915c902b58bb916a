"""The essential matrix of calibrated cameras, by LO-RANSAC."""

from __future__ import annotations

from dataclasses import dataclass

from ..method import backend
from ..results import RelativePose
from ._base import Estimate, PoseMethod
from ._views import View


@dataclass(frozen=True, kw_only=True)
class Essential(PoseMethod):
    """Pose by the five-point solver (Nistér, PAMI 2004) in LO-RANSAC (Chum, Matas & Kittler, DAGM 2003).

    Samples are judged by MSAC's gain averaged over thresholds from 0 to `max_error_px` (in the spirit of MAGSAC, Barath
    et al., CVPR 2019): no noise level needs to be known. New best ones are refined by Gauss–Newton steps on Sampson
    errors over the pose's 5 degrees of freedom, each match weighed by the probability that it is an inlier. That is
    learned along: a Gaussian of unknown width and share among outliers, and how likely the depth is at which the match
    would lie, so that wrong matches that happen to lie on their epipolar lines lose the say that their long
    displacement would give them. The best pose is the one of largest likelihood. Among up to 256 matches a second
    search of as many samples looks for one that fits more precisely: few wrong matches can hide it from the first.
    """

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, view0: View, view1: View) -> RelativePose:
        from .. import _core

        found = _core.estimate_essential(
            view0.ideal,
            view1.ideal,
            view0.intrinsics,
            view1.intrinsics,
            [] if view0.spread is None else view0.spread.tolist(),
            [] if view1.spread is None else view1.spread.tolist(),
            *self.core_options(),
        )
        return self.diagnosed(view0, view1, Estimate.from_core(found))

    @backend("reference")
    def _reference(self, view0: View, view1: View) -> RelativePose:
        from ._essential_reference import estimate_essential

        found = estimate_essential(view0, view1, self.max_error_px, self.confidence, self.max_iterations, self.seed)
        return self.diagnosed(view0, view1, found)
