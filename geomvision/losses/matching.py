"""A loss of features to be matched: of each, which one of the other image is its own.

Features are (B, C, h, w), flow (B, 2, h, w) in pixels of that size as (x, y), NaN where unknown.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_beside, check_maps, reduced


@at_least_float32
def matching(
    features0: Tensor,
    features1: Tensor,
    flow: Tensor,
    *,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """−Σ_q w_q(p + F(p)) log P(q | p), P(q | p) = softmax over all q of ⟨f₀(p), f₁(q)⟩ / √C.

    The cross entropy of a match among all places of the other image. The logits are the correlations that RAFT looks
    up; w spreads the true place bilinearly over the four around it. One direction of the matching loss of LoFTR (Sun et
    al., CVPR 2021, §3.5; there of a softmax both ways), over the global softmax of GMFlow (Xu et al., CVPR 2022, §3.1);
    without temperature, the contrastive loss of van den Oord et al. (2018).

    Args:
        features0, features1: (B, C, h, w), equal in shape.
        flow: (B, 2, h, w), from image 0 to image 1. Where it is unknown or leads out of the image, nothing is known.
        weight: (B, 1, h, w), bool or at least 0: what the other image shows.
        reduction: "mean", or "none" for the loss by pixel.

    Raises:
        TypeError, ValueError: for tensors of other dtypes or shapes.
    """
    check_maps("matching", {"features0": features0, "features1": features1})
    check_maps("matching", {"flow": flow}, 2)
    check_beside("matching", "flow", flow, features0)
    height, width = flow.shape[2:]
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    x, y = flow[:, 0] + columns, flow[:, 1] + rows
    known = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)  # NaN is not
    with torch.autocast(flow.device.type, enabled=False):
        logits = features0.flatten(2).mT @ features1.flatten(2) / features0.shape[1] ** 0.5
    normaliser = logits.logsumexp(dim=2).view(x.shape)
    true = torch.zeros_like(normaliser)
    left, top = (torch.where(known, place, 0.0).floor().detach() for place in (x, y))
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = (1 - (x - left - dx).abs()) * (1 - (y - top - dy).abs())
        column, row = (left + dx).clamp(max=width - 1), (top + dy).clamp(max=height - 1)
        place = (row * width + column).long().flatten(1)[..., None]
        found = logits.gather(2, place).view(x.shape)
        true = true + torch.where(known, share, 0.0).to(logits.dtype) * found
    return reduced("matching", (normaliser - true)[:, None], known[:, None], weight, reduction)
