"""Local correlation in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator


def _windows(height: int, width: int, radius: int, stride: int, dilation: int) -> Iterator[tuple[slice, slice]]:
    """Where each displacement looks in the right image padded by radius · dilation."""
    for j in range(2 * radius + 1):
        for i in range(2 * radius + 1):
            y, x = j * dilation, i * dilation
            yield slice(y, y + height, stride), slice(x, x + width, stride)


def _twin(left: Tensor, right: Tensor, radius: int, stride: int, dilation: int, num_threads: int) -> Tensor:
    padded = functional.pad(right, [radius * dilation] * 4)
    seen = left[..., ::stride, ::stride]
    windows = _windows(left.shape[2], left.shape[3], radius, stride, dilation)
    return torch.stack([(seen * padded[:, :, y, x]).sum(1) for y, x in windows], 1) / left.shape[1]


def _twin_backward(
    d_out: Tensor, left: Tensor, right: Tensor, radius: int, stride: int, dilation: int, num_threads: int
) -> tuple[Tensor, Tensor]:
    reach = radius * dilation
    padded = functional.pad(right, [reach] * 4)
    d_left, d_padded = torch.zeros_like(left), torch.zeros_like(padded)
    shares = d_out[:, :, None] / left.shape[1]
    for k, (y, x) in enumerate(_windows(left.shape[2], left.shape[3], radius, stride, dilation)):
        d_left[..., ::stride, ::stride] += shares[:, k] * padded[:, :, y, x]
        d_padded[:, :, y, x] += shares[:, k] * left[..., ::stride, ::stride]
    return d_left, d_padded[..., reach : reach + left.shape[2], reach : reach + left.shape[3]].contiguous()


def _empty(left: Tensor, right: Tensor, radius: int, stride: int, dilation: int, num_threads: int) -> Tensor:
    batch, _, height, width = left.shape
    size = (height + stride - 1) // stride, (width + stride - 1) // stride
    return left.new_empty(batch, (2 * radius + 1) ** 2, *size)


local_correlation = operator("local_correlation", _twin, shape=_empty)
local_correlation_backward = operator(
    "local_correlation_backward",
    _twin_backward,
    shape=lambda d_out, left, right, *_: (left.new_empty(left.shape), right.new_empty(right.shape)),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    left, right, *ctx.options = inputs
    ctx.save_for_backward(left, right)


def _derivative(ctx: Any, d_out: Tensor) -> tuple[Any, ...]:
    left, right = ctx.saved_tensors
    return (*local_correlation_backward(d_out, left, right, *ctx.options), None, None, None, None)


local_correlation.register_autograd(_derivative, setup_context=_remember)
