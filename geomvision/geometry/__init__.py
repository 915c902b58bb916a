"""Geometry of one, two and more views: what lies between cameras and methods."""

from .clips import nearest_pose, pinhole_of
from .fusion import colored_points, fuse
from .motion_segmentation import MotionSegmentation, motion_segmentation
from .rigid_flow import rigid_flow

__all__ = [
    "MotionSegmentation",
    "colored_points",
    "fuse",
    "motion_segmentation",
    "nearest_pose",
    "pinhole_of",
    "rigid_flow",
]
