"""Optical flow: one file is one method. `track_points` follows single points.

`forward_backward` gives any method occlusions and confidence; `occluded` and `round_trip_confidence` take two flows.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from ..registry import Registry

METHODS = Registry("flow", Path(__file__).parent)


#: Functions beside the methods, and their files.
_FUNCTIONS = {
    "forward_backward": "_round_trip",
    "occluded": "_round_trip",
    "round_trip_confidence": "_round_trip",
    "track_points": "_tracking",
}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module(f".{_FUNCTIONS[name]}", __package__), name)
    if name.startswith("_"):
        raise AttributeError(name)
    return METHODS.by_class_name(name)
