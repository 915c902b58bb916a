"""Errors of scene flow in space (Liu, Qi & Guibas, FlowNet3D, CVPR 2019; Gu et al., HPLFlowNet, CVPR 2019)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Score
from ._comparison import compare_motion, mean, share

#: Metres added to the true motion before anything is divided by it, as HPLFlowNet does.
LEAST_M = 1e-4


class EPE3D(Protocol):
    """``EPE3D`` in metres, ``Acc3DS``, ``Acc3DR`` and ``Outliers3D`` in percent of the points.

    The error is the length of the difference of the two motions. It is strictly accurate (S) below 0.05 m **or** 5 % of
    the true motion, accurate in the relaxed sense (R) below 0.1 m or 10 %, an outlier above 0.3 m or 10 %. Over all
    points with truth and, where occlusions are known, over those that frame 1 shows (noc). Published figures are
    means over the images' figures, of about 8,192 points within 35 m: take these from a pair by
    ``sample.as_points()``.
    """

    task: ClassVar[str] = "scene_flow"
    name: ClassVar[str] = "epe3d"
    primary: ClassVar[str] = "EPE3D noc"
    missing_estimates: ClassVar[str] = "left out of EPE3D; never accurate, and counted as outliers"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `SceneFlow` by a `SceneFlowSample` or `PointsSample` with `motion`.

        Raises TypeError for another estimate, ValueError where truth is missing or of other points.
        """
        true, error = compare_motion(estimate, sample)
        with np.errstate(invalid="ignore"):
            relative = error / (np.linalg.norm(true, axis=-1) + LEAST_M)
        known, occluded = ~np.isnan(true[..., 0]), getattr(sample, "occluded", None)
        regions = {} if occluded is None else {"noc": known & ~occluded}
        figures = {}
        for name, region in {**regions, "all": known}.items():
            figures[f"EPE3D {name}"] = mean(error, region & estimate.valid)
            figures[f"Acc3DS {name}"] = share((error < 0.05) | (relative < 0.05), region)
            figures[f"Acc3DR {name}"] = share((error < 0.1) | (relative < 0.1), region)
            figures[f"Outliers3D {name}"] = share((error > 0.3) | (relative > 0.1) | ~estimate.valid, region)
        return {**figures, "density": share(estimate.valid, known)}
