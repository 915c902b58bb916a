"""Areas under the recall curve of pose errors as tables of matchers have them (Sarlin et al., SuperGlue, CVPR 2020)."""

from __future__ import annotations

import math
from typing import ClassVar

from ..cameras import Array
from ._base import Score
from ._poses import PoseError
from .two_view import ERRORS, MEAN_ACCURACY, THRESHOLDS_DEG, TwoView, auc_name


class SuperGlue(TwoView):
    """`two_view` with directions that have no sign: an angle above 90° counts as 180° less it.

    That is what figures of SuperGlue, LoFTR, LightGlue and those that compare with them are. A method that takes the
    camera to have gone the opposite way, so that all points lie behind it, is right here.
    """

    name: ClassVar[str] = "superglue"
    beside: ClassVar[tuple[str, ...]] = ()

    def figures(self, error: PoseError, *, given: bool, flagged: bool) -> Score:
        """What those tables have, the error and density."""
        every = super().figures(error, given=given, flagged=flagged)
        kept = (*map(auc_name, THRESHOLDS_DEG), MEAN_ACCURACY, ERRORS[-1], "density")
        return {name: every[name] for name in kept}

    def error(self, estimate: Array | None, truth: Array) -> PoseError:
        """Both angles, that of two directions at most 90°; 180° for no estimate, or one without a direction."""
        found = super().error(estimate, truth)
        if estimate is None or math.isnan(found.translation_deg) or not estimate[:3, 3].any():
            return found
        return PoseError(found.rotation_deg, min(found.translation_deg, 180.0 - found.translation_deg))
