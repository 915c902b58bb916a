"""What methods return: arrays that know their unit, their gaps and how they were made."""

from .maps import Depth, Disparity, Flow, RelativeDepth, RelativeKind
from .run import Run
from .tracks import Tracks
from .triangulated import PointReason, TriangulatedPoints

__all__ = [
    "Depth",
    "Disparity",
    "Flow",
    "PointReason",
    "RelativeDepth",
    "RelativeKind",
    "Run",
    "Tracks",
    "TriangulatedPoints",
]
