"""What methods return: arrays that know their unit, their gaps and how they were made."""

from .absolute_pose import AbsolutePose
from .alignment import Alignment
from .bundle import BundleAdjustment
from .cloud import PointCloud
from .depth_alignment import AlignedHow, DepthAlignment, RelativeKind
from .depth_references import CameraHeight, DepthPoints, DepthZones
from .maps import Depth, Disparity, Flow, RelativeDepth
from .metric_pose import MetricPose
from .relative_pose import DEGENERACIES, RelativePose
from .run import Run
from .scene_flow import SceneFlow
from .tracks import Tracks
from .triangulated import PointReason, TriangulatedPoints

__all__ = [
    "DEGENERACIES",
    "AbsolutePose",
    "AlignedHow",
    "Alignment",
    "BundleAdjustment",
    "CameraHeight",
    "Depth",
    "DepthAlignment",
    "DepthPoints",
    "DepthZones",
    "Disparity",
    "Flow",
    "MetricPose",
    "PointCloud",
    "PointReason",
    "RelativeDepth",
    "RelativeKind",
    "RelativePose",
    "Run",
    "SceneFlow",
    "Tracks",
    "TriangulatedPoints",
]
