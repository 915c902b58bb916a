"""Flow, depth and motion of one scene: they agree where nothing moves by itself, and their masks say where that is.

Flows are (B, 2, H, W) in pixels: `rigid` by depth, motion and camera (`rigid.reproject`), `flow` by a flow net. Costs
are (B, 1, H, W), of the other image seen through either, by reduction="none". What is unknown counts nowhere.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, filled, known, length, penalty, reduced
from .robust import known_cross_entropy


@at_least_float32
def flow_agreement(
    rigid: Tensor,
    flow: Tensor,
    *,
    exponent: float = 0.5,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """ρ(‖F_rigid − F‖), pixels: cross-task consistency (Zou, Luo & Huang: DF-Net, ECCV 2018, section 3.4).

    Slopes run through both, so that each mends the other where it is the better one; detach the one that is to teach.

    Args:
        rigid, flow: both flows.
        exponent, epsilon: of ρ(v) = (v² + ε²)^q − ε^2q.
        weight: which pixels count, (B, 1, H, W): what stands still (`still`) and is visible.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_number("flow_agreement", "exponent", exponent, above=True)
    check_number("flow_agreement", "epsilon", epsilon, above=True)
    check_maps("flow_agreement", {"rigid": rigid, "flow": flow}, 2)
    where = known(rigid, flow)
    gap = length(filled(rigid, where) - filled(flow, where))
    return reduced("flow_agreement", penalty(gap, exponent, epsilon), where, weight, reduction)


def still(rigid: Tensor, flow: Tensor, rigid_cost: Tensor, flow_cost: Tensor, *, tolerance: float = 1.0) -> Tensor:
    """Where ρ_R < ρ_F, or ‖F_rigid − F‖ < λ_c: bool (B, 1, H, W) (Ranjan et al.: competitive collaboration, CVPR 2019).

    A pixel stands still where the scene's own motion explains it better than flow does, or both say the same. Where
    the rigid flow or its cost is unknown it is False; where that of the flow alone is, True.

    Args:
        rigid, flow: both flows.
        rigid_cost, flow_cost: ρ_R, ρ_F.
        tolerance: λ_c, pixels.
    """
    check_number("still", "tolerance", tolerance, above=True)
    check_maps("still", {"rigid": rigid, "flow": flow}, 2)
    check_maps("still", {"rigid_cost": rigid_cost, "flow_cost": flow_cost}, 1)
    there = known(rigid, rigid_cost)
    both = known(rigid, flow)
    gap = length(filled(rigid, both) - filled(flow, both)).detach()
    better = filled(rigid_cost, there).detach() < torch.where(known(flow_cost), flow_cost.detach(), torch.inf)
    return there & (better | (both & (gap < tolerance)))


@at_least_float32
def collaboration(
    rigid_cost: Tensor,
    flow_cost: Tensor,
    logits: Tensor,
    standing: Tensor,
    *,
    prior: float = 0.005,
    consensus: float = 0.3,
) -> Tensor:
    """m ρ_R + (1 − m) ρ_F + λ_M H(1, m) + λ_C H(still, m), the mean over pixels (Ranjan et al., CVPR 2019, section 3).

    Two players, depth with motion and flow, compete for pixels; a mask net, m = σ(logits), moderates. H is the
    cross-entropy. In the paper's cycle the players are trained with m held fast, then the mask net with the costs held
    fast: detach the one or the others.

    Args:
        rigid_cost, flow_cost: ρ_R, ρ_F, of one unit.
        logits: (B, 1, H, W), large where the pixel stands still.
        standing: bool (B, 1, H, W), `still`.
        prior, consensus: λ_M, λ_C.
    """
    check_number("collaboration", "prior", prior)
    check_number("collaboration", "consensus", consensus)
    check_maps("collaboration", {"rigid_cost": rigid_cost, "flow_cost": flow_cost, "logits": logits}, 1)
    where = known(rigid_cost, flow_cost, logits)
    share = torch.sigmoid(filled(logits, where))
    values = share * filled(rigid_cost, where) + (1 - share) * filled(flow_cost, where)
    total = reduced("collaboration", values, where, None, "mean")
    counts = where.to(logits.dtype)
    entropies = (
        weight * known_cross_entropy(filled(logits, where), target.to(logits.dtype), counts)
        for weight, target in ((prior, torch.ones_like(standing)), (consensus, standing))
    )
    return total + torch.stack(list(entropies)).sum()
