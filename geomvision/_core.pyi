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
    "ad_census",
    "ad_census_options",
    "available_isas",
    "block_matching",
    "block_matching_options",
    "horn_schunck",
    "horn_schunck_options",
    "lucas_kanade",
    "lucas_kanade_options",
    "patchmatch",
    "patchmatch_options",
    "propagate_planes",
    "resolve_threads",
    "sgm",
    "sgm_options",
    "soft_argmin",
    "soft_argmin_backward",
    "track_points",
    "track_points_options",
    "version",
]

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

def ad_census_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::ADCensusOptions.
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

def patchmatch_options() -> dict[str, typing.Any]:
    """
    Defaults of gv::stereo::PatchMatchOptions.
    """

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
def resolve_threads(arg0: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    Number of threads meant by num_threads (0: all cores).
    """

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

version: str = "0.1.0"
