"""Soft-argmin in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._operator import operator


def _candidates(costs: Tensor, first: float) -> Tensor:
    return torch.arange(costs.shape[1], device=costs.device, dtype=costs.dtype)[:, None, None] + first


def _twin(costs: Tensor, first: float, num_threads: int) -> Tensor:
    return (torch.softmax(-costs, 1) * _candidates(costs, first)).sum(1)


def _twin_backward(d_disparity: Tensor, costs: Tensor, num_threads: int) -> Tensor:
    share = torch.softmax(-costs, 1)
    candidates = _candidates(costs, 0.0)
    mean = (share * candidates).sum(1, keepdim=True)
    return share * (mean - candidates) * d_disparity[:, None]


soft_argmin = operator("soft_argmin", _twin, shape=lambda costs, first, num_threads: costs.new_empty(costs[:, 0].shape))
soft_argmin_backward = operator(
    "soft_argmin_backward", _twin_backward, shape=lambda d_disparity, costs, num_threads: torch.empty_like(costs)
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    costs, _, ctx.num_threads = inputs
    ctx.save_for_backward(costs)


def _derivative(ctx: Any, d_disparity: Tensor) -> tuple[Any, ...]:
    (costs,) = ctx.saved_tensors
    return soft_argmin_backward(d_disparity, costs, ctx.num_threads), None, None


soft_argmin.register_autograd(_derivative, setup_context=_remember)
