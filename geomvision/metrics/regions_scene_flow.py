"""Scene flow by classes of objects or surfaces, as Booster has it for stereo (Zama Ramirez et al., CVPR 2022)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._classes import classes, with_other
from ._comparison import compare_motion, mean, share


class RegionsSceneFlow(Protocol):
    """``EPE3D`` in metres and ``Acc3D``, percent of points less than 0.1 m off: of all, and by class.

    The classes are the sample's masks, of an annotation tool (`io.read_masks`), of the data set or of a rendered scene;
    "other" is what none of them covers. No benchmark has these figures; they are this library's.
    """

    task: ClassVar[str] = "scene_flow"
    name: ClassVar[str] = "regions_scene_flow"
    primary: ClassVar[str] = "EPE3D all"
    missing_estimates: ClassVar[str] = "left out of EPE3D; never accurate"
    aggregation: ClassVar = "mean"

    def fits(self, sample: Any) -> bool:
        """Whether a class is known."""
        return bool(classes(sample))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `SceneFlow`. ValueError where a mask is of another size, or truth is missing."""
        true, error = compare_motion(estimate, sample)
        known = ~np.isnan(true[..., 0])
        figures: dict[str, Ratio] = {}
        for label, region in {"all": known, **with_other(sample, known)}.items():
            figures[f"EPE3D {label}"] = mean(error, region & estimate.valid)
            figures[f"Acc3D {label}"] = share(error < 0.1, region)
        return {**figures, "density": share(estimate.valid, known)}
