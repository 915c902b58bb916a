"""The Spring scene flow evaluation (Mehl et al., Spring, CVPR 2023)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..results import SceneFlow
from ._base import Protocol, Score
from ._comparison import share
from ._spring import DENSE
from .kitti2015_scene_flow import MAPS, pair_of


class SpringSceneFlow(Protocol):
    """``1px D1``, ``1px D2``, ``1px Fl``: percent of pixels more than 1 px off; ``1px SF``: in any of the three.

    D1 is disparity in frame 0, D2 that of the same points in frame 1, both at the pixels of frame 0; Fl is flow. SF
    counts pixels where all three truths are known.
    """

    task: ClassVar[str] = "scene_flow"
    name: ClassVar[str] = "spring_scene_flow"
    primary: ClassVar[str] = "1px SF"
    missing_estimates: ClassVar[str] = DENSE
    aggregation: ClassVar = "pooled"

    def takes(self, estimate: Any) -> bool:
        """Maps; points have none."""
        return isinstance(estimate, SceneFlow) and estimate.disparity0 is not None

    def fits(self, sample: Any) -> bool:
        """Whether the sky is told, as in Spring."""
        return "sky" in getattr(sample, "masks", {})

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `SceneFlow` that was made of maps, by a `SceneFlowSample`.

        Raises TypeError for another estimate, ValueError where one of the three maps or truths is missing.
        """
        if not isinstance(estimate, SceneFlow):
            raise TypeError(f"the estimate is a {type(estimate).__name__}; it must be a SceneFlow")
        pairs = {letter: pair_of(estimate, sample, name) for letter, name in MAPS}
        wrong = {letter: ~(pair.error <= 1.0) for letter, pair in pairs.items()}
        shared = np.logical_and.reduce([pair.regions["all"] for pair in pairs.values()])
        figures = {f"1px {letter}": share(wrong[letter], pair.regions["all"]) for letter, pair in pairs.items()}
        figures["1px SF"] = share(np.logical_or.reduce(list(wrong.values())), shared)
        every = np.logical_and.reduce([pair.estimated for pair in pairs.values()])
        return {**figures, "density": share(every, shared)}
