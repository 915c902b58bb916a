"""Errors of relative poses, and the area under their recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import check_pose


class PoseError(NamedTuple):
    """Angles between an estimated and a true pose, degrees; NaN where the true pose has no translation."""

    rotation_deg: float
    translation_deg: float

    @property
    def worst_deg(self) -> float:
        """The larger of the two: what `pose_auc` takes."""
        return float(np.nanmax([self.rotation_deg, self.translation_deg]))


@checked
def pose_error(estimate: ArrayLike | None, truth: ArrayLike) -> PoseError:
    """Angle of the rotation between two 4x4 poses, and angle between their translations, both in [0, 180] degrees.

    A missing estimate (None) counts as wrong by 180 degrees, as does a missing translation where there is one.
    Raises ValueError for what is no pose.
    """
    true = check_pose(truth, "truth")
    if estimate is None:
        return PoseError(180.0, 180.0)
    found = check_pose(estimate, "estimate")
    delta = found[:3, :3] @ true[:3, :3].T
    sine = np.linalg.norm([delta[2, 1] - delta[1, 2], delta[0, 2] - delta[2, 0], delta[1, 0] - delta[0, 1]])
    rotation = np.degrees(np.arctan2(sine, np.trace(delta) - 1))  # exact for small angles, too
    a, b = found[:3, 3], true[:3, 3]
    if not (a.any() and b.any()):
        return PoseError(float(rotation), 180.0 if b.any() else float("nan"))
    return PoseError(float(rotation), float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))))


@checked
def pose_auc(
    errors_deg: ArrayLike,
    thresholds_deg: Sequence[float] = (5.0, 10.0, 20.0),
    *,
    curve: Literal["steps", "lines"] = "steps",
) -> dict[float, float]:
    """Area under the recall curve of pose errors up to each threshold, over the threshold, in [0, 1].

    With "steps" the curve is exact: recall rises by 1/N at each error. With "lines" these points are joined from the
    origin on, as by Sarlin et al. (SuperGlue, CVPR 2020) and the tables after it: larger by the largest error below the
    threshold, over 2N thresholds. NaN and infinity count as wrong. Raises ValueError for no errors, negative ones, or a
    threshold that is not above 0.
    """
    errors = np.asarray(errors_deg, dtype=float).ravel()
    if errors.size == 0 or (errors < 0).any():
        told = f"errors_deg holds {errors.size} errors, of which {int((errors < 0).sum())} are negative"
        raise ValueError(f"{told}; there must be one or more, none of them negative")
    if not all(np.isfinite(t) and t > 0 for t in thresholds_deg):
        raise ValueError(f"thresholds_deg are {list(thresholds_deg)}; each must be above 0")
    if not isinstance(curve, str) or curve not in ("steps", "lines"):
        raise ValueError(f"curve is {curve!r}; allowed are 'steps' and 'lines'")
    known = np.where(np.isnan(errors), np.inf, errors)
    areas = {float(t): float(np.mean(np.maximum(0.0, t - known) / t)) for t in thresholds_deg}
    if curve == "steps":
        return areas
    return {t: area + float(known[known < t].max(initial=0.0)) / (2 * t * known.size) for t, area in areas.items()}
