"""Depth as an ordered choice: where its bins lie, which one a depth is in, and what depth a net's answers mean.

Edges t_0 < … < t_K in metres part K bins. A net answers K times: logits z_k of P_k, the probability that depth lies
beyond bin k (Fu et al.: DORN, CVPR 2018). Of a pair of the paper's outputs, z_k is the second less the first.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor

Spacing = Literal["log", "linear"]
SPACINGS: tuple[Spacing, ...] = get_args(Spacing)


def bin_edges(count: int, near: float, far: float, *, spacing: Spacing = "log", start: float | None = 1.0) -> Tensor:
    """K + 1 edges from `near` to `far`, float32, metres.

    "log" (SID): t_i = α* (β*/α*)^(i/K) − ξ, with ξ = α* − near, α* = `start`, β* = far + ξ: bins grow with depth, as do
    the errors that matter (Fu et al., CVPR 2018, where α* = 1). start=None takes ξ = 0.
    "linear" (UID): bins of one length.

    Args:
        count: K, at least 2.
        near, far: α and β, metres, 0 ≤ near < far; near is above 0 where start is None.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"bin_edges: count is {count!r}; it must be a whole number of at least 2")
    if not 0 <= near < far < math.inf:
        raise ValueError(f"bin_edges: near is {near} and far {far}; they must be 0 <= near < far, finite")
    if spacing not in SPACINGS:
        raise ValueError(f"bin_edges: spacing is {spacing!r}; allowed are {', '.join(map(repr, SPACINGS))}")
    part = torch.linspace(0, 1, count + 1, dtype=torch.float64)
    if spacing == "linear":
        return (near + (far - near) * part).float()
    first = near if start is None else start
    if not 0 < first < math.inf:
        raise ValueError(f"bin_edges: the logarithm starts at {first} m; start, or near, must be above 0")
    moved = first - near
    return (first * ((far + moved) / first) ** part - moved).float()


def bin_of(depth: Tensor, edges: Tensor) -> Tensor:
    """The bin l, 0 … K − 1, with t_l ≤ depth < t_(l+1), int64; outside the first or last, of NaN the last."""
    check_edges("bin_of", edges)
    return torch.bucketize(depth.contiguous(), edges[1:-1].to(depth), right=True)


def ordinal_depth(logits: Tensor, edges: Tensor, *, mean: bool = False) -> Tensor:
    """The depth that ordinal answers mean, (B, 1, H, W), metres.

    The middle of bin l, l = Σ_k [P_k ≥ ½] (Fu et al., CVPR 2018): the median, which has no slopes. With
    mean=True, m_0 + Σ_k P_k (m_(k+1) − m_k) over middles m: the mean of the distribution, which has.

    Args:
        logits: z, (B, K, H, W).
        edges: t, (K + 1,).
    """
    check_edges("ordinal_depth", edges, logits)
    edges = edges.to(logits)
    middles = (edges[1:] + edges[:-1]) / 2
    if mean:
        steps = (middles[1:] - middles[:-1]).view(1, -1, 1, 1)
        return middles[0] + (torch.sigmoid(logits[:, :-1]) * steps).sum(dim=1, keepdim=True)
    beyond = (logits >= 0).sum(dim=1, keepdim=True).clamp(max=len(middles) - 1)
    return torch.where(logits.isfinite().all(dim=1, keepdim=True), middles[beyond], torch.nan)


def check_edges(owner: str, edges: Tensor, logits: Tensor | None = None) -> None:
    """Raise unless edges are (K + 1,), increasing, with K ≥ 2, and logits (B, K, H, W)."""
    known = not torch.compiler.is_compiling()  # in a graph that is traced, numbers are not
    if edges.ndim != 1 or len(edges) < 3 or (known and not bool((edges[1:] > edges[:-1]).all())):
        raise ValueError(f"{owner}: edges are {tuple(edges.shape)}; they must be (K + 1,), increasing, K at least 2")
    if logits is not None and (logits.ndim != 4 or logits.shape[1] != len(edges) - 1):
        wanted = f"(B, {len(edges) - 1}, H, W): one for each bin"
        raise ValueError(f"{owner}: logits have shape {tuple(logits.shape)}; they must be {wanted}")
