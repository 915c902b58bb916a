"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .all_pairs_correlation import all_pairs_correlation, all_pairs_correlation_1d, halve_volume
from .box import box_aggregation
from .convex_upsampling import convex_upsample
from .convolution import convolution
from .correlation_lookup import correlation_features, packed_lookup
from .correlation_lookup_1d import correlation_lookup_1d, kept_lookup_1d
from .cost_volume_2d import cost_volume_2d
from .cost_volumes import concatenated_volume, difference_volume, group_wise_volume
from .cross_aggregation import cross_aggregation, cross_arms
from .disparity_maps import fill_background, left_right_check, median, nearest_known, speckle
from .fast_global_smoothing import fast_global_smoothing
from .guided_filter import guided_filter
from .local_correlation import local_correlation
from .matching_costs import (
    absolute_differences,
    birchfield_tomasi,
    census_transform,
    correlation_costs,
    hamming_distances,
    squared_differences,
)
from .propagate_planes import propagate_planes
from .sgm_paths import sgm_paths
from .soft_argmin import soft_argmin, upsampled_soft_argmin
from .splatting import splat_sum
from .volume_lookup import volume_lookup
from .warping import warp_features
from .winners import right_winners, subpixel, uniqueness, winner_takes_all

__all__ = [
    "absolute_differences",
    "all_pairs_correlation",
    "all_pairs_correlation_1d",
    "birchfield_tomasi",
    "box_aggregation",
    "census_transform",
    "concatenated_volume",
    "convex_upsample",
    "convolution",
    "correlation_costs",
    "correlation_features",
    "correlation_lookup_1d",
    "cost_volume_2d",
    "cross_aggregation",
    "cross_arms",
    "difference_volume",
    "fast_global_smoothing",
    "fill_background",
    "group_wise_volume",
    "guided_filter",
    "halve_volume",
    "hamming_distances",
    "kept_lookup_1d",
    "left_right_check",
    "local_correlation",
    "median",
    "nearest_known",
    "packed_lookup",
    "propagate_planes",
    "right_winners",
    "sgm_paths",
    "soft_argmin",
    "speckle",
    "splat_sum",
    "squared_differences",
    "subpixel",
    "uniqueness",
    "upsampled_soft_argmin",
    "volume_lookup",
    "warp_features",
    "winner_takes_all",
]
