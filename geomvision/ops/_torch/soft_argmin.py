"""Soft-argmin in plain torch, and as operators with their derivatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator, pulled_back


def _candidates(costs: Tensor, first: float) -> Tensor:
    return torch.arange(costs.shape[1], device=costs.device, dtype=costs.dtype)[:, None, None] + first


def _twin(costs: Tensor, first: float, num_threads: int) -> Tensor:
    return (torch.softmax(-costs, 1) * _candidates(costs, first)).sum(1)


def _twin_backward(d_disparity: Tensor, costs: Tensor, num_threads: int) -> Tensor:
    share = torch.softmax(-costs, 1)
    candidates = _candidates(costs, 0.0)
    mean = (share * candidates).sum(1, keepdim=True)
    return share * (mean - candidates) * d_disparity[:, None]


def _upsampled(costs: Tensor, disparities: int, height: int, width: int, first: float, num_threads: int) -> Tensor:
    size = (disparities, height, width)
    wide = functional.interpolate(costs[:, None], size, mode="trilinear", align_corners=False)
    return _twin(wide[:, 0], first, num_threads)


def _upsampled_backward(d_disparity: Tensor, costs: Tensor, disparities: int, num_threads: int) -> Tensor:
    _, height, width = d_disparity.shape
    return pulled_back(lambda c: _upsampled(c, disparities, height, width, 0.0, num_threads), d_disparity, costs)[0]


def _upsampled_shape(
    costs: Tensor, disparities: int, height: int, width: int, first: float, num_threads: int
) -> Tensor:
    return costs.new_empty(costs.shape[0], height, width)


soft_argmin = operator("soft_argmin", _twin, shape=lambda costs, first, num_threads: costs.new_empty(costs[:, 0].shape))
soft_argmin_backward = operator(
    "soft_argmin_backward", _twin_backward, shape=lambda d_disparity, costs, num_threads: costs.new_empty(costs.shape)
)
upsampled_soft_argmin = operator("upsampled_soft_argmin", _upsampled, shape=_upsampled_shape)
upsampled_soft_argmin_backward = operator(
    "upsampled_soft_argmin_backward",
    _upsampled_backward,
    shape=lambda d_disparity, costs, disparities, num_threads: costs.new_empty(costs.shape),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    costs, _, ctx.num_threads = inputs
    ctx.save_for_backward(costs)


def _derivative(ctx: Any, d_disparity: Tensor) -> tuple[Any, ...]:
    (costs,) = ctx.saved_tensors
    return soft_argmin_backward(d_disparity, costs, ctx.num_threads), None, None


soft_argmin.register_autograd(_derivative, setup_context=_remember)


def _remember_upsampled(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    costs, ctx.disparities, _, _, _, ctx.num_threads = inputs
    ctx.save_for_backward(costs)


def _upsampled_derivative(ctx: Any, d_disparity: Tensor) -> tuple[Any, ...]:
    (costs,) = ctx.saved_tensors
    d_costs = upsampled_soft_argmin_backward(d_disparity, costs, ctx.disparities, ctx.num_threads)
    return d_costs, None, None, None, None, None


upsampled_soft_argmin.register_autograd(_upsampled_derivative, setup_context=_remember_upsampled)
