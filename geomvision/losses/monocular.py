"""Depth from the other frames of a clip or rig: an image, seen from where they were taken, must look as they do.

Losses and their balance are of Godard et al. (Monodepth2, ICCV 2019). Images are (B, C, H, W), 0 … 255, inverse depths
(B, 1, h, w) in one over metres, or over the unit that translations have. What a frame does not show counts nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..cameras import CameraModel
from . import photometric, smoothness
from ._maps import at_least_float32, check_maps, check_number, known, reduced
from .rigid import Reprojected, reproject, seen, unit_points

#: Godard's λ = 1 of images of 0 … 1.
EDGE = 1 / 255


@dataclass(frozen=True, eq=False)
class View:
    """Another image of the same scene, and how its camera stood."""

    #: (B, C, H, W), and T (B, 4, 4) from the camera of the image that is learnt to that of this one.
    image: Tensor
    T: Tensor
    #: None: the same camera, with the same numbers.
    camera: CameraModel | None = None
    parameters: Tensor | None = None


def auto_mask(warped: Sequence[Tensor], unmoved: Sequence[Tensor]) -> Tensor:
    """Where min over views of pe(I, I′ warped) < min over views of pe(I, I′), bool (B, 1, H, W) (Monodepth2, eq. 5).

    Not where an image looks more alike if nothing is warped: a camera at rest, what moves along with it, bare walls.

    Args:
        warped: costs of the pixels, each (B, 1, H, W), NaN where unknown, of views as they are seen from here.
        unmoved: of the same views as they are.
    """
    return _least("auto_mask", warped) < _least("auto_mask", unmoved)


@at_least_float32
def visible_mean(costs: Sequence[Tensor], *, weight: Tensor | None = None) -> Tensor:
    """Mean over pixels of the mean over the views that show them (Zhou et al., CVPR 2017, eq. 1).

    What hides in one of the views raises it, which `photometric.minimum` leaves out.
    """
    _check("visible_mean", costs)
    stacked = torch.stack(list(costs))
    where = stacked.isfinite()
    count = where.sum(dim=0)
    mean = torch.where(where, stacked, 0.0).sum(dim=0) / count.clamp(min=1)
    return reduced("visible_mean", mean, count > 0, weight, "mean")


@at_least_float32
def relative_smoothness(inverse_depth: Tensor, image: Tensor, *, edge: float = EDGE) -> Tensor:
    """|∂x d*| e^(−λ |∂x I|) + |∂y d*| e^(−λ |∂y I|) with d* = d / mean(d) (Wang et al., CVPR 2018; Monodepth2, eq. 3).

    Divided by its mean, inverse depth gains nothing by shrinking. The image is brought to its size.
    """
    check_maps("relative_smoothness", {"inverse_depth": inverse_depth}, 1)
    check_maps("relative_smoothness", {"image": image})
    mean = inverse_depth.mean(dim=(2, 3), keepdim=True)
    small = shrunk(image, inverse_depth.shape[2:])
    return 2 * smoothness.first_order(inverse_depth / mean.clamp(min=1e-12), small, edge=edge, epsilon=1e-4)


@at_least_float32
def self_supervised(
    image: Tensor,
    inverse_depths: Sequence[Tensor],
    views: Sequence[View],
    camera: CameraModel,
    *,
    parameters: Tensor | None = None,
    match: Callable[..., Tensor] = photometric.appearance,
    least: bool = True,
    mask: bool = True,
    full_size: bool = True,
    weight: Tensor | None = None,
    smooth: float = 1e-3,
    edge: float = EDGE,
) -> Tensor:
    """The mean over scales of L_p + λ / 2^s · smoothness (Monodepth2, eq. 4 to 6).

    Each scale's inverse depth is raised to the image's size before anything is warped by it: full-resolution
    multi-scale, which leaves no holes in regions without texture (section 3.2).

    Args:
        image: I, (B, C, H, W).
        inverse_depths: of the image, at one or more sizes, coarse to fine; s is 0 for the last.
        views: the other images; all of one size.
        camera: of the image, of its size.
        parameters: numbers of it that are learnt, as for `rigid.reproject`.
        match: pe, a loss of two images with reduction="none"; the paper's is 0.85 SSIM + 0.15 L1.
        least: the minimum over views (eq. 4), not their mean.
        mask: `auto_mask`.
        full_size: False compares each scale at its own size (Zhou et al., CVPR 2017): motions of many pixels at full
            size are few in a small image, so that this is how to begin; it is faster, too.
        weight: which pixels of the image are compared, (B, 1, H, W), bool or at least 0; all are smoothed.
        smooth, edge: λ of the smoothness, and that of its weights.
    """
    check_number("self_supervised", "smooth", smooth)
    if not views or not inverse_depths:
        told = f"{len(inverse_depths)} inverse depths and {len(views)} views"
        raise ValueError(f"self_supervised: given {told}; it takes at least one of each")
    total = []
    for scale, inverse in enumerate(reversed(inverse_depths)):
        check_maps("self_supervised", {"inverse_depth": inverse}, 1)
        size = image.shape[2:] if full_size else inverse.shape[2:]
        here, raised = shrunk(image, size), _raised(inverse, size)
        units = unit_points(camera, image, parameters, image.shape[3] // size[1])
        costs, unmoved = [], []
        for view in views:
            there = shrunk(view.image, size)
            found = _reprojected(raised, view, camera, parameters, units)
            costs.append(match(here, seen(there, found), reduction="none"))
            if mask:
                with torch.no_grad():
                    unmoved.append(match(here, there, reduction="none"))
        counted = None if weight is None else shrunk(weight.to(here.dtype), size)
        if mask:
            better = auto_mask([each.detach() for each in costs], unmoved)
            counted = better if counted is None else better * counted
        matched = photometric.minimum(costs, weight=counted) if least else visible_mean(costs, weight=counted)
        total.append(matched + smooth / 2**scale * relative_smoothness(inverse, image, edge=edge))
    return torch.stack(total).mean()


def shrunk(image: Tensor, size: Sequence[int]) -> Tensor:
    """An image at a smaller size: means over blocks of pixels."""
    return image if image.shape[2:] == tuple(size) else functional.interpolate(image, size=tuple(size), mode="area")


def _reprojected(
    inverse: Tensor, view: View, camera: CameraModel, parameters: Tensor | None, units: Tensor
) -> Reprojected:
    return reproject(
        1 / inverse.clamp(min=1e-6),
        view.T,
        camera,
        view.camera,
        parameters0=parameters,
        parameters1=view.parameters,
        units=units,
    )


def _raised(inverse: Tensor, size: Sequence[int]) -> Tensor:
    if inverse.shape[2:] == tuple(size):
        return inverse
    return functional.interpolate(inverse, size=tuple(size), mode="bilinear", align_corners=False)


def _least(owner: str, costs: Sequence[Tensor]) -> Tensor:
    _check(owner, costs)
    return torch.stack([torch.where(known(each), each, torch.inf) for each in costs]).amin(dim=0)


def _check(owner: str, costs: Sequence[Tensor]) -> None:
    if not costs:
        raise ValueError(f"{owner}: no costs were given; it takes those of at least 1 view")
    check_maps(owner, {f"costs[{k}]": values for k, values in enumerate(costs)}, 1)
