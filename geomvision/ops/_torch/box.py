"""Box aggregation in plain torch, and as an operator."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator


def _box(volume: Tensor, window: int, mean: bool, num_threads: int) -> Tensor:
    if volume.is_floating_point():
        there = volume < torch.inf
    else:
        there = volume.to(torch.int64) != torch.iinfo(volume.dtype).max
    costs = torch.where(there, volume.to(torch.float64), 0)
    total, number = window_sums(costs, window // 2), window_sums(there.to(torch.float64), window // 2)
    return torch.where(there, total / number if mean else total, torch.nan).to(_dtype(volume))


def window_sums(values: Tensor, radius: int) -> Tensor:
    """Sums over windows of (N, H, W, D), 0 beyond the border. Each by itself: a large value spoils no other window."""
    if values.numel() == 0:
        return values
    radius = min(radius, max(values.shape[1:3]))
    wide = functional.pad(values, (0, 0, radius, radius, radius, radius))
    return wide.unfold(1, 2 * radius + 1, 1).sum(-1).unfold(2, 2 * radius + 1, 1).sum(-1)


def _dtype(volume: Tensor) -> torch.dtype:
    return torch.float64 if volume.dtype == torch.float64 else torch.float32


box_aggregation = operator(
    "box_aggregation",
    _box,
    shape=lambda volume, window, mean, num_threads: torch.empty_like(volume, dtype=_dtype(volume)),
)
