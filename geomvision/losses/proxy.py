"""Targets from another method: where it is sure, a net can learn from it as from the truth."""

from __future__ import annotations

import torch
from torch import Tensor

from ..images import Float32
from ..results import Depth, Disparity, RelativeDepth
from ._maps import check_number


def proxy_targets(estimate: Disparity | Depth | RelativeDepth, *, least: float = 0.3) -> tuple[Tensor, Tensor]:
    """A method's map where it is sure, and how sure: (truth, weight) for any loss of disparity or depth.

    The confidence-guided loss Σ_{c ≥ τ} c · |d − D| of Tonioni et al. (Unsupervised adaptation for deep stereo, ICCV
    2017) is then `disparity_supervised.regression(net, truth, norm="l1", weight=weight)`, over Σ c rather than the
    number of pixels. On hard rendered scenes τ = 0.3 keeps about half of `SGM()`'s pixels, and of each twenty of those
    one is wrong by more than 2 pixels; without τ it is one of seven. What the matcher leaves open is not taught.

    Args:
        estimate: of a method with confidence, such as `SGM()` without filling.
        least: τ, 0 … 1. Pixels of less confidence, occluded ones and gaps are unknown.

    Returns:
        truth (1, 1, H, W), in the map's unit, NaN where unknown; weight (1, 1, H, W), the confidence, 0 there.

    Raises:
        ValueError: when the estimate has no confidence.
    """
    check_number("proxy_targets", "least", least)
    if estimate.confidence is None:
        raise ValueError("proxy_targets: the estimate has no confidence; take a method that gives it, such as sgm")
    sure = estimate.valid & (estimate.confidence >= least) & (estimate.confidence > 0)
    if estimate.occluded is not None:
        sure &= ~estimate.occluded
    there = torch.from_numpy(sure)[None, None]
    values, confidence = (torch.from_numpy(array)[None, None] for array in (_values(estimate), estimate.confidence))
    return torch.where(there, values, torch.nan), torch.where(there, confidence, 0.0)


def _values(estimate: Disparity | Depth | RelativeDepth) -> Float32:
    if isinstance(estimate, Disparity):
        return estimate.px
    return estimate.m if isinstance(estimate, Depth) else estimate.values
