"""Losses of flow against its truth: end-point error of an estimate, of a pyramid's levels, of a recurrent net's steps.

Flows are (B, 2, H, W) in pixels as (x, y). Truth is NaN where unknown; without a known pixel a loss is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._maps import at_least_float32, known_mean, length

#: Weights of PWC-Net's levels from the finest (1/4) to the coarsest (1/64), FlowNet's likewise (Sun et al., CVPR 2018,
#: §4; Dosovitskiy et al., ICCV 2015).
PYRAMID_WEIGHTS = (0.005, 0.01, 0.02, 0.08, 0.32)


def known_flow(truth: Tensor, fastest: float = torch.inf) -> Tensor:
    """Where truth is known and slower than `fastest` pixels, bool (B, 1, H, W)."""
    _check("truth", truth)
    speed = truth.square().sum(dim=1, keepdim=True).sqrt()
    return speed < fastest  # NaN is not


@at_least_float32
def end_point_error(flow: Tensor, truth: Tensor, *, exponent: float = 1.0, epsilon: float = 0.0) -> Tensor:
    """Mean over known pixels of (‖flow − truth‖₂ + ε)^q.

    q = 1, ε = 0 is the end-point error; q = 0.4, ε = 0.01 the robust form of PWC-Net (Sun et al., CVPR 2018, eq. 5).
    """
    if not 0 < exponent <= 2 or epsilon < 0 or (exponent < 1 and epsilon == 0):
        raise ValueError(
            f"exponent is {exponent}, epsilon {epsilon}; exponent must be in (0, 2], epsilon at least 0, and above 0 "
            "where exponent is below 1: the slope at no error would be infinite"
        )
    _check_pair(flow, truth)
    known = known_flow(truth)
    difference = torch.where(known, flow - truth, 0.0)
    return _mean((length(difference) + epsilon).pow(exponent), known)


@at_least_float32
def multi_scale_loss(
    flows: Sequence[Tensor],
    truth: Tensor,
    *,
    weights: Sequence[float] = PYRAMID_WEIGHTS,
    exponent: float = 1.0,
    epsilon: float = 0.0,
) -> Tensor:
    """Σ_l α_l · mean (‖flow_l − truth_l‖₂ + ε)^q over a pyramid's levels (Sun et al., CVPR 2018, eq. 4 and 5).

    Args:
        flows: from the finest level to the coarsest, (B, 2, h_l, w_l), in pixels of the truth's size.
        truth: (B, 2, H, W); a level's truth is the mean over the pixels that one of its covers, of those that are
            known. H and W are multiples of each h_l and w_l.
        weights: α, one for each level. The paper's sums over pixels are means here: they hold for any size.
        exponent, epsilon: q and ε, as for `end_point_error`.
    """
    if len(flows) != len(weights) or not flows:
        raise ValueError(
            f"{len(flows)} levels and {len(weights)} weights were given; there must be as many, at least 1"
        )
    _check("truth", truth)
    terms = [
        weight * end_point_error(flow, mean_flow(truth, *flow.shape[-2:]), exponent=exponent, epsilon=epsilon)
        for weight, flow in zip(weights, flows, strict=True)
    ]
    return torch.stack(terms).sum()


def mean_flow(truth: Tensor, height: int, width: int) -> Tensor:
    """Truth at a smaller size: the mean of the known pixels that one of the smaller covers; NaN where none is known."""
    _check("truth", truth)
    return known_mean(truth, height, width)


@at_least_float32
def sequence_loss(flows: Sequence[Tensor], truth: Tensor, *, decay: float = 0.8, fastest: float = 400.0) -> Tensor:
    """Σ_i γ^(N − i) · mean |flow_i − truth| over the N estimates of a recurrent net (Teed & Deng, ECCV 2020, eq. 7).

    Args:
        flows: first to last, (B, 2, H, W).
        truth: (B, 2, H, W).
        decay: γ.
        fastest: pixels; truth of this speed and above is left out, as in the code of the authors.
    """
    if not flows or not 0 < decay <= 1 or fastest <= 0:
        raise ValueError(
            f"{len(flows)} estimates, decay {decay}, fastest {fastest}; there must be at least 1 estimate, a decay in "
            "(0, 1] and a speed above 0"
        )
    known = known_flow(truth, fastest)
    target = torch.where(known, truth, 0.0)
    terms = []
    for share, flow in zip(sequence_weights(len(flows), decay), flows, strict=True):
        _check_pair(flow, truth)
        error = torch.where(known, flow.to(target.dtype) - target, 0.0).abs().mean(dim=1, keepdim=True)
        terms.append(share * _mean(error, known))
    return torch.stack(terms).sum()


def sequence_weights(count: int, decay: float) -> list[float]:
    """γ^(N − i) for i from 1 to N: what each of a recurrent net's estimates weighs."""
    return [decay ** (count - 1 - index) for index in range(count)]


def _mean(values: Tensor, known: Tensor) -> Tensor:
    return torch.where(known, values, 0.0).sum() / known.sum().clamp(min=1)


def _check(name: str, flow: Tensor) -> None:
    if flow.ndim != 4 or flow.shape[1] != 2 or flow.numel() == 0:
        raise ValueError(f"{name} has shape {tuple(flow.shape)}; it must be (B, 2, H, W) with pixels")


def _check_pair(flow: Tensor, truth: Tensor) -> None:
    _check("truth", truth)
    if flow.shape != truth.shape:
        raise ValueError(f"flow has shape {tuple(flow.shape)}, truth {tuple(truth.shape)}; they must be equal")
