"""The KITTI 2015 stereo evaluation (Menze & Geiger, CVPR 2015; `evaluate_scene_flow.cpp` of its devkit)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Score
from ._comparison import compare_disparity
from ._kitti import FILLED, outliers_2015


class KITTI2015(Protocol):
    """``D1``: percent of pixels more than 3 px **and** more than 5 % of the true disparity off.

    ``D1-all`` counts every pixel, ``D1-bg`` and ``D1-fg`` split it where the sample has a mask "foreground" (moving
    objects); each over noc and all pixels. Figures that end in ``est`` use only original estimates.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "kitti2015"
    primary: ClassVar[str] = "D1-all all"
    missing_estimates: ClassVar[str] = FILLED
    aggregation: ClassVar = "pooled"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`; those over noc only where the sample knows its occlusions."""
        return outliers_2015(compare_disparity(estimate, sample), sample, "D1")
