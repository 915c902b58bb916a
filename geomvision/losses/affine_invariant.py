"""Losses that forgive an unknown scale and shift: what depth without metres, or disparity without a rig, can be taught.

Maps are (B, 1, H, W), the truth in the kind of the prediction: inverse depth, if that is what the net gives. Truth is
NaN where unknown. All is after Ranftl et al., Towards robust monocular depth estimation, TPAMI 2022.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, checked_weight, filled, known, reduced
from .depth_gradients import gradient_matching

#: How scale and shift are found.
How = Literal["robust", "least_squares"]
HOWS: tuple[How, ...] = get_args(How)
#: Relief over value of a map that counts as constant.
FLAT = 1e-6


@at_least_float32
def aligned(
    prediction: Tensor, truth: Tensor, *, how: How = "robust", weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Prediction and truth of each image with scale and shift made comparable, the truth NaN where it was.

    "robust": of both, (d − t) / s, with t the median and s the mean of |d − t| over known pixels (of an even
    number of them the lower median). "least_squares": s d + t with the s and t that come closest to the truth
    in squares, and the truth as it is. Of a constant map s is 1, of squares 0. Slopes run through s and t.

    Args:
        prediction, truth: (B, 1, H, W).
        how: "robust" or "least_squares".
        weight: (B, 1, H, W): pixels of weight 0 have no say.
    """
    check_maps("aligned", {"prediction": prediction, "truth": truth}, 1)
    if how not in HOWS:
        raise ValueError(f"aligned: how is {how!r}; allowed are {', '.join(map(repr, HOWS))}")
    where = known(truth)
    prediction = filled(prediction, where | prediction.isfinite())
    said = where if weight is None else where & (checked_weight("aligned", weight, truth) > 0)
    if how == "robust":
        return _normalised(prediction, said), torch.where(where, _normalised(filled(truth, where), said), torch.nan)
    return _fitted(prediction, filled(truth, where), said), truth


@at_least_float32
def scale_and_shift_invariant(
    prediction: Tensor,
    truth: Tensor,
    *,
    how: How = "robust",
    squared: bool = False,
    trim: float = 0.2,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """½ ρ(d̂ − d̂*) of `aligned` maps, ρ(e) = |e|, or e² if `squared`, without the largest errors of each image.

    The paper's L_ssitrim is the default; L_ssimae has trim=0, L_ssimse how="least_squares", squared=True and
    trim=0. The mean is over the pixels that are kept; the paper's is over all known ones, (1 − trim) times it.

    Args:
        prediction, truth: (B, 1, H, W).
        how: as for `aligned`.
        trim: the share of an image's known pixels that is left out, 0 … 1: of M pixels ⌊(1 − trim) M⌋ stay, but one.
        weight: of pixels, (B, 1, H, W), bool or at least 0; pixels of weight 0 do not count as known.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown or left out.
    """
    found, target = aligned(prediction, truth, how=how, weight=weight)
    return _trimmed("scale_and_shift_invariant", found, target, squared, trim, weight, reduction)


@at_least_float32
def midas(
    prediction: Tensor,
    truth: Tensor,
    *,
    how: How = "robust",
    trim: float = 0.2,
    gradient: float = 0.5,
    scales: int = 4,
    weight: Tensor | None = None,
) -> Tensor:
    """L_ssi + α L_reg: `scale_and_shift_invariant` and, of the same aligned maps, `gradient_matching`.

    With how="least_squares" errors are squared, as in L_ssimse.

    Args:
        prediction, truth, how, trim, weight: as for `scale_and_shift_invariant`.
        gradient: α, at least 0.
        scales: K: every pixel, every second, fourth, …
    """
    check_number("midas", "gradient", gradient)
    found, target = aligned(prediction, truth, how=how, weight=weight)
    loss = _trimmed("midas", found, target, how == "least_squares", trim, weight, "mean")
    return loss + gradient * gradient_matching(found, target, scales=scales, weight=weight)


def kept(error: Tensor, where: Tensor, trim: float) -> Tensor:
    """Where the smallest errors of each image are: ⌊(1 − trim) M⌋ of its M known pixels, one at least; bool."""
    flat = torch.where(where, error.detach(), torch.inf).flatten(1)
    counts = where.flatten(1).sum(dim=1, keepdim=True)
    stay = (counts.double() * (1 - trim) + 1e-9).floor().clamp(min=1)
    order = flat.argsort(dim=1, stable=True)
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(flat.shape[1], device=flat.device).expand_as(order))
    return (rank < stay).view_as(where) & where


def _trimmed(
    owner: str, found: Tensor, target: Tensor, squared: bool, trim: float, weight: Tensor | None, reduction: Reduction
) -> Tensor:
    check_number(owner, "trim", trim)
    if trim >= 1:
        raise ValueError(f"{owner}: trim is {trim}; it must be below 1")
    where = known(target)
    error = filled(found - filled(target, where), where)
    if weight is not None:
        where = where & (weight > 0)
    if trim > 0:
        where = kept(error.abs(), where, trim)
    values = 0.5 * (error.square() if squared else error.abs())
    return reduced(owner, values, where, weight, reduction)


def _normalised(values: Tensor, where: Tensor) -> Tensor:
    """(d − median) / mean |d − median|, both over pixels of `where`."""
    flat = torch.where(where, values, torch.nan).flatten(1)
    shift = flat.nanmedian(dim=1).values.nan_to_num(nan=0.0)[:, None, None, None]
    away = values - shift
    count = where.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    scale = filled(away.abs(), where).sum(dim=(1, 2, 3), keepdim=True) / count
    return away / torch.where(scale <= FLAT * shift.abs(), 1.0, scale)


def _fitted(values: Tensor, target: Tensor, where: Tensor) -> Tensor:
    """s d + t that comes closest to the target in squares over pixels of `where`."""
    count = where.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)

    def mean(of: Tensor) -> Tensor:
        return filled(of, where).sum(dim=(1, 2, 3), keepdim=True) / count

    middle, middle_target = mean(values), mean(target)
    away = values - middle
    spread, joint = mean(away.square()), mean(away * (target - middle_target))
    scale = joint / torch.where(spread <= (FLAT * middle).square(), 1.0, spread)
    return scale * away + middle_target
