"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .cross_aggregation import cross_aggregation, cross_arms
from .disparity_maps import fill_background, left_right_check, median, speckle
from .fast_global_smoothing import fast_global_smoothing
from .guided_filter import guided_aggregation, guided_filter
from .soft_argmin import soft_argmin
from .warping import warp
from .winners import Winners, right_winners, subpixel, uniqueness, winner_takes_all

__all__ = [
    "Winners",
    "cross_aggregation",
    "cross_arms",
    "fast_global_smoothing",
    "fill_background",
    "guided_aggregation",
    "guided_filter",
    "left_right_check",
    "median",
    "right_winners",
    "soft_argmin",
    "speckle",
    "subpixel",
    "uniqueness",
    "warp",
    "winner_takes_all",
]
