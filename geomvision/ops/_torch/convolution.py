"""Convolution in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator


def _factors(bfloat16: bool, *factors: Tensor) -> tuple[Tensor, ...]:
    return tuple(each.to(torch.bfloat16).to(each.dtype) for each in factors) if bfloat16 else factors


def _twin(
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    residual: Tensor | None,
    stride: int,
    dilation: int,
    relu: bool,
    bfloat16: bool,
    num_threads: int,
) -> Tensor:
    features, weight = _factors(bfloat16, features, weight)
    padding = weight.shape[2] // 2 * dilation
    with torch.autocast(features.device.type, enabled=False):
        found = functional.conv2d(features, weight, bias, stride, padding, dilation)
    found = found if residual is None else found + residual
    return found.relu() if relu else found


def _shape(
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    residual: Tensor | None,
    stride: int,
    dilation: int,
    relu: bool,
    bfloat16: bool,
    num_threads: int,
) -> Tensor:
    batch, _, height, width = features.shape
    return features.new_empty(batch, weight.shape[0], (height + stride - 1) // stride, (width + stride - 1) // stride)


convolution = operator("convolution", _twin, shape=_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    features, weight, bias, _residual, ctx.stride, ctx.dilation, ctx.relu, ctx.bfloat16, _ = inputs
    ctx.bias = None if bias is None else list(bias.shape)
    ctx.save_for_backward(features, weight, output if ctx.relu else None)


def _derivative(ctx: Any, d_out: Tensor) -> tuple[Any, ...]:
    features, weight, output = ctx.saved_tensors
    if output is not None:
        d_out = torch.where(output > 0, d_out, 0)
    padding = weight.shape[2] // 2 * ctx.dilation
    wanted = [*ctx.needs_input_grad[:2], ctx.bias is not None and ctx.needs_input_grad[2]]
    found = torch.ops.aten.convolution_backward(
        d_out,
        *_factors(ctx.bfloat16, features, weight),
        ctx.bias,
        [ctx.stride] * 2,
        [padding] * 2,
        [ctx.dilation] * 2,
        False,
        [0, 0],
        1,
        wanted,
    )
    return *found, d_out if ctx.needs_input_grad[3] else None, None, None, None, None, None


convolution.register_autograd(_derivative, setup_context=_remember)
