"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .cost_volumes import concatenated_volume, correlation_volume, difference_volume, group_wise_volume
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .warping import warp

__all__ = [
    "concatenated_volume",
    "correlation_volume",
    "difference_volume",
    "group_wise_volume",
    "soft_argmin",
    "upsampled_soft_argmin",
    "warp",
]
