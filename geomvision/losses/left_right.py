"""Stereo without truth: a view, seen through the other by disparity, must look as it does.

A rectified pair is a flow along x: F = (−d, 0) from left to right, (d, 0) from right to left. With `as_flow` all that
is in `consistency` and `photometric` serves stereo, too; `smoothness` takes disparities as they are. Disparities are
(B, 1, H, W) in pixels, positive in both views; images (B, C, H, W), 0 … 255. `side` is the view that a disparity
belongs to. What is not finite, or leads outside, counts nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from .. import ops
from . import consistency as flows
from . import photometric, smoothness
from ._maps import Reduction, at_least_float32, check_beside, check_maps, check_number, reduced

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = get_args(Side)
#: How pixels that the other view does not show are found: by its range map, by the check, or not at all.
Hidden = Literal["range", "check", "none"]
#: Godard's λ = 1 of images of 0 … 1.
EDGE = 1 / 255


def as_flow(disparity: Tensor, side: Side = "left") -> Tensor:
    """(−d, 0) of the left view's disparity, (d, 0) of the right one's: (B, 2, H, W), pixels, to the other view."""
    check_maps("as_flow", {"disparity": disparity}, 1)
    if side not in SIDES:
        raise ValueError(f"as_flow: side is {side!r}; allowed are 'left', 'right'")
    return torch.cat([-disparity if side == "left" else disparity, torch.zeros_like(disparity)], dim=1)


def seen(other: Tensor, disparity: Tensor, side: Side = "left") -> Tensor:
    """The other view's image, (B, C, H, W), as this one sees it: bilinear, NaN outside; slopes run through both."""
    check_maps("seen", {"other": other})
    check_beside("seen", "disparity", disparity, other)
    warped: Tensor = ops.warp(other, as_flow(disparity, side).to(other.dtype))
    return warped


@at_least_float32
def left_right(
    disparity: Tensor,
    other: Tensor,
    *,
    side: Side = "left",
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|d(p) − d'(p ∓ d(p))|, pixels: both views' disparities agree (Godard et al., CVPR 2017, eq. 4).

    Args:
        disparity: d, of the view `side`. Slopes run through both, and through where d looks d' up.
        other: d', of the other view.
        weight: which pixels count, (B, 1, H, W): those that are visible.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("left_right", {"disparity": disparity, "other": other}, 1)
    gap, where = flows.round_trip(as_flow(disparity, side), as_flow(other, _opposite(side)))
    return reduced("left_right", gap[:, :1].abs(), where, weight, reduction)


@at_least_float32
def visible_by_check(disparity: Tensor, other: Tensor, *, side: Side = "left", tolerance: float = 1.0) -> Tensor:
    """Where both disparities agree: |d(p) − d'(p ∓ d(p))| < `tolerance` pixels, bool (B, 1, H, W)."""
    check_number("visible_by_check", "tolerance", tolerance, above=True)
    there, back = as_flow(disparity, side), as_flow(other, _opposite(side))
    return flows.visible_by_check(there, back, relative=0.0, absolute=tolerance**2)


@at_least_float32
def visible_by_range(other: Tensor, *, side: Side = "left") -> Tensor:
    """How much of each pixel of the view `side` the other view's pixels come from, 0 … 1, (B, 1, H, W).

    The range map of the other view's disparity (Wang et al., CVPR 2018; `consistency.visible_by_range`): where it is
    0, nothing that the other view shows lies there.
    """
    return flows.visible_by_range(as_flow(other, _opposite(side)))


@at_least_float32
def self_supervised(
    left: Tensor,
    right: Tensor,
    left_disparity: Tensor,
    right_disparity: Tensor,
    *,
    match: Callable[..., Tensor] = photometric.appearance,
    hidden: Hidden = "range",
    smooth: float = 0.1,
    consistent: float = 1.0,
    edge: float = EDGE,
) -> Tensor:
    """The mean over both views of C_ap + α_ds C_ds + α_lr C_lr (Godard et al., CVPR 2017, eq. 1 to 4).

    C_ap compares the view with the other one seen from it, C_ds is twice `smoothness.first_order`, C_lr `left_right`.
    Disparities are divided by the width in the last two, as the paper's are shares of it.
    A net of the left view alone gives the right view's disparity from the mirrored pair, mirrored.

    Args:
        left, right: the images, (B, C, H, W), 0 … 255.
        left_disparity, right_disparity: (B, 1, H, W), pixels.
        match: C_ap, a loss of two images with `weight`: `photometric.appearance` (the paper's), `photometric.census`.
        hidden: pixels that the other view does not show count nowhere in C_ap and C_lr: found by the "range" map of
            the other disparity, or by the "check" (1 pixel); "none": all count, as in the paper. The first two need
            disparities that are roughly right: begin with "none".
        smooth, consistent: α_ds, α_lr.
        edge: λ of the smoothness, one over the images' unit.
    """
    for name, value in (("smooth", smooth), ("consistent", consistent)):
        check_number("self_supervised", name, value)
    if hidden not in get_args(Hidden):
        raise ValueError(f"self_supervised: hidden is {hidden!r}; allowed are 'range', 'check', 'none'")
    check_maps("self_supervised", {"left": left, "right": right})
    check_maps("self_supervised", {"left_disparity": left_disparity, "right_disparity": right_disparity}, 1)
    width, total = left.shape[3], []
    for side in SIDES:
        image, other_image = (left, right) if side == "left" else (right, left)
        disparity, other = (left_disparity, right_disparity)[:: 1 if side == "left" else -1]
        weight = _visible(disparity, other, side, hidden)
        cost = match(image, seen(other_image, disparity, side), weight=weight)
        cost = cost + smooth * 2 / width * smoothness.first_order(disparity, image, edge=edge)
        total.append(cost + consistent / width * left_right(disparity, other, side=side, weight=weight))
    return torch.stack(total).mean()


@at_least_float32
def multi_scale(
    left: Tensor,
    right: Tensor,
    shares: Sequence[Tensor],
    *,
    match: Callable[..., Tensor] = photometric.appearance,
    hidden: Hidden = "none",
    smooth: float = 0.1,
    consistent: float = 1.0,
    edge: float = EDGE,
) -> Tensor:
    """Σ_s C_s over the sizes at which a net answers (Godard et al., CVPR 2017, section 3.2).

    C_s is `self_supervised` of both disparities and of the images averaged to the answers' size. Where that is 1/r of
    the images', α_ds is divided by r, so that all sizes are smoothed alike.

    Args:
        left, right: the images, (B, C, H, W), 0 … 255.
        shares: both views' disparities over the width, the left one's first, each (B, 2, h, w) with h ≤ H and w ≤ W.
        match, hidden, smooth, consistent, edge: as for `self_supervised`.
    """
    check_maps("multi_scale", {"left": left, "right": right})
    total = left.new_zeros(())
    for share in shares:
        check_maps("multi_scale", {"shares": share}, 2)
        size = (share.shape[2], share.shape[3])
        if size[0] > left.shape[2] or size[1] > left.shape[3]:
            raise ValueError(
                f"multi_scale: shares are {size[0]} x {size[1]}, larger than images {tuple(left.shape[2:])}"
            )
        one, other = (functional.adaptive_avg_pool2d(view, size) for view in (left, right))
        px, less = share * size[1], smooth * size[1] / left.shape[3]
        options: dict[str, Any] = {"match": match, "hidden": hidden, "consistent": consistent, "edge": edge}
        total = total + self_supervised(one, other, px[:, :1], px[:, 1:], smooth=less, **options)
    return total


def _visible(disparity: Tensor, other: Tensor, side: Side, hidden: Hidden) -> Tensor | None:
    if hidden == "none":
        return None
    return visible_by_range(other, side=side) if hidden == "range" else visible_by_check(disparity, other, side=side)


def _opposite(side: Side) -> Side:
    return "right" if side == "left" else "left"
