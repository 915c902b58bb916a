"""How unsmooth a flow is, less so where the image has an edge.

Flows are (B, 2, H, W) in pixels (any number of channels is taken), images (B, C, H, W), 0 … 255 unless said otherwise.
Differences that touch a pixel which is not finite, or lie beyond the border, count nowhere. `weight` and `reduction`
are as in `photometric`; a difference belongs to the pixel that it begins at, or is centred on.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._maps import (
    Reduction,
    at_least_float32,
    check_beside,
    check_maps,
    check_number,
    differences,
    filled,
    known,
    penalty,
    reduced,
    shifted,
)

#: λ for images of 0 … 255: 150 for 0 … 1, as Jonschkowski et al. found best.
EDGE = 150 / 255


@at_least_float32
def first_order(
    flow: Tensor,
    image: Tensor,
    *,
    edge: float = EDGE,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """½ Σ_{d ∈ x, y} e^(−λ |∂_d I|) ρ(∂_d F) of forward differences (Godard et al., CVPR 2017, eq. 3).

    |∂_d I| is the mean over channels, ρ(v) = √(v² + ε²) − ε, also the mean over channels, in pixels: Jonschkowski et
    al. (ECCV 2020), section 3.2. A constant flow costs nothing.

    Args:
        flow: F, (B, 2, H, W).
        image: I, of the same size.
        edge: λ, one over the images' unit; 0 smooths over edges, too.
        epsilon: ε, pixels.
        weight, reduction: as in `photometric`.
    """
    return _smoothness("first_order", 1, flow, image, edge, epsilon, weight, reduction)


@at_least_float32
def second_order(
    flow: Tensor,
    image: Tensor,
    *,
    edge: float = EDGE,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """½ Σ_{d ∈ x, y} e^(−λ |∂_d I|) ρ(∂²_d F), ∂²F = F(p − 1) − 2 F(p) + F(p + 1), ∂I = (I(p + 1) − I(p − 1)) / 2.

    After Jonschkowski et al. (ECCV 2020), section 3.2. An affine flow costs nothing. Arguments as for `first_order`.
    """
    return _smoothness("second_order", 2, flow, image, edge, epsilon, weight, reduction)


def _smoothness(
    owner: str,
    order: int,
    flow: Tensor,
    image: Tensor,
    edge: float,
    epsilon: float,
    weight: Tensor | None,
    reduction: Reduction,
) -> Tensor:
    check_maps(owner, {"flow": flow})
    check_beside(owner, "image", image, flow)
    check_number(owner, "edge", edge)
    check_number(owner, "epsilon", epsilon, above=True)
    where = known(flow, image)
    flow, image = filled(flow, where), filled(image, where).to(flow.dtype)
    total = torch.zeros_like(flow[:, :1])
    there = torch.zeros_like(where)
    for axis in (2, 3):
        changes, found = differences(flow, where, axis, order)
        edges = (differences(image, where, axis, 1)[0] if order == 1 else _central(image, axis)).abs()
        cost = penalty(changes, 0.5, epsilon).mean(dim=1, keepdim=True)
        cost = torch.exp(-edge * edges.mean(dim=1, keepdim=True)) * cost
        total = total + 0.5 * filled(cost, found)
        there = there | found
    return reduced(owner, total, there, weight, reduction)


def _central(values: Tensor, axis: int) -> Tensor:
    return (shifted(values, axis, 1) - shifted(values, axis, -1)) / 2
