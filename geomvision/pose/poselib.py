"""PoseLib's relative pose, as a peer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..method import backend, option
from ..results import RelativePose
from ._base import Estimate, PoseMethod
from ._views import View
from .opencv_usac import judged


@dataclass(frozen=True, kw_only=True)
class PoseLib(PoseMethod):
    """`poselib.estimate_relative_pose` (V. Larsson, 2020): LO-RANSAC with the five-point solver, refined on inliers.

    `max_error_px` is its threshold; PoseLib's own default is 1 px. What speaks against the pose is looked for as in
    `Essential`.
    """

    max_error_px: float = option(1.0, "its threshold", unit="px", minimum=1e-3)
    max_iterations: int = option(100_000, "samples at most", minimum=1, maximum=10_000_000)

    @backend("poselib", requires="poselib", extra="pose")
    def _poselib(self, view0: View, view1: View) -> RelativePose:
        import poselib

        cameras = [
            {"model": "PINHOLE", "width": 1, "height": 1, "params": list(view.intrinsics)} for view in (view0, view1)
        ]
        options = {
            "max_epipolar_error": self.max_error_px,
            "success_prob": self.confidence,
            "max_iterations": self.max_iterations,
            "seed": self.seed,
        }
        pose, told = poselib.estimate_relative_pose(view0.ideal, view1.ideal, *cameras, options, {})
        R, t = np.asarray(pose.R), np.asarray(pose.t)
        length = float(np.linalg.norm(t))
        if not (np.isfinite(R).all() and 0.0 < length < np.inf):  # it found none
            return self.diagnosed(view0, view1, Estimate(iterations=int(told["iterations"])))
        t = t / length
        skew = np.array([[0.0, -t[2], t[1]], [t[2], 0.0, -t[0]], [-t[1], t[0], 0.0]])
        estimate = judged(skew @ R, view0, view1, self.max_error_px, np.asarray(told["inliers"], bool))
        found = replace(estimate, rotation=R, translation=t, iterations=int(told["iterations"]))
        return self.diagnosed(view0, view1, found)
