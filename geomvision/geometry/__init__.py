"""Geometry of one, two and more views: what lies between cameras and methods."""

from .epipolar import (
    epipolar_distances,
    epipolar_lines,
    epipoles,
    essential,
    fundamental,
    sampson_distance,
    skew,
    symmetric_epipolar_distance,
)
from .features import Matches, match_features

__all__ = [
    "Matches",
    "epipolar_distances",
    "epipolar_lines",
    "epipoles",
    "essential",
    "fundamental",
    "match_features",
    "sampson_distance",
    "skew",
    "symmetric_epipolar_distance",
]
