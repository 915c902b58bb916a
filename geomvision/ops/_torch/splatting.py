"""Forward splatting in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._operator import operator, pulled_back

Pair = tuple[Tensor, Tensor]


def _twin(image: Tensor, flow: Tensor, num_threads: int) -> Tensor:
    batch, channels, height, width = image.shape
    x = torch.arange(width, device=image.device, dtype=image.dtype) + flow[:, 0]
    y = torch.arange(height, device=image.device, dtype=image.dtype)[:, None] + flow[:, 1]
    lands = (x > -1) & (x < width) & (y > -1) & (y < height)
    x, y = torch.where(lands, x, 0), torch.where(lands, y, 0)
    left, top = x.detach().floor(), y.detach().floor()
    total = torch.zeros_like(image).flatten(2)
    for column, weight_x in ((left, 1 - (x - left)), (left + 1, x - left)):
        for row, weight_y in ((top, 1 - (y - top)), (top + 1, y - top)):
            inside = lands & (column >= 0) & (column < width) & (row >= 0) & (row < height)
            weight = torch.where(inside, weight_x * weight_y, 0)
            index = torch.where(inside, row * width + column, 0).long()
            part = torch.where(inside[:, None], image * weight[:, None], 0).flatten(2)
            total = total.scatter_add(2, index.view(batch, 1, -1).expand(-1, channels, -1), part)
    return total.view(batch, channels, height, width)


def _twin_backward(d_sum: Tensor, image: Tensor, flow: Tensor, num_threads: int) -> Pair:
    d_image, d_flow = pulled_back(lambda i, f: _twin(i, f, num_threads), d_sum, image, flow)
    return d_image, d_flow


def _backward_shape(d_sum: Tensor, image: Tensor, flow: Tensor, num_threads: int) -> Pair:
    return image.new_empty(image.shape), flow.new_empty(flow.shape)


splat_sum = operator("splat_sum", _twin, shape=lambda image, flow, num_threads: image.new_empty(image.shape))
splat_sum_backward = operator("splat_sum_backward", _twin_backward, shape=_backward_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    image, flow, ctx.num_threads = inputs
    ctx.save_for_backward(image, flow)


def _derivative(ctx: Any, d_sum: Tensor) -> tuple[Any, ...]:
    return (*splat_sum_backward(d_sum, *ctx.saved_tensors, ctx.num_threads), None)


splat_sum.register_autograd(_derivative, setup_context=_remember)
