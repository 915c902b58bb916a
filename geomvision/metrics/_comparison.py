"""An estimate beside its truth: checked sizes, float64 values, and the regions that can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Mask, as_mask
from ..results import Depth, Disparity, Flow, RelativeDepth, SceneFlow
from ._base import Ratio

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Estimate and truth of one image. `regions` holds "all" (wherever there is truth) and, where known, "noc"."""

    estimate: Float64
    truth: Float64
    estimated: Mask
    regions: Mapping[str, Mask]

    @property
    def error(self) -> Float64:
        """Absolute error; for flow the Euclidean distance of the two vectors. NaN where either is missing."""
        difference = self.estimate - self.truth
        return np.abs(difference) if difference.ndim == 2 else np.hypot(difference[..., 0], difference[..., 1])

    @property
    def density(self) -> Ratio:
        """Percentage of the pixels with truth that have an estimate."""
        return share(self.estimated, self.regions["all"])


def compare_disparity(estimate: Any, sample: Any) -> Comparison:
    """A `Disparity` against a sample's. Raises ValueError or TypeError saying what does not fit."""
    return _compare(estimate, sample, Disparity, "disparity", "px")


def compare_flow(estimate: Any, sample: Any) -> Comparison:
    """A `Flow` against a sample's. Raises ValueError or TypeError saying what does not fit."""
    return _compare(estimate, sample, Flow, "flow", "px")


def compare_depth(estimate: Any, sample: Any) -> Comparison:
    """A metric `Depth` against a sample's. Raises ValueError or TypeError saying what does not fit."""
    if isinstance(estimate, RelativeDepth):
        raise TypeError(
            f"the estimate is relative depth ({estimate.kind}): its scale is unknown, so it has no error in metres; "
            "align it first with estimate.align_to(reference), and say to what"
        )
    return _compare(estimate, sample, Depth, "depth", "m")


def compare_motion(estimate: Any, sample: Any) -> tuple[Float64, Float64]:
    """The true motion (..., 3) of a sample and how far a `SceneFlow` is from it (...), metres; NaN where missing.

    Raises ValueError or TypeError saying what does not fit.
    """
    if not isinstance(estimate, SceneFlow):
        raise TypeError(f"the estimate is a {type(estimate).__name__}; it must be a SceneFlow")
    motion = getattr(sample, "motion", None)
    if motion is None:
        raise ValueError(f"the sample {getattr(sample, 'name', '')!r} has no motion to compare with")
    if estimate.motion.shape != motion.shape:
        raise ValueError(f"the estimate is {estimate.motion.shape}, the truth {motion.shape}; they must be equal")
    true = motion.astype(np.float64)
    return true, np.asarray(np.linalg.norm(estimate.motion - true, axis=-1))


def _compare(estimate: Any, sample: Any, kind: type[Any], truth_name: str, values: str) -> Comparison:
    if not isinstance(estimate, kind):
        raise TypeError(f"the estimate is a {type(estimate).__name__}; it must be a {kind.__name__}")
    truth = getattr(sample, truth_name, None)
    if truth is None:
        raise ValueError(f"the sample {getattr(sample, 'name', '')!r} has no {truth_name} to compare with")
    return compare_maps(estimate, truth, getattr(sample, "occluded", None), values)


def compare_maps(
    estimate: Any, truth: Any, occluded: Mask | None, values: str, truth_values: str | None = None
) -> Comparison:
    """Two maps, whose `values` are "px" or "m", those of relative depth "values". ValueError where sizes differ."""
    compare_sizes(estimate.size, truth.size, "truth")
    regions = {} if occluded is None else {"noc": truth.valid & ~mask_of_size(occluded, "occluded", truth.size)}
    return Comparison(
        estimate=getattr(estimate, values).astype(np.float64),
        truth=getattr(truth, truth_values or values).astype(np.float64),
        estimated=estimate.valid,
        regions={**regions, "all": truth.valid},
    )


def mask_of_size(mask: Any, name: str, size: tuple[int, int]) -> Mask:
    """A mask as bool; ValueError where it is of another size than the truth, which numpy might stretch it to."""
    held = as_mask(mask, name)
    if held.shape != size:
        raise ValueError(f"{name} has shape {held.shape}; the truth has {size}")
    return held


def compare_sizes(size: tuple[int, int], wanted: tuple[int, int], what: str) -> None:
    """ValueError where an estimate is of another size, (H, W), than what it is of."""
    if size != wanted:
        (h, w), (height, width) = size, wanted
        raise ValueError(f"the estimate is {w}x{h} pixels but the {what} is {width}x{height}; sizes must be equal")


def share(chosen: Mask, region: Mask) -> Ratio:
    """Percentage of the region's pixels that are chosen."""
    return Ratio(float(np.count_nonzero(chosen & region)), float(np.count_nonzero(region)), "percent")


def mean(values: Float64, region: Mask) -> Ratio:
    """Mean of the values over the region (which must hold no NaN)."""
    return Ratio(float(values[region].sum()), float(np.count_nonzero(region)))


def root_mean_square(values: Float64, region: Mask) -> Ratio:
    """Root of the mean square of the values over the region."""
    return Ratio(float(np.square(values[region]).sum()), float(np.count_nonzero(region)), "root")


def percentile(values: Float64, region: Mask, percent: float) -> Ratio:
    """The smallest value that at least `percent` of the region's pixels do not exceed. Means over images only."""
    inside = values[region]
    if inside.size == 0:
        return Ratio(0.0, 0.0)
    return Ratio(float(np.percentile(inside, percent, method="inverted_cdf")), 1.0)
