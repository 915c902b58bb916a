"""Geometry of one, two and more views: what lies between cameras and methods."""

from .disparity import depth_error, points_from_disparity
from .triangulation import correct_matches, triangulate, triangulate_views

__all__ = [
    "correct_matches",
    "depth_error",
    "points_from_disparity",
    "triangulate",
    "triangulate_views",
]
