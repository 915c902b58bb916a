"""Checks, filters and filling of disparity maps in plain torch, and as operators."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from ._operator import operator

_DIRECTIONS = tuple((dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy)
_AGREES, _MISMATCHED, _OCCLUDED, _UNKNOWN = 0, 1, 2, 3


def _left_right_check(left: Tensor, right: Tensor, tolerance: float, num_threads: int) -> Tensor:
    width = left.shape[1]
    x = torch.arange(width, device=left.device, dtype=torch.float64)
    left, right = left.double(), right.double()
    whole_left, whole_right = (left + 0.5).floor(), (right + 0.5).floor()

    def column(position: Tensor) -> tuple[Tensor, Tensor]:
        inside = (position >= 0) & (position < width)
        return torch.where(inside, position, 0).to(torch.int64), inside

    seen, points = column(x + whole_right)
    codes = torch.full(left.shape, _OCCLUDED, dtype=torch.uint8, device=left.device)
    outside = pad(codes, (0, 1)).scatter(1, torch.where(points, seen, width), _MISMATCHED)
    codes = outside[:, :width]
    if width == 0:
        return codes.clone()

    match, inside = column(x - whole_left)
    back = whole_right.gather(1, match)
    rival, rival_inside = column(match + back)
    taken = rival_inside & (whole_left.gather(1, rival) == back)
    agrees = inside & (~taken | ((left - right.gather(1, match)).abs() <= tolerance))
    unknown = left.isnan() & (codes == _MISMATCHED)
    codes = torch.where(unknown, _UNKNOWN, codes)
    return torch.where(agrees & ~left.isnan(), _AGREES, codes).to(torch.uint8)


def _median(disparity: Tensor, size: int, num_threads: int) -> Tensor:
    if disparity.numel() == 0:
        return disparity.clone()
    radius = size // 2
    around = pad(disparity, (radius,) * 4, value=torch.nan).unfold(1, size, 1).unfold(2, size, 1).flatten(3)
    votes = around.sort(-1).values  # NaN last
    middle = ((~votes.isnan()).sum(-1, keepdim=True) - 1).clamp(min=0) // 2
    return torch.where(disparity.isnan(), torch.nan, votes.gather(-1, middle)[..., 0])


def _shifted(image: Tensor, dx: int, dy: int, outside: float) -> Tensor:
    """What lies at (x + dx, y + dy)."""
    height, width = image.shape[1:]
    return pad(image, (1, 1, 1, 1), value=outside)[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]


def _speckle(disparity: Tensor, size: int, range_px: float, num_threads: int) -> Tensor:
    """Labels, the smallest of which spreads over each region until nothing changes."""
    if size <= 1 or disparity.numel() == 0:
        return disparity.clone()
    limit = torch.tensor(range_px, dtype=disparity.dtype, device=disparity.device)
    labels = torch.arange(disparity.numel(), device=disparity.device).reshape(disparity.shape)
    steps = ((-1, 0), (1, 0), (0, -1), (0, 1))
    joined = [(_shifted(disparity, *step, torch.nan) - disparity).abs() <= limit for step in steps]
    while True:
        before = labels
        for step, mask in zip(steps, joined, strict=True):
            labels = torch.where(mask, torch.minimum(labels, _shifted(labels, *step, 0)), labels)
        labels = labels.flatten()[labels]  # a label's own label is as small or smaller
        if torch.equal(labels, before):
            break
    count = torch.bincount(labels.flatten(), minlength=labels.numel())
    return torch.where(count[labels] < size, torch.nan, disparity)


def _fill_background(disparity: Tensor, occluded: Tensor, num_threads: int) -> Tensor:
    if disparity.numel() == 0:
        return disparity.clone()
    met = []
    for direction in _DIRECTIONS:
        nearest = _shifted(disparity, *direction, torch.nan)
        for _ in range(max(disparity.shape[1:])):
            nearest = torch.where(nearest.isnan(), _shifted(nearest, *direction, torch.nan), nearest)
        met.append(nearest)
    votes = torch.stack(met, -1).sort(-1).values  # NaN last
    last = (~votes.isnan()).sum(-1) - 1
    rank = torch.where(occluded != 0, last.clamp(max=1), last // 2).clamp(min=0)
    return torch.where(disparity.isnan(), votes.gather(-1, rank[..., None])[..., 0], disparity)


def _nearest_known(disparity: Tensor, num_threads: int) -> Tensor:
    if disparity.numel() == 0:
        return disparity.new_empty(_four_sides(disparity))
    found = []
    for dim in (2, 1):
        for line in (disparity, disparity.flip(dim)):
            places = torch.arange(line.shape[dim], device=line.device).view([-1 if d == dim else 1 for d in range(3)])
            last = _running_maximum(torch.where(line.isnan(), 0, places), dim)
            carried = line.gather(dim, last)
            found.append(carried if line is disparity else carried.flip(dim))
    return torch.stack(found, 1)


def _running_maximum(places: Tensor, dim: int) -> Tensor:
    """`places.cummax(dim).values` of numbers from 0 on, of operators that exported files may have, too."""
    reach = 1
    while reach < places.shape[dim]:
        length = places.shape[dim]
        before = torch.cat([places.narrow(dim, 0, reach), places.narrow(dim, 0, length - reach)], dim)
        places = torch.maximum(places, before)
        reach *= 2
    return places


def _four_sides(disparity: Tensor) -> tuple[int, ...]:
    return disparity.shape[0], 4, *disparity.shape[1:]


left_right_check = operator(
    "left_right_check",
    _left_right_check,
    shape=lambda left, right, tolerance, num_threads: torch.empty_like(left, dtype=torch.uint8),
)
median = operator("median", _median, shape=lambda disparity, size, num_threads: torch.empty_like(disparity))
nearest_known = operator(
    "nearest_known",
    _nearest_known,
    shape=lambda disparity, num_threads: disparity.new_empty(_four_sides(disparity)),
)
speckle = operator(
    "speckle", _speckle, shape=lambda disparity, size, range_px, num_threads: torch.empty_like(disparity)
)
fill_background = operator(
    "fill_background", _fill_background, shape=lambda disparity, occluded, num_threads: torch.empty_like(disparity)
)
