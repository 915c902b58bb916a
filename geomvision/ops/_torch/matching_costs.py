"""Matching costs in plain torch, and as operators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._operator import operator

#: Widths of the neighbourhood to either side, and steps, of a census window.
CENSUS = {"5x5": (2, 2, 1), "7x7": (3, 3, 1), "9x7": (4, 3, 1), "sparse": (4, 3, 2)}
_DIFFERENCES = {torch.uint8: torch.uint16, torch.uint16: torch.int32}
_SQUARES = {torch.uint8: torch.uint16, torch.uint16: torch.float32}
_LEAST_VARIANCE = 1e-12


def _wide(image: Tensor) -> Tensor:
    return image if image.is_floating_point() else image.to(torch.int64)


def _real(image: Tensor) -> torch.dtype:
    return torch.float64 if image.dtype == torch.float64 else torch.float32


def _matches(image: Tensor, first: int, count: int) -> tuple[Tensor, Tensor]:
    """Columns (W, D) of the right image that left columns meet, clamped to it, and whether they lie inside."""
    columns = torch.arange(image.shape[-1], device=image.device)
    met = columns[:, None] - first - torch.arange(count, device=image.device)
    return met.clamp(0, max(image.shape[-1] - 1, 0)), (met >= 0) & (met < image.shape[-1])


def _given(volume: Tensor, inside: Tensor, dtype: torch.dtype) -> Tensor:
    none = torch.nan if dtype.is_floating_point else torch.iinfo(dtype).max
    return torch.where(inside, volume, none).to(dtype)


def _absolute(left: Tensor, right: Tensor, first: int, count: int, num_threads: int) -> Tensor:
    met, inside = _matches(left, first, count)
    differences = (_wide(left)[..., None] - _wide(right)[..., met]).abs()
    return _given(differences, inside, _DIFFERENCES.get(left.dtype, left.dtype))


def _squared(left: Tensor, right: Tensor, first: int, count: int, num_threads: int) -> Tensor:
    met, inside = _matches(left, first, count)
    squares = (_wide(left)[..., None] - _wide(right)[..., met]).square()
    return _given(squares, inside, _SQUARES.get(left.dtype, left.dtype))


def _birchfield_tomasi(left: Tensor, right: Tensor, first: int, count: int, num_threads: int) -> Tensor:
    met, inside = _matches(left, first, count)
    seen, there = ([values[..., None] for values in _range(left)], [values[..., met] for values in _range(right)])

    def outside(value: Tensor, low: Tensor, high: Tensor) -> Tensor:
        return torch.maximum(value - high, low - value).clamp(min=0)

    costs = torch.minimum(outside(seen[0], *there[1:]), outside(there[0], *seen[1:]))
    return _given(costs, inside, _real(left))


def _range(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Intensities, and the least and largest from half a pixel before to half a pixel behind."""
    here = image.to(_real(image))
    before = (here + torch.cat([here[..., :1], here[..., :-1]], -1)) / 2
    behind = (here + torch.cat([here[..., 1:], here[..., -1:]], -1)) / 2
    # Not a number, beside a number, is no bound.
    least = torch.fmin(here, torch.fmin(before, behind))
    return here, least, torch.fmax(here, torch.fmax(before, behind))


def _correlation(
    left: Tensor, right: Tensor, first: int, count: int, window: int, means: bool, num_threads: int
) -> Tensor:
    if left.numel() == 0:
        return left.new_empty((*left.shape, count), dtype=_real(left))
    a, b = left.to(torch.float64), right.to(torch.float64)
    radius, area = window // 2, window * window if means else 1
    columns = torch.arange(-radius, left.shape[-1] + radius, device=left.device)
    around = functional.pad(a[:, None], (radius,) * 4, mode="replicate")[:, 0]
    tall = functional.pad(b[:, None], (0, 0, radius, radius), mode="replicate")[:, 0]

    def sums(values: Tensor) -> Tensor:
        return values.unfold(-2, window, 1).sum(-1).unfold(-1, window, 1).sum(-1)

    def moments(values: Tensor) -> tuple[Tensor, Tensor]:
        total, squares = sums(values) * means, sums(values.square())
        spread = area * squares - total.square()
        scale = torch.where(spread <= _LEAST_VARIANCE * area * squares, torch.nan, spread.rsqrt())
        return total, scale

    total_a, scale_a = moments(around)
    total_b, scale_b = moments(functional.pad(b[:, None], (radius,) * 4, mode="replicate")[:, 0])
    met, inside = _matches(left, first, count)
    costs = []
    for k in range(count):
        moved = tall[..., (columns - first - k).clamp(0, left.shape[-1] - 1)]
        covariance = area * sums(around * moved) - total_a * total_b[..., met[:, k]]
        costs.append(1 - (covariance * scale_a * scale_b[..., met[:, k]]).clamp(-1, 1))
    return _given(torch.stack(costs, -1), inside, _real(left))


def _census_transform(image: Tensor, window: str, num_threads: int) -> Tensor:
    x, y, step = CENSUS[window]
    height, width = image.shape[-2:]
    here = _wide(image)
    words = torch.zeros(image.shape, dtype=torch.int64, device=image.device)
    bit = 0
    for dy in range(-y, y + 1, step):
        rows = (torch.arange(height, device=image.device) + dy).clamp(0, max(height - 1, 0))
        for dx in range(-x, x + 1, step):
            if dx == 0 and dy == 0:
                continue
            columns = (torch.arange(width, device=image.device) + dx).clamp(0, max(width - 1, 0))
            words |= (here[:, rows][..., columns] < here).to(torch.int64) << bit
            bit += 1
    return words


def _hamming(left: Tensor, right: Tensor, first: int, count: int, num_threads: int) -> Tensor:
    met, inside = _matches(left, first, count)
    different = left[..., None] ^ right[..., met]
    bits = torch.zeros_like(different)
    for bit in range(63):
        bits += different >> bit & 1
    return _given(bits, inside, torch.uint8)


def _shaped(dtype: Any) -> Any:
    def shape(left: Tensor, right: Tensor, first: int, count: int, *rest: Any) -> Tensor:
        return left.new_empty((*left.shape, count), dtype=dtype(left))

    return shape


absolute_differences = operator(
    "absolute_differences", _absolute, shape=_shaped(lambda left: _DIFFERENCES.get(left.dtype, left.dtype))
)
squared_differences = operator(
    "squared_differences", _squared, shape=_shaped(lambda left: _SQUARES.get(left.dtype, left.dtype))
)
birchfield_tomasi = operator("birchfield_tomasi", _birchfield_tomasi, shape=_shaped(_real))
correlation_costs = operator("correlation_costs", _correlation, shape=_shaped(_real))
hamming_distances = operator("hamming_distances", _hamming, shape=_shaped(lambda left: torch.uint8))
census_transform = operator(
    "census_transform",
    _census_transform,
    shape=lambda image, window, num_threads: torch.empty_like(image, dtype=torch.int64),
)


def _derive(
    d_volume: Tensor, left: Tensor, right: Tensor, first: int, squared: bool, num_threads: int
) -> tuple[Tensor, Tensor]:
    met, inside = _matches(left, first, d_volume.shape[-1])
    difference = left[..., None] - right[..., met]
    shares = torch.where(inside, d_volume * (2 * difference if squared else difference.sign()), 0)
    d_right = torch.zeros_like(right).index_add(-1, met.flatten(), -shares.flatten(-2))
    return shares.sum(-1), d_right


differences_backward = operator(
    "differences_backward",
    _derive,
    shape=lambda d_volume, left, right, *_: (left.new_empty(left.shape), right.new_empty(right.shape)),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0], inputs[1])
    ctx.first, ctx.num_threads = inputs[2], inputs[4]


def _derivative(squared: bool) -> Any:
    def derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
        found = differences_backward(d_volume, *ctx.saved_tensors, ctx.first, squared, ctx.num_threads)
        return (*found, None, None, None)

    return derivative


absolute_differences.register_autograd(_derivative(False), setup_context=_remember)
squared_differences.register_autograd(_derivative(True), setup_context=_remember)
