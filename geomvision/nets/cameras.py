"""Camera models in torch, for losses and nets: `project`, `rays` and `unproject` with derivatives.

Each is the twin of the method of the same name of a `geomvision.cameras` model, in the dtype and on the device of the
tensor given, differentiable by points or pixels and by the camera's parameters. What a model does not see is NaN and
passes no gradient on: mask it before summing.

Models without a closed inverse are solved by Newton's method outside of the graph, and one last step on the graph
gives the derivative (the implicit function theorem): memory and time do not grow with the iterations, and second
derivatives of these are not offered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..cameras import Camera, CameraModel, ExtendedUnifiedCamera, KannalaBrandt, RayTable, UnifiedCamera
from ._camera_inverses import brown_inverse, fisheye_angle, table_place, table_value
from ._camera_planes import brown, fisheye_radius, inside

Tensor = torch.Tensor


def project(camera: CameraModel, points: Tensor, parameters: Tensor | None = None) -> Tensor:
    """Pixels (..., 2) of points (..., 3); NaN for points that the model does not see.

    Args:
        camera: the model; its numbers serve where `parameters` is None.
        points: floating tensor (..., 3), metres.
        parameters: None, or the numbers of ``camera.parameter_names`` (P,); or (B, P), then points are (B, ..., 3).

    Raises:
        TypeError: for other dtypes or models. ValueError: for other shapes, or parameters that a camera cannot have.
    """
    return _for_each(_project, camera, points, parameters, 3)


def rays(camera: CameraModel, pixels: Tensor, parameters: Tensor | None = None) -> Tensor:
    """Unit directions (..., 3) of pixels (..., 2); NaN outside the model. Arguments and errors as for `project`."""
    return _for_each(_rays, camera, pixels, parameters, 2)


def unproject(
    camera: CameraModel, pixels: Tensor, depth_m: Tensor | float = 1.0, parameters: Tensor | None = None
) -> Tensor:
    """Points (..., 3) at depth z `depth_m` (broadcast to (...)) behind pixels (..., 2); NaN where there is none."""
    found = rays(camera, pixels, parameters)
    forward = found[..., 2] > 0
    z = torch.where(forward, found[..., 2], 1.0)
    plane = found[..., :2] / z[..., None]
    depth = torch.as_tensor(depth_m, dtype=pixels.dtype, device=pixels.device)
    points = torch.cat([plane * depth[..., None], depth.expand(plane.shape[:-1])[..., None]], -1)
    return torch.where(forward[..., None], points, torch.nan)


def _for_each(
    function: Callable[[Any, Tensor, Tensor], Tensor],
    camera: CameraModel,
    values: Tensor,
    parameters: Tensor | None,
    size: int,
) -> Tensor:
    if not isinstance(camera, CameraModel):
        raise TypeError(f"camera is {type(camera).__name__}; it must be a geomvision.cameras.CameraModel")
    for name, given in (("points or pixels are", values), ("parameters are", parameters)):
        if given is not None and not isinstance(given, torch.Tensor):
            raise TypeError(f"{name} {type(given).__name__}; they must be a tensor: torch.as_tensor(…)")
    if values.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"a float32 or float64 tensor is needed, given {values.dtype}")
    if values.shape[-1:] != (size,):
        raise ValueError(f"the tensor has shape {tuple(values.shape)}; it must be (..., {size})")
    if parameters is None:
        numbers = torch.as_tensor(camera.parameters, dtype=values.dtype, device=values.device)
        return function(camera, values, numbers)
    count = len(camera.parameter_names)
    if parameters.shape == (count,):
        return function(_at(camera, parameters), values, parameters)
    if parameters.shape != (values.shape[0], count) or values.ndim < 2:
        expected = f"({count},), or ({values.shape[0]}, {count}) for {values.shape[0]} cameras"
        raise ValueError(f"parameters have shape {tuple(parameters.shape)}; they must be {expected}")
    each = [function(_at(camera, row), part, row) for row, part in zip(parameters, values, strict=True)]
    return torch.stack(each) if each else values.new_zeros((*values.shape[:-1], 5 - size))


def _at(camera: CameraModel, parameters: Tensor) -> CameraModel:
    """The model with these numbers: it knows where it ends."""
    return camera.with_parameters(parameters.detach().cpu().double().numpy())


def _project(camera: CameraModel, points: Tensor, numbers: Tensor) -> Tensor:
    seen = points.isfinite().all(-1)
    if isinstance(camera, RayTable):
        place, valid = table_place(camera, inside(points, seen), numbers)
        pixels = place
    else:
        plane, valid = _plane(camera, inside(points, seen), numbers[4:])
        pixels = plane * numbers[:2] + numbers[2:4]
    return torch.where((seen & valid)[..., None], pixels, torch.nan)


def _plane(camera: CameraModel, points: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """(u, v) of finite points and where it counts; where not, anything finite."""
    x, y, z = points.unbind(-1)
    if isinstance(camera, Camera):
        valid = z > 0
        plane = inside(points, valid)
        plane = plane[..., :2] / plane[..., 2:]
        return brown(camera, plane, shape, valid) if len(shape) else (plane, valid)
    if isinstance(camera, KannalaBrandt):
        r2 = x * x + y * y
        beside = r2 > 0
        r = torch.where(beside, r2, 1.0).sqrt()
        theta = torch.where(beside, torch.atan2(r, z), 0.0)
        valid = (theta <= camera.limit_rad) & (beside | (z > 0))
        # On the axis θ/r is 1/z, and so is its derivative.
        stretch = torch.where(beside, fisheye_radius(theta, shape) / r, 1 / torch.where(z > 0, z, 1.0))
        return points[..., :2] * stretch[..., None], valid
    if isinstance(camera, UnifiedCamera):
        alpha, beta, lens = _unified_numbers(camera, shape)
        square = beta * (x * x + y * y) + z * z
        valid = square > 0
        d = torch.where(valid, square, 1.0).sqrt()
        a = camera.alpha
        valid = valid & (z > -(a / (1 - a) if a <= 0.5 else (1 - a) / a) * d)
        plane = points[..., :2] / torch.where(valid, alpha * d + (1 - alpha) * z, 1.0)[..., None]
        return brown(camera, plane, lens, valid) if len(lens) else (plane, valid)
    raise TypeError(f"{type(camera).__name__} has no twin in torch")


def _unified_numbers(camera: UnifiedCamera, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """α, β (1 where the model has none) and the distortion."""
    if isinstance(camera, ExtendedUnifiedCamera):
        return shape[0], shape[1], shape[2:]
    return shape[0], torch.ones_like(shape[0]), shape[1:]


def _rays(camera: CameraModel, pixels: Tensor, numbers: Tensor) -> Tensor:
    known = pixels.isfinite().all(-1)
    pixels = torch.where(known[..., None], pixels, 0.0)
    if isinstance(camera, RayTable):
        direction, valid = table_value(camera, pixels, numbers)
    else:
        direction, valid = _direction(camera, (pixels - numbers[2:4]) / numbers[:2], numbers[4:])
    direction = inside(direction, valid)
    unit = direction / direction.square().sum(-1, keepdim=True).sqrt()
    return torch.where((known & valid)[..., None], unit, torch.nan)


def _direction(camera: CameraModel, plane: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """Directions of any length behind (u, v), and where they count."""
    if isinstance(camera, Camera):
        valid = torch.ones(plane.shape[:-1], dtype=torch.bool, device=plane.device)
        if len(shape):
            plane, valid = brown_inverse(camera, plane, shape)
        return torch.cat([plane, torch.ones_like(plane[..., :1])], -1), valid
    if isinstance(camera, KannalaBrandt):
        r2 = plane.square().sum(-1)
        beside = r2 > 0
        radius = torch.where(beside, r2, 1.0).sqrt()
        theta, valid = fisheye_angle(camera, radius, shape)
        away = torch.where(beside, theta.sin() / radius, 1.0)[..., None] * plane
        forward = torch.where(beside, theta.cos(), 1.0)
        return torch.cat([away, forward[..., None]], -1), valid | ~beside
    if isinstance(camera, UnifiedCamera):
        alpha, beta, lens = _unified_numbers(camera, shape)
        valid = torch.ones(plane.shape[:-1], dtype=torch.bool, device=plane.device)
        if len(lens):
            plane, valid = brown_inverse(camera, plane, lens)
        r2 = plane.square().sum(-1)
        rest = 1 - (2 * alpha - 1) * beta * r2
        valid = valid & (rest > 0)
        z = (1 - beta * alpha**2 * r2) / (alpha * torch.where(valid, rest, 1.0).sqrt() + 1 - alpha)
        return torch.cat([plane, z[..., None]], -1), valid
    raise TypeError(f"{type(camera).__name__} has no twin in torch")
