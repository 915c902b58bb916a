"""Estimates with their own uncertainty: the negative log-likelihood of the error that a net foretells.

A net gives a map (B, C, H, W), flow in pixels, depth in metres or its logarithm, and another one that says how far off
it may be, for all components together (B, 1, H, W) or each (B, C, H, W). Where it says more, errors cost less, but
saying more costs, too: the mean is least where what is said is true (Kendall & Gal, NeurIPS 2017, eq. 5). Truth is NaN
where unknown; without a known pixel a loss is 0. A mean is over components, so one number holds for any size.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from ._maps import Reduction, at_least_float32, check_beside, check_maps, check_number, filled, known, reduced

#: How a map of any real numbers becomes a scale above 0.
Link = Literal["exp", "softplus"]


@at_least_float32
def laplace_nll(
    estimate: Tensor,
    spread: Tensor,
    truth: Tensor,
    *,
    link: Link = "exp",
    least: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|e| / b + log 2b of e = estimate − truth, for each component, b the mean absolute error that is foretold.

    With link="softplus", b = log(1 + e^u) + ε: the loss that Ajna trains flow with (Sanket et al., Science Robotics
    2023), but for the constant log 2; its slopes stay small where the net is far off. With link="exp" and a teacher's
    depth for truth, a net learns what it cannot tell (self-teaching: Poggi et al., CVPR 2020).

    Args:
        estimate: (B, C, H, W).
        spread: u, (B, 1, H, W) or (B, C, H, W).
        truth: as the estimate, NaN where unknown.
        link: b = e^u + ε or log(1 + e^u) + ε.
        least: ε, in the estimate's unit: no error is foretold to be smaller.
        weight: of pixels, (B, 1, H, W).
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    error, scale, where = _error("laplace_nll", estimate, spread, truth, link, least)
    values = (error.abs() / scale + (2 * scale).log()).mean(dim=1, keepdim=True)
    return reduced("laplace_nll", values, where, weight, reduction)


@at_least_float32
def gaussian_nll(
    estimate: Tensor,
    spread: Tensor,
    truth: Tensor,
    *,
    link: Link = "exp",
    least: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """e² / 2σ² + log σ + ½ log 2π of e = estimate − truth, for each component, σ the standard deviation.

    σ = e^u + ε or log(1 + e^u) + ε. Arguments as for `laplace_nll`.
    """
    error, scale, where = _error("gaussian_nll", estimate, spread, truth, link, least)
    values = 0.5 * (error / scale).square() + scale.log() + 0.5 * math.log(2 * math.pi)
    return reduced("gaussian_nll", values.mean(dim=1, keepdim=True), where, weight, reduction)


def _error(
    owner: str, estimate: Tensor, spread: Tensor, truth: Tensor, link: Link, least: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The error, the scale of every component, and where truth is known."""
    check_maps(owner, {"estimate": estimate, "truth": truth})
    check_beside(owner, "spread", spread, estimate)
    channels = estimate.shape[1]
    if spread.shape[1] not in (1, channels):
        allowed = "1" if channels == 1 else f"1 or {channels}"
        raise ValueError(f"{owner}: spread has {spread.shape[1]} channels; it must have {allowed}")
    if link not in ("exp", "softplus"):
        raise ValueError(f"{owner}: link is {link!r}; allowed are 'exp', 'softplus'")
    check_number(owner, "least", least, above=True)
    where = known(truth)
    spread = filled(spread, where)
    scale = (torch.exp(spread) if link == "exp" else functional.softplus(spread)) + least
    return filled(estimate - filled(truth, where), where), scale.expand_as(estimate), where
