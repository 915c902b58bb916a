"""PatchMatch on slanted planes in plain torch: whole images at a time, in the same integers as the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ._operator import operator

ONE = 1 << 16
NO_VALUE, NO_GRADIENT = 32000, 20000
UNKNOWN = 2**32 - 1
OFFSETS = [
    (sign * far, 0) if across else (0, sign * far) for far in (1, 5, 17) for across in (True, False) for sign in (-1, 1)
]
LEAST_CHANGE = ONE // 10
MASK, GOLDEN = 0xFFFFFFFF, 0x9E3779B9
#: Pixels compared in one call: small images wait for calls, large ones take memory.
AT_ONCE = 1 << 16


def _hashed(value: Tensor) -> Tensor:
    value = ((value ^ (value >> 16)) * 0x7FEB352D) & MASK
    value = ((value ^ (value >> 15)) * 0x846CA68B) & MASK
    return value ^ (value >> 16)


def _draw(state: Tensor, number: int, reach: int) -> Tensor:
    return (((2 * reach + 1) * _hashed((state + number * GOLDEN) & MASK)) >> 32) - reach


def _scaled(value: Tensor, factor: Tensor | int) -> Tensor:
    return (value * factor + (1 << 14)) >> 15


def _rounded(value: float) -> int:
    return int(torch.floor(torch.tensor(value + 0.5, dtype=torch.float64, device="cpu")))


@dataclass
class _View:
    """Levels and gradients, padded by two columns, planes (a, b, d at the pixel) and costs, all int64."""

    values: Tensor
    gradients: Tensor
    planes: Tensor
    costs: Tensor
    least: int
    most: int


@dataclass
class _Search:
    """Both views, and the cost in integers."""

    views: list[_View]
    radius: int
    step: int
    contrast: int
    tau_colour: int
    tau_gradient: int
    gradient: int
    max_slope: int

    def __post_init__(self) -> None:
        height, width = self.views[0].costs.shape
        device = self.views[0].costs.device
        self.rows = torch.arange(height, device=device)[:, None].expand(height, width)
        self.columns = torch.arange(width, device=device)[None].expand(height, width)
        bins = torch.arange(64, dtype=torch.float64, device=device)
        self.support = torch.floor(255 * torch.exp(-bins / 8) + 0.5).long()

    def cost(self, side: int, planes: Tensor) -> Tensor:
        """What a plane for each pixel costs (Bleyer et al. 2011, eq. 3)."""
        own, other = self.views[side], self.views[1 - side]
        height, width = own.costs.shape
        a, b, d = planes.unbind(2)
        centre = own.values[:, 2:-2]
        total = torch.zeros_like(d)
        reach = self.radius // self.step * self.step
        window = range(-reach, reach + 1, self.step)
        offsets = torch.tensor(window, device=d.device)[:, None, None]
        together = max(1, AT_ONCE // max(1, d.numel()))
        for first in range(0, len(window), together):
            across = offsets[first : first + together]
            u = self.columns + across
            beside, u = (u >= 0) & (u < width), u.clamp(0, width - 1)
            for dy in window:
                v = self.rows + dy
                inside, v = beside & (v >= 0) & (v < height), v.clamp(0, height - 1)
                value, gradient = own.values[v, u + 2], own.gradients[v, u + 2]
                weight = self.support[(((value - centre).abs() * self.contrast) >> 16).clamp(max=63)] * inside
                position = u * ONE - (d + a * across + b * dy)
                at, fraction = (position >> 16).clamp(-2, width) + 2, (position & (ONE - 1)) >> 1
                here, slope = other.values[v, at], other.gradients[v, at]
                here = here + _scaled(other.values[v, at + 1] - here, fraction)
                slope = slope + _scaled(other.gradients[v, at + 1] - slope, fraction)
                colour = (value - here).abs().clamp(max=self.tau_colour)
                slope = (gradient - slope).abs().clamp(max=self.tau_gradient)
                total += (weight * (_scaled(colour, 32767 - self.gradient) + _scaled(slope, self.gradient))).sum(0)
        return total

    def offer(self, side: int, planes: Tensor, where: Tensor) -> None:
        """Planes stay `where` they are allowed and cost less than those before."""
        own = self.views[side]
        a, b, d = planes.unbind(2)
        allowed = where & (d >= own.least) & (d <= own.most)
        allowed &= (a.abs() <= self.max_slope) & (b.abs() <= self.max_slope)
        kept = torch.where(allowed[..., None], planes, own.planes)
        cost = self.cost(side, kept)
        better = allowed & (cost < own.costs)
        own.costs = torch.where(better, cost, own.costs)
        own.planes = torch.where(better[..., None], kept, own.planes)

    def from_other_view(self, side: int) -> tuple[Tensor, Tensor]:
        """For each pixel the plane of the other view's pixel that points at it, of several the one of least cost."""
        other = self.views[1 - side]
        height, width = other.costs.shape
        target = self.columns + ((ONE // 2 - other.planes[..., 2]) >> 16)
        inside = (target >= 0) & (target < width)
        rank = other.costs * width + self.columns  # of equal costs the first column
        least = torch.full((height, width + 1), 2**62, device=rank.device)
        least.scatter_reduce_(1, torch.where(inside, target, width), rank, "amin")
        found = least[:, :width] < 2**62
        column = torch.where(found, least[:, :width] % width, 0)
        a, b, d = other.planes[self.rows, column].unbind(2)
        shrunk = ONE - a
        away = (self.columns - column) * ONE + d

        def divided(n: Tensor) -> Tensor:
            return torch.div(n, shrunk, rounding_mode="floor")

        return torch.stack([-divided(a * ONE), -divided(b * ONE), -(d + divided(a * away))], 2), found

    def iterate(self, side: int, key: Tensor) -> None:
        """Spatial propagation, view propagation and refinement of one view, one colour of a checkerboard at a time."""
        own = self.views[side]
        height, width = own.costs.shape
        state = _hashed(key ^ (self.rows * width + self.columns))
        candidates, found = self.from_other_view(side)
        for colour in range(2):
            mine = (self.rows + self.columns) % 2 == colour
            for dx, dy in OFFSETS:
                v, u = self.rows + dy, self.columns + dx
                inside = (v >= 0) & (v < height) & (u >= 0) & (u < width)
                a, b, d = own.planes[v.clamp(0, height - 1), u.clamp(0, width - 1)].unbind(2)
                self.offer(side, torch.stack([a, b, d - a * dx - b * dy], 2), mine & inside)
            self.offer(side, candidates, mine & found)
            change, slope, number = (own.most - own.least) // 2, self.max_slope, 0
            while change >= LEAST_CHANGE:
                a, b, d = own.planes.unbind(2)
                d = d + _draw(state, number + 1, change)
                a, b = a + _draw(state, number + 2, slope), b + _draw(state, number + 3, slope)
                self.offer(side, torch.stack([a, b, d], 2), mine)
                change, slope, number = change // 2, slope // 2, number + 3


def _view(image: Tensor, planes: Tensor, sign: int, least: int, most: int, max_slope: int) -> _View:
    if not torch.isfinite(image).all():
        raise ValueError("propagate_planes: the images hold NaN or infinity; fill them first")
    levels = torch.floor(image.double().clamp(0, 255) * 64 + 0.5).long()
    across = torch.cat([levels[:, :1], levels, levels[:, -1:]], 1)
    gradients = (across[:, 2:] - across[:, :-2]) >> 1
    height, width = image.shape
    x, y = torch.arange(width, device=image.device), torch.arange(height, device=image.device)[:, None]
    a, b, c = (sign * planes.double()).unbind(2)

    def fixed(value: Tensor, low: int, high: int) -> Tensor:
        return torch.floor(value * ONE + 0.5).nan_to_num(float(low), float(high), float(low)).clamp(low, high).long()

    given = [fixed(a, -max_slope, max_slope), fixed(b, -max_slope, max_slope), fixed(a * x + b * y + c, least, most)]
    return _View(
        torch.nn.functional.pad(levels, (2, 2), value=NO_VALUE),
        torch.nn.functional.pad(gradients, (2, 2), value=NO_GRADIENT),
        torch.stack(given, 2),
        torch.full_like(levels, UNKNOWN),
        least,
        most,
    )


def _twin(
    left: Tensor,
    right: Tensor,
    planes: Tensor,
    right_planes: Tensor,
    min_disparity: int,
    max_disparity: int,
    iteration: int,
    window: int,
    step: int,
    gamma: float,
    alpha: float,
    tau_colour: float,
    tau_gradient: float,
    max_slope: float,
    seed: int,
    num_threads: int,
) -> tuple[Tensor, Tensor]:
    if left.numel() == 0:
        return planes.clone(), right_planes.clone()
    width = left.shape[1]
    least, most = max(min_disparity, 1 - width) * ONE, min(max_disparity - 1, width - 1) * ONE
    slope = _rounded(max_slope * ONE)
    search = _Search(
        [_view(left, planes, 1, least, most, slope), _view(right, right_planes, -1, -most, -least, slope)],
        radius=window // 2,
        step=step,
        contrast=_rounded(8192 / gamma),
        tau_colour=_rounded(64 * tau_colour),
        tau_gradient=_rounded(64 * tau_gradient),
        gradient=_rounded(32767 * alpha),
        max_slope=slope,
    )
    for side in range(2):
        search.views[side].costs = search.cost(side, search.views[side].planes)
    found = []
    for side in range(2):
        start = torch.tensor((seed + GOLDEN * (2 * iteration + side)) & MASK, device=left.device)
        search.iterate(side, _hashed(start))
    for side, sign in ((0, 1), (1, -1)):
        a, b, d = search.views[side].planes.unbind(2)
        c = d - a * search.columns - b * search.rows
        found.append((sign * torch.stack([a, b, c], 2).double() / ONE).to(planes.dtype))
    return found[0], found[1]


propagate_planes = operator(
    "propagate_planes",
    _twin,
    shape=lambda left, right, planes, right_planes, *options: (
        torch.empty_like(planes),
        torch.empty_like(right_planes),
    ),
)
