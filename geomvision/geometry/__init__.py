"""Geometry of one, two and more views: what lies between cameras and methods."""

from .clips import nearest_pose
from .motion_segmentation import MotionSegmentation, motion_segmentation
from .rigid_flow import rigid_flow

__all__ = ["MotionSegmentation", "motion_segmentation", "nearest_pose", "rigid_flow"]
