"""Whether confidence tells what is wrong: the error of what is left as the least sure pixels are taken away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ._error_map import error_map

Float64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sparsification:
    """Mean errors of what is left after 0, 1, … n − 1 of n pixels were taken away, each (n,) float64."""

    #: Taken away by confidence, the least sure first; what is equally sure, in no order: the mean of all orders.
    by_confidence: Float64
    #: Taken away by the error itself, the largest first: no confidence can do better.
    oracle: Float64

    @property
    def area(self) -> float:
        """The mean of the sparsification error `by_confidence` − `oracle`, in the error's unit; NaN without pixels."""
        return float(np.mean(self.by_confidence - self.oracle)) if self.oracle.size else math.nan

    @property
    def normalised_area(self) -> float:
        """AUSE of Ilg et al. (ECCV 2018): `area` over the error of all pixels, about 1 and more where confidence is
        chance; 0 where no pixel is wrong. Methods of unlike accuracy are compared by it."""
        if not self.oracle.size:
            return math.nan
        return self.area / float(self.oracle[0]) if self.oracle[0] > 0 else 0.0


@checked
def sparsification(estimate: Any, sample: Any, *, threshold: float | None = None) -> Sparsification:
    """The sparsification curve of an estimate with confidence (Bruhn & Weickert, 2006; Ilg et al., ECCV 2018).

    Args:
        estimate: a `Disparity`, `Flow` or `Depth` that has `confidence`.
        sample: the sample with the truth.
        threshold: None takes the error of `error_map`; a number takes 1 where that is larger, 0 elsewhere, so that
            errors are shares of wrong pixels.

    Returns:
        The curves over the pixels with truth and an estimate. Gaps do not count: they have no confidence.

    Raises:
        ValueError: when the estimate has no confidence, the sample no truth or another size, or a threshold is
            negative. TypeError: for relative depth and anything that is no estimate.
    """
    error = error_map(estimate, sample).astype(np.float64)
    confidence = getattr(estimate, "confidence", None)
    if confidence is None:
        raise ValueError(
            f"sparsification: the {type(estimate).__name__} has no confidence; take a method that gives it"
        )
    if threshold is not None and not threshold >= 0:
        raise ValueError(f"sparsification: threshold is {threshold}; it must be at least 0")
    known = ~np.isnan(error)
    errors, sure = error[known], np.asarray(confidence, np.float64)[known]
    if threshold is not None:
        errors = (errors > threshold).astype(np.float64)
    return Sparsification(by_confidence=_means_left(_shared(errors, sure)), oracle=_means_left(np.sort(errors)))


def _shared(errors: Float64, sure: Float64) -> Float64:
    """The errors from the surest pixel to the least sure; those equally sure share the mean of theirs."""
    order = np.argsort(-sure, kind="stable")
    ranked, errors = sure[order], errors[order]
    starts = np.flatnonzero(np.r_[True, np.diff(ranked) != 0][: errors.size])
    counts = np.diff(np.r_[starts, errors.size])
    return np.repeat(np.add.reduceat(errors, starts) / counts, counts) if errors.size else errors


def _means_left(kept: Float64) -> Float64:
    """Means of the first n, n − 1, … 1 values."""
    left: Float64 = (np.cumsum(kept) / np.arange(1, kept.size + 1))[::-1]
    return left
