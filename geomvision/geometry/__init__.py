"""Geometry of one, two and more views: what lies between cameras and methods."""

from .triangulation import correct_matches, triangulate, triangulate_views

__all__ = [
    "correct_matches",
    "triangulate",
    "triangulate_views",
]
