"""A scene that stands still, seen from elsewhere: its flow by depth, pose and camera, of any camera model.

Depth maps are (B, 1, H, W), z in metres (or any unit that translations share), images (B, C, H, W), motions T_1_0
(B, 4, 4): they take points of camera 0 to camera 1. What is not finite, lies behind a camera or is not seen by its
model is NaN and counts nowhere. Slopes run through depth, motion, and numbers of the camera where these are given.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .. import ops
from ..cameras import CameraModel
from ..nets import cameras as models
from ._maps import Reduction, at_least_float32, check_maps, filled, known, length, reduced

#: θ² below which sin θ / θ and its like are their series.
SMALL = 1e-4


class Reprojected(NamedTuple):
    """Where pixels of camera 0 lie for camera 1."""

    #: (B, 2, H, W), pixels: of the point that a pixel shows, from its place in image 0 to that in image 1.
    flow: Tensor
    #: (B, 1, H, W): z of that point before camera 1.
    depth: Tensor
    #: (B, 3, H, W): that point in the frame of camera 1.
    points: Tensor


def rotations(axis_angle: Tensor) -> Tensor:
    """R (B, 3, 3) of rotation vectors ω (B, 3), radians: I + sin θ / θ [ω]ₓ + (1 − cos θ) / θ² [ω]ₓ² (Rodrigues)."""
    if not isinstance(axis_angle, Tensor) or axis_angle.ndim != 2 or axis_angle.shape[1] != 3:
        raise ValueError(f"rotations: axis_angle is {_told(axis_angle)}; it must be (B, 3)")
    x, y, z = axis_angle.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).view(-1, 3, 3)
    s = axis_angle.square().sum(dim=1)[:, None, None]
    series = s < SMALL
    theta = torch.where(series, 1.0, s).sqrt()
    first = torch.where(series, 1 - s / 6 + s * s / 120, theta.sin() / theta)
    second = torch.where(series, 0.5 - s / 24 + s * s / 720, (1 - theta.cos()) / theta.square())
    return torch.eye(3, dtype=s.dtype, device=s.device) + first * cross + second * (cross @ cross)


def motions(axis_angle: Tensor, translation: Tensor) -> Tensor:
    """T (B, 4, 4) of rotation vectors (B, 3) and translations (B, 3)."""
    if not isinstance(translation, Tensor) or not isinstance(axis_angle, Tensor):
        raise TypeError(f"motions: given {type(axis_angle).__name__} and {type(translation).__name__}, not tensors")
    if translation.shape != axis_angle.shape:
        given = f"{tuple(axis_angle.shape)} and {tuple(translation.shape)}"
        raise ValueError(f"motions: axis_angle and translation are {given}; both must be (B, 3)")
    upper = torch.cat([rotations(axis_angle), translation[:, :, None]], dim=2)
    lower = upper.new_tensor((0.0, 0.0, 0.0, 1.0)).expand(len(upper), 1, 4)
    return torch.cat([upper, lower], dim=1)


def inverses(T: Tensor) -> Tensor:
    """The inverses of motions (B, 4, 4)."""
    _check_motions("inverses", T, len(T))
    turned = T[:, :3, :3].mT
    moved = -turned @ T[:, :3, 3:]
    return torch.cat([torch.cat([turned, moved], dim=2), T[:, 3:]], dim=1)


def unit_points(camera: CameraModel, like: Tensor, parameters: Tensor | None = None, factor: int = 1) -> Tensor:
    """Points at z = 1 behind all pixels, (1 or B, 3, H, W), in the dtype and on the device of `like`; NaN for none.

    `parameters`: None, (P,), or (B, P), as `nets.cameras.project` takes them. `factor`: behind the middles of blocks of
    so many pixels a side, the pixels of the image at a size so many times smaller.
    """
    y = torch.arange(camera.height // factor, dtype=like.dtype, device=like.device)
    x = torch.arange(camera.width // factor, dtype=like.dtype, device=like.device)
    pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]
    pixels = (pixels + 0.5) * factor - 0.5
    if parameters is not None and parameters.ndim == 2:
        pixels = pixels.expand(len(parameters), -1, -1, -1)
    return models.unproject(camera, pixels, 1.0, parameters).permute(0, 3, 1, 2)


def reproject(
    depth: Tensor,
    T_1_0: Tensor,
    camera0: CameraModel,
    camera1: CameraModel | None = None,
    *,
    parameters0: Tensor | None = None,
    parameters1: Tensor | None = None,
    units: Tensor | None = None,
) -> Reprojected:
    """p₁ = π₁(T₁₀ (D(p₀) π₀⁻¹(p₀))) for every pixel p₀ (Zhou et al., CVPR 2017, eq. 2, with any π).

    Args:
        depth: D, z of what the pixels of image 0 show; or of image 0 at a size that is a whole number of times smaller
            (means over blocks of pixels): flow is in such pixels then, and image 1 must be made smaller likewise.
        T_1_0: (B, 4, 4).
        camera0: of image 0.
        camera1: of image 1; None: the same, with the same parameters.
        parameters0, parameters1: numbers to be learnt in place of the cameras' own, (P,) or (B, P), see `nets.cameras`.
        units: `unit_points` of camera 0, where they are known already.

    Raises:
        TypeError: for what is no floating tensor. ValueError: for other shapes.
    """
    check_maps("reproject", {"depth": depth}, 1)
    _check_motions("reproject", T_1_0, len(depth))
    factor = _factor(depth, camera0)
    if camera1 is None:
        camera1, parameters1 = camera0, parameters0
    units = unit_points(camera0, depth, parameters0, factor) if units is None else units
    where = known(depth) & (depth.detach() > 0) & units.detach().isfinite().all(dim=1, keepdim=True)
    here = filled(units, where) * filled(depth, where)
    there = (T_1_0[:, :3, :3] @ here.flatten(2) + T_1_0[:, :3, 3:]).view(here.shape)
    there = torch.where(where, there, torch.nan)
    pixels = models.project(camera1, there.permute(0, 2, 3, 1), parameters1).permute(0, 3, 1, 2)
    pixels = (pixels + 0.5) / factor - 0.5
    y = torch.arange(depth.shape[2], dtype=depth.dtype, device=depth.device)[:, None]
    x = torch.arange(depth.shape[3], dtype=depth.dtype, device=depth.device)
    flow = torch.stack([pixels[:, 0] - x, pixels[:, 1] - y], dim=1)
    return Reprojected(flow, there[:, 2:], there)


def seen(image1: Tensor, reprojected: Reprojected) -> Tensor:
    """Image 1 as camera 0 sees it, (B, C, H, W): bilinear, NaN where it does not show the point."""
    check_maps("seen", {"image1": image1})
    warped: Tensor = ops.warp(image1, reprojected.flow.to(image1.dtype))
    return warped


@at_least_float32
def depth_consistency(
    reprojected: Reprojected, depth1: Tensor, *, weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    """|D₁′ − D₁(p₁)| / (D₁′ + D₁(p₁)), 0 … 1: both frames' depths are of one scene (Bian et al., NeurIPS 2019, eq. 3).

    D₁′ is the depth that pixels of camera 0 have before camera 1, D₁ what image 1 itself is said to have there. One
    minus it is the paper's mask of what hides or moves (eq. 7). Where D₁ is looked up between pixels, it is bilinear.

    Args:
        reprojected: of frame 0, seen by camera 1.
        depth1: D₁, (B, 1, h, w).
        weight, reduction: as in `photometric`.
    """
    check_maps("depth_consistency", {"depth1": depth1}, 1)
    looked_up = ops.warp(depth1, reprojected.flow)
    where = known(reprojected.depth, looked_up)
    here, there = filled(reprojected.depth, where), filled(looked_up, where)
    total = here + there
    values = (here - there).abs() / torch.where(total > 0, total, 1.0)
    return reduced("depth_consistency", values, where & (total.detach() > 0), weight, reduction)


@at_least_float32
def reprojected_distance(
    depth: Tensor,
    truth: Tensor,
    T_1_0: Tensor,
    camera0: CameraModel,
    camera1: CameraModel | None = None,
    *,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """‖π₁(T₁₀ D π₀⁻¹(p)) − π₁(T₁₀ D* π₀⁻¹(p))‖, pixels (Guizilini et al., CoRL 2019, eq. 6).

    What an error of depth does to the place in another view: the unit of photometric losses, so that sparse truth and
    images can be weighed against each other. Errors along the line to the epipole, and far away, cost little.

    Args:
        depth, truth: D and D*, (B, 1, H, W); truth is NaN where unknown.
        T_1_0, camera0, camera1: as for `reproject`.
        weight, reduction: as in `photometric`.
    """
    check_maps("reprojected_distance", {"depth": depth, "truth": truth}, 1)
    units = unit_points(camera0, depth)
    flow, wanted = (reproject(d, T_1_0, camera0, camera1, units=units).flow for d in (depth, truth))
    where = known(flow, wanted)
    values = length(filled(flow, where) - filled(wanted, where))
    return reduced("reprojected_distance", values, where, weight, reduction)


@at_least_float32
def velocity(translation: Tensor, distance_m: Tensor) -> Tensor:
    """| ‖t‖ − |v| Δt |, the mean over pairs: motions get the length that a speedometer says (Guizilini et al.:
    PackNet, CVPR 2020, eq. 9); depth becomes metric by it.

    Args:
        translation: t, (B, 3).
        distance_m: |v| Δt, (B,), metres; NaN where unknown, which counts nowhere.
    """
    if not isinstance(translation, Tensor) or translation.ndim != 2 or translation.shape[1] != 3:
        raise ValueError(f"velocity: translation is {_told(translation)}; it must be (B, 3)")
    if not isinstance(distance_m, Tensor) or distance_m.shape != translation.shape[:1]:
        raise ValueError(f"velocity: distance_m is {_told(distance_m)}; it must be ({len(translation)},)")
    where = distance_m.isfinite()
    if bool((distance_m[where] < 0).any()):
        raise ValueError("velocity: distance_m holds negative distances")
    travelled = length(translation)[:, 0]
    missed = torch.where(where, (travelled - torch.where(where, distance_m, 0.0)).abs(), 0.0)
    return missed.sum() / where.sum().clamp(min=1)


def _factor(depth: Tensor, camera: CameraModel) -> int:
    """How many times smaller than the camera's images a map is. ValueError unless that is a whole number."""
    height, width = depth.shape[2:]
    factor = max(1, camera.width // width)
    if (factor * height, factor * width) != (camera.height, camera.width):
        told = f"depth is {width}x{height}, camera 0 {camera.width}x{camera.height} pixels"
        raise ValueError(f"reproject: {told}: resize the camera with camera.resize(…)")
    return factor


def _check_motions(owner: str, T: Tensor, batch: int) -> None:
    if not isinstance(T, Tensor) or T.shape != (batch, 4, 4):
        raise ValueError(f"{owner}: motions are {_told(T)}; they must be ({batch}, 4, 4)")


def _told(given: object) -> str:
    return f"of shape {tuple(given.shape)}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
