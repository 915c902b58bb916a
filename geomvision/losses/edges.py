"""Edges of scenes in their disparity: where they are, how a net learns to see them, smoothness that stops at them.

Edges here are jumps of disparity, not of brightness: what a net must tell is which edges of an image are borders of
things. Maps are (B, 1, H, W); truth is NaN where unknown.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from . import smoothness
from ._maps import at_least_float32, check_beside, check_maps, check_number, filled, known, reduced


def jumps(disparity: Tensor, *, least: float = 1.0) -> Tensor:
    """1 on both sides of a jump of disparity, 0 elsewhere, NaN where disparity is unknown; (B, 1, H, W).

    A step between neighbours is a jump where it differs by more than `least` pixels from the median of itself and the
    steps before and after it along the row or column: a slanted surface has none, however steep; a thin rod has two.
    Steps to unknown pixels are no jumps.

    Args:
        disparity: (B, 1, H, W), pixels.
        least: pixels, above 0.
    """
    check_maps("jumps", {"disparity": disparity}, 1)
    check_number("jumps", "least", least, above=True)
    where = known(disparity)
    found = torch.zeros_like(where)
    for axis in (2, 3):
        length = disparity.shape[axis]
        if length > 1:
            steps = disparity.narrow(axis, 1, length - 1) - disparity.narrow(axis, 0, length - 1)
            there = (steps - _usual(steps, axis)).abs() > least  # NaN is not
            found.narrow(axis, 0, length - 1).logical_or_(there)
            found.narrow(axis, 1, length - 1).logical_or_(there)
    return torch.where(where, found.to(disparity.dtype), torch.nan)


def _usual(steps: Tensor, axis: int) -> Tensor:
    """The median of each step and its two neighbours; at the ends its one neighbour stands for both."""
    steps = steps.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    count = steps.shape[axis]
    if count == 1:
        return torch.zeros_like(steps)
    first, last = steps.narrow(axis, 1, 1), steps.narrow(axis, count - 2, 1)
    around = torch.cat([first, steps, last], dim=axis)
    three = torch.stack([around.narrow(axis, k, count) for k in range(3)])
    return three.median(dim=0).values


@at_least_float32
def balanced_cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean of −β log p over edges and −(1 − β) log(1 − p) elsewhere, β the share of pixels that are no edges.

    Class-balanced cross entropy of HED (Xie & Tu, ICCV 2015, eq. 2), β of each image; the sum is over known pixels, and
    divided by their number. EdgeStereo's edge branch learns by it (Song et al., ACCV 2018).

    Args:
        logits: log p / (1 − p), (B, K, H, W): K answers of a net, all of which are taught.
        truth: (B, 1, H, W), 1 or 0, NaN where unknown: `jumps` of the true disparity.
    """
    check_maps("balanced_cross_entropy", {"truth": truth}, 1)
    check_beside("balanced_cross_entropy", "logits", logits, truth)
    where = known(truth)
    target = filled(truth, where)
    pixels = where.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    beta = 1 - target.sum(dim=(1, 2, 3), keepdim=True) / pixels
    costs = functional.binary_cross_entropy_with_logits(logits, target.expand_as(logits), reduction="none")
    costs = costs * torch.where(target > 0, beta, 1 - beta)
    return reduced("balanced_cross_entropy", costs.mean(dim=1, keepdim=True), where, None, "mean")


@at_least_float32
def guided_smoothness(disparity: Tensor, edges: Tensor, *, beta: float = 2.0) -> Tensor:
    """Mean of |∂_x d| e^(−β |∂_x ξ|) + |∂_y d| e^(−β |∂_y ξ|), ξ the edges that a net sees (Song et al., ACCV 2018).

    No slope runs to the edges: they would learn to be wherever disparity is rough.

    Args:
        disparity: d, (B, 1, H, W), pixels.
        edges: ξ, probabilities of the same shape.
        beta: β, at least 0.
    """
    check_maps("guided_smoothness", {"disparity": disparity, "edges": edges}, 1)
    return 2 * smoothness.first_order(disparity, edges.detach(), edge=beta, epsilon=1e-3)
