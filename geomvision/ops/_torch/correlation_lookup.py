"""Packed feature pyramids and lookups in them: plain torch, and operators with their derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator
from ._windows import Windows, features_of, halved, pixels_of


def level_sizes(height: int, width: int, levels: int) -> list[tuple[int, int]]:
    """(height, width) of each level."""
    return [(height >> level, width >> level) for level in range(levels)]


def _padded(channels: int) -> int:
    return (channels + 15) // 16 * 16


def _pack(features1: Tensor, levels: int, num_threads: int) -> Tensor:
    pooled = [features1]
    for _ in range(1, levels):
        pooled.append(halved(halved(pooled[-1], 2), 3))
    packed = torch.cat([level.flatten(2) for level in pooled], 2).mT
    return functional.pad(packed, (0, _padded(features1.shape[1]) - features1.shape[1])).contiguous()


def _pack_backward(d_packed: Tensor, channels: int, height: int, width: int, levels: int, num_threads: int) -> Tensor:
    sizes = level_sizes(height, width, levels)
    parts = torch.split(d_packed[..., :channels].mT, [h * w for h, w in sizes], 2)
    batch = d_packed.shape[0]
    total = d_packed.new_zeros(batch, channels, *sizes[-1])
    for size, finer, part in zip(sizes[::-1], [*sizes[-2::-1], None], parts[::-1], strict=True):
        total = total + part.reshape(batch, channels, *size)
        if finer is not None:
            wide = total.repeat_interleave(2, 2).repeat_interleave(2, 3) / 4
            total = functional.pad(wide, (0, finer[1] - wide.shape[3], 0, finer[0] - wide.shape[2]))
    return total.contiguous()


def _packed_size(height: int, width: int, levels: int) -> int:
    return sum(h * w for h, w in level_sizes(height, width, levels))


correlation_features = operator(
    "correlation_features",
    _pack,
    shape=lambda features1, levels, num_threads: features1.new_empty(
        features1.shape[0], _packed_size(features1.shape[2], features1.shape[3], levels), _padded(features1.shape[1])
    ),
)
correlation_features_backward = operator(
    "correlation_features_backward",
    _pack_backward,
    shape=lambda d_packed, channels, height, width, levels, num_threads: d_packed.new_empty(
        d_packed.shape[0], channels, height, width
    ),
)


def _remember_pack(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    features1, ctx.levels, ctx.num_threads = inputs
    ctx.size = features1.shape[1:]


def _pack_derivative(ctx: Any, d_packed: Tensor) -> tuple[Any, ...]:
    return correlation_features_backward(d_packed, *ctx.size, ctx.levels, ctx.num_threads), None, None


correlation_features.register_autograd(_pack_derivative, setup_context=_remember_pack)


def _levels(
    packed: Tensor, coordinates: Tensor, height1: int, width1: int, radius: int, levels: int
) -> Iterator[tuple[Windows, Tensor]]:
    sizes = level_sizes(height1, width1, levels)
    x, y = coordinates.flatten(2).unbind(1)
    for level, part in enumerate(torch.split(packed, [h * w for h, w in sizes], 1)):
        yield Windows(x, y, level, radius, *sizes[level]), part


def _samples_of(d_out: Tensor, levels: int, radius: int) -> list[Tensor]:
    """The output's derivative as (B, N, side, side) of each level."""
    side = 2 * radius + 1
    return [part.flatten(2).mT.reshape(part.shape[0], -1, side, side) for part in d_out.chunk(levels, 1)]


def _look_up(
    features0: Tensor,
    packed: Tensor,
    coordinates: Tensor,
    height1: int,
    width1: int,
    radius: int,
    levels: int,
    num_threads: int,
) -> Tensor:
    pixels = pixels_of(features0, packed.shape[2])
    pyramid = _levels(packed, coordinates, height1, width1, radius, levels)
    samples = [windows.blend(windows.products(pixels, part)).flatten(2) for windows, part in pyramid]
    found = torch.cat(samples, 2).mT
    return found.reshape(*found.shape[:2], *features0.shape[2:]).contiguous()


def _look_up_backward(
    d_out: Tensor,
    features0: Tensor,
    packed: Tensor,
    coordinates: Tensor,
    height1: int,
    width1: int,
    radius: int,
    levels: int,
    num_threads: int,
) -> tuple[Tensor, Tensor]:
    pixels = pixels_of(features0, packed.shape[2])
    d_pixels, d_parts = torch.zeros_like(pixels), []
    pyramid = _levels(packed, coordinates, height1, width1, radius, levels)
    for (windows, part), d_samples in zip(pyramid, _samples_of(d_out, levels, radius), strict=True):
        d_here, d_part = windows.products_backward(windows.blend_backward(d_samples), pixels, part)
        d_pixels += d_here
        d_parts.append(d_part)
    return features_of(d_pixels, features0), torch.cat(d_parts, 1)


def _look_up_backward_coordinates(
    d_out: Tensor,
    features0: Tensor,
    packed: Tensor,
    coordinates: Tensor,
    height1: int,
    width1: int,
    radius: int,
    levels: int,
    num_threads: int,
) -> Tensor:
    pixels = pixels_of(features0, packed.shape[2])
    d_coordinates = d_out.new_zeros(coordinates.shape)
    pyramid = _levels(packed, coordinates, height1, width1, radius, levels)
    for (windows, part), d_samples in zip(pyramid, _samples_of(d_out, levels, radius), strict=True):
        slopes = windows.slopes(windows.products(pixels, part), d_samples)
        d_coordinates += torch.stack(slopes, 1).view_as(coordinates)
    return d_coordinates


packed_lookup = operator(
    "packed_lookup",
    _look_up,
    shape=lambda features0, packed, coordinates, height1, width1, radius, levels, num_threads: features0.new_empty(
        features0.shape[0], levels * (2 * radius + 1) ** 2, *features0.shape[2:]
    ),
)
packed_lookup_backward = operator(
    "packed_lookup_backward",
    _look_up_backward,
    shape=lambda d_out, features0, packed, *_: (features0.new_empty(features0.shape), torch.empty_like(packed)),
)
packed_lookup_backward_coordinates = operator(
    "packed_lookup_backward_coordinates",
    _look_up_backward_coordinates,
    shape=lambda d_out, features0, packed, coordinates, *_: d_out.new_empty(coordinates.shape),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, height1, width1, radius, levels, num_threads = inputs
    ctx.options = height1, width1, radius, levels, num_threads
    ctx.save_for_backward(*tensors)


def _derivative(ctx: Any, d_out: Tensor) -> tuple[Any, ...]:
    d_features0 = d_packed = d_coordinates = None
    if ctx.needs_input_grad[0] or ctx.needs_input_grad[1]:
        d_features0, d_packed = packed_lookup_backward(d_out, *ctx.saved_tensors, *ctx.options)
    if ctx.needs_input_grad[2]:
        d_coordinates = packed_lookup_backward_coordinates(d_out, *ctx.saved_tensors, *ctx.options)
    return d_features0, d_packed, d_coordinates, None, None, None, None, None


packed_lookup.register_autograd(_derivative, setup_context=_remember)
