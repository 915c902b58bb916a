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
    "resolve_threads",
    "sgm",
    "sgm_options",
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

version: str = "0.1.0"
