"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .cost_volumes import concatenated_volume, difference_volume, group_wise_volume
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .splatting import splat_sum
from .warping import warp_features

__all__ = [
    "concatenated_volume",
    "difference_volume",
    "group_wise_volume",
    "soft_argmin",
    "splat_sum",
    "upsampled_soft_argmin",
    "warp_features",
]
