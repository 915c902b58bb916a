"""Semi-global aggregation in plain torch, and as an operator."""

from __future__ import annotations

import torch
from torch import Tensor

from ._operator import operator

_STRAIGHT = ((1, 0), (-1, 0), (0, 1), (0, -1))
_DIAGONAL = ((1, 1), (-1, 1), (1, -1), (-1, -1))
_KNIGHTS_MOVES = tuple((dx, dy) for dx in (-2, -1, 1, 2) for dy in (-2, -1, 1, 2) if abs(dx) != abs(dy))
#: Directions (dx, dy) in which paths run.
DIRECTIONS = {
    4: _STRAIGHT,
    5: _STRAIGHT[:3] + _DIAGONAL[:2],
    8: _STRAIGHT + _DIAGONAL,
    16: _STRAIGHT + _DIAGONAL + _KNIGHTS_MOVES,
}
#: Units of the guide that the mean difference of neighbours is worth.
MEAN_CHANGE = 8


def _sgm_paths(costs: Tensor, guide: Tensor | None, paths: int, p1: int, p2: int, num_threads: int) -> Tensor:
    if costs.numel() == 0:
        return torch.empty_like(costs, dtype=torch.uint16)
    largest = int(costs.max())
    if largest > 255 - p2:
        raise ValueError(f"sgm_paths: the largest cost is {largest} and p2 {p2}; costs must be at most {255 - p2}")
    wide, sums = costs.to(torch.int32), torch.zeros_like(costs, dtype=torch.int32)
    levels = None if guide is None else _levels(guide)
    for dx, dy in DIRECTIONS[paths]:
        if dy == 0:
            turned = None if levels is None else levels.transpose(0, 1)
            sums += _downward(wide.transpose(0, 1), turned, 0, dx, p1, p2).transpose(0, 1)
        else:
            sums += _downward(wide, levels, dx, dy, p1, p2)
    return sums.to(torch.uint16)


def _levels(guide: Tensor) -> Tensor:
    """The guide, so scaled that its mean absolute difference between neighbours is `MEAN_CHANGE`, as integers."""
    if not guide.to(torch.float64).isfinite().all():
        raise ValueError("sgm_paths: guide holds NaN or infinity; fill it first")
    image = guide.to(torch.float64)
    height, width = image.shape
    changes = image.new_zeros(height, width, 2)
    changes[:, 1:, 0] = (image[:, 1:] - image[:, :-1]).abs()
    changes[1:, :, 1] = (image[1:] - image[:-1]).abs()
    # Pixel by pixel, then row by row: in floats the order of a sum is part of the result, and that of cumsum is known.
    total = float(changes.flatten(1).cumsum(1)[:, -1].cumsum(0)[-1])
    neighbours = float((width - 1) * height + (height - 1) * width)
    units = MEAN_CHANGE * neighbours / total if total > 0 else 0.0
    return ((image - image.amin()) * units).clamp(max=65535).to(torch.int32)


def _downward(costs: Tensor, levels: Tensor | None, dx: int, dy: int, p1: int, p2: int) -> Tensor:
    """L_r of eq. 13 for r = (dx, dy), row after row; where dy is negative, from the last row upwards."""
    if dy < 0:
        flipped = None if levels is None else levels.flip(0)
        return _downward(costs.flip(0), flipped, dx, -dy, p1, p2).flip(0)
    height, width = costs.shape[:2]
    to = slice(max(dx, 0), max(width + min(dx, 0), 0))
    source = slice(max(-dx, 0), max(width - max(dx, 0), 0))
    result = costs.clone()
    if abs(dx) >= width:
        return result
    for y in range(dy, height):
        before = result[y - dy, source]
        before = before - before.amin(-1, keepdim=True)
        if levels is None:
            best = before.clamp(max=p2)
        else:
            change = (levels[y, to] - levels[y - dy, source]).abs().clamp(MEAN_CHANGE, 255)
            jump = torch.div(p2 * MEAN_CHANGE, change, rounding_mode="floor").clamp(min=p1)
            best = torch.minimum(before, jump[:, None])
        best[:, 1:] = torch.minimum(best[:, 1:], before[:, :-1] + p1)
        best[:, :-1] = torch.minimum(best[:, :-1], before[:, 1:] + p1)
        result[y, to] += best
    return result


sgm_paths = operator(
    "sgm_paths",
    _sgm_paths,
    shape=lambda costs, guide, paths, p1, p2, num_threads: torch.empty_like(costs, dtype=torch.uint16),
)
