"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .cost_volumes import concatenated_volume, correlation_volume, difference_volume, group_wise_volume
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .splatting import splat
from .warping import warp, warp_by_disparity

__all__ = [
    "concatenated_volume",
    "correlation_volume",
    "difference_volume",
    "group_wise_volume",
    "soft_argmin",
    "splat",
    "upsampled_soft_argmin",
    "warp",
    "warp_by_disparity",
]
