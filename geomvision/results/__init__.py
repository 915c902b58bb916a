"""What methods return: arrays that know their unit, their gaps and how they were made."""

from .maps import Depth, Disparity, Flow, RelativeDepth, RelativeKind
from .relative_pose import DEGENERACIES, RelativePose
from .run import Run
from .tracks import Tracks

__all__ = [
    "DEGENERACIES",
    "Depth",
    "Disparity",
    "Flow",
    "RelativeDepth",
    "RelativeKind",
    "RelativePose",
    "Run",
    "Tracks",
]
