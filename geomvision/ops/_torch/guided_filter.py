"""Guided filter in plain torch, and as an operator."""

from __future__ import annotations

import torch
from torch import Tensor

from ._operator import operator
from .box import window_sums

ROUNDING = 1e-12  # of sums over windows, relative


def _twin(values: Tensor, guide: Tensor, radius: int, epsilon: float, num_threads: int) -> Tensor:
    if values.numel() == 0:
        return values.clone()
    image, p = guide.double(), values.double()
    ones = torch.ones_like(image[..., :1])

    area = window_sums(ones, radius)

    def mean(x: Tensor) -> Tensor:
        return window_sums(x, radius) / area

    channels = image.shape[-1]
    centre = mean(image)
    products = image[..., :, None] * image[..., None, :]
    covariance = mean(products.flatten(3)).reshape(products.shape) - centre[..., :, None] * centre[..., None, :]
    eye = torch.eye(channels, dtype=image.dtype, device=image.device)
    squares = mean((image * image).sum(-1, keepdim=True))[..., 0]
    variance = covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
    limits = torch.finfo(torch.float64 if values.dtype == torch.float64 else torch.float32)
    # less would be lost in rounding errors, and windows of few pixels or colours need it
    least = torch.maximum(ROUNDING * squares, 16 * limits.eps * variance).clamp(min=max(epsilon, 100 * limits.tiny))
    level = mean(p)
    with_guide = torch.stack(
        [mean(p * image[..., c : c + 1]) - level * centre[..., c : c + 1] for c in range(channels)], -2
    )
    slope = torch.linalg.solve(covariance + least[..., None, None] * eye, with_guide)  # (B, H, W, channels, K)
    offset = level - (slope * centre[..., None]).sum(-2)
    result = mean(offset)
    for c in range(channels):
        result = result + mean(slope[..., c, :]) * image[..., c : c + 1]
    return result.to(values.dtype)


guided_filter = operator(
    "guided_filter",
    _twin,
    shape=lambda values, guide, radius, epsilon, num_threads: values.new_empty(values.shape),
)
