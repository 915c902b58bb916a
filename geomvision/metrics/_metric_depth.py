"""What protocols of metric depth share: the errors, whom they take, and a range and a crop to score in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from ..results import Depth
from ._base import Protocol, Ratio, Score
from ._comparison import Float64, compare_depth

#: Depths nearer than that are no depths in the code that evaluates Eigen's split and NYU, metres.
NEAREST_M = 1e-3


class MetricDepth(Protocol):
    """A protocol in metres, image by image; relative maps are refused with the reason."""

    task: ClassVar[str] = "depth"
    primary: ClassVar[str] = "AbsRel"
    aggregation: ClassVar = "mean"

    def takes(self, estimate: Any) -> bool:
        """Whether the estimate is in metres."""
        return isinstance(estimate, Depth)

    def fits(self, sample: Any) -> bool:
        """Whether the sample has true depth."""
        return getattr(sample, "depth", None) is not None

    def counted(self, sample: Any) -> Depth:
        """The true depths that count, NaN elsewhere. ValueError where the sample has none."""
        truth = getattr(sample, "depth", None)
        if not isinstance(truth, Depth):
            raise ValueError(f"the sample {getattr(sample, 'name', '')!r} has no depth to compare with")
        return truth


class CappedDepth(MetricDepth):
    """Errors over the true depths from 1 mm to `cap_m`, both left out, inside a crop.

    Estimates are moved into that range. Nothing is scaled: relative depth is to be aligned before, and so clipped
    after it, as in the published code.
    """

    missing_estimates: ClassVar[str] = (
        "count as 0.001 m, the least depth, as in the code that NYU and Eigen's split are evaluated by; 'est' figures "
        "leave them out"
    )
    #: Metres.
    cap_m: ClassVar[float]

    @abstractmethod
    def crop(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns that are scored. ValueError where there are none for this size."""

    def counted(self, sample: Any) -> Depth:
        """True depths in the range, inside the crop."""
        truth = super().counted(sample).m
        inside = np.zeros(truth.shape, bool)
        inside[self.crop(*truth.shape)] = True
        return Depth(m=np.where(inside & (truth > NEAREST_M) & (truth < self.cap_m), truth, np.nan))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`. Raises TypeError for `RelativeDepth`, with the reason."""
        pair = compare_depth(estimate, sample)
        scored = self.counted(sample).valid
        truth, given = pair.truth[scored], pair.estimate[scored]
        known = ~np.isnan(given)
        clipped = np.clip(np.where(known, given, NEAREST_M), NEAREST_M, self.cap_m)
        estimated = depth_errors(clipped[known], truth[known])
        return {
            **depth_errors(clipped, truth),
            **{f"{name} est": estimated[name] for name in ("AbsRel", "RMSE", "delta1")},
            "density": Ratio(float(np.count_nonzero(known)), float(known.size), "percent"),
        }


def depth_errors(z: Float64, truth: Float64) -> dict[str, Ratio]:
    """The errors of depths `z` (N,) above 0 by true ones, both metres.

    ``SqRel`` is what Eigen's evaluation code computes and nearly all papers print, mean (Z − Z*)² / Z*, in metres;
    ``SqErrRel`` the squared relative error proper, mean ((Z − Z*) / Z*)², KITTI's, without unit.
    """
    error, log_error = np.abs(z - truth), np.log(z) - np.log(truth)
    ratio = np.maximum(z / truth, truth / z)
    return {
        "AbsRel": average(error / truth),
        "SqRel": average(error**2 / truth),
        "SqErrRel": average((error / truth) ** 2),
        "MAE": average(error),
        "RMSE": rooted(error),
        "RMSE-log": rooted(log_error),
        "log10": average(np.abs(log_error) / np.log(10.0)),
        "SILog": spread(100.0 * log_error),
        **{f"delta{n}": percent(ratio < 1.25**n) for n in (1, 2, 3)},
    }


def average(values: Float64) -> Ratio:
    """The mean."""
    return Ratio(float(values.sum()), float(values.size))


def percent(values: Any) -> Ratio:
    """The mean in percent; of bools the share that is true."""
    return Ratio(float(np.asarray(values, np.float64).sum()), float(np.size(values)), "percent")


def rooted(values: Float64) -> Ratio:
    """The root of the mean square."""
    return Ratio(float(np.square(values).sum()), float(values.size), "root")


def spread(values: Float64) -> Ratio:
    """The standard deviation: the root of the mean squared distance from the mean."""
    return rooted(values - values.mean() if values.size else values)
