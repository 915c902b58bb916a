"""Depth as an ordered choice: a wrong bin costs the more the farther it lies from the right one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..nets.depth_bins import bin_of, check_edges
from ._maps import Reduction, at_least_float32, check_beside, check_maps, filled, reduced


@at_least_float32
def ordinal(
    logits: Tensor, truth: Tensor, edges: Tensor, *, weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    """−Σ_{k < l} log P_k − Σ_{k ≥ l} log(1 − P_k), l the bin of the truth (Fu et al.: DORN, CVPR 2018).

    P_k = σ(z_k) is the probability that depth lies beyond bin k; the paper's softmax of two outputs is the same of
    their difference. Bins that are passed over all cost, so one that is near costs less than one that is far.

    Args:
        logits: z, (B, K, H, W).
        truth: (B, 1, H, W), metres, NaN where unknown. What lies outside of the edges counts nowhere.
        edges: (K + 1,), metres: `nets.depth_bins.bin_edges`.
        weight: of pixels, (B, 1, H, W), bool or at least 0.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("ordinal", {"logits": logits})
    check_maps("ordinal", {"truth": truth}, 1)
    check_beside("ordinal", "logits", logits, truth)
    check_edges("ordinal", edges, logits)
    edges = edges.to(truth)
    where = (truth >= edges[0]) & (truth <= edges[-1])  # NaN is not
    label = bin_of(filled(truth, where), edges)
    beyond = (torch.arange(logits.shape[1], device=logits.device).view(1, -1, 1, 1) < label).to(logits.dtype)
    costs = functional.binary_cross_entropy_with_logits(filled(logits, where), beyond, reduction="none")
    return reduced("ordinal", costs.sum(dim=1, keepdim=True), where, weight, reduction)
