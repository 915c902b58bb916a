"""The homography of a plane or of a rotation, by LO-RANSAC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..method import backend
from ..results import RelativePose
from ..results.relative_pose import Relation
from ._base import Estimate, PoseMethod
from ._views import View


@dataclass(frozen=True, kw_only=True)
class Homography(PoseMethod):
    """H by the four-point solver in LO-RANSAC, refined over its 8 degrees of freedom on Sampson errors.

    Where cameras are given, H is decomposed (Malis & Vargas, INRIA RR-6303, 2007) and poses that put inliers behind a
    camera are dropped. Usually two are left: `ambiguous_pose` says so, and `candidates` holds both. Points of cameras
    with distortion are undistorted first.
    """

    relation: ClassVar[Relation] = "homography"
    least_matches: ClassVar[int] = 4

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, view0: View, view1: View) -> RelativePose:
        from .. import _core

        found = _core.estimate_homography(view0.ideal, view1.ideal, *self.core_options())
        return self.diagnosed(view0, view1, Estimate.from_core(found))

    @backend("reference")
    def _reference(self, view0: View, view1: View) -> RelativePose:
        from ._homography_reference import estimate_homography

        found = estimate_homography(view0, view1, self.max_error_px, self.confidence, self.max_iterations, self.seed)
        return self.diagnosed(view0, view1, found)
