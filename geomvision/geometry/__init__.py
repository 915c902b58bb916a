"""Geometry of one, two and more views: what lies between cameras and methods."""

from .clips import nearest_pose

__all__ = ["nearest_pose"]
