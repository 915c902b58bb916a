"""Fast global smoothing in plain torch, and as an operator."""

from __future__ import annotations

import torch
from torch import Tensor

from ._operator import operator


def _along_rows(values: list[Tensor], weights: Tensor) -> list[Tensor]:
    """Solve u_s + w_{s−1} (u_s − u_{s−1}) + w_s (u_s − u_{s+1}) = f_s along the last axis, for each of `values`."""
    steps = weights.shape[-1]
    diagonal = torch.ones_like(weights[..., 0])
    arriving = [torch.zeros_like(diagonal) for _ in values]
    shares, solved = [], [[] for _ in values]  # type: ignore[var-annotated]
    for s in range(steps):
        share = weights[..., s] / (diagonal + weights[..., s])
        for i, value in enumerate(values):
            total = value[..., s] + arriving[i]
            solved[i].append(total / (diagonal + weights[..., s]))
            arriving[i] = total * share
        diagonal = 1 + share * diagonal
        shares.append(share)
    for lines in solved:
        for s in range(steps - 2, -1, -1):
            lines[s] = lines[s] + shares[s] * lines[s + 1]
    return [torch.stack(lines, -1) for lines in solved]


def _twin(
    disparity: Tensor,
    guide: Tensor,
    confidence: Tensor | None,
    lambda_: float,
    sigma: float,
    iterations: int,
    num_threads: int,
) -> Tensor:
    if disparity.numel() == 0:
        return disparity.clone()
    known = disparity.isfinite()
    weight = known.to(disparity.dtype) if confidence is None else torch.where(known, confidence, 0)
    planes = [torch.where(known, disparity, 0) * weight, weight]
    edges = guide.to(disparity.dtype)

    def coupling(axis: int) -> Tensor:
        distance = edges.diff(dim=axis).square().sum(-1).sqrt()
        weights = torch.exp(-distance.nan_to_num(torch.inf) / sigma)
        end = torch.zeros_like(edges.narrow(axis, 0, 1)[..., 0])  # the last has no neighbour
        return torch.cat([weights, end], axis)

    along_x, along_y = coupling(2), coupling(1).mT
    for t in range(1, iterations + 1):
        strength = 1.5 * 4 ** (iterations - t) / (4**iterations - 1) * lambda_
        planes = _along_rows(planes, strength * along_x)
        planes = [plane.mT for plane in _along_rows([plane.mT for plane in planes], strength * along_y)]
    return torch.where(planes[1] >= 1e-25, planes[0] / planes[1], torch.nan).contiguous()


fast_global_smoothing = operator(
    "fast_global_smoothing",
    _twin,
    shape=lambda disparity, *rest: disparity.new_empty(disparity.shape),
)
