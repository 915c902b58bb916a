"""Where depth changes, and how: losses of its slopes, which keep edges sharp and surfaces straight.

Maps are (B, 1, H, W). Differences are forward, d(p + 1) − d(p); those that touch a pixel without truth, or lie beyond
the border, count nowhere.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from ._maps import (
    Reduction,
    at_least_float32,
    check_maps,
    check_number,
    checked_weight,
    differences,
    filled,
    known,
    reduced,
)
from .depth_supervised import log_ratio

#: How a difference v of slopes becomes a cost.
Norm = Literal["l1", "l2", "log"]
NORMS: tuple[Norm, ...] = get_args(Norm)


@at_least_float32
def gradient_matching(
    depth: Tensor,
    truth: Tensor,
    *,
    norm: Norm = "l1",
    scales: int = 1,
    logarithm: bool = False,
    alpha: float = 0.5,
    weight: Tensor | None = None,
) -> Tensor:
    """Σ_k mean (F(∂_x R_k) + F(∂_y R_k)), R = d − d*, R_k every 2^k-th of its pixels, k = 0 … K − 1.

    Each mean is over the pixels at which a known difference begins.
    "l1", F(v) = |v|: with four scales, on aligned maps, the regulariser of MiDaS (Ranftl et al., TPAMI 2022).
    "l2", F(v) = v²: with R = log d − log d*, that of Eigen & Fergus (ICCV 2015). "log", F(v) = log(1 + |v| / α):
    that of Hu et al. (WACV 2019), whose log(|v| + α) is lowered here so that no error costs nothing.

    Args:
        depth, truth: d and d*, (B, 1, H, W), above 0 if `logarithm`.
        norm: F.
        scales: K, at least 1; those at which no two pixels are left cost nothing.
        logarithm: whether R is of logarithms.
        alpha: α, in the unit of depth, above 0.
        weight: of pixels, (B, 1, H, W); a difference belongs to the pixel that it begins at.
    """
    check_maps("gradient_matching", {"depth": depth, "truth": truth}, 1)
    check_number("gradient_matching", "alpha", alpha, above=True)
    if norm not in NORMS:
        raise ValueError(f"gradient_matching: norm is {norm!r}; allowed are {', '.join(map(repr, NORMS))}")
    if isinstance(scales, bool) or not isinstance(scales, int) or scales < 1:
        raise ValueError(f"gradient_matching: scales is {scales!r}; it must be a whole number of at least 1")
    if logarithm:
        error, where = log_ratio("gradient_matching", depth, truth)
    else:
        where = known(truth)
        error = filled(depth - filled(truth, where), where)
    if weight is not None:
        weight = checked_weight("gradient_matching", weight, truth)
    terms = []
    for k in range(scales):
        every = (..., slice(None, None, 2**k), slice(None, None, 2**k))
        share = None if weight is None else weight[every]
        terms.append(_slopes(error[every], where[every], norm, alpha, share))
    return torch.stack(terms).sum()


@at_least_float32
def gradient_angle(
    depth: Tensor,
    truth: Tensor,
    *,
    lift: float = 1.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """1 − cos ∠(n, n*), n = (−∂_x d, −∂_y d, h): how surfaces lean (Hu et al., WACV 2019, with h = 1).

    The smaller h, in the unit of depth per pixel, the more it is the angle between the gradients of both maps in the
    image, whatever their lengths.

    Args:
        depth, truth: d and d*, (B, 1, H, W).
        lift: h, above 0.
        weight: of pixels, (B, 1, H, W); both differences begin at the pixel.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("gradient_angle", {"depth": depth, "truth": truth}, 1)
    check_number("gradient_angle", "lift", lift, above=True)
    where = known(truth)
    normals = []
    for values in (torch.where(where, depth, 0.0), filled(truth, where)):
        (across, seen_across), (down, seen_down) = (differences(values, where, axis, 1) for axis in (3, 2))
        there = seen_across & seen_down
        slopes = torch.cat([filled(across, there), filled(down, there)], dim=1)
        normals.append(torch.cat([-slopes, torch.full_like(across, lift)], dim=1))
    first, second = (n / n.square().sum(dim=1, keepdim=True).sqrt() for n in normals)
    values = 0.5 * (first - second).square().sum(dim=1, keepdim=True)  # of unit vectors; keeps digits where both agree
    return reduced("gradient_angle", values, there, weight, reduction)


def _slopes(error: Tensor, where: Tensor, norm: Norm, alpha: float, weight: Tensor | None) -> Tensor:
    total = torch.zeros_like(error)
    there = torch.zeros_like(where)
    for axis in (2, 3):
        steps, found = differences(error, where, axis, 1)
        steps = filled(steps, found)
        total, there = total + _cost(steps, norm, alpha), there | found
    return reduced("gradient_matching", total, there, weight, "mean")


def _cost(steps: Tensor, norm: Norm, alpha: float) -> Tensor:
    if norm == "l2":
        return steps.square()
    return steps.abs() if norm == "l1" else torch.log1p(steps.abs() / alpha)
