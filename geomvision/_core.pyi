# mypy: disable-error-code=overload-overlap
"""
The C++ core. Private: use geomvision.ops and the methods.
"""

from __future__ import annotations

import collections.abc
import typing

import numpy
import numpy.typing

__all__: list[str] = [
    "absolute_differences",
    "absolute_pose",
    "absolute_pose_options",
    "active_isa",
    "ad_census",
    "ad_census_forget",
    "ad_census_options",
    "align_points",
    "align_points_robust",
    "align_points_robust_options",
    "all_pairs_correlation",
    "all_pairs_correlation_1d",
    "all_pairs_correlation_1d_backward",
    "all_pairs_correlation_backward",
    "available_isas",
    "birchfield_tomasi",
    "block_matching",
    "block_matching_forget",
    "block_matching_options",
    "block_search",
    "box_aggregation",
    "census_transform",
    "cheirality_votes",
    "concatenated_volume",
    "concatenated_volume_backward",
    "convex_upsample",
    "convolution",
    "correct_matches",
    "correlation_costs",
    "correlation_features",
    "correlation_features_backward",
    "correlation_lookup_1d",
    "correlation_lookup_1d_backward",
    "correlation_lookup_1d_backward_coordinates",
    "cost_volume_2d",
    "cost_volume_2d_backward",
    "cross_aggregation",
    "cross_arms",
    "decompose_essential",
    "decompose_homography",
    "difference_volume",
    "difference_volume_backward",
    "differences_backward",
    "distortion_limit",
    "eight_point_fundamental",
    "estimate_essential",
    "estimate_fundamental",
    "estimate_homography",
    "fast_global_smoothing",
    "fill_background",
    "five_point_essentials",
    "four_point_homography",
    "group_wise_volume",
    "group_wise_volume_backward",
    "guided_filter",
    "halve_volume",
    "halve_volume_backward",
    "hamming_distances",
    "has_matrix_pairs",
    "has_matrix_tiles",
    "horn_schunck",
    "horn_schunck_options",
    "inverse_search",
    "inverse_search_options",
    "kept_lookup_1d",
    "left_right_check",
    "local_correlation",
    "local_correlation_backward",
    "lucas_kanade",
    "lucas_kanade_options",
    "luma",
    "median",
    "nearest_known",
    "p3p",
    "packed_lookup",
    "packed_lookup_backward",
    "packed_lookup_backward_coordinates",
    "patchmatch",
    "patchmatch_forget",
    "patchmatch_options",
    "perspective_n_point",
    "perspective_n_point_options",
    "plane_sweep",
    "plane_sweep_costs",
    "plane_sweep_options",
    "points_from_disparity",
    "propagate_planes",
    "recycled_bytes",
    "recycled_floats",
    "recycled_forget",
    "refine_absolute_pose",
    "refine_fundamental",
    "reread_isa",
    "resolve_threads",
    "right_winners",
    "seven_point_fundamentals",
    "sgm",
    "sgm_forget",
    "sgm_from_costs",
    "sgm_options",
    "sgm_paths",
    "soft_argmin",
    "soft_argmin_backward",
    "speckle",
    "splat_mean",
    "splat_sum",
    "splat_sum_backward",
    "squared_differences",
    "subpixel",
    "track_points",
    "track_points_options",
    "triangulate",
    "triangulate_views",
    "tvl1",
    "tvl1_options",
    "two_view_options",
    "undistort_points",
    "uniqueness",
    "upsampled_soft_argmin",
    "upsampled_soft_argmin_backward",
    "version",
    "volume_lookup",
    "volume_lookup_backward",
    "volume_lookup_backward_coordinates",
    "warp",
    "warp_features",
    "warp_features_backward",
    "warp_rounded",
    "winner_takes_all",
]

@typing.overload
def absolute_differences(
    left: numpy.typing.NDArray[numpy.uint8],
    right: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]: ...
@typing.overload
def absolute_differences(
    left: numpy.typing.NDArray[numpy.uint16],
    right: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.int32]: ...
@typing.overload
def absolute_differences(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def absolute_differences(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def absolute_pose(
    points: numpy.typing.NDArray[numpy.float64],
    charts: numpy.typing.NDArray[numpy.float64],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
    confidence: typing.SupportsFloat | typing.SupportsIndex,
    max_iterations: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[tuple[typing.Any, ...], numpy.typing.NDArray[numpy.uint8]]: ...
def absolute_pose_options() -> dict[str, typing.Any]: ...
def active_isa() -> str:
    """
    Instruction set the kernels run with.
    """

@typing.overload
def ad_census(
    left: numpy.typing.NDArray[numpy.uint8], right: numpy.typing.NDArray[numpy.uint8], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of ADCensusOptions.
    """

@typing.overload
def ad_census(
    left: numpy.typing.NDArray[numpy.uint16], right: numpy.typing.NDArray[numpy.uint16], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of ADCensusOptions.
    """

@typing.overload
def ad_census(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    options: dict[str, typing.Any],
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of ADCensusOptions.
    """

def ad_census_forget() -> None:
    """
    Free the memory that waits for the next call with the same options.
    """

def ad_census_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::ADCensusOptions.
    """

def align_points(
    source: numpy.typing.NDArray[numpy.float64],
    target: numpy.typing.NDArray[numpy.float64],
    weights: numpy.typing.NDArray[numpy.float64],
    with_scale: bool,
) -> tuple[typing.Any, ...]: ...
def align_points_robust(
    source: numpy.typing.NDArray[numpy.float64],
    target: numpy.typing.NDArray[numpy.float64],
    thresholds: numpy.typing.NDArray[numpy.float64],
    with_scale: bool,
    confidence: typing.SupportsFloat | typing.SupportsIndex,
    max_iterations: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[tuple[typing.Any, ...], numpy.typing.NDArray[numpy.uint8]]: ...
def align_points_robust_options() -> dict[str, typing.Any]: ...
@typing.overload
def all_pairs_correlation(
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def all_pairs_correlation(
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def all_pairs_correlation_1d(
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def all_pairs_correlation_1d(
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def all_pairs_correlation_1d_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def all_pairs_correlation_1d_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def all_pairs_correlation_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def all_pairs_correlation_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def available_isas() -> list[str]:
    """
    Instruction sets this processor and binary allow, smallest first.
    """

@typing.overload
def birchfield_tomasi(
    left: numpy.typing.NDArray[numpy.uint8],
    right: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def birchfield_tomasi(
    left: numpy.typing.NDArray[numpy.uint16],
    right: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def birchfield_tomasi(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def birchfield_tomasi(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def block_matching(
    left: numpy.typing.NDArray[numpy.uint8], right: numpy.typing.NDArray[numpy.uint8], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of BlockMatchingOptions.
    """

@typing.overload
def block_matching(
    left: numpy.typing.NDArray[numpy.uint16], right: numpy.typing.NDArray[numpy.uint16], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of BlockMatchingOptions.
    """

@typing.overload
def block_matching(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    options: dict[str, typing.Any],
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of BlockMatchingOptions.
    """

def block_matching_forget() -> None:
    """
    Free the memory that waits for the next call with the same options.
    """

def block_matching_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::BlockMatchingOptions.
    """

@typing.overload
def block_search(
    frame0: numpy.typing.NDArray[numpy.uint16],
    frame1: numpy.typing.NDArray[numpy.uint16],
    radius: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.int32], numpy.typing.NDArray[numpy.float32]]:
    """
    Displacement (2, H, W) of least cost, and costs (6, H, W): least, second, left, right, above, below.
    """

@typing.overload
def block_search(
    frame0: numpy.typing.NDArray[numpy.int64],
    frame1: numpy.typing.NDArray[numpy.int64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.int32], numpy.typing.NDArray[numpy.float32]]:
    """
    Displacement (2, H, W) of least cost, and costs (6, H, W): least, second, left, right, above, below.
    """

@typing.overload
def box_aggregation(
    volume: numpy.typing.NDArray[numpy.uint8],
    window: typing.SupportsInt | typing.SupportsIndex,
    mean: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def box_aggregation(
    volume: numpy.typing.NDArray[numpy.uint16],
    window: typing.SupportsInt | typing.SupportsIndex,
    mean: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def box_aggregation(
    volume: numpy.typing.NDArray[numpy.int32],
    window: typing.SupportsInt | typing.SupportsIndex,
    mean: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def box_aggregation(
    volume: numpy.typing.NDArray[numpy.float32],
    window: typing.SupportsInt | typing.SupportsIndex,
    mean: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def box_aggregation(
    volume: numpy.typing.NDArray[numpy.float64],
    window: typing.SupportsInt | typing.SupportsIndex,
    mean: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def census_transform(
    image: numpy.typing.NDArray[numpy.uint8], window: str, num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.int64]: ...
@typing.overload
def census_transform(
    image: numpy.typing.NDArray[numpy.uint16], window: str, num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.int64]: ...
@typing.overload
def census_transform(
    image: numpy.typing.NDArray[numpy.float32], window: str, num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.int64]: ...
@typing.overload
def census_transform(
    image: numpy.typing.NDArray[numpy.float64], window: str, num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.int64]: ...
def cheirality_votes(
    rays0: numpy.typing.NDArray[numpy.float64],
    rays1: numpy.typing.NDArray[numpy.float64],
    rotations: numpy.typing.NDArray[numpy.float64],
    translations: numpy.typing.NDArray[numpy.float64],
    min_angle_rad: typing.SupportsFloat | typing.SupportsIndex,
) -> list[int]: ...
@typing.overload
def concatenated_volume(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def concatenated_volume(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def concatenated_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float32], num_threads: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def concatenated_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float64], num_threads: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def convex_upsample(
    coarse: numpy.typing.NDArray[numpy.float32],
    logits: numpy.typing.NDArray[numpy.float32],
    factor: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    repeats: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def convex_upsample(
    coarse: numpy.typing.NDArray[numpy.float64],
    logits: numpy.typing.NDArray[numpy.float64],
    factor: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    repeats: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def convolution(
    input: numpy.typing.NDArray[numpy.float32],
    weight: numpy.typing.NDArray[numpy.float32],
    bias: numpy.typing.NDArray[numpy.float32] | None,
    residual: numpy.typing.NDArray[numpy.float32] | None,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    relu: bool,
    bfloat16: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def convolution(
    input: numpy.typing.NDArray[numpy.float64],
    weight: numpy.typing.NDArray[numpy.float64],
    bias: numpy.typing.NDArray[numpy.float64] | None,
    residual: numpy.typing.NDArray[numpy.float64] | None,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    relu: bool,
    bfloat16: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def correct_matches(
    F: numpy.typing.NDArray[numpy.float64],
    points0: numpy.typing.NDArray[numpy.float32],
    points1: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def correct_matches(
    F: numpy.typing.NDArray[numpy.float64],
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def correlation_costs(
    left: numpy.typing.NDArray[numpy.uint8],
    right: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    means: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_costs(
    left: numpy.typing.NDArray[numpy.uint16],
    right: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    means: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_costs(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    means: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_costs(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    means: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def correlation_features(
    features1: numpy.typing.NDArray[numpy.float32],
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_features(
    features1: numpy.typing.NDArray[numpy.float64],
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def correlation_features_backward(
    d_packed: numpy.typing.NDArray[numpy.float32],
    channels: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    width: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_features_backward(
    d_packed: numpy.typing.NDArray[numpy.float64],
    channels: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    width: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def correlation_lookup_1d(
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    x: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_lookup_1d(
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    x: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def correlation_lookup_1d_backward(
    d_out: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    x: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def correlation_lookup_1d_backward(
    d_out: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    x: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def correlation_lookup_1d_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    x: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def correlation_lookup_1d_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    x: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def cost_volume_2d(
    frame0: numpy.typing.NDArray[numpy.uint8],
    frame1: numpy.typing.NDArray[numpy.uint8],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cost_volume_2d(
    frame0: numpy.typing.NDArray[numpy.uint16],
    frame1: numpy.typing.NDArray[numpy.uint16],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cost_volume_2d(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cost_volume_2d(
    frame0: numpy.typing.NDArray[numpy.float64],
    frame1: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def cost_volume_2d_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def cost_volume_2d_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    frame0: numpy.typing.NDArray[numpy.float64],
    frame1: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def cross_aggregation(
    volume: numpy.typing.NDArray[numpy.uint8],
    arms: numpy.typing.NDArray[numpy.uint8],
    columns_first: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cross_aggregation(
    volume: numpy.typing.NDArray[numpy.uint16],
    arms: numpy.typing.NDArray[numpy.uint8],
    columns_first: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cross_aggregation(
    volume: numpy.typing.NDArray[numpy.int32],
    arms: numpy.typing.NDArray[numpy.uint8],
    columns_first: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cross_aggregation(
    volume: numpy.typing.NDArray[numpy.float32],
    arms: numpy.typing.NDArray[numpy.uint8],
    columns_first: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def cross_arms(
    image: numpy.typing.NDArray[numpy.uint8],
    arm: typing.SupportsInt | typing.SupportsIndex,
    inner: typing.SupportsInt | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    outer_threshold: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
@typing.overload
def cross_arms(
    image: numpy.typing.NDArray[numpy.uint16],
    arm: typing.SupportsInt | typing.SupportsIndex,
    inner: typing.SupportsInt | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    outer_threshold: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
@typing.overload
def cross_arms(
    image: numpy.typing.NDArray[numpy.int32],
    arm: typing.SupportsInt | typing.SupportsIndex,
    inner: typing.SupportsInt | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    outer_threshold: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
@typing.overload
def cross_arms(
    image: numpy.typing.NDArray[numpy.float32],
    arm: typing.SupportsInt | typing.SupportsIndex,
    inner: typing.SupportsInt | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    outer_threshold: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
def decompose_essential(matrix: numpy.typing.NDArray[numpy.float64]) -> tuple[typing.Any, ...]: ...
def decompose_homography(matrix: numpy.typing.NDArray[numpy.float64]) -> tuple[typing.Any, ...]: ...
@typing.overload
def difference_volume(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def difference_volume(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def difference_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def difference_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def differences_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def differences_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsInt | typing.SupportsIndex,
    squared: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def distortion_limit(coefficients: numpy.typing.NDArray[numpy.float64]) -> float: ...
def eight_point_fundamental(
    points0: numpy.typing.NDArray[numpy.float64], points1: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
def estimate_essential(
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    camera0: typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(4)"],
    camera1: typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(4)"],
    spread0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
    spread1: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
    confidence: typing.SupportsFloat | typing.SupportsIndex,
    max_iterations: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, typing.Any]: ...
def estimate_fundamental(
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
    confidence: typing.SupportsFloat | typing.SupportsIndex,
    max_iterations: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, typing.Any]: ...
def estimate_homography(
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
    confidence: typing.SupportsFloat | typing.SupportsIndex,
    max_iterations: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, typing.Any]: ...
@typing.overload
def fast_global_smoothing(
    map: numpy.typing.NDArray[numpy.float32],
    guide: numpy.typing.NDArray[numpy.uint8],
    confidence: numpy.typing.NDArray[numpy.float32] | None,
    lambda_: typing.SupportsFloat | typing.SupportsIndex,
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def fast_global_smoothing(
    map: numpy.typing.NDArray[numpy.float32],
    guide: numpy.typing.NDArray[numpy.uint16],
    confidence: numpy.typing.NDArray[numpy.float32] | None,
    lambda_: typing.SupportsFloat | typing.SupportsIndex,
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def fast_global_smoothing(
    map: numpy.typing.NDArray[numpy.float32],
    guide: numpy.typing.NDArray[numpy.float32],
    confidence: numpy.typing.NDArray[numpy.float32] | None,
    lambda_: typing.SupportsFloat | typing.SupportsIndex,
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def fast_global_smoothing(
    map: numpy.typing.NDArray[numpy.float64],
    guide: numpy.typing.NDArray[numpy.float64],
    confidence: numpy.typing.NDArray[numpy.float64] | None,
    lambda_: typing.SupportsFloat | typing.SupportsIndex,
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def fill_background(
    disparity: numpy.typing.NDArray[numpy.float32],
    occluded: numpy.typing.NDArray[numpy.uint8],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
def five_point_essentials(
    points0: numpy.typing.NDArray[numpy.float64], points1: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
def four_point_homography(
    points0: numpy.typing.NDArray[numpy.float64], points1: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def group_wise_volume(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    groups: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def group_wise_volume(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    groups: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def group_wise_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float32],
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def group_wise_volume_backward(
    d_volume: numpy.typing.NDArray[numpy.float64],
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def guided_filter(
    values: numpy.typing.NDArray[numpy.float32],
    guide: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    epsilon: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def guided_filter(
    values: numpy.typing.NDArray[numpy.float64],
    guide: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    epsilon: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def halve_volume(
    volume: numpy.typing.NDArray[numpy.float32], num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def halve_volume(
    volume: numpy.typing.NDArray[numpy.float64], num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def halve_volume_backward(
    d_half: numpy.typing.NDArray[numpy.float32],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def halve_volume_backward(
    d_half: numpy.typing.NDArray[numpy.float64],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def hamming_distances(
    left: numpy.typing.NDArray[numpy.int64],
    right: numpy.typing.NDArray[numpy.int64],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
def has_matrix_pairs() -> bool:
    """
    Whether pairs of bfloat16 are, in lanes (AVX512_BF16).
    """

def has_matrix_tiles() -> bool:
    """
    Whether tiles of bfloat16 are multiplied in hardware (AMX).
    """

def horn_schunck(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
    finest_warps: typing.SupportsInt | typing.SupportsIndex,
    median: typing.SupportsInt | typing.SupportsIndex,
    check_occlusion: bool,
    alpha: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def horn_schunck_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ HornSchunckOptions.
    """

def inverse_search(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
    finest_warps: typing.SupportsInt | typing.SupportsIndex,
    median: typing.SupportsInt | typing.SupportsIndex,
    check_occlusion: bool,
    data_weight: typing.SupportsFloat | typing.SupportsIndex,
    theta: typing.SupportsFloat | typing.SupportsIndex,
    tau: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    brightness_cell: typing.SupportsInt | typing.SupportsIndex,
    patch_size: typing.SupportsInt | typing.SupportsIndex,
    patch_step: typing.SupportsInt | typing.SupportsIndex,
    descents: typing.SupportsInt | typing.SupportsIndex,
    propagations: typing.SupportsInt | typing.SupportsIndex,
    finest_search: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def inverse_search_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ InverseSearchOptions.
    """

@typing.overload
def kept_lookup_1d(
    features0: numpy.typing.NDArray[numpy.float32],
    features1: numpy.typing.NDArray[numpy.float32],
    x: numpy.typing.NDArray[numpy.float32],
    kept: numpy.typing.NDArray[numpy.float32],
    firsts: numpy.typing.NDArray[numpy.int32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def kept_lookup_1d(
    features0: numpy.typing.NDArray[numpy.float64],
    features1: numpy.typing.NDArray[numpy.float64],
    x: numpy.typing.NDArray[numpy.float64],
    kept: numpy.typing.NDArray[numpy.float64],
    firsts: numpy.typing.NDArray[numpy.int32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def left_right_check(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    tolerance: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
@typing.overload
def local_correlation(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def local_correlation(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def local_correlation_backward(
    d_out: numpy.typing.NDArray[numpy.float32],
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    radius: typing.SupportsInt | typing.SupportsIndex,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def local_correlation_backward(
    d_out: numpy.typing.NDArray[numpy.float64],
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    radius: typing.SupportsInt | typing.SupportsIndex,
    stride: typing.SupportsInt | typing.SupportsIndex,
    dilation: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
def lucas_kanade(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
    finest_warps: typing.SupportsInt | typing.SupportsIndex,
    median: typing.SupportsInt | typing.SupportsIndex,
    min_confidence: typing.SupportsFloat | typing.SupportsIndex,
    check_occlusion: bool,
    window: typing.SupportsInt | typing.SupportsIndex,
    weighting: str,
    robust: typing.SupportsFloat | typing.SupportsIndex,
    min_eigenvalue: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def lucas_kanade_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ LucasKanadeOptions.
    """

@typing.overload
def luma(rgb: numpy.typing.NDArray[numpy.uint8]) -> numpy.typing.NDArray[numpy.uint8]: ...
@typing.overload
def luma(rgb: numpy.typing.NDArray[numpy.uint16]) -> numpy.typing.NDArray[numpy.uint16]: ...
@typing.overload
def luma(rgb: numpy.typing.NDArray[numpy.float32]) -> numpy.typing.NDArray[numpy.float32]: ...
def median(
    disparity: numpy.typing.NDArray[numpy.float32],
    size: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
def nearest_known(
    disparity: numpy.typing.NDArray[numpy.float32], num_threads: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float32]: ...
def p3p(
    rays: numpy.typing.NDArray[numpy.float64], points: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def packed_lookup(
    features0: numpy.typing.NDArray[numpy.float32],
    packed: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def packed_lookup(
    features0: numpy.typing.NDArray[numpy.float64],
    packed: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def packed_lookup_backward(
    d_out: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    packed: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def packed_lookup_backward(
    d_out: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    packed: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
@typing.overload
def packed_lookup_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float32],
    features0: numpy.typing.NDArray[numpy.float32],
    packed: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def packed_lookup_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float64],
    features0: numpy.typing.NDArray[numpy.float64],
    packed: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def patchmatch(
    left: numpy.typing.NDArray[numpy.uint8], right: numpy.typing.NDArray[numpy.uint8], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of PatchMatchOptions.
    """

@typing.overload
def patchmatch(
    left: numpy.typing.NDArray[numpy.uint16], right: numpy.typing.NDArray[numpy.uint16], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of PatchMatchOptions.
    """

@typing.overload
def patchmatch(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    options: dict[str, typing.Any],
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of PatchMatchOptions.
    """

def patchmatch_forget() -> None:
    """
    Free the memory that waits for the next call with the same options.
    """

def patchmatch_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::PatchMatchOptions.
    """

def perspective_n_point(
    points: numpy.typing.NDArray[numpy.float64],
    charts: numpy.typing.NDArray[numpy.float64],
    solver: typing.SupportsInt | typing.SupportsIndex,
    refine: bool,
) -> tuple[typing.Any, ...]: ...
def perspective_n_point_options() -> dict[str, typing.Any]: ...
def plane_sweep(
    reference: numpy.typing.NDArray[numpy.uint8],
    rays: numpy.typing.NDArray[numpy.float32],
    sources: collections.abc.Sequence[
        tuple[
            typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
            typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(9)"],
            typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(3)"],
            typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
        ]
    ],
    *,
    first: typing.SupportsFloat | typing.SupportsIndex,
    step: typing.SupportsFloat | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    contrast: typing.SupportsFloat | typing.SupportsIndex,
    min_parallax: typing.SupportsFloat | typing.SupportsIndex,
    speckle: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]:
    """
    (inverse depth, margin) of the reference; a source is (image, K R row by row, K t, known or None).
    """

def plane_sweep_costs(
    reference: numpy.typing.NDArray[numpy.uint8],
    rays: numpy.typing.NDArray[numpy.float32],
    sources: collections.abc.Sequence[
        tuple[
            typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
            typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(9)"],
            typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(3)"],
            typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
        ]
    ],
    *,
    first: typing.SupportsFloat | typing.SupportsIndex,
    step: typing.SupportsFloat | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Costs (H, W, count) of the planes, 0 ... 62.
    """

def plane_sweep_options() -> dict[str, typing.Any]: ...
def points_from_disparity(
    disparity: numpy.typing.NDArray[numpy.float32],
    *,
    focal_px: typing.SupportsFloat | typing.SupportsIndex,
    baseline_m: typing.SupportsFloat | typing.SupportsIndex,
    offset_px: typing.SupportsFloat | typing.SupportsIndex,
    cx_px: typing.SupportsFloat | typing.SupportsIndex,
    cy_px: typing.SupportsFloat | typing.SupportsIndex,
    focal_y_px: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def propagate_planes(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    planes: numpy.typing.NDArray[numpy.float32],
    right_planes: numpy.typing.NDArray[numpy.float32],
    min_disparity: typing.SupportsInt | typing.SupportsIndex,
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    iteration: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    step: typing.SupportsInt | typing.SupportsIndex,
    gamma: typing.SupportsFloat | typing.SupportsIndex,
    alpha: typing.SupportsFloat | typing.SupportsIndex,
    tau_colour: typing.SupportsFloat | typing.SupportsIndex,
    tau_gradient: typing.SupportsFloat | typing.SupportsIndex,
    max_slope: typing.SupportsFloat | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def propagate_planes(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    planes: numpy.typing.NDArray[numpy.float64],
    right_planes: numpy.typing.NDArray[numpy.float64],
    min_disparity: typing.SupportsInt | typing.SupportsIndex,
    max_disparity: typing.SupportsInt | typing.SupportsIndex,
    iteration: typing.SupportsInt | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    step: typing.SupportsInt | typing.SupportsIndex,
    gamma: typing.SupportsFloat | typing.SupportsIndex,
    alpha: typing.SupportsFloat | typing.SupportsIndex,
    tau_colour: typing.SupportsFloat | typing.SupportsIndex,
    tau_gradient: typing.SupportsFloat | typing.SupportsIndex,
    max_slope: typing.SupportsFloat | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
def recycled_bytes() -> int:
    """
    Bytes of earlier results that wait for the next one.
    """

def recycled_floats(count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float32]:
    """
    An array that holds anything, in the memory of earlier results where it is large.
    """

def recycled_forget() -> None:
    """
    Give them back to the system.
    """

def refine_absolute_pose(
    points: numpy.typing.NDArray[numpy.float64],
    charts: numpy.typing.NDArray[numpy.float64],
    start: numpy.typing.NDArray[numpy.float64],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def refine_fundamental(
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    start: typing.Annotated[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(9)"],
    max_error_px: typing.SupportsFloat | typing.SupportsIndex,
) -> dict[str, typing.Any]: ...
def reread_isa() -> str:
    """
    Read GEOMVISION_ISA again; for tests.
    """

def resolve_threads(arg0: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    Number of threads meant by num_threads (0: all cores).
    """

@typing.overload
def right_winners(
    volume: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def right_winners(
    volume: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def right_winners(
    volume: numpy.typing.NDArray[numpy.int32],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def right_winners(
    volume: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
def seven_point_fundamentals(
    points0: numpy.typing.NDArray[numpy.float64], points1: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def sgm(
    left: numpy.typing.NDArray[numpy.uint8], right: numpy.typing.NDArray[numpy.uint8], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of SGMOptions.
    """

@typing.overload
def sgm(
    left: numpy.typing.NDArray[numpy.uint16], right: numpy.typing.NDArray[numpy.uint16], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of SGMOptions.
    """

@typing.overload
def sgm(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    options: dict[str, typing.Any],
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) of a grey pair; `options` holds every field of SGMOptions.
    """

def sgm_forget() -> None:
    """
    Free the memory that waits for the next call with the same options.
    """

@typing.overload
def sgm_from_costs(
    costs: numpy.typing.NDArray[numpy.uint8], left: numpy.typing.NDArray[numpy.uint8], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) from costs (H, W, disparities) of at most 255 - p2 and the grey left image.
    """

@typing.overload
def sgm_from_costs(
    costs: numpy.typing.NDArray[numpy.uint8], left: numpy.typing.NDArray[numpy.uint16], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) from costs (H, W, disparities) of at most 255 - p2 and the grey left image.
    """

@typing.overload
def sgm_from_costs(
    costs: numpy.typing.NDArray[numpy.uint8], left: numpy.typing.NDArray[numpy.float32], options: dict[str, typing.Any]
) -> tuple[typing.Any, ...]:
    """
    (disparity, confidence, occluded) from costs (H, W, disparities) of at most 255 - p2 and the grey left image.
    """

def sgm_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::SGMOptions.
    """

@typing.overload
def sgm_paths(
    costs: numpy.typing.NDArray[numpy.uint8],
    guide: numpy.typing.NDArray[numpy.uint8],
    paths: typing.SupportsInt | typing.SupportsIndex,
    p1: typing.SupportsInt | typing.SupportsIndex,
    p2: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]:
    """
    Sums of path costs (H, W, disparities); P2 is lower where the guide changes.
    """

@typing.overload
def sgm_paths(
    costs: numpy.typing.NDArray[numpy.uint8],
    guide: numpy.typing.NDArray[numpy.uint16],
    paths: typing.SupportsInt | typing.SupportsIndex,
    p1: typing.SupportsInt | typing.SupportsIndex,
    p2: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]:
    """
    Sums of path costs (H, W, disparities); P2 is lower where the guide changes.
    """

@typing.overload
def sgm_paths(
    costs: numpy.typing.NDArray[numpy.uint8],
    guide: numpy.typing.NDArray[numpy.float32],
    paths: typing.SupportsInt | typing.SupportsIndex,
    p1: typing.SupportsInt | typing.SupportsIndex,
    p2: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]:
    """
    Sums of path costs (H, W, disparities); P2 is lower where the guide changes.
    """

@typing.overload
def sgm_paths(
    costs: numpy.typing.NDArray[numpy.uint8],
    guide: None,
    paths: typing.SupportsInt | typing.SupportsIndex,
    p1: typing.SupportsInt | typing.SupportsIndex,
    p2: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]:
    """
    Sums of path costs (H, W, disparities) with the same P2 everywhere.
    """

@typing.overload
def soft_argmin(
    costs: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def soft_argmin(
    costs: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def soft_argmin_backward(
    d_disparity: numpy.typing.NDArray[numpy.float32],
    costs: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def soft_argmin_backward(
    d_disparity: numpy.typing.NDArray[numpy.float64],
    costs: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def speckle(
    disparity: numpy.typing.NDArray[numpy.float32],
    size: typing.SupportsInt | typing.SupportsIndex,
    range_px: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def splat_mean(
    image: numpy.typing.NDArray[numpy.float32],
    flow: numpy.typing.NDArray[numpy.float32],
    importance: numpy.typing.NDArray[numpy.float32] | None,
    zero_holes: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def splat_mean(
    image: numpy.typing.NDArray[numpy.float64],
    flow: numpy.typing.NDArray[numpy.float64],
    importance: numpy.typing.NDArray[numpy.float64] | None,
    zero_holes: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def splat_sum(
    image: numpy.typing.NDArray[numpy.float32],
    flow: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def splat_sum(
    image: numpy.typing.NDArray[numpy.float64],
    flow: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def splat_sum_backward(
    d_sum: numpy.typing.NDArray[numpy.float32],
    image: numpy.typing.NDArray[numpy.float32],
    flow: numpy.typing.NDArray[numpy.float32],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def splat_sum_backward(
    d_sum: numpy.typing.NDArray[numpy.float64],
    image: numpy.typing.NDArray[numpy.float64],
    flow: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def squared_differences(
    left: numpy.typing.NDArray[numpy.uint8],
    right: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint16]: ...
@typing.overload
def squared_differences(
    left: numpy.typing.NDArray[numpy.uint16],
    right: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def squared_differences(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def squared_differences(
    left: numpy.typing.NDArray[numpy.float64],
    right: numpy.typing.NDArray[numpy.float64],
    first: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def subpixel(
    volume: numpy.typing.NDArray[numpy.uint8],
    winners: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    fit: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def subpixel(
    volume: numpy.typing.NDArray[numpy.uint16],
    winners: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    fit: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def subpixel(
    volume: numpy.typing.NDArray[numpy.int32],
    winners: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    fit: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def subpixel(
    volume: numpy.typing.NDArray[numpy.float32],
    winners: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    fit: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
def track_points(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    points: numpy.typing.NDArray[numpy.float64],
    *,
    window: typing.SupportsInt | typing.SupportsIndex,
    levels: typing.SupportsInt | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    accuracy: typing.SupportsFloat | typing.SupportsIndex,
    min_eigenvalue: typing.SupportsFloat | typing.SupportsIndex,
    forward_backward: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def track_points_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ TrackOptions.
    """

@typing.overload
def triangulate(
    projection0: numpy.typing.NDArray[numpy.float64],
    projection1: numpy.typing.NDArray[numpy.float64],
    points0: numpy.typing.NDArray[numpy.float32],
    points1: numpy.typing.NDArray[numpy.float32],
    *,
    method: typing.SupportsInt | typing.SupportsIndex,
    sigma_px: typing.SupportsFloat | typing.SupportsIndex,
    min_angle_rad: typing.SupportsFloat | typing.SupportsIndex,
    measured: bool,
    covariance: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    Points, reasons, errors, angles and covariances; None for what is not wanted.
    """

@typing.overload
def triangulate(
    projection0: numpy.typing.NDArray[numpy.float64],
    projection1: numpy.typing.NDArray[numpy.float64],
    points0: numpy.typing.NDArray[numpy.float64],
    points1: numpy.typing.NDArray[numpy.float64],
    *,
    method: typing.SupportsInt | typing.SupportsIndex,
    sigma_px: typing.SupportsFloat | typing.SupportsIndex,
    min_angle_rad: typing.SupportsFloat | typing.SupportsIndex,
    measured: bool,
    covariance: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    Points, reasons, errors, angles and covariances; None for what is not wanted.
    """

@typing.overload
def triangulate_views(
    projections: numpy.typing.NDArray[numpy.float64],
    points: numpy.typing.NDArray[numpy.float32],
    *,
    method: typing.SupportsInt | typing.SupportsIndex,
    sigma_px: typing.SupportsFloat | typing.SupportsIndex,
    min_angle_rad: typing.SupportsFloat | typing.SupportsIndex,
    measured: bool,
    covariance: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    As triangulate, of points (views, N, 2).
    """

@typing.overload
def triangulate_views(
    projections: numpy.typing.NDArray[numpy.float64],
    points: numpy.typing.NDArray[numpy.float64],
    *,
    method: typing.SupportsInt | typing.SupportsIndex,
    sigma_px: typing.SupportsFloat | typing.SupportsIndex,
    min_angle_rad: typing.SupportsFloat | typing.SupportsIndex,
    measured: bool,
    covariance: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    As triangulate, of points (views, N, 2).
    """

def tvl1(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
    finest_warps: typing.SupportsInt | typing.SupportsIndex,
    median: typing.SupportsInt | typing.SupportsIndex,
    check_occlusion: bool,
    data_weight: typing.SupportsFloat | typing.SupportsIndex,
    theta: typing.SupportsFloat | typing.SupportsIndex,
    tau: typing.SupportsFloat | typing.SupportsIndex,
    iterations: typing.SupportsInt | typing.SupportsIndex,
    brightness_cell: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def tvl1_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ TVL1Options.
    """

def two_view_options() -> dict[str, typing.Any]: ...
def undistort_points(
    pixels: numpy.typing.NDArray[numpy.float64],
    intrinsics: numpy.typing.NDArray[numpy.float64],
    coefficients: numpy.typing.NDArray[numpy.float64],
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def uniqueness(
    disparity: numpy.typing.NDArray[numpy.float32],
    cost: numpy.typing.NDArray[numpy.uint8],
    second: numpy.typing.NDArray[numpy.uint8],
    percent: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def uniqueness(
    disparity: numpy.typing.NDArray[numpy.float32],
    cost: numpy.typing.NDArray[numpy.uint16],
    second: numpy.typing.NDArray[numpy.uint16],
    percent: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def uniqueness(
    disparity: numpy.typing.NDArray[numpy.float32],
    cost: numpy.typing.NDArray[numpy.int32],
    second: numpy.typing.NDArray[numpy.int32],
    percent: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def uniqueness(
    disparity: numpy.typing.NDArray[numpy.float32],
    cost: numpy.typing.NDArray[numpy.float32],
    second: numpy.typing.NDArray[numpy.float32],
    percent: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def upsampled_soft_argmin(
    costs: numpy.typing.NDArray[numpy.float32],
    disparities: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    width: typing.SupportsInt | typing.SupportsIndex,
    first: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def upsampled_soft_argmin(
    costs: numpy.typing.NDArray[numpy.float64],
    disparities: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    width: typing.SupportsInt | typing.SupportsIndex,
    first: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def upsampled_soft_argmin_backward(
    d_disparity: numpy.typing.NDArray[numpy.float32],
    costs: numpy.typing.NDArray[numpy.float32],
    disparities: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def upsampled_soft_argmin_backward(
    d_disparity: numpy.typing.NDArray[numpy.float64],
    costs: numpy.typing.NDArray[numpy.float64],
    disparities: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def volume_lookup(
    volume: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def volume_lookup(
    volume: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def volume_lookup_backward(
    d_out: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def volume_lookup_backward(
    d_out: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    height1: typing.SupportsInt | typing.SupportsIndex,
    width1: typing.SupportsInt | typing.SupportsIndex,
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def volume_lookup_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float32],
    volume: numpy.typing.NDArray[numpy.float32],
    coordinates: numpy.typing.NDArray[numpy.float32],
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def volume_lookup_backward_coordinates(
    d_out: numpy.typing.NDArray[numpy.float64],
    volume: numpy.typing.NDArray[numpy.float64],
    coordinates: numpy.typing.NDArray[numpy.float64],
    level: typing.SupportsInt | typing.SupportsIndex,
    radius: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def warp(
    image: numpy.typing.NDArray[numpy.float32],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    with_inside: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8] | None]: ...
@typing.overload
def warp(
    image: numpy.typing.NDArray[numpy.uint8],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    with_inside: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8] | None]: ...
@typing.overload
def warp(
    image: numpy.typing.NDArray[numpy.uint16],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    with_inside: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8] | None]: ...
@typing.overload
def warp_features(
    image: numpy.typing.NDArray[numpy.float32],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8]]: ...
@typing.overload
def warp_features(
    image: numpy.typing.NDArray[numpy.float64],
    displacement: numpy.typing.NDArray[numpy.float64],
    bicubic: bool,
    outside: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.uint8]]: ...
@typing.overload
def warp_features_backward(
    d_warped: numpy.typing.NDArray[numpy.float32],
    image: numpy.typing.NDArray[numpy.float32],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def warp_features_backward(
    d_warped: numpy.typing.NDArray[numpy.float64],
    image: numpy.typing.NDArray[numpy.float64],
    displacement: numpy.typing.NDArray[numpy.float64],
    bicubic: bool,
    outside: str,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def warp_rounded(
    image: numpy.typing.NDArray[numpy.uint8],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    with_inside: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.uint8], numpy.typing.NDArray[numpy.uint8] | None]: ...
@typing.overload
def warp_rounded(
    image: numpy.typing.NDArray[numpy.uint16],
    displacement: numpy.typing.NDArray[numpy.float32],
    bicubic: bool,
    outside: str,
    with_inside: bool,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.uint16], numpy.typing.NDArray[numpy.uint8] | None]: ...
@typing.overload
def winner_takes_all(
    volume: numpy.typing.NDArray[numpy.uint8],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[
    numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8], numpy.typing.NDArray[numpy.uint8]
]: ...
@typing.overload
def winner_takes_all(
    volume: numpy.typing.NDArray[numpy.uint16],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[
    numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint16], numpy.typing.NDArray[numpy.uint16]
]: ...
@typing.overload
def winner_takes_all(
    volume: numpy.typing.NDArray[numpy.int32],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[
    numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.int32], numpy.typing.NDArray[numpy.int32]
]: ...
@typing.overload
def winner_takes_all(
    volume: numpy.typing.NDArray[numpy.float32],
    first: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[
    numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]
]: ...

version: str = "0.1.0"
