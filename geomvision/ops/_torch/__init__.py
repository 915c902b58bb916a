"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .cost_volumes import concatenated_volume, difference_volume, group_wise_volume
from .cross_aggregation import cross_aggregation, cross_arms
from .disparity_maps import fill_background, left_right_check, median, speckle
from .fast_global_smoothing import fast_global_smoothing
from .guided_filter import guided_filter
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .winners import right_winners, subpixel, uniqueness, winner_takes_all

__all__ = [
    "concatenated_volume",
    "cross_aggregation",
    "cross_arms",
    "difference_volume",
    "fast_global_smoothing",
    "fill_background",
    "group_wise_volume",
    "guided_filter",
    "left_right_check",
    "median",
    "right_winners",
    "soft_argmin",
    "speckle",
    "subpixel",
    "uniqueness",
    "upsampled_soft_argmin",
    "winner_takes_all",
]
