"""Flow with its own uncertainty: the negative log-likelihood of the error that a net foretells.

A net gives a flow (B, 2, H, W) in pixels and a map that says how far off it may be, for both components together
(B, 1, H, W) or each (B, 2, H, W). Where it says more, errors cost less, but saying more costs, too: the mean is least
where what is said is true (Kendall & Gal, NeurIPS 2017, eq. 5). Truth is NaN where unknown; without a known pixel a
loss is 0. A mean is over components, so one number holds for any size.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from ._maps import Reduction, check_beside, check_maps, check_number, filled, known, reduced

#: How a map of any real numbers becomes a scale above 0.
Link = Literal["exp", "softplus"]


def laplace_nll(
    flow: Tensor,
    spread: Tensor,
    truth: Tensor,
    *,
    link: Link = "exp",
    least: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|e| / b + log 2b of e = flow − truth, for each component, b the mean absolute error that is foretold, pixels.

    With link="softplus", b = log(1 + e^u) + ε: the loss that Ajna trains flow with (Sanket et al., Science Robotics
    2023), but for the constant log 2; its slopes stay small where the net is far off.

    Args:
        flow: (B, 2, H, W), pixels.
        spread: u, (B, 1, H, W) or (B, 2, H, W).
        truth: as the flow, NaN where unknown.
        link: b = e^u + ε or log(1 + e^u) + ε.
        least: ε, pixels: no error is foretold to be smaller.
        weight: of pixels, (B, 1, H, W).
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    error, scale, where = _error("laplace_nll", flow, spread, truth, link, least)
    values = (error.abs() / scale + (2 * scale).log()).mean(dim=1, keepdim=True)
    return reduced("laplace_nll", values, where, weight, reduction)


def gaussian_nll(
    flow: Tensor,
    spread: Tensor,
    truth: Tensor,
    *,
    link: Link = "exp",
    least: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """e² / 2σ² + log σ + ½ log 2π of e = flow − truth, for each component, σ the standard deviation, pixels.

    σ = e^u + ε or log(1 + e^u) + ε. Arguments as for `laplace_nll`.
    """
    error, scale, where = _error("gaussian_nll", flow, spread, truth, link, least)
    values = 0.5 * (error / scale).square() + scale.log() + 0.5 * math.log(2 * math.pi)
    return reduced("gaussian_nll", values.mean(dim=1, keepdim=True), where, weight, reduction)


def _error(
    owner: str, flow: Tensor, spread: Tensor, truth: Tensor, link: Link, least: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The error, the scale of both components, and where truth is known."""
    check_maps(owner, {"flow": flow, "truth": truth}, 2)
    check_beside(owner, "spread", spread, flow)
    if spread.shape[1] not in (1, 2):
        raise ValueError(f"{owner}: spread has {spread.shape[1]} channels; it must have 1 or 2")
    if link not in ("exp", "softplus"):
        raise ValueError(f"{owner}: link is {link!r}; allowed are 'exp', 'softplus'")
    check_number(owner, "least", least, above=True)
    where = known(truth)
    scale = (torch.exp(spread) if link == "exp" else functional.softplus(spread)) + least
    return filled(flow - filled(truth, where), where), scale.expand_as(flow), where
