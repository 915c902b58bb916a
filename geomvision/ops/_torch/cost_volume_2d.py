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


cost_volume_2d = operator("cost_volume_2d", _cost_volume_2d, shape=_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0], inputs[1])
    ctx.radius, ctx.squared = inputs[2:4]


def _derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
    frame0, frame1 = ctx.saved_tensors
    differences = _differences(frame0, frame1, ctx.radius)
    slopes = d_volume * (2 * differences if ctx.squared else differences.sign())
    slopes = torch.where(differences.abs() < torch.inf, slopes, 0)
    height, width = frame0.shape[1:]
    d_wide = frame1.new_zeros(frame1.shape[0], height + 2 * ctx.radius, width + 2 * ctx.radius)
    side = 2 * ctx.radius + 1
    for i in range(side * side):
        dy, dx = divmod(i, side)
        d_wide[:, dy : dy + height, dx : dx + width] -= slopes[..., i]
    d_frame1 = d_wide[:, ctx.radius : ctx.radius + height, ctx.radius : ctx.radius + width]
    return slopes.sum(-1), d_frame1.clone(), None, None, None


cost_volume_2d.register_autograd(_derivative, setup_context=_remember)
