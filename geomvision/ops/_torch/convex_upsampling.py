"""Convex upsampling in plain torch, and as an operator with its derivative."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator


def _places(coarse: Tensor, dilation: int) -> list[Tensor]:
    """Which row, and which column, stands in each of those that reach `dilation` beyond the border."""
    ranges = (torch.arange(-dilation, size + dilation, device=coarse.device) for size in coarse.shape[-2:])
    return [places.clamp(0, size - 1) for places, size in zip(ranges, coarse.shape[-2:], strict=True)]


def _steps(dilation: int) -> list[tuple[int, int]]:
    """Where each neighbour's map begins in a map that is wider by `dilation`."""
    return [(dy, dx) for dy in (0, dilation, 2 * dilation) for dx in (0, dilation, 2 * dilation)]


def _neighbours(coarse: Tensor, dilation: int, repeats: bool) -> Tensor:
    """The 3×3 neighbourhood of each value, (B, C, h, w) → (B, C, 9, h, w)."""
    height, width = coarse.shape[-2:]
    if repeats:
        rows, columns = _places(coarse, dilation)
        wide = coarse[..., rows, :][..., columns]
    else:
        wide = functional.pad(coarse, (dilation,) * 4)
    return torch.stack([wide[..., dy : dy + height, dx : dx + width] for dy, dx in _steps(dilation)], dim=2)


def _spread_back(d_around: Tensor, dilation: int, repeats: bool) -> Tensor:
    """The adjoint of `_neighbours`, (B, C, 9, h, w) → (B, C, h, w)."""
    *lead, _, height, width = d_around.shape
    parts = [
        functional.pad(part, (dx, 2 * dilation - dx, dy, 2 * dilation - dy))
        for part, (dy, dx) in zip(d_around.unbind(2), _steps(dilation), strict=True)
    ]
    wide = torch.stack(parts).sum(dim=0)
    if not repeats:
        return wide[..., dilation : dilation + height, dilation : dilation + width]
    rows, columns = _places(d_around, dilation)
    high = wide.new_zeros(*lead, height, wide.shape[-1]).index_add(len(lead), rows, wide)
    return high.new_zeros(*lead, height, width).index_add(len(lead) + 1, columns, high)


def _weights(logits: Tensor, factor: int) -> Tensor:
    """Softmax over the neighbours, (B, 9, factor², h, w). Torch's own depends, on a CPU, on the number of threads."""
    logits = logits.reshape(logits.shape[0], 9, factor * factor, *logits.shape[2:])
    powers = (logits - logits.amax(dim=1, keepdim=True).detach()).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def _twin(coarse: Tensor, logits: Tensor, factor: int, dilation: int, repeats: bool, num_threads: int) -> Tensor:
    if coarse.numel() == 0:
        return _shape(coarse, logits, factor, dilation, repeats, num_threads)
    around = _neighbours(coarse, dilation, repeats)
    fine = (_weights(logits, factor).unsqueeze(1) * around.unsqueeze(3)).sum(dim=2)
    return functional.pixel_shuffle(fine.flatten(1, 2), factor)


def _shape(coarse: Tensor, logits: Tensor, factor: int, dilation: int, repeats: bool, num_threads: int) -> Tensor:
    batch, channels, height, width = coarse.shape
    return coarse.new_empty(batch, channels, factor * height, factor * width)


convex_upsample = operator("convex_upsample", _twin, shape=_shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    coarse, logits, ctx.factor, ctx.dilation, ctx.repeats, _ = inputs
    ctx.save_for_backward(coarse, logits)


def _derivative(ctx: Any, d_fine: Tensor) -> tuple[Any, ...]:
    coarse, logits = ctx.saved_tensors
    if coarse.numel() == 0:
        return torch.zeros_like(coarse), torch.zeros_like(logits), None, None, None, None
    weights, around = _weights(logits, ctx.factor), _neighbours(coarse, ctx.dilation, ctx.repeats)
    batch, channels, height, width = coarse.shape
    d_each = functional.pixel_unshuffle(d_fine, ctx.factor).reshape(batch, channels, -1, height, width)
    d_weights = (around.unsqueeze(3) * d_each.unsqueeze(2)).sum(dim=1)
    d_logits = weights * (d_weights - (weights * d_weights).sum(dim=1, keepdim=True))
    d_around = (weights.unsqueeze(1) * d_each.unsqueeze(2)).sum(dim=3)
    d_coarse = _spread_back(d_around, ctx.dilation, ctx.repeats)
    return d_coarse, d_logits.reshape(logits.shape), None, None, None, None


convex_upsample.register_autograd(_derivative, setup_context=_remember)
