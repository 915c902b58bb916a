"""Optical flow: one file is one method. `track_points` follows single points."""

from pathlib import Path
from typing import Any

from ..registry import Registry

METHODS = Registry("flow", Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name == "track_points":
        from ._tracking import track_points

        return track_points
    if name.startswith("_"):
        raise AttributeError(name)
    return METHODS.by_class_name(name)
