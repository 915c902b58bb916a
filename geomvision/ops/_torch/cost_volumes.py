"""Cost volumes in plain torch, and as operators with their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator, pulled_back

Pair = tuple[Tensor, Tensor]


def _shifted(right: Tensor, d: int) -> Tensor:
    """right(x - d), 0 beyond the border."""
    return functional.pad(right, (d, 0))[..., : right.shape[-1]]


def _seen(left: Tensor, d: int) -> Tensor:
    """left where x >= d, 0 elsewhere."""
    columns = torch.arange(left.shape[-1], device=left.device)
    return torch.where(columns >= d, left, 0)


def _group_wise(left: Tensor, right: Tensor, max_disparity: int, groups: int, num_threads: int) -> Tensor:
    batch, channels, height, width = left.shape
    shape = (batch, groups, channels // groups, height, width)
    products = [(_seen(left, d) * _shifted(right, d)).view(shape).mean(2) for d in range(max_disparity)]
    return torch.stack(products, 2)


def _difference(left: Tensor, right: Tensor, max_disparity: int, num_threads: int) -> Tensor:
    return torch.stack([(left - _shifted(right, d)).abs().mean(1) for d in range(max_disparity)], 1)


def _concatenated(left: Tensor, right: Tensor, max_disparity: int, num_threads: int) -> Tensor:
    return torch.stack([torch.cat([_seen(left, d), _shifted(right, d)], 1) for d in range(max_disparity)], 2)


def _pull_back(volume: Callable[..., Tensor], d_volume: Tensor, left: Tensor, right: Tensor, *rest: int) -> Pair:
    d_left, d_right = pulled_back(lambda *leaves: volume(*leaves, *rest, 0), d_volume, left, right)
    return d_left, d_right


def _group_wise_backward(d_volume: Tensor, left: Tensor, right: Tensor, num_threads: int) -> Pair:
    return _pull_back(_group_wise, d_volume, left, right, d_volume.shape[2], d_volume.shape[1])


def _difference_backward(d_volume: Tensor, left: Tensor, right: Tensor, num_threads: int) -> Pair:
    return _pull_back(_difference, d_volume, left, right, d_volume.shape[1])


def _concatenated_backward(d_volume: Tensor, num_threads: int) -> Pair:
    batch, channels, candidates, height, width = d_volume.shape
    zeros = d_volume.new_zeros(batch, channels // 2, height, width)
    return _pull_back(_concatenated, d_volume, zeros, zeros, candidates)


def _group_wise_shape(left: Tensor, right: Tensor, max_disparity: int, groups: int, num_threads: int) -> Tensor:
    batch, _, height, width = left.shape
    return left.new_empty(batch, groups, max_disparity, height, width)


def _difference_shape(left: Tensor, right: Tensor, max_disparity: int, num_threads: int) -> Tensor:
    batch, _, height, width = left.shape
    return left.new_empty(batch, max_disparity, height, width)


def _concatenated_shape(left: Tensor, right: Tensor, max_disparity: int, num_threads: int) -> Tensor:
    batch, channels, height, width = left.shape
    return left.new_empty(batch, 2 * channels, max_disparity, height, width)


def _features_shape(d_volume: Tensor, left: Tensor, right: Tensor, num_threads: int) -> Pair:
    return left.new_empty(left.shape), left.new_empty(left.shape)


def _halves_shape(d_volume: Tensor, num_threads: int) -> Pair:
    batch, channels, _, height, width = d_volume.shape
    shape = (batch, channels // 2, height, width)
    return d_volume.new_empty(shape), d_volume.new_empty(shape)


group_wise_volume = operator("group_wise_volume", _group_wise, shape=_group_wise_shape)
difference_volume = operator("difference_volume", _difference, shape=_difference_shape)
concatenated_volume = operator("concatenated_volume", _concatenated, shape=_concatenated_shape)
group_wise_volume_backward = operator("group_wise_volume_backward", _group_wise_backward, shape=_features_shape)
difference_volume_backward = operator("difference_volume_backward", _difference_backward, shape=_features_shape)
concatenated_volume_backward = operator("concatenated_volume_backward", _concatenated_backward, shape=_halves_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0], inputs[1])
    ctx.rest = len(inputs) - 2
    ctx.num_threads = inputs[-1]


def _remember_nothing(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.num_threads = inputs[-1]


def _derivative(backward: Callable[..., Pair]) -> Callable[..., tuple[Any, ...]]:
    def derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
        return (*backward(d_volume, *ctx.saved_tensors, ctx.num_threads), *(None,) * ctx.rest)

    return derivative


def _concatenated_derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
    return (*concatenated_volume_backward(d_volume, ctx.num_threads), None, None)


group_wise_volume.register_autograd(_derivative(group_wise_volume_backward), setup_context=_remember)
difference_volume.register_autograd(_derivative(difference_volume_backward), setup_context=_remember)
concatenated_volume.register_autograd(_concatenated_derivative, setup_context=_remember_nothing)
