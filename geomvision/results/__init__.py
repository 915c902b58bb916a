"""What methods return: arrays that know their unit, their gaps and how they were made."""

from .cloud import PointCloud
from .maps import Depth, Disparity, Flow, RelativeDepth, RelativeKind
from .run import Run
from .tracks import Tracks

__all__ = ["Depth", "Disparity", "Flow", "PointCloud", "RelativeDepth", "RelativeKind", "Run", "Tracks"]
