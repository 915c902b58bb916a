"""Backward warping in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._operator import operator, pulled_back

Pair = tuple[Tensor, Tensor]


def _axis(at: Tensor, length: int, bicubic: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Indices and weights of the taps along one axis; places beyond the border are held at it."""
    held = at.clamp(0, length - 1)
    before = held.detach().floor().clamp(max=length - 1 if bicubic else max(length - 2, 0))
    t = held - before
    if bicubic:
        weights = [
            0.5 * t * (-1 + t * (2 - t)),
            1 + 0.5 * t * t * (-5 + 3 * t),
            0.5 * t * (1 + t * (4 - 3 * t)),
            0.5 * t * t * (-1 + t),
        ]
    else:
        weights = [1 - t, t]
    first = 1 - len(weights) // 2
    return [(before.long() + k + first).clamp(0, length - 1) for k in range(len(weights))], weights


def _twin(image: Tensor, displacement: Tensor, bicubic: bool, outside: str, num_threads: int) -> Pair:
    batch, channels, height, width = image.shape
    rows, columns = displacement.shape[2:]
    x = torch.arange(columns, device=image.device, dtype=image.dtype) + displacement[:, 0]
    y = torch.arange(rows, device=image.device, dtype=image.dtype)[:, None] + displacement[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    number = ~(x.isnan() | y.isnan())
    sampled = number if outside == "border" else inside
    x, y = torch.where(sampled, x, 0), torch.where(sampled, y, 0)
    pixels = image.flatten(2)
    warped = torch.zeros_like(pixels[:, :, :1])
    for row, row_weight in zip(*_axis(y, height, bicubic), strict=True):
        for column, weight in zip(*_axis(x, width, bicubic), strict=True):
            index = (row * width + column).view(batch, 1, -1).expand(-1, channels, -1)
            warped = warped + pixels.gather(2, index) * (row_weight * weight).view(batch, 1, -1)
    fill = float("nan") if outside == "nan" else 0.0
    warped = torch.where(sampled.view(batch, 1, -1), warped, fill)
    return warped.view(batch, channels, rows, columns), inside.to(torch.uint8)


def _twin_backward(
    d_warped: Tensor, image: Tensor, displacement: Tensor, bicubic: bool, outside: str, num_threads: int
) -> Pair:
    def warped(image: Tensor, displacement: Tensor) -> Tensor:
        return _twin(image, displacement, bicubic, outside, num_threads)[0]

    d_image, d_displacement = pulled_back(warped, d_warped, image, displacement)
    return d_image, d_displacement


def _shape(image: Tensor, displacement: Tensor, bicubic: bool, outside: str, num_threads: int) -> Pair:
    batch, _, rows, columns = displacement.shape
    inside = image.new_empty((batch, rows, columns), dtype=torch.uint8)
    return image.new_empty(batch, image.shape[1], rows, columns), inside


def _backward_shape(
    d_warped: Tensor, image: Tensor, displacement: Tensor, bicubic: bool, outside: str, num_threads: int
) -> Pair:
    return image.new_empty(image.shape), displacement.new_empty(displacement.shape)


warp_features = operator("warp_features", _twin, shape=_shape)
warp_features_backward = operator("warp_features_backward", _twin_backward, shape=_backward_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Pair) -> None:
    image, displacement, ctx.bicubic, ctx.outside, ctx.num_threads = inputs
    ctx.save_for_backward(image, displacement)


def _derivative(ctx: Any, d_warped: Tensor, d_inside: None) -> tuple[Any, ...]:
    options = ctx.bicubic, ctx.outside, ctx.num_threads
    return (*warp_features_backward(d_warped, *ctx.saved_tensors, *options), None, None, None)


warp_features.register_autograd(_derivative, setup_context=_remember)
