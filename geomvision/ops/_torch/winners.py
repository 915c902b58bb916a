"""Winner-take-all, sub-pixel fit and uniqueness in plain torch, and as operators."""

from __future__ import annotations

import torch
from torch import Tensor

from ._operator import operator


def _wide(costs: Tensor) -> tuple[Tensor, float | int]:
    """Costs in a dtype that torch can compare and subtract in, and what no candidate costs in it."""
    if costs.is_floating_point():
        return torch.where(costs < torch.inf, costs, torch.inf), torch.inf
    return costs.to(torch.int64), torch.iinfo(costs.dtype).max


def _chosen(costs: Tensor, none: float | int, first: int) -> Tensor:
    """The first of the smallest costs along the last axis."""
    disparity = (costs.argmin(-1) + first).to(torch.float32)
    return torch.where(costs.amin(-1) == none, torch.nan, disparity)


def _winner_takes_all(volume: Tensor, first: int, num_threads: int) -> tuple[Tensor, Tensor, Tensor]:
    costs, none = _wide(volume)
    place = torch.arange(costs.shape[-1], device=costs.device)
    near = (place - costs.argmin(-1, keepdim=True)).abs() <= 1
    second = costs.masked_fill(near, none).amin(-1)
    return _chosen(costs, none, first), costs.amin(-1).to(volume.dtype), second.to(volume.dtype)


def _right_winners(volume: Tensor, first: int, num_threads: int) -> Tensor:
    costs, none = _wide(volume)
    width, count = costs.shape[1:]
    place = torch.arange(count, device=costs.device)
    source = torch.arange(width, device=costs.device)[:, None] + first + place
    inside = (source >= 0) & (source < width)
    met = costs[:, source.clamp(0, width - 1), place] if width else costs
    return _chosen(torch.where(inside, met, none), none, first)


def _subpixel(volume: Tensor, winners: Tensor, first: int, fit: str, num_threads: int) -> Tensor:
    costs, none = _wide(volume)
    count = costs.shape[-1]
    place = winners - first
    fits = (place > 0) & (place < count - 1) & (place == place.floor())
    if fit == "none" or count < 3:
        return winners.clone()
    k = torch.where(fits, place, 1).to(torch.int64)[..., None]
    before, at, after = (costs.gather(-1, k + step)[..., 0] for step in (-1, 0, 1))
    fits &= (before != none) & (after != none) & (at <= before) & (at <= after)
    bend = before - 2 * at + after if fit == "parabola" else torch.maximum(before, after) - at
    offset = (before - after).to(torch.float32) / (2 * bend).to(torch.float32)
    return torch.where(fits & (bend != 0), winners + offset, winners)


def _uniqueness(
    disparity: Tensor, cost: Tensor, second: Tensor, percent: int, num_threads: int
) -> tuple[Tensor, Tensor]:
    least, none = _wide(cost)
    other, _ = _wide(second)
    wide = torch.float64 if cost.is_floating_point() else torch.int64
    least, other = least.to(wide), other.to(wide)
    rivalled = ~disparity.isnan() & (other != none)
    beats = 100 * least < (100 - percent) * other
    margin = (other - least).to(torch.float32) / other.to(torch.float32)
    kept = torch.where(rivalled & ~beats, torch.nan, disparity)
    return kept, torch.where(rivalled & beats, margin, torch.zeros_like(margin))


def _map(volume: Tensor) -> Tensor:
    return volume.new_empty(volume.shape[:-1], dtype=torch.float32)


winner_takes_all = operator(
    "winner_takes_all",
    _winner_takes_all,
    shape=lambda volume, first, num_threads: (_map(volume), volume[..., 0].clone(), volume[..., 0].clone()),
)
right_winners = operator("right_winners", _right_winners, shape=lambda volume, first, num_threads: _map(volume))
subpixel = operator(
    "subpixel", _subpixel, shape=lambda volume, winners, first, fit, num_threads: torch.empty_like(winners)
)
uniqueness = operator(
    "uniqueness",
    _uniqueness,
    shape=lambda disparity, cost, second, percent, num_threads: (
        torch.empty_like(disparity),
        torch.empty_like(disparity),
    ),
)
