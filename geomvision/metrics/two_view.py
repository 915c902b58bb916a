"""Angles of relative poses whose scale is not known, and areas under their recall curves.

The area is that of Sarlin et al., SuperGlue, CVPR 2020; mAA that of Jin et al., Image matching across wide baselines:
from paper to practice, IJCV 129, 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, check_pose
from ._base import Columns, Float64, Protocol, Ratio, Score, per_image
from ._drawn import drawn_largest, drawn_mean, drawn_median
from ._poses import PoseError, pose_auc, pose_error

#: Of AUC, and of mAA: 1°, 2° … 10°, degrees.
THRESHOLDS_DEG = (5.0, 10.0, 20.0)
MEAN_OVER_DEG = tuple(float(t) for t in range(1, 11))
#: A true translation up to this length is none, metres: its direction is rounding.
NO_BASELINE_M = 1e-6
#: What a missing pose counts, degrees: no angle is larger.
WORST_DEG = 180.0
ERRORS = ("R deg", "t deg", "pose deg")
MEAN_ACCURACY, UNFLAGGED = "mAA@10°", " unflagged"


def auc_name(threshold_deg: float) -> str:
    """What the area up to a threshold is called: "AUC@5°"."""
    return f"AUC@{threshold_deg:g}°"


class TwoView(Protocol):
    """``AUC@5°``, ``AUC@10°``, ``AUC@20°`` and ``mAA@10°`` of the pose's error, percent; medians of errors, degrees.

    A pair's error, ``pose deg``, is the larger of two angles: ``R deg`` between the rotations, ``t deg`` between the
    directions of the translations, whose lengths do not matter: poses up to scale and in metres count alike. Directions
    have a sign: a camera that is said to have gone the opposite way is wrong by 180° (`superglue` forgives that). Where
    the true translation is no longer than a micrometre it has no direction: the pair's error is that of the rotation,
    whatever the estimate says of the translation, and there is no ``t deg``. An estimate without a translation is wrong
    by 180° where there is one.

    AUC is the area under the recall curve of all pairs together, its points joined by lines from the origin on
    (`pose_auc`); mAA the mean, over 1°, 2° … 10°, of the share of pairs whose error is below. Of a pair alone, AUC is
    the share of the threshold that its error leaves over. A pose counts as what it is, flagged or not; in figures that
    end in "unflagged" every flagged pose is wrong, as for those who use none. ``flagged`` is the share of such pairs.
    """

    task: ClassVar[str] = "pose"
    name: ClassVar[str] = "two_view"
    primary: ClassVar[str] = auc_name(THRESHOLDS_DEG[0])
    beside: ClassVar[tuple[str, ...]] = tuple(map(auc_name, THRESHOLDS_DEG[1:]))
    rule: ClassVar[str] = "areas under one recall curve of all pairs, medians of angles, shares of pairs"
    missing_estimates: ClassVar[str] = "a pair without a pose, or refused, is wrong by 180°: at every threshold"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of an estimate with `T_1_0` by a `PoseSample` with `T_1_0`.

        Raises TypeError for an estimate that is no pose, ValueError for a sample without the truth.
        """
        if not hasattr(estimate, "T_1_0"):
            raise TypeError(f"{self.name} scores relative poses; it was given a {type(estimate).__name__}")
        T = estimate.T_1_0
        known = T is not None and bool(np.isfinite(T).all())
        flagged = bool(getattr(estimate, "degeneracies", ()) or getattr(estimate, "flags", ()))
        error = self.error(T if known else None, _truth(sample))
        return self.figures(error, given=known, flagged=flagged)

    def missing(self, sample: Any, method: Any) -> Score | None:  # noqa: ARG002
        """Wrong by 180°."""
        return self.figures(self.error(None, _truth(sample)), given=False, flagged=False)

    def figures(self, error: PoseError, *, given: bool, flagged: bool) -> Score:
        """The figures of one pair, of which a pose was `given` or not."""
        worst = error.worst_deg
        trusted = WORST_DEG if flagged else worst
        return {
            **{auc_name(t): _left(worst, t) for t in THRESHOLDS_DEG},
            MEAN_ACCURACY: Ratio(float(np.mean([worst < t for t in MEAN_OVER_DEG])), 1.0, "percent"),
            **dict(zip(ERRORS, map(_angle, (*error, worst)), strict=True)),
            **{auc_name(t) + UNFLAGGED: _left(trusted, t) for t in THRESHOLDS_DEG},
            "flagged": Ratio(float(flagged), 1.0, "percent"),
            "density": Ratio(float(given), 1.0, "percent"),
        }

    def error(self, estimate: Array | None, truth: Array) -> PoseError:
        """Both angles, NaN for the direction of a translation that is none; 180° for no estimate."""
        still = not truth[:3, 3].any()
        if estimate is None:
            return PoseError(WORST_DEG, math.nan if still else WORST_DEG)
        return pose_error(estimate, truth)

    def aggregate(self, scores: Iterable[Score], samples: Sequence[str] | None = None) -> dict[str, float]:
        """Areas over all pairs, medians of the errors, percentages."""
        every = list(scores)
        result = super().aggregate(every, samples)
        for name in result:
            if name in ERRORS:
                known = [score[name].value for score in every if score[name].count > 0]
                result[name] = float(np.median(known)) if known else math.nan
            elif name.startswith("AUC"):
                threshold, errors = _threshold(name), [_error(score, name) for score in every if name in score]
                result[name] = 100.0 * pose_auc(errors, (threshold,), curve="lines")[threshold]
        return result

    def drawn(self, figure: str, images: Columns, draws: NDArray[np.floating[Any]]) -> Float64 | None:
        """What `aggregate` says, for many drawings of pairs."""
        values, known = per_image(images, figure)
        if figure in ERRORS:
            return drawn_median(values, known, draws)
        share = drawn_mean(100.0 * values, known, draws)
        if not figure.startswith("AUC"):
            return share
        # The area under steps is the mean of what errors leave over; lines add the largest of those below, over 2N.
        threshold = _threshold(figure)
        largest = drawn_largest(threshold * (1.0 - values), known & (values > 0), draws)
        counts = np.asarray(draws[:, known], np.float64).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(share + 100.0 * largest / (2.0 * threshold * counts), np.float64)


def _truth(sample: Any) -> Array:
    """The true pose; a translation that is too short to have a direction becomes 0."""
    if getattr(sample, "T_1_0", None) is None:
        raise ValueError(f"sample {getattr(sample, 'name', sample)!r} has no T_1_0: there is no truth to score by")
    truth = check_pose(sample.T_1_0, "T_1_0")
    if np.linalg.norm(truth[:3, 3]) <= NO_BASELINE_M:
        truth[:3, 3] = 0.0
    return truth


def _left(error_deg: float, threshold_deg: float) -> Ratio:
    return Ratio(max(0.0, 1.0 - error_deg / threshold_deg), 1.0, "percent")


def _angle(degrees: float) -> Ratio:
    return Ratio(0.0, 0.0) if math.isnan(degrees) else Ratio(degrees, 1.0)


def _threshold(figure: str) -> float:
    return float(figure.removesuffix(UNFLAGGED).removeprefix("AUC@").removesuffix("°"))


def _error(score: Score, figure: str) -> float:
    """A pair's error as an area counts it, degrees."""
    flagged = figure.endswith(UNFLAGGED) and score["flagged"].total > 0
    return WORST_DEG if flagged else score[ERRORS[-1]].value
