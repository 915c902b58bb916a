"""Flow forth and back: how far they are from cancelling, and which pixels the other frame does not show.

Flows are (B, 2, H, W) in pixels: `flow` from frame 0 to frame 1, `backward` from frame 1 to frame 0. Pixels that are
not finite, or whose flow leads outside, count nowhere. What is visible comes as (B, 1, H, W), which every loss takes as
its `weight`; no slope runs through it.
"""

from __future__ import annotations

from torch import Tensor

from .. import ops
from ._maps import Reduction, at_least_float32, check_maps, check_number, filled, known, length, penalty, reduced


@at_least_float32
def forward_backward(
    flow: Tensor,
    backward: Tensor,
    *,
    exponent: float = 0.45,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """ρ(‖F(p) + B(p + F(p))‖) with ρ(v) = (v² + ε²)^q − ε^2q (Meister, Hur & Roth: UnFlow, AAAI 2018, eq. 5).

    Args:
        flow, backward: F and B. Slopes run through both, and through where F looks B up.
        exponent, epsilon: q and ε, in pixels.
        weight: which pixels count, (B, 1, H, W): those that are visible.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_number("forward_backward", "exponent", exponent, above=True)
    check_number("forward_backward", "epsilon", epsilon, above=True)
    check_maps("forward_backward", {"flow": flow, "backward": backward}, 2)
    gap, where = round_trip(flow, backward)
    values = penalty(length(gap), exponent, epsilon)
    return reduced("forward_backward", values, where, weight, reduction)


@at_least_float32
def visible_by_check(flow: Tensor, backward: Tensor, *, relative: float = 0.01, absolute: float = 0.5) -> Tensor:
    """Where ‖F + B'‖² < α₁ (‖F‖² + ‖B'‖²) + α₂ with B' = B(p + F(p)), bool (B, 1, H, W) (UnFlow, eq. 2).

    False where flow leads outside. α₁ is `relative`, α₂ `absolute`, in squared pixels (Sundaram, Brox & Keutzer, ECCV
    2010).
    """
    check_number("visible_by_check", "relative", relative)
    check_number("visible_by_check", "absolute", absolute, above=True)
    check_maps("visible_by_check", {"flow": flow, "backward": backward}, 2)
    flow, backward = flow.detach(), backward.detach()
    gap, where = round_trip(flow, backward)
    carried = gap - filled(flow, where)
    allowed = relative * (_square(filled(flow, where)) + _square(carried)) + absolute
    return where & (_square(gap) < allowed)


@at_least_float32
def visible_by_range(backward: Tensor) -> Tensor:
    """min(1, Σ_q max(0, 1 − |p − (q + B(q))|_x) · max(0, 1 − |…|_y)), (B, 1, H, W): what frame 1's pixels map to.

    A pixel of frame 0 that no pixel of frame 1 comes from is occluded (Wang et al.: Occlusion aware unsupervised
    learning of optical flow, CVPR 2018, eq. 1 and 2). Also pixels that flow leads outside of frame 1 get 0.
    """
    check_maps("visible_by_range", {"backward": backward}, 2)
    backward = backward.detach()
    where = known(backward)
    ones = where.to(backward.dtype)
    return ops.splat(ones, filled(backward, where)).clamp(max=1.0)  # type: ignore[no-any-return]


def round_trip(flow: Tensor, backward: Tensor) -> tuple[Tensor, Tensor]:
    """F + B', 0 where unknown, and where it is known, bool (B, 1, H, W)."""
    start = known(flow)
    steps = filled(flow, start)
    end = known(backward)
    carried, inside = ops.warp(filled(backward, end), steps, outside="zero", return_valid=True)
    where = start & inside[:, None]
    if not bool(end.all()):
        reached = ops.warp(end.to(flow.dtype), steps.detach(), outside="zero")
        where = where & (reached > 1 - 1e-6)
    return filled(steps + carried, where), where


def _square(vectors: Tensor) -> Tensor:
    return vectors.square().sum(dim=1, keepdim=True)
