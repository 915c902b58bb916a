"""Losses of disparity against its truth: of one estimate, or of all that a net gives by stages, scales or steps.

Disparities are (B, 1, H, W) in pixels. Truth is NaN where unknown; without a known pixel a loss is 0. An estimate that
is not finite where truth is known makes the loss NaN: a net that breaks shall be seen to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, filled, known, known_mean, reduced

#: How an error e becomes a cost.
Norm = Literal["l1", "l2", "smooth_l1"]
NORMS: tuple[Norm, ...] = get_args(Norm)
#: Weights of the three outputs of PSMNet's stacked hourglasses, first to last (Chang & Chen, CVPR 2018).
HOURGLASS_WEIGHTS = (0.5, 0.7, 1.0)
#: Of GwcNet's head before its hourglasses and the three after them (Guo et al., CVPR 2019).
GWCNET_WEIGHTS = (0.5, *HOURGLASS_WEIGHTS)
#: Of AnyNet's four stages (Wang et al., ICRA 2019).
ANYNET_WEIGHTS = (0.25, 0.5, 1.0, 1.0)


def within(truth: Tensor, *, min_disparity: float = -math.inf, max_disparity: float = math.inf) -> Tensor:
    """The truth, NaN but where min_disparity ≤ d < max_disparity: what a net that searches this range can learn from.

    Args:
        truth: (B, 1, H, W), pixels.
        min_disparity, max_disparity: pixels. Nets with a volume of D disparities are taught 0 ≤ d < D (PSMNet).
    """
    check_maps("within", {"truth": truth}, 1)
    if not min_disparity < max_disparity:
        told = f"min_disparity is {min_disparity} and max_disparity {max_disparity}"
        raise ValueError(f"within: {told}; max_disparity must be larger")
    inside = (truth >= min_disparity) & (truth < max_disparity) & truth.isfinite()
    return torch.where(inside, truth, torch.nan)


@at_least_float32
def regression(
    disparity: Tensor,
    truth: Tensor,
    *,
    norm: Norm = "smooth_l1",
    beta: float = 1.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """ρ(d − d*): |e| ("l1"), e² ("l2"), or e² / 2β below β and |e| − β / 2 above ("smooth_l1"; Huber's, over β).

    The third with β = 1 pixel is that of Girshick (Fast R-CNN, ICCV 2015, eq. 3), which PSMNet, GwcNet and AnyNet train
    with (Chang & Chen, CVPR 2018; Guo et al., CVPR 2019; Wang et al., ICRA 2019).

    Args:
        disparity: d, (B, 1, H, W).
        truth: d*, of the same shape, NaN where unknown; see `within`.
        norm: ρ.
        beta: β, pixels, above 0.
        weight: of pixels, (B, 1, H, W), bool or at least 0.
        reduction: "mean", Σ w ρ / Σ w over known pixels, or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("regression", {"disparity": disparity, "truth": truth}, 1)
    check_number("regression", "beta", beta, above=True)
    if norm not in NORMS:
        raise ValueError(f"regression: norm is {norm!r}; allowed are {', '.join(map(repr, NORMS))}")
    where = known(truth)
    error = filled(disparity - filled(truth, where), where)
    if norm == "l2":
        values = error.square()
    elif norm == "l1":
        values = error.abs()
    else:
        values = torch.where(error.abs() < beta, error.square() / (2 * beta), error.abs() - beta / 2)
    return reduced("regression", values, where, weight, reduction)


@at_least_float32
def multi_output(
    disparities: Sequence[Tensor],
    truth: Tensor,
    *,
    weights: Sequence[float] = HOURGLASS_WEIGHTS,
    norm: Norm = "smooth_l1",
    beta: float = 1.0,
) -> Tensor:
    """Σ_k w_k · mean ρ(d_k − d*) over a net's estimates: hourglasses, a pyramid's levels, recurrent steps.

    PSMNet's are three of the truth's size (the default weights). DispNet's pyramid is compared level by level by "l1"
    (Mayer et al., CVPR 2016), RAFT-Stereo's N steps by "l1" with `flow_supervised.sequence_weights(N, 0.9)` and truth
    `within` 700 pixels (Lipson, Teed & Deng, 3DV 2021).

    Args:
        disparities: first to last, each (B, 1, h, w) in pixels of the truth's size.
        truth: (B, 1, H, W), H and W multiples of each h and w. A smaller estimate is compared with the mean of the
            known pixels that each of its own covers.
        weights: w, one for each.
        norm, beta: as for `regression`.
    """
    check_maps("multi_output", {"truth": truth}, 1)
    if len(disparities) != len(weights) or not disparities:
        given = f"{len(disparities)} estimates and {len(weights)} weights"
        raise ValueError(f"multi_output: {given} were given; there must be as many, at least 1")
    terms = []
    for share, disparity in zip(weights, disparities, strict=True):
        height, width = disparity.shape[-2:]
        target = truth if truth.shape[-2:] == (height, width) else known_mean(truth, height, width)
        terms.append(share * regression(disparity, target, norm=norm, beta=beta))
    return torch.stack(terms).sum()


def scheduled_weights(count: int, progress: float) -> list[float]:
    """Weights of a pyramid's estimates, coarse to fine, that move from the first to the last while training goes on.

    Mayer et al. (CVPR 2016) begin with the coarsest estimate alone, raise the weights of finer ones and lower those of
    coarser ones to zero, by steps that they do not tell. Here weight k is max(0, 1 − |k − q|), and q goes from 0 to
    K − 1 as `progress` goes from 0 to 1; so all sum to 1.

    Args:
        count: K, at least 1.
        progress: how far the movement has come, 0 … 1.
    """
    check_number("scheduled_weights", "progress", progress)
    if count < 1 or progress > 1:
        raise ValueError(f"scheduled_weights: count is {count}, progress {progress}; at least 1, and at most 1")
    place = progress * (count - 1)
    return [max(0.0, 1 - abs(k - place)) for k in range(count)]
