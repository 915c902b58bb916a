"""Geometry of one, two and more views: what lies between cameras and methods."""

from .alignment import align_points, align_points_robust

__all__ = ["align_points", "align_points_robust"]
