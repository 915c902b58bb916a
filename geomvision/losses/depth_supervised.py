"""Losses of metric depth against its truth: of errors in metres, and of ratios, which forgive a wrong scale.

Depths are (B, 1, H, W) in metres. Truth is NaN where unknown; without a known pixel a loss is 0. An estimate that is
not finite where truth is known makes the loss NaN or infinite, and so does one that is not above 0 where a logarithm
is taken: a net that breaks shall be seen to. L1, L2 and Huber's of depth are `disparity_supervised.regression`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, checked_weight, filled, known, reduced

#: λ of Eigen, Puhrsch & Fergus (NeurIPS 2014), and of Lee et al. (BTS, 2019).
HALF, MOST = 0.5, 0.85


@at_least_float32
def berhu(
    depth: Tensor,
    truth: Tensor,
    *,
    share: float = 0.2,
    threshold: float | None = None,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|e| where |e| ≤ c, (e² + c²) / 2c elsewhere, e = y − y*: Huber's, reversed (Laina et al., 3DV 2016).

    Small errors pull as by L1, large ones as by L2. c = `share` · max |e| over the batch's known pixels that have a
    weight; it is no variable: no slope runs through it.

    Args:
        depth: y, (B, 1, H, W).
        truth: y*, of the same shape.
        share: of the largest error, above 0; 1/5 in the paper.
        threshold: c itself, in the unit of depth, above 0, in place of a share.
        weight: of pixels, (B, 1, H, W), bool or at least 0.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("berhu", {"depth": depth, "truth": truth}, 1)
    check_number("berhu", "share", share, above=True)
    where = known(truth)
    size = filled(depth - filled(truth, where), where).abs()
    if threshold is None:
        counted = where if weight is None else where & (checked_weight("berhu", weight, truth) > 0)
        c = share * filled(size.detach(), counted).amax()
    else:
        check_number("berhu", "threshold", threshold, above=True)
        c = size.new_tensor(threshold)
    steep = (size.square() + c.square()) / (2 * torch.where(c > 0, c, 1.0))
    return reduced("berhu", torch.where(size <= c, size, steep), where, weight, reduction)


@at_least_float32
def scale_invariant(depth: Tensor, truth: Tensor, *, forgiven: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """(1/n) Σ g² − (λ/n²) (Σ g)², g = log y − log y*, the mean over images (Eigen et al., NeurIPS 2014, eq. 3 and 4).

    With λ = 1 it is (1/2n²) Σ_i Σ_j ((log y_i − log y_j) − (log y*_i − log y*_j))², the paper's eq. 2: only ratios of
    depths within an image count, and a scale is free. λ = 0 forgives none; Eigen's net learns with ½ (`HALF`).

    It is computed as the variance of g plus (1 − λ) times its squared mean, which is never below 0.

    Args:
        depth: y, (B, 1, H, W), above 0.
        truth: y*, of the same shape, above 0 or NaN.
        forgiven: λ, 0 … 1.
        weight: of pixels, (B, 1, H, W), bool or at least 0: sums and n are weighed.
    """
    values, counted = _scale_invariant("scale_invariant", depth, truth, forgiven, weight)
    return filled(values, counted).sum() / counted.sum().clamp(min=1)


@at_least_float32
def silog(
    depth: Tensor, truth: Tensor, *, forgiven: float = MOST, factor: float = 10.0, weight: Tensor | None = None
) -> Tensor:
    """α √D, D the `scale_invariant` of an image: the mean over images (Lee et al., From big to small, 2019).

    The root keeps slopes large while errors become small; where D is 0 they are 0. KITTI's score SILog is
    `silog(…, forgiven=1, factor=100)`.

    Args:
        depth, truth, weight: as for `scale_invariant`.
        forgiven: λ, 0 … 1.
        factor: α, above 0.
    """
    check_number("silog", "factor", factor, above=True)
    values, counted = _scale_invariant("silog", depth, truth, forgiven, weight)
    values = filled(values, counted)
    zero = values == 0
    roots = torch.where(zero, 0.0, torch.where(zero, 1.0, values).sqrt())
    return factor * roots.sum() / counted.sum().clamp(min=1)


@at_least_float32
def scale_invariant_l1(depth: Tensor, truth: Tensor) -> Tensor:
    """The mean |r − median r| of r = log y − log y* over an image's known pixels: the mean over images.

    `scale_invariant` with absolute values: the scale is the one that minimises them (of an even number of pixels, the
    lower of two medians). A few pixels with large errors, as at the borders of things, move it and the slopes less, so
    that answers are medians, sharp, where those of squares are means (absolute values and medians as in Ranftl et al.,
    TPAMI 44(3), 2022, there of inverse depth). An image without known pixels counts nothing.

    Args:
        depth: (B, 1, H, W), above 0.
        truth: the same shape, above 0; NaN where unknown.
    """
    ratio, where = log_ratio("scale_invariant_l1", depth, truth)
    of_images = torch.where(where, ratio, torch.nan).flatten(1).nanmedian(dim=1).values
    counted = where.flatten(1).any(dim=1)
    middle = torch.where(counted, of_images, 0.0).view(-1, 1, 1, 1)
    errors = ((ratio - middle).abs() * where).sum(dim=(1, 2, 3)) / where.sum(dim=(1, 2, 3)).clamp(min=1)
    return errors.sum() / counted.sum().clamp(min=1)


def log_ratio(owner: str, depth: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """log y − log y*, 0 where truth is unknown, and where it is known. Raises when truth is not above 0."""
    check_maps(owner, {"depth": depth, "truth": truth}, 1)
    where = known(truth)
    if bool((where & (truth <= 0)).any()):
        raise ValueError(f"{owner}: truth holds values that are not above 0; unknown depth is NaN")
    return torch.where(where, depth, 1.0).log() - torch.where(where, truth, 1.0).log(), where


def _scale_invariant(
    owner: str, depth: Tensor, truth: Tensor, forgiven: float, weight: Tensor | None
) -> tuple[Tensor, Tensor]:
    """D of each image, (B,), and which images have known pixels, bool (B,)."""
    check_number(owner, "forgiven", forgiven)
    if forgiven > 1:
        raise ValueError(f"{owner}: forgiven is {forgiven}; it must be at most 1")
    ratio, where = log_ratio(owner, depth, truth)
    share = where.to(ratio.dtype)
    if weight is not None:
        share = share * checked_weight(owner, weight, truth).to(ratio.dtype)
    total = share.sum(dim=(1, 2, 3), keepdim=True)
    share = share / torch.where(total > 0, total, 1.0)
    mean = (share * ratio).sum(dim=(1, 2, 3), keepdim=True)
    variance = (share * (ratio - mean).square()).sum(dim=(1, 2, 3))
    return variance + (1 - forgiven) * mean.flatten().square(), total.flatten() > 0
