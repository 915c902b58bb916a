"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .box import box_aggregation
from .convex_upsampling import convex_upsample
from .convolution import convolution
from .correlation_lookup import CorrelationLookup, correlation_features, correlation_lookup
from .correlation_lookup_1d import CorrelationLookup1D, correlation_lookup_1d
from .correlation_volume import (
    all_pairs_correlation,
    all_pairs_correlation_1d,
    correlation_pyramid,
    correlation_pyramid_1d,
    pyramid_lookup,
    pyramid_lookup_1d,
)
from .cost_volume_2d import cost_volume_2d
from .cost_volumes import concatenated_volume, correlation_volume, difference_volume, group_wise_volume
from .cross_aggregation import cross_aggregation, cross_arms
from .disparity_maps import fill_background, left_right_check, median, nearest_known, speckle
from .fast_global_smoothing import fast_global_smoothing
from .guided_filter import guided_aggregation, guided_filter
from .local_correlation import local_correlation
from .matching_costs import (
    absolute_differences,
    birchfield_tomasi,
    census,
    census_transform,
    ncc,
    squared_differences,
    zncc,
)
from .propagate_planes import propagate_planes
from .sgm_paths import sgm_paths
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .splatting import splat
from .warping import warp, warp_by_disparity
from .winners import Winners, right_winners, subpixel, uniqueness, winner_takes_all

__all__ = [
    "CorrelationLookup",
    "CorrelationLookup1D",
    "Winners",
    "absolute_differences",
    "all_pairs_correlation",
    "all_pairs_correlation_1d",
    "birchfield_tomasi",
    "box_aggregation",
    "census",
    "census_transform",
    "concatenated_volume",
    "convex_upsample",
    "convolution",
    "correlation_features",
    "correlation_lookup",
    "correlation_lookup_1d",
    "correlation_pyramid",
    "correlation_pyramid_1d",
    "correlation_volume",
    "cost_volume_2d",
    "cross_aggregation",
    "cross_arms",
    "difference_volume",
    "fast_global_smoothing",
    "fill_background",
    "group_wise_volume",
    "guided_aggregation",
    "guided_filter",
    "left_right_check",
    "local_correlation",
    "median",
    "ncc",
    "nearest_known",
    "propagate_planes",
    "pyramid_lookup",
    "pyramid_lookup_1d",
    "right_winners",
    "sgm_paths",
    "soft_argmin",
    "speckle",
    "splat",
    "squared_differences",
    "subpixel",
    "uniqueness",
    "upsampled_soft_argmin",
    "warp",
    "warp_by_disparity",
    "winner_takes_all",
    "zncc",
]
