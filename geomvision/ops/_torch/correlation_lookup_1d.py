"""Lookups along rows in plain torch, and as operators with their derivatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._operator import operator
from ._windows import Windows, halved


def _rows(features: Tensor) -> Tensor:
    """(B · H, W, C) from (B, C, H, W)."""
    return features.permute(0, 2, 3, 1).flatten(0, 1)


def _images(rows: Tensor, batch: int) -> Tensor:
    """(B, C, H, W) from (B · H, W, C)."""
    height = rows.shape[0] // max(batch, 1)
    return rows.reshape(batch, height, *rows.shape[1:]).permute(0, 3, 1, 2).contiguous()


def _pyramid(features1: Tensor, x: Tensor, radius: int, levels: int) -> list[tuple[Windows, Tensor]]:
    level, out = _rows(features1), []
    for k in range(levels):
        out.append((Windows(x.flatten(0, 1), None, k, radius, 1, level.shape[1]), level))
        if k + 1 < levels:
            level = halved(level, 1)
    return out


def _samples_of(d_out: Tensor, levels: int) -> list[Tensor]:
    """The output's derivative as (B · H, W, side, 1) of each level."""
    return [_rows(part)[..., None] for part in d_out.chunk(levels, 1)]


def _scale(features: Tensor) -> float:
    return float(max(features.shape[1], 1) ** -0.5)


def _look_up(features0: Tensor, features1: Tensor, x: Tensor, radius: int, levels: int, num_threads: int) -> Tensor:
    pixels = _rows(features0) * _scale(features0)
    samples = [w.blend(w.products(pixels, level))[..., 0] for w, level in _pyramid(features1, x, radius, levels)]
    return _images(torch.cat(samples, 2), features0.shape[0])


def _look_up_kept(
    features0: Tensor,
    features1: Tensor,
    x: Tensor,
    kept: Tensor,
    firsts: Tensor,
    radius: int,
    levels: int,
    num_threads: int,
) -> Tensor:
    return _look_up(features0, features1, x, radius, levels, num_threads)  # plain torch keeps nothing


def _look_up_backward(
    d_out: Tensor, features0: Tensor, features1: Tensor, x: Tensor, radius: int, levels: int, num_threads: int
) -> tuple[Tensor, Tensor]:
    pixels = _rows(features0) * _scale(features0)
    d_pixels = torch.zeros_like(pixels)
    pyramid = _pyramid(features1, x, radius, levels)
    d_levels = []
    for (windows, level), d_samples in zip(pyramid, _samples_of(d_out, levels), strict=True):
        d_here, d_level = windows.products_backward(windows.blend_backward(d_samples), pixels, level)
        d_pixels += d_here
        d_levels.append(d_level)
    d_row = d_levels.pop()
    while d_levels:
        wide = d_row.repeat_interleave(2, 1) / 2
        d_row = d_levels.pop()
        d_row[:, : wide.shape[1]] += wide
    return _images(d_pixels * _scale(features0), features0.shape[0]), _images(d_row, features0.shape[0])


def _look_up_backward_coordinates(
    d_out: Tensor, features0: Tensor, features1: Tensor, x: Tensor, radius: int, levels: int, num_threads: int
) -> Tensor:
    pixels = _rows(features0) * _scale(features0)
    d_x = d_out.new_zeros(x.shape)
    pyramid = _pyramid(features1, x, radius, levels)
    for (windows, level), d_samples in zip(pyramid, _samples_of(d_out, levels), strict=True):
        d_x += windows.slopes(windows.products(pixels, level), d_samples)[0].view_as(x)
    return d_x


correlation_lookup_1d = operator(
    "correlation_lookup_1d",
    _look_up,
    shape=lambda features0, features1, x, radius, levels, num_threads: features0.new_empty(
        features0.shape[0], levels * (2 * radius + 1), *features0.shape[2:]
    ),
)
kept_lookup_1d = operator(
    "kept_lookup_1d",
    _look_up_kept,
    shape=lambda features0, features1, x, kept, firsts, radius, levels, num_threads: features0.new_empty(
        features0.shape[0], levels * (2 * radius + 1), *features0.shape[2:]
    ),
    changes=("kept", "firsts"),
)
correlation_lookup_1d_backward = operator(
    "correlation_lookup_1d_backward",
    _look_up_backward,
    shape=lambda d_out, features0, features1, *_: (
        features0.new_empty(features0.shape),
        features1.new_empty(features1.shape),
    ),
)
correlation_lookup_1d_backward_coordinates = operator(
    "correlation_lookup_1d_backward_coordinates",
    _look_up_backward_coordinates,
    shape=lambda d_out, features0, features1, x, *_: d_out.new_empty(x.shape),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, radius, levels, num_threads = inputs
    ctx.options = radius, levels, num_threads
    ctx.save_for_backward(*tensors)


def _derivative(ctx: Any, d_out: Tensor) -> tuple[Any, ...]:
    d_features0 = d_features1 = d_x = None
    if ctx.needs_input_grad[0] or ctx.needs_input_grad[1]:
        d_features0, d_features1 = correlation_lookup_1d_backward(d_out, *ctx.saved_tensors, *ctx.options)
    if ctx.needs_input_grad[2]:
        d_x = correlation_lookup_1d_backward_coordinates(d_out, *ctx.saved_tensors, *ctx.options)
    return d_features0, d_features1, d_x, None, None, None


correlation_lookup_1d.register_autograd(_derivative, setup_context=_remember)
