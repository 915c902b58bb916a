"""The error at every pixel, for figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..images import Float32
from ..results import Disparity, Flow, SceneFlow
from ._comparison import compare_depth, compare_disparity, compare_flow, compare_motion


def error_map(estimate: Any, sample: Any) -> Float32:
    """Error per pixel, float32 (H, W), NaN where estimate or truth is missing.

    Disparity: |d − d*| in px. Flow: distance of the end points in px. Scene flow: that
    in metres. Depth: |Z − Z*| / Z*, without unit.

    Raises:
        ValueError: when the sample has no truth or another size.
        TypeError: for relative depth and anything that is no estimate.
    """
    if isinstance(estimate, Disparity):
        return compare_disparity(estimate, sample).error.astype(np.float32)
    if isinstance(estimate, Flow):
        return compare_flow(estimate, sample).error.astype(np.float32)
    if isinstance(estimate, SceneFlow):
        return compare_motion(estimate, sample)[1].astype(np.float32)
    pair = compare_depth(estimate, sample)
    return (pair.error / pair.truth).astype(np.float32)
