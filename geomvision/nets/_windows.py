"""Means and maxima over square windows, by neighbours of neighbours: the same for any number of threads."""

from __future__ import annotations

import functools

import torch
from torch import Tensor
from torch.nn import functional

from ._memory import again, made, reusable


def box(x: Tensor, size: int) -> Tensor:
    """Mean over a size × size window, of what lies inside the image."""
    inside = [_window_sums(x.new_ones(side), 0, size) for side in x.shape[2:]]
    return again(torch.div, _window_sums(_window_sums(x, 3, size), 2, size), inside[0][:, None] * inside[1])


def _window_sums(x: Tensor, dim: int, size: int) -> Tensor:
    """Sums over `size` neighbours along `dim`, by sums over powers of two of them; nothing lies beyond the border."""
    length, parts, begin = x.shape[dim], list[Tensor](), 0
    power = _widened(x, dim, size // 2)
    for bit in range(size.bit_length()):
        if size >> bit & 1:
            parts.append(power.narrow(dim, begin, length))
            begin += 1 << bit
        if size >> bit > 1:
            rest = power.shape[dim] - (1 << bit)
            power = again(torch.add, power.narrow(dim, 0, rest), power.narrow(dim, 1 << bit, rest))
    return functools.reduce(functools.partial(again, torch.add), parts)


def maxima(x: Tensor, size: int) -> Tensor:
    """The largest in a size × size window, size odd, of what lies inside the image."""
    for dim in (3, 2):
        length, reach = x.shape[dim], 1
        x = _widened(x, dim, size // 2, -torch.inf)
        while reach < size:  # of so many neighbours each is the largest
            step = min(reach, size - reach)
            rest = x.shape[dim] - step
            x = again(torch.maximum, x.narrow(dim, 0, rest), x.narrow(dim, step, rest))
            reach += step
        assert x.shape[dim] == length
    return x


def _widened(x: Tensor, dim: int, border: int, value: float = 0.0) -> Tensor:
    """With a value before and after."""
    if not reusable(x):
        return functional.pad(x, [0, 0] * (x.ndim - 1 - dim) + [border] * 2, value=value)
    length = x.shape[dim]
    wide = made(*(side + 2 * border * (axis == dim) for axis, side in enumerate(x.shape)))
    wide.narrow(dim, 0, border).fill_(value)
    wide.narrow(dim, border, length).copy_(x)
    wide.narrow(dim, border + length, border).fill_(value)
    return wide
