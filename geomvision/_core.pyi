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
    "horn_schunck",
    "horn_schunck_options",
    "lucas_kanade",
    "lucas_kanade_options",
    "resolve_threads",
    "sgm",
    "sgm_options",
    "track_points",
    "track_points_options",
    "tvl1",
    "tvl1_options",
    "version",
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
    num_threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]: ...
def tvl1_options() -> dict[str, typing.Any]:
    """
    Defaults of the C++ TVL1Options.
    """

version: str = "0.1.0"
