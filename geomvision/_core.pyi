# mypy: disable-error-code=overload-overlap
"""
The C++ core. Private: use geomvision.ops and the methods.
"""

from __future__ import annotations

import typing

import numpy
import numpy.typing

__all__: list[str] = [
    "active_isa",
    "available_isas",
    "block_matching",
    "block_matching_options",
    "cross_aggregation",
    "cross_arms",
    "fast_global_smoothing",
    "fill_background",
    "guided_filter",
    "horn_schunck",
    "horn_schunck_options",
    "left_right_check",
    "lucas_kanade",
    "lucas_kanade_options",
    "median",
    "resolve_threads",
    "right_winners",
    "sgm",
    "sgm_options",
    "soft_argmin",
    "soft_argmin_backward",
    "speckle",
    "subpixel",
    "track_points",
    "track_points_options",
    "uniqueness",
    "version",
    "winner_takes_all",
]

def active_isa() -> str:
    """
    Instruction set the kernels run with.
    """

def available_isas() -> list[str]:
    """
    Instruction sets this processor and binary allow, smallest first.
    """

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

def block_matching_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::BlockMatchingOptions.
    """

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
def horn_schunck(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
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

def left_right_check(
    left: numpy.typing.NDArray[numpy.float32],
    right: numpy.typing.NDArray[numpy.float32],
    tolerance: typing.SupportsFloat | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
def lucas_kanade(
    frame0: numpy.typing.NDArray[numpy.float32],
    frame1: numpy.typing.NDArray[numpy.float32],
    *,
    levels: typing.SupportsInt | typing.SupportsIndex,
    warps: typing.SupportsInt | typing.SupportsIndex,
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

def median(
    disparity: numpy.typing.NDArray[numpy.float32],
    size: typing.SupportsInt | typing.SupportsIndex,
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]: ...
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

def sgm_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::SGMOptions.
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
