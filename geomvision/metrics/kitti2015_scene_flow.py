"""The KITTI 2015 scene flow evaluation (Menze & Geiger, CVPR 2015; `evaluate_scene_flow.cpp` of its devkit)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..results import SceneFlow
from ._base import Protocol, Ratio, Score
from ._comparison import Comparison, compare_maps, share
from ._kitti import FILLED, shares_2015, wrong_2015

#: Figure, what it is of, and the maps' values.
MAPS = (("D1", "disparity0"), ("D2", "disparity1"), ("Fl", "flow"))


class KITTI2015SceneFlow(Protocol):
    """``D1``, ``D2``, ``Fl``: percent of pixels more than 3 px **and** more than 5 % off; ``SF``: in any of the three.

    D1 is disparity in frame 0, D2 that of the same points in frame 1, both at the pixels of frame 0; Fl is optical
    flow. SF counts pixels where all three truths are known. Each over all pixels and, where occlusions are known, over
    those that are seen; ``bg`` and ``fg`` split them where the sample has a mask "foreground". For SF, ``est`` are
    the pixels with an original D1, as in the devkit.
    """

    task: ClassVar[str] = "scene_flow"
    name: ClassVar[str] = "kitti2015_scene_flow"
    primary: ClassVar[str] = "SF-all all"
    missing_estimates: ClassVar[str] = FILLED
    aggregation: ClassVar = "pooled"

    def takes(self, estimate: Any) -> bool:
        """Maps; points have none."""
        return isinstance(estimate, SceneFlow) and estimate.disparity0 is not None

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `SceneFlow` that was made of maps, by a `SceneFlowSample`.

        Raises TypeError for another estimate, ValueError where one of the three maps or truths is missing.
        """
        if not isinstance(estimate, SceneFlow):
            raise TypeError(f"the estimate is a {type(estimate).__name__}; it must be a SceneFlow")
        pairs, masks = {}, {}
        figures: dict[str, Ratio] = {}
        for letter, name in MAPS:
            pairs[letter] = pair = pair_of(estimate, sample, name)
            masks[letter] = wrong_2015(pair)
            figures |= shares_2015(pair.regions, pair.estimated, *masks[letter], sample, letter)
        shared = set.intersection(*(set(pair.regions) for pair in pairs.values()))
        regions = {
            name: np.logical_and.reduce([pair.regions[name] for pair in pairs.values()])
            for name in pairs["D1"].regions
            if name in shared
        }
        # The devkit takes the filled maps for the "est" figures of SF, too.
        filled = np.logical_or.reduce([mask for _, mask in masks.values()])
        figures |= shares_2015(regions, pairs["D1"].estimated, filled, filled, sample, "SF")
        every = np.logical_and.reduce([pair.estimated for pair in pairs.values()])
        return {**figures, "density": share(every, regions["all"])}


def pair_of(estimate: SceneFlow, sample: Any, name: str) -> Comparison:
    """One of the maps beside its truth. ValueError where the estimate or the sample has none."""
    given, truth = getattr(estimate, name), getattr(sample, name, None)
    if given is None:
        raise ValueError(f"the estimate has no {name}: KITTI's scene flow is scored by maps, not by points")
    if truth is None:
        raise ValueError(f"the sample {getattr(sample, 'name', '')!r} has no {name} to compare with")
    return compare_maps(given, truth, truth.occluded, "px")
