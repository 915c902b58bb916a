"""Lookup in a correlation volume: plain torch, and operators with their derivatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._operator import operator
from ._windows import Windows


def _windows(coordinates: Tensor, height1: int, width1: int, level: int, radius: int) -> Windows:
    flat = coordinates.flatten(2)
    y = flat[:, 1] if flat.shape[1] == 2 else None
    return Windows(flat[:, 0], y, level, radius, height1, width1)


def _look_up(volume: Tensor, coordinates: Tensor, level: int, radius: int, num_threads: int) -> Tensor:
    windows = _windows(coordinates, volume.shape[3], volume.shape[4], level, radius)
    samples = windows.blend(windows.values(volume.flatten(1, 2).flatten(2)))
    return samples.flatten(2).mT.reshape(volume.shape[0], -1, *volume.shape[1:3]).contiguous()


def _samples_of(d_out: Tensor, windows: Windows) -> Tensor:
    side = windows.columns - 1
    return d_out.flatten(2).mT.reshape(d_out.shape[0], -1, side, 1 if windows.y is None else side)


def _look_up_backward(
    d_out: Tensor, coordinates: Tensor, height1: int, width1: int, level: int, radius: int, num_threads: int
) -> Tensor:
    windows = _windows(coordinates, height1, width1, level, radius)
    d_volume = windows.values_backward(windows.blend_backward(_samples_of(d_out, windows)))
    return d_volume.reshape(d_out.shape[0], *d_out.shape[2:], height1, width1)


def _look_up_backward_coordinates(
    d_out: Tensor, volume: Tensor, coordinates: Tensor, level: int, radius: int, num_threads: int
) -> Tensor:
    windows = _windows(coordinates, volume.shape[3], volume.shape[4], level, radius)
    slopes = windows.slopes(windows.values(volume.flatten(1, 2).flatten(2)), _samples_of(d_out, windows))
    return torch.stack(slopes[: coordinates.shape[1]], 1).reshape(coordinates.shape).to(d_out.dtype)


volume_lookup = operator(
    "volume_lookup",
    _look_up,
    shape=lambda volume, coordinates, level, radius, num_threads: volume.new_empty(
        volume.shape[0], (2 * radius + 1) ** coordinates.shape[1], *volume.shape[1:3]
    ),
)
volume_lookup_backward = operator(
    "volume_lookup_backward",
    _look_up_backward,
    shape=lambda d_out, coordinates, height1, width1, *_: d_out.new_empty(
        d_out.shape[0], *d_out.shape[2:], height1, width1
    ),
)
volume_lookup_backward_coordinates = operator(
    "volume_lookup_backward_coordinates",
    _look_up_backward_coordinates,
    shape=lambda d_out, volume, coordinates, *_: d_out.new_empty(coordinates.shape),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    volume, coordinates, *ctx.options = inputs
    ctx.save_for_backward(volume, coordinates)


def _derivative(ctx: Any, d_out: Tensor) -> tuple[Any, ...]:
    volume, coordinates = ctx.saved_tensors
    d_volume = d_coordinates = None
    if ctx.needs_input_grad[0]:
        d_volume = volume_lookup_backward(d_out, coordinates, *volume.shape[3:], *ctx.options)
    if ctx.needs_input_grad[1]:
        d_coordinates = volume_lookup_backward_coordinates(d_out, volume, coordinates, *ctx.options)
    return d_volume, d_coordinates, None, None, None


volume_lookup.register_autograd(_derivative, setup_context=_remember)
