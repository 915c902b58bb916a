"""The fundamental matrix, of cameras known or not, by LO-RANSAC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..method import backend
from ..results import RelativePose
from ..results.relative_pose import Relation
from ._base import Estimate, PoseMethod
from ._views import View


@dataclass(frozen=True, kw_only=True)
class Fundamental(PoseMethod):
    """F by the seven-point solver (Hartley & Zisserman 2004, 11.1.2) in LO-RANSAC, with a pose where cameras are given.

    Samples are judged and refined as in `Essential`, over the 7 degrees of freedom of F = U·diag(1, s, 0)·Vᵀ (Bartoli &
    Sturm, PAMI 2004), all depths being as likely. A plane or a rotation does not determine F. Points of cameras with
    distortion are undistorted first: F is then that of the pinhole cameras.
    """

    relation: ClassVar[Relation] = "fundamental"
    least_matches: ClassVar[int] = 7

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, view0: View, view1: View) -> RelativePose:
        from .. import _core

        found = _core.estimate_fundamental(view0.ideal, view1.ideal, *self.core_options())
        return self.diagnosed(view0, view1, Estimate.from_core(found))

    @backend("reference")
    def _reference(self, view0: View, view1: View) -> RelativePose:
        from ._fundamental_reference import estimate_fundamental

        found = estimate_fundamental(view0, view1, self.max_error_px, self.confidence, self.max_iterations, self.seed)
        return self.diagnosed(view0, view1, found)
