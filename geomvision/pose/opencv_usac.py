"""OpenCV's USAC, as a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Array
from ..method import backend, option
from ..results import RelativePose
from ._base import Estimate, PoseMethod
from ._views import View


@dataclass(frozen=True, kw_only=True)
class OpenCVUSAC(PoseMethod):
    """`cv2.findEssentialMat` with one of its USAC methods; USAC_MAGSAC is MAGSAC++ (Barath et al., CVPR 2020).

    It takes one matrix of intrinsics, and is better with pixels than with rays: both views are seen through one camera
    of the mean focal length. `max_error_px` is its threshold there; OpenCV's own default is 1 px. It has no seed: its
    samples are always the same. What speaks against the pose is looked for as in `Essential`.
    """

    max_error_px: float = option(1.0, "its threshold", unit="px", minimum=1e-3)
    max_iterations: int = option(1000, "samples at most", minimum=1, maximum=10_000_000)
    flavour: str = option(
        "magsac", "its score and sampling", choices=("default", "fast", "accurate", "prosac", "magsac")
    )

    @backend("cv2", requires="cv2")
    def _opencv(self, view0: View, view1: View) -> RelativePose:
        import cv2

        focal = float(np.mean([abs(f) for v in (view0, view1) for f in v.intrinsics[:2]]))
        flag = getattr(cv2, f"USAC_{self.flavour.upper()}")
        K = np.diag([focal, focal, 1.0])
        K[:2, 2] = view0.intrinsics[2:]
        matrix, mask = cv2.findEssentialMat(
            view0.rays * focal + K[:2, 2],
            view1.rays * focal + K[:2, 2],
            K,
            method=flag,
            prob=self.confidence,
            threshold=self.max_error_px,
            maxIters=self.max_iterations,
        )
        if matrix is None or matrix.shape[0] < 3:
            return self.diagnosed(view0, view1, Estimate())
        chosen = None if mask is None else np.ravel(mask) > 0
        return self.diagnosed(
            view0, view1, judged(np.asarray(matrix[:3], np.float64), view0, view1, self.max_error_px, chosen)
        )


def judged(matrix: Array, view0: View, view1: View, max_error_px: float, inliers: Any = None) -> Estimate:
    """An estimate from another library's essential matrix and its inliers: Sampson errors, and noise from those."""
    matrix = np.asarray(matrix, float) / np.linalg.norm(matrix)
    F = np.linalg.inv(view1.K).T @ matrix @ np.linalg.inv(view0.K)
    first, second = (np.column_stack([v.ideal, np.ones(len(v.ideal))]) for v in (view0, view1))
    line1, line0 = first @ F.T, second @ F
    spread0 = 1.0 if view0.spread is None else view0.spread
    spread1 = 1.0 if view1.spread is None else view1.spread
    gradient = (line1[:, :2] ** 2).sum(axis=1) * np.square(spread1) + (line0[:, :2] ** 2).sum(axis=1) * np.square(
        spread0
    )
    errors = (second * line1).sum(axis=1) / np.sqrt(np.maximum(gradient, 1e-300))
    near = np.abs(errors) < max_error_px
    if inliers is None or not (near & inliers).any():
        inliers = near
    noise = float(np.sqrt(np.mean(errors[inliers] ** 2))) if inliers.any() else float("nan")
    return Estimate(matrix=matrix, errors_px=errors, noise_px=noise, inlier_px=max_error_px, score=float(near.sum()))
