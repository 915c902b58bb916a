"""Camera models without a closed inverse: Newton outside of the graph, its last step on the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..cameras import Camera, KannalaBrandt, RayTable, UnifiedCamera
from ._camera_planes import brown_lens, brown_tilt, fisheye_radius, homography

Tensor = torch.Tensor
#: Takes places (..., n) to values (..., n), each by itself.
Pointwise = Callable[[Tensor], Tensor]


def brown_inverse(camera: Camera | UnifiedCamera, plane: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """The points (..., 2) that distort to `plane`, and where there are such below the limit."""
    valid = torch.ones(plane.shape[:-1], dtype=torch.bool, device=plane.device)
    if len(shape) == 14:
        plane, valid = homography(torch.linalg.inv(brown_tilt(shape)), plane, valid)
    with torch.no_grad():
        radius = plane.square().sum(-1).sqrt()
        first = _interpolated(camera.distortion_table, radius)
        start = plane * torch.where(radius > 0, first / torch.where(radius > 0, radius, 1.0), 1.0)[..., None]
    solved, right = _solve(lambda p: brown_lens(p, shape), plane, start, camera.distortion_limit)
    return solved, valid & right


def fisheye_angle(camera: KannalaBrandt, radius: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """The angles θ of radii, and where there are such below the limit."""
    with torch.no_grad():
        start = _interpolated(camera.angle_table, radius)
    theta, valid = _solve(
        lambda t: fisheye_radius(t[..., 0], shape)[..., None], radius[..., None], start[..., None], camera.limit_rad
    )
    return theta[..., 0], valid


def table_value(camera: RayTable, pixels: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Interpolated directions (..., 3), not of unit length, and where the table has them."""
    grid = (pixels - numbers[2:4]) / numbers[:2]
    rows, columns = camera.table.shape[:2]
    last = grid.new_tensor((columns - 1.0, rows - 1.0))
    valid = ((grid >= 0) & (grid <= last)).all(-1)
    grid = torch.where(valid[..., None], grid, 0.0)
    cell = torch.minimum(grid.detach(), last - 1).long()
    t = grid - cell
    wx, wy = _keys(t[..., 0]), _keys(t[..., 1])
    table = torch.as_tensor(camera.padded, dtype=grid.dtype, device=grid.device)
    nodes = [[table[cell[..., 1] + j, cell[..., 0] + i] for i in range(4)] for j in range(4)]
    valid = valid & torch.stack([n[..., 0].isfinite() for row in nodes for n in row]).all(0)
    value = sum(((wy[j] * wx[i])[..., None] * nodes[j][i].nan_to_num() for j in range(4) for i in range(4)), start=0)
    return torch.as_tensor(value), valid


def table_place(camera: RayTable, points: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels (..., 2) of finite points (..., 3), and where a ray of the table leads there.

    The first guess is the numpy model's, which has a search tree; the derivative is that of one step from there.
    """
    with torch.no_grad():
        guess = camera.project(points.detach().cpu().double().numpy())
        start = torch.as_tensor(np.where(np.isnan(guess), 0.0, guess), dtype=points.dtype, device=points.device)
        valid = torch.as_tensor(~np.isnan(guess[..., 0]), device=points.device)
    tangents = _across(points.detach())

    def offset(pixels: Tensor) -> Tensor:
        """The ray's components across the point's direction."""
        value = _unit(table_value(camera, pixels, numbers)[0]) - _unit(points)
        return (tangents @ value[..., None])[..., 0]

    slope = _value_and_slope(offset, start)[1]
    slope = torch.where(valid[..., None, None], slope, torch.eye(2, dtype=slope.dtype, device=slope.device))
    miss = torch.where(valid[..., None], offset(start), 0.0)
    return start - _divided(slope, miss), valid


def _value_and_slope(function: Pointwise, place: Tensor) -> tuple[Tensor, Tensor]:
    """Values (..., n) of a pointwise function and their derivatives by their own place (..., n, n), off the graph."""
    with torch.enable_grad():
        place = place.detach().requires_grad_()
        value = function(place)
        rows = [torch.autograd.grad(v.sum(), place, retain_graph=True)[0] for v in value.unbind(-1)]
    return value.detach(), torch.stack(rows, -2)


def _solve(function: Pointwise, target: Tensor, start: Tensor, limit: float) -> tuple[Tensor, Tensor]:
    """Where `function` takes `target` (..., n), n = 1 or 2, within `limit` of 0, and where that was found.

    Damped Newton as the numpy models do it; the last step carries the derivative by all that function and target hold.
    """
    with torch.no_grad():
        wanted, x = target.detach(), start
        share = torch.ones_like(x[..., :1])

        value, slope = _value_and_slope(function, x)
        miss = value - wanted
        for _ in range(25):
            trial = x - share * _divided(slope, miss)
            length = trial.square().sum(-1, keepdim=True).sqrt()
            trial = trial * torch.clamp(limit / torch.where(length > 0, length, 1.0), max=1.0)
            value, new = _value_and_slope(function, trial)
            there = value - wanted
            better = there.abs().amax(-1, keepdim=True) < miss.abs().amax(-1, keepdim=True)
            x, miss = torch.where(better, trial, x), torch.where(better, there, miss)
            slope = torch.where(better[..., None], new, slope)
            share = torch.where(better, torch.ones_like(share), share / 4)
            if not bool((better | (share > 1e-4)).any()):
                break
        tolerance = 1e-11 if x.dtype == torch.float64 else 1e-5
        found = miss.abs().amax(-1) <= tolerance * (1 + wanted.abs().amax(-1))
        eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
        x = torch.where(found[..., None], x, 0.0)
        slope = torch.where(found[..., None, None], slope, eye)
    miss = torch.where(found[..., None], function(x) - target, 0.0)
    return x - _divided(slope, miss), found


def _divided(slope: Tensor, miss: Tensor) -> Tensor:
    """slope⁻¹ · miss for 1 x 1 and 2 x 2."""
    if miss.shape[-1] == 1:
        return miss / slope[..., 0]
    (a, b), (c, d) = slope[..., 0, :].unbind(-1), slope[..., 1, :].unbind(-1)
    x, y = miss.unbind(-1)
    return torch.stack([d * x - b * y, a * y - c * x], -1) / (a * d - b * c)[..., None]


def _interpolated(table: tuple[Any, Any], values: Tensor) -> Tensor:
    """Arguments where a growing table (arguments, values) takes `values`; its ends beyond."""
    arguments, grown = (torch.as_tensor(t, dtype=values.dtype, device=values.device) for t in table)
    high = torch.searchsorted(grown, values.contiguous()).clamp(1, len(grown) - 1)
    low_value, high_value = grown[high - 1], grown[high]
    rise = high_value - low_value
    share = torch.where(rise > 0, (values - low_value) / torch.where(rise > 0, rise, 1.0), 0.0).clamp(0, 1)
    return torch.as_tensor(arguments[high - 1] + share * (arguments[high] - arguments[high - 1]))


def _keys(t: Tensor) -> list[Tensor]:
    """The four weights of cubic convolution at t in [0, 1]."""
    s, u = t * t, t * t * t
    return [(-u + 2 * s - t) / 2, (3 * u - 5 * s + 2) / 2, (-3 * u + 4 * s + t) / 2, (u - s) / 2]


def _unit(vectors: Tensor) -> Tensor:
    square = vectors.square().sum(-1, keepdim=True)
    return vectors / torch.where(square > 0, square, 1.0).sqrt()


def _across(directions: Tensor) -> Tensor:
    """Two unit vectors (..., 2, 3) at right angles to each direction (..., 3) and to each other."""
    axis = torch.nn.functional.one_hot(directions.abs().argmin(-1), 3).to(directions)
    first = _unit(torch.linalg.cross(directions, axis))
    return torch.stack([first, _unit(torch.linalg.cross(directions, first))], -2)
