"""A student that learns from what a teacher says of images without truth: pseudo-labels.

Maps are (B, 1, H, W), both of one kind. The teacher is no variable: no slope reaches it. Where it says NaN, nothing is
taught. What a teacher says of its confidence becomes a weight by `proxy.proxy_targets`; a student that foretells its
own error learns by `uncertainty.laplace_nll` with the teacher's map for truth (Poggi et al., CVPR 2020).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ._maps import Reduction, at_least_float32, check_maps, check_number, checked_weight, filled, known, reduced
from .affine_invariant import How, aligned, kept


@at_least_float32
def taught(
    student: Tensor,
    teacher: Tensor,
    *,
    how: How | None = "robust",
    drop: float = 0.1,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """|d̂ − d̂ᵀ| but for the largest of each image, where the teacher is likely wrong.

    With how="robust" both maps are normalised (`affine_invariant.aligned`), which forgives scale and shift: the loss of
    Depth Anything (Yang et al., CVPR 2024), with the tenth of largest loss left out as in Depth Anything
    V2 (NeurIPS 2024). how=None compares maps as they are, for a teacher that knows metres.

    Args:
        student, teacher: d and dᵀ, (B, 1, H, W).
        how: as for `affine_invariant.aligned`, or None.
        drop: the share of an image's pixels that is left out, 0 … 1.
        weight: of pixels, (B, 1, H, W), bool or at least 0; pixels of weight 0 are not taught.
        reduction: "mean", or "none" for (B, 1, H, W), NaN where nothing is taught.
    """
    check_maps("taught", {"student": student, "teacher": teacher}, 1)
    check_number("taught", "drop", drop)
    if drop >= 1:
        raise ValueError(f"taught: drop is {drop}; it must be below 1")
    teacher = teacher.detach()
    where = known(teacher)
    if weight is not None:
        where = where & (checked_weight("taught", weight, teacher) > 0)
    label = torch.where(where, teacher, torch.nan)
    if how is not None:
        student, label = aligned(student, label, how=how)
    error = filled(student - filled(label, where), where).abs()
    return reduced("taught", error, kept(error, where, drop) if drop > 0 else where, weight, reduction)


@at_least_float32
def taught_mixed(
    student: Tensor, first: Tensor, second: Tensor, mask: Tensor, *, how: How | None = "robust", drop: float = 0.1
) -> Tensor:
    """(Σm / n) · L(student, first where m) + (1 − Σm / n) · L(student, second elsewhere), L = `taught`.

    The student sees an image of two, put together by a mask; its teacher saw each alone. Each part is normalised by
    itself, as two scenes have two scales (Yang et al.: Depth Anything, CVPR 2024).

    Args:
        student: (B, 1, H, W), of torch.where(mask, image0, image1).
        first, second: what the teacher says of image0 and image1.
        mask: m, bool (H, W), as of `cut_mask`.
        how, drop: as for `taught`.
    """
    check_maps("taught_mixed", {"student": student, "first": first, "second": second}, 1)
    if mask.dtype != torch.bool or mask.shape != student.shape[2:]:
        told = f"mask is {mask.dtype}, {tuple(mask.shape)}"
        raise ValueError(f"taught_mixed: {told}; it must be bool, {tuple(student.shape[2:])}")
    share = float(mask.double().mean())
    inner = taught(student, torch.where(mask, first, torch.nan), how=how, drop=drop)
    outer = taught(student, torch.where(mask, torch.nan, second), how=how, drop=drop)
    return share * inner + (1 - share) * outer


def cut_mask(height: int, width: int, generator: torch.Generator | None = None) -> Tensor:
    """True in a box and False around it, bool (H, W): where CutMix takes the first of two images.

    The box has the image's aspect, a share of its area that is uniform in 0 … 1, and a uniform centre; what leaves the
    image is cut off (Yun et al., ICCV 2019, of the images in the other order).
    """
    if height < 1 or width < 1:
        raise ValueError(f"cut_mask: size is {height} x {width}; it must be at least 1 x 1")
    area, down, right = torch.rand(3, generator=generator).tolist()
    side = math.sqrt(area)
    mask = torch.zeros(height, width, dtype=torch.bool)
    rows, columns = (
        slice(max(0, round(middle * size - side * size / 2)), max(0, round(middle * size + side * size / 2)))
        for middle, size in ((down, height), (right, width))
    )
    mask[rows, columns] = True
    return mask
