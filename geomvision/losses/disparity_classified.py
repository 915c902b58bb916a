"""Disparity as a choice among candidates: cross entropy against a label that is soft around the truth.

A net that averages its candidates (soft-argmin) is taught nothing of how they are spread: two wrong surfaces may have
the right mean. Here the whole distribution is asked to have one peak, at the truth.

Candidates are d_k = first + k · step pixels, k = 0 … D − 1. Truth, (B, 1, H, W) in pixels, is NaN where unknown; truth
that lies outside of the candidates counts nowhere.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_beside, check_maps, check_number, filled, reduced

Kind = Literal["laplace", "gauss"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: 1 − P is held to be no less: a label all in one candidate would have an infinite focal weight.
LEAST = 1e-4


def soft_label(
    truth: Tensor,
    count: int,
    *,
    first: float = 0.0,
    step: float = 1.0,
    kind: Kind = "laplace",
    spread: float | Tensor = 1.0,
) -> Tensor:
    """P(d_k) ∝ exp(−|d_k − d*| / b) or exp(−(d_k − d*)² / 2b²), (B, D, H, W), which sums to 1; NaN without truth.

    "laplace" is that of PDS, with b = 2 px (Tulyakov, Ivanov & Fleuret, NeurIPS 2018), and of AcfNet, where a net gives
    b for each pixel (Zhang et al., AAAI 2020).

    Args:
        truth: d*, (B, 1, H, W), pixels.
        count: D, at least 2.
        first, step: of the candidates, pixels.
        kind: "laplace" or "gauss".
        spread: b, pixels, above 0: a number, or (B, 1, H, W), through which slopes run.
    """
    check_maps("soft_label", {"truth": truth}, 1)
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"soft_label: count is {count!r}; it must be a whole number of at least 2")
    if kind not in KINDS:
        raise ValueError(f"soft_label: kind is {kind!r}; allowed are {', '.join(map(repr, KINDS))}")
    check_number("soft_label", "first", first, low=-1e6)
    check_number("soft_label", "step", step, above=True)
    if isinstance(spread, Tensor):
        check_maps("soft_label", {"truth": truth, "spread": spread}, 1)
        if not bool((spread > 0).all()):
            raise ValueError("soft_label: spread holds values that are not above 0; all must be")
    else:
        check_number("soft_label", "spread", spread, above=True)
    where = _inside(truth, first, first + (count - 1) * step)
    candidates = first + step * torch.arange(count, dtype=truth.dtype, device=truth.device).view(1, -1, 1, 1)
    away = (candidates - filled(truth, where)) / spread
    scores = -away.abs() if kind == "laplace" else -0.5 * away.square()
    return torch.where(where, torch.softmax(scores, dim=1), torch.nan)


@at_least_float32
def classification(
    logits: Tensor,
    truth: Tensor,
    *,
    first: float = 0.0,
    step: float = 1.0,
    kind: Kind = "laplace",
    spread: float | Tensor = 1.0,
    focus: float = 0.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """−Σ_k (1 − P(d_k))^−α · P(d_k) · log P̂(d_k): cross entropy, α = 0, or stereo focal loss, α = 5.

    P̂ is the softmax of the logits, P the `soft_label` of the truth. With α above 0 the candidates at the truth count
    more than the many that are far from it (Zhang et al.: AcfNet, AAAI 2020). Plain cross entropy is that of PDS
    (Tulyakov, Ivanov & Fleuret, NeurIPS 2018).

    Args:
        logits: (B, D, H, W): the larger, the likelier. Of a volume of costs, the costs times −1.
        truth: (B, 1, H, W), pixels.
        first, step, kind, spread: as for `soft_label`.
        focus: α, at least 0. 1 − P is taken as 1e-4 where it is less.
        weight: of pixels, (B, 1, H, W), bool or at least 0.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("classification", {"logits": logits})
    check_maps("classification", {"truth": truth}, 1)
    check_beside("classification", "logits", logits, truth)
    check_number("classification", "focus", focus)
    label = soft_label(truth, logits.shape[1], first=first, step=step, kind=kind, spread=spread)
    where = label.detach().isfinite().all(dim=1, keepdim=True)
    label = filled(label, where)
    if focus > 0:
        label = label * (1 - label).clamp(min=LEAST).pow(-focus)
    values = -(label * torch.log_softmax(filled(logits, where), dim=1)).sum(dim=1, keepdim=True)
    return reduced("classification", values, where, weight, reduction)


def _inside(truth: Tensor, first: float, last: float) -> Tensor:
    return (truth >= first) & (truth <= last)  # NaN is not
