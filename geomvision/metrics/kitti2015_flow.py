"""The KITTI 2015 optical flow evaluation (Menze & Geiger, CVPR 2015; `evaluate_scene_flow.cpp` of its devkit)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Score
from ._comparison import compare_flow
from ._kitti import FILLED, outliers_2015


class KITTI2015Flow(Protocol):
    """``Fl``: percent of pixels whose end point is more than 3 px **and** more than 5 % of the true flow off.

    ``Fl-all`` counts every pixel, ``Fl-bg`` and ``Fl-fg`` split it where the sample has a mask "foreground" (moving
    objects); each over noc and all pixels. Figures that end in ``est`` use only original estimates.
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "kitti2015_flow"
    primary: ClassVar[str] = "Fl-all all"
    missing_estimates: ClassVar[str] = FILLED
    aggregation: ClassVar = "pooled"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`; those over noc only where the sample knows its occlusions."""
        return outliers_2015(compare_flow(estimate, sample), sample, "Fl")
