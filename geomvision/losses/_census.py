"""The soft Hamming distance of census words, neighbour by neighbour: nothing but the images is kept for the slopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

#: Constants of the authors' code (Meister, Hur & Roth: UnFlow), for images of 0 … 255.
SIGN, HAMMING = 0.81, 0.1


def soft_hamming(grey0: Tensor, grey1: Tensor, radius: int) -> Tensor:
    """Σ_k δ_k² / (0.1 + δ_k²) of grey images (B, 1, H, W); see `photometric.census`. The border repeats."""
    grey1 = grey1.to(grey0.dtype)
    count: Tensor = _SoftHamming.apply(grey0, grey1, radius)  # type: ignore[no-untyped-call]
    return count


class _SoftHamming(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, grey0: Tensor, grey1: Tensor, radius: int) -> Tensor:
        ctx.radius = radius
        ctx.save_for_backward(grey0, grey1)
        count = torch.zeros_like(grey0)
        for neighbours0, neighbours1 in _neighbours(grey0, grey1, radius):
            squares = (_sign(neighbours0 - grey0) - _sign(neighbours1 - grey1)).square_()
            count += squares / (squares + HAMMING)
        return count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_count: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        grey0, grey1 = ctx.saved_tensors
        r, sides = ctx.radius, [side for side in (0, 1) if ctx.needs_input_grad[side]]
        padded = [torch.zeros_like(_padded(grey, r)) for grey in (grey0, grey1)]
        slopes = _windows(padded[0], padded[1], r)
        for d_neighbours, (neighbours0, neighbours1) in zip(slopes, _neighbours(grey0, grey1, r), strict=True):
            steps = neighbours0 - grey0, neighbours1 - grey1
            away = _sign(steps[0]) - _sign(steps[1])
            d_away = d_count * 2 * HAMMING * away / (away.square() + HAMMING).square_()
            for side in sides:
                d_step = (1 - 2 * side) * SIGN * d_away * torch.rsqrt(steps[side].square() + SIGN).pow(3)
                d_neighbours[side].add_(d_step)
                padded[side][..., r:-r, r:-r].sub_(d_step)
        d_greys = [_gathered(padded[side], r) if side in sides else None for side in (0, 1)]
        return d_greys[0], d_greys[1], None


def _sign(step: Tensor) -> Tensor:
    return step * torch.rsqrt(step.square() + SIGN)


def _padded(grey: Tensor, radius: int) -> Tensor:
    return functional.pad(grey, [radius] * 4, mode="replicate")


def _neighbours(grey0: Tensor, grey1: Tensor, radius: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Both images moved by each of a window's places but its middle."""
    return _windows(_padded(grey0, radius), _padded(grey1, radius), radius)


def _windows(padded0: Tensor, padded1: Tensor, radius: int) -> Iterator[tuple[Tensor, Tensor]]:
    height, width = (side - 2 * radius for side in padded0.shape[2:])
    for y in range(2 * radius + 1):
        for x in range(2 * radius + 1):
            if (y, x) != (radius, radius):
                window = (..., slice(y, y + height), slice(x, x + width))
                yield padded0[window], padded1[window]


def _gathered(d_padded: Tensor, radius: int) -> Tensor:
    """The slopes of a padded image at the image: those of the repeated border go to the border."""
    for axis in (2, 3):
        inner = d_padded.narrow(axis, radius, d_padded.shape[axis] - 2 * radius).clone()
        inner.narrow(axis, 0, 1).add_(d_padded.narrow(axis, 0, radius).sum(dim=axis, keepdim=True))
        last = d_padded.narrow(axis, d_padded.shape[axis] - radius, radius)
        inner.narrow(axis, inner.shape[axis] - 1, 1).add_(last.sum(dim=axis, keepdim=True))
        d_padded = inner
    return d_padded
