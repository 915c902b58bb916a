"""Cross arms and cross-based aggregation in plain torch, and as operators."""

from __future__ import annotations

import torch
from torch import Tensor

from ._operator import operator


def _arm(image: Tensor, arm: int, inner: int, threshold: float, outer_threshold: float) -> Tensor:
    """Lengths towards the end of axis 2."""
    width = image.shape[2]
    length = torch.zeros(image.shape[:3], dtype=torch.uint8, device=image.device)
    grows = torch.ones_like(length, dtype=torch.bool)
    for step in range(1, min(arm, width - 1) + 1):
        target = image[:, :, step:]
        from_first = (target - image[:, :, : width - step]).abs().amax(-1)
        from_last = (target - image[:, :, step - 1 : width - 1]).abs().amax(-1)
        near = (from_first < (outer_threshold if step > inner else threshold)) & (from_last < threshold)
        inside = torch.zeros_like(grows)
        inside[:, :, : width - step] = near
        grows = grows & inside
        length += grows
    return length


def _cross_arms(
    image: Tensor, arm: int, inner: int, threshold: float, outer_threshold: float, num_threads: int
) -> Tensor:
    if image.numel() == 0:
        return image.new_zeros((*image.shape[:3], 4), dtype=torch.uint8)
    pixels = image.double()
    limits = (arm, inner, threshold, outer_threshold)
    left = _arm(pixels.flip(2), *limits).flip(2)
    right = _arm(pixels, *limits)
    turned = pixels.transpose(1, 2)
    up = _arm(turned.flip(2), *limits).flip(2).transpose(1, 2)
    return torch.stack([left, right, up, _arm(turned, *limits).transpose(1, 2)], -1)


def _arm_sums(values: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Sums along axis 2 over each pixel's two arms, one step after the other."""
    total = values.clone()
    for step in range(1, values.shape[2]):
        reaches_back, reaches_on = (before[:, :, step:] >= step)[..., None], (after[:, :, :-step] >= step)[..., None]
        if not (reaches_back.any() or reaches_on.any()):
            break
        total[:, :, step:] += torch.where(reaches_back, values[:, :, :-step], 0)
        total[:, :, :-step] += torch.where(reaches_on, values[:, :, step:], 0)
    return total


def _cross_aggregation(volume: Tensor, arms: Tensor, columns_first: bool, num_threads: int) -> Tensor:
    if volume.numel() == 0:
        return volume.new_zeros(volume.shape, dtype=torch.float32)
    left, right, up, down = arms.to(torch.int64).unbind(-1)

    def along(values: Tensor, columns: bool) -> Tensor:
        if columns:
            return _arm_sums(values.transpose(1, 2), up.transpose(1, 2), down.transpose(1, 2)).transpose(1, 2)
        return _arm_sums(values, left, right)

    exact = volume.dtype in (torch.uint8, torch.uint16)
    wide = torch.int64 if exact else torch.float64
    total = along(volume.to(wide), columns_first)
    if not exact:
        total = total.float().double()
    total = along(total, not columns_first)
    ones = torch.ones_like(arms[..., :1], dtype=torch.int64)
    count = along(along(ones, columns_first), not columns_first)
    return (total.to(torch.float32) / count.to(torch.float32)).contiguous()


cross_arms = operator(
    "cross_arms",
    _cross_arms,
    shape=lambda image, *rest: image.new_empty((*image.shape[:3], 4), dtype=torch.uint8),
)
cross_aggregation = operator(
    "cross_aggregation",
    _cross_aggregation,
    shape=lambda volume, *rest: volume.new_empty(volume.shape, dtype=torch.float32),
)
