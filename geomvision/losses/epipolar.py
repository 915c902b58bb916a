"""What a scene that stands still asks of flow: one fundamental matrix for all pixels, given, found, or only implied.

A pixel x₀ = (x, y, 1) and its match x₁ = (x + F_x, y + F_y, 1) satisfy x₁ᵀ F x₀ = 0, so all vec(x₁ x₀ᵀ) lie in eight of
nine dimensions. Flows are (B, 2, H, W) in pixels; pixels that are not finite count nowhere; `weight` and `reduction`
are as in `photometric`. What moves by itself breaks the rule: give it no weight.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, checked_weight, filled, known, reduced

#: Eights of pixels that are tried, and pixels that they are judged by.
TRIES, JUDGES = 500, 1000
#: Rounds of reweighting, and the least residual in pixels that counts as noise.
ROUNDS = 10
NOISE_PX = 0.01


@at_least_float32
def sampson(
    flow: Tensor,
    F: Tensor | None = None,
    *,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|x₁ᵀ F x₀| / √((F x₀)₁² + (F x₀)₂² + (Fᵀ x₁)₁² + (Fᵀ x₁)₂²), pixels: Sampson's distance (HZ 11.9, its root).

    Args:
        flow: (B, 2, H, W).
        F: (3, 3) or (B, 3, 3) with x₁ᵀ F x₀ = 0 in pixels, centres at integers, as `geometry.fundamental` gives it.
            None finds it from the flow, `fundamental_of(flow, weight)`, without a slope (Zhong et al., CVPR 2019, 3.2).
        weight: of pixels, (B, 1, H, W).
        reduction: "mean", or "none" for (B, 1, H, W), NaN where unknown.
    """
    check_maps("sampson", {"flow": flow}, 2)
    F = fundamental_of(flow, weight) if F is None else F
    if not isinstance(F, Tensor) or F.shape not in ((3, 3), (len(flow), 3, 3)) or not bool(F.isfinite().all()):
        given = f"of shape {tuple(F.shape)}" if isinstance(F, Tensor) else f"a {type(F).__name__}"
        raise ValueError(f"sampson: F is {given}; it must be a finite tensor (3, 3) or ({len(flow)}, 3, 3)")
    where = known(flow)
    distance, there = _distance(*_matches(filled(flow, where)), F.to(flow).expand(len(flow), 3, 3))
    shape = (len(flow), 1, *flow.shape[2:])
    return reduced("sampson", distance.view(shape), where & there.view(shape), weight, reduction)


@at_least_float32
@torch.no_grad()
def fundamental_of(flow: Tensor, weight: Tensor | None = None) -> Tensor:
    """F of flows, (B, 3, 3) in their dtype, of Frobenius norm 1 and rank 2; no slope runs through it.

    The normalised eight-point method (Hartley, TPAMI 1997). Of 500 eights of pixels, drawn alike in every call, the F
    with the least median of Sampson's distances is taken (Zhang, IJCV 1998); from there on all pixels count, weighted
    anew in ten rounds by Cauchy's weights. What moves by itself loses its say where it is the lesser part.
    A flow that many F explain (none, that of a plane or of a turning camera) gets one of them.

    Raises:
        ValueError: where a flow has fewer than 8 pixels that are known and have a weight.
    """
    check_maps("fundamental_of", {"flow": flow}, 2)
    share = _shares("fundamental_of", flow, weight)
    counts = (share > 0).sum(dim=1)
    if int(counts.min()) < 8:
        raise ValueError(f"fundamental_of: a flow has {int(counts.min())} known pixels of weight; it takes 8 or more")
    first, second = _matches(filled(flow, known(flow)).double())
    (to0, x0), (to1, x1) = (_normalised(points, share) for points in (first, second))
    products = _products(x0, x1)
    found = to1.mT @ _of_few(x0, x1, products, share) @ to0
    for _ in range(ROUNDS):
        distance, _ = _distance(first, second, found)
        noise = torch.stack([d[w > 0].median() for d, w in zip(distance, share, strict=True)]) * 1.4826
        current = share / (1 + (distance / noise.clamp(min=NOISE_PX)[:, None]).square())
        found = to1.mT @ _flattest((products * current[..., None]).mT @ products) @ to0
        found = found / torch.linalg.matrix_norm(found)[:, None, None]
    return found.to(flow.dtype)


@at_least_float32
def low_rank(flow: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """‖H‖_* / √N, the mean over flows: the sum of singular values of H = [vec(x₁ x₀ᵀ) …], 9 x N (Zhong et al., 3.3).

    A convex stand-in for the rank of H, which is at most 8 where one F explains the flow. N is the sum of the weights;
    coordinates are from the middle of the image in halves of its longer side, so that images of any size compare. It
    holds for any F and needs none, but shorter flows cost less, too: it goes with a photometric loss.
    """
    check_maps("low_rank", {"flow": flow}, 2)
    rows = _weighted_products("low_rank", flow, weight)
    values: Tensor = torch.linalg.svdvals(rows)
    return values.sum(dim=1).mean()


@at_least_float32
def subspace(flow: Tensor, *, strength: float = 100.0, weight: Tensor | None = None) -> Tensor:
    """min over C of ½ ‖C‖² + λ/2 ‖H C − H‖², the mean over flows: H expressed by itself (Zhong et al., 3.4).

    Several motions, each of at most 8 dimensions, make H a union of subspaces; a point is then a sum of few others of
    its own. The least C is (I + λ HᵀH)⁻¹ λ HᵀH, which makes the loss ½ Σ λ σ² / (1 + λ σ²) over the singular values σ
    of H: nine numbers, for which all pixels are taken and none drawn. H is as in `low_rank`, over √N.

    Args:
        flow: (B, 2, H, W).
        strength: λ; large ones count dimensions, small ones their size.
        weight: of pixels, (B, 1, H, W).
    """
    check_number("subspace", "strength", strength, above=True)
    check_maps("subspace", {"flow": flow}, 2)
    rows = _weighted_products("subspace", flow, weight)
    gram = strength * rows.mT @ rows
    one = torch.eye(9, dtype=gram.dtype, device=gram.device)
    share: Tensor = torch.linalg.solve(one + gram, gram)
    return 0.5 * share.diagonal(dim1=1, dim2=2).sum(dim=1).mean()


def _flattest(gram: Tensor) -> Tensor:
    """The F (…, 3, 3) of rank 2 nearest to the least eigenvector of Σ h hᵀ."""
    smallest = torch.linalg.eigh(gram).eigenvectors[..., 0].unflatten(-1, (3, 3))
    u, s, vt = torch.linalg.svd(smallest)
    kept = torch.cat([s[..., :2], torch.zeros_like(s[..., 2:])], dim=-1)
    flat: Tensor = u * kept[..., None, :] @ vt
    return flat


def _of_few(x0: Tensor, x1: Tensor, products: Tensor, share: Tensor) -> Tensor:
    """Of F through eight pixels each the one with the least median distance, (B, 3, 3), in normalised coordinates."""
    random = torch.Generator(share.device).manual_seed(0)
    chosen = []
    for a, b, rows, weights in zip(x0, x1, products, share, strict=True):
        sums = weights.cumsum(dim=0)
        lots = torch.rand(8 * TRIES + JUDGES, generator=random, dtype=sums.dtype, device=sums.device)
        drawn = torch.searchsorted(sums, lots * sums[-1], right=True).clamp(max=len(sums) - 1)
        eights, judges = rows[drawn[: 8 * TRIES]].view(TRIES, 8, 9), drawn[8 * TRIES :]
        candidates = _flattest(eights.mT @ eights)
        distance, _ = _distance(a[judges], b[judges], candidates)
        chosen.append(candidates[distance.median(dim=1).values.argmin()])
    return torch.stack(chosen)


def _shares(owner: str, flow: Tensor, weight: Tensor | None) -> Tensor:
    """Weights of pixels, 0 where unknown, (B, N) in float64."""
    share = known(flow).double()
    if weight is not None:
        share = share * checked_weight(owner, weight, flow)
    return share.flatten(1)


def _matches(flow: Tensor) -> tuple[Tensor, Tensor]:
    """x₀ and x₁ of all pixels, (B, N, 2)."""
    batch, _, height, width = flow.shape
    y = torch.arange(height, dtype=flow.dtype, device=flow.device)
    x = torch.arange(width, dtype=flow.dtype, device=flow.device)
    here = torch.stack([x.expand(height, width), y[:, None].expand(height, width)]).flatten(1).mT
    return here.expand(batch, -1, 2), here + flow.flatten(2).mT


def _distance(first: Tensor, second: Tensor, F: Tensor) -> tuple[Tensor, Tensor]:
    """Sampson's distance (B, N), and where it has one: not at both epipoles."""
    x0, x1 = _homogeneous(first), _homogeneous(second)
    lines1, lines0 = x0 @ F.mT, x1 @ F
    squared = lines1[..., :2].square().sum(dim=-1) + lines0[..., :2].square().sum(dim=-1)
    there = squared > 0
    return (x1 * lines1).sum(dim=-1).abs() * torch.rsqrt(torch.where(there, squared, 1.0)), there


def _homogeneous(points: Tensor) -> Tensor:
    return torch.cat([points, torch.ones_like(points[..., :1])], dim=-1)


def _products(x0: Tensor, x1: Tensor) -> Tensor:
    """vec(x₁ x₀ᵀ) of points (B, N, 2), row by row: (B, N, 9)."""
    return (_homogeneous(x1)[..., :, None] * _homogeneous(x0)[..., None, :]).flatten(2)


def _normalised(points: Tensor, share: Tensor) -> tuple[Tensor, Any]:
    """The similarity T that brings points to mean 0 and mean distance √2, (B, 3, 3), and the points there."""
    total = share.sum(dim=1)
    mean = (points * share[..., None]).sum(dim=1) / total[:, None]
    away = (points - mean[:, None]).square().sum(dim=-1).sqrt()
    scale = 2**0.5 * total / (away * share).sum(dim=1).clamp(min=1e-12)
    T = torch.zeros(len(points), 3, 3, dtype=points.dtype, device=points.device)
    T[:, 0, 0] = T[:, 1, 1] = scale
    T[:, :2, 2] = -scale[:, None] * mean
    T[:, 2, 2] = 1
    return T, (points - mean[:, None]) * scale[:, None, None]


def _weighted_products(owner: str, flow: Tensor, weight: Tensor | None) -> Tensor:
    """Hᵀ over √N, (B, N, 9): rows of unknown pixels are 0, which changes no singular value."""
    share = _shares(owner, flow, weight).to(flow.dtype)
    height, width = flow.shape[2:]
    middle, half = flow.new_tensor([(width - 1) / 2, (height - 1) / 2]), max(height, width) / 2
    x0, x1 = ((points - middle) / half for points in _matches(filled(flow, known(flow))))
    total = share.sum(dim=1, keepdim=True)
    return _products(x0, x1) * (share / torch.where(total > 0, total, 1.0)).sqrt()[..., None]
