"""The homography of a plane or of a rotation, by LO-RANSAC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ..cameras import Array
from ..method import backend
from ..results import RelativePose
from ..results.relative_pose import Relation
from ._base import Estimate, PoseMethod
from ._views import View, unmirrored


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

        turned, back = unmirrored(view0, view1)
        found = _core.estimate_homography(view0.ideal, turned.ideal, *self.core_options())
        return self._turned_back(view0, view1, Estimate.from_core(found), back)

    @backend("reference")
    def _reference(self, view0: View, view1: View) -> RelativePose:
        from ._homography_reference import estimate_homography

        turned, back = unmirrored(view0, view1)
        found = estimate_homography(view0, turned, self.max_error_px, self.confidence, self.max_iterations, self.seed)
        return self._turned_back(view0, view1, found, back)

    def _turned_back(self, view0: View, view1: View, found: Estimate, back: Array) -> RelativePose:
        matrix = None if found.matrix is None else back @ found.matrix
        return self.diagnosed(view0, view1, replace(found, matrix=matrix))
