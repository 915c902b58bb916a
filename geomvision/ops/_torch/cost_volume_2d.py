"""Costs of all displacements in a window in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator


def _counted(frame: Tensor) -> Tensor:
    return frame if frame.dtype == torch.float64 else frame.to(torch.float32)


def _differences(frame0: Tensor, frame1: Tensor, radius: int) -> Tensor:
    """Differences (B, H, W, displacements), dy slowest; infinite outside of frame1."""
    height, width = frame0.shape[1:]
    wide = functional.pad(_counted(frame1), (radius,) * 4, value=torch.inf)
    side = range(2 * radius + 1)
    met = [wide[:, dy : dy + height, dx : dx + width] for dy in side for dx in side]
    return _counted(frame0)[..., None] - torch.stack(met, -1)


def _cost_volume_2d(frame0: Tensor, frame1: Tensor, radius: int, squared: bool, num_threads: int) -> Tensor:
    differences = _differences(frame0, frame1, radius)
    return differences.square() if squared else differences.abs()


def _shape(frame0: Tensor, frame1: Tensor, radius: int, squared: bool, num_threads: int) -> Tensor:
    dtype = torch.float64 if frame0.dtype == torch.float64 else torch.float32
    return frame0.new_empty((*frame0.shape, (2 * radius + 1) ** 2), dtype=dtype)


def _cost_volume_2d_backward(
    d_volume: Tensor, frame0: Tensor, frame1: Tensor, radius: int, squared: bool, num_threads: int
) -> tuple[Tensor, Tensor]:
    differences = _differences(frame0, frame1, radius)
    slopes = d_volume * (2 * differences if squared else differences.sign())
    slopes = torch.where(differences.abs() < torch.inf, slopes, 0)
    height, width = frame0.shape[1:]
    d_wide = frame1.new_zeros(frame1.shape[0], height + 2 * radius, width + 2 * radius)
    side = 2 * radius + 1
    for i in range(side * side):
        dy, dx = divmod(i, side)
        d_wide[:, dy : dy + height, dx : dx + width] -= slopes[..., i]
    return slopes.sum(-1), d_wide[:, radius : radius + height, radius : radius + width].clone()


cost_volume_2d = operator("cost_volume_2d", _cost_volume_2d, shape=_shape)
cost_volume_2d_backward = operator(
    "cost_volume_2d_backward",
    _cost_volume_2d_backward,
    shape=lambda d_volume, frame0, frame1, *_: (frame0.new_empty(frame0.shape), frame1.new_empty(frame1.shape)),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    frame0, frame1, *ctx.options = inputs
    ctx.save_for_backward(frame0, frame1)


def _derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
    return (*cost_volume_2d_backward(d_volume, *ctx.saved_tensors, *ctx.options), None, None, None)


cost_volume_2d.register_autograd(_derivative, setup_context=_remember)
