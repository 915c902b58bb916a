"""Geometry of one, two and more views: what lies between cameras and methods."""

from .disparity import depth_error, points_from_disparity
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
from .rectification import Rectification, rectify
from .rectification_residual import RectificationRefused, VerticalResidual, vertical_residual
from .rectification_self import Correction, SelfRectification, mend_rig, self_rectify
from .rectification_uncalibrated import rectify_matches, rectify_uncalibrated
from .rectification_view import RectifiedView
from .triangulation import correct_matches, triangulate, triangulate_views

__all__ = [
    "Correction",
    "Matches",
    "Rectification",
    "RectificationRefused",
    "RectifiedView",
    "SelfRectification",
    "VerticalResidual",
    "correct_matches",
    "depth_error",
    "epipolar_distances",
    "epipolar_lines",
    "epipoles",
    "essential",
    "fundamental",
    "match_features",
    "mend_rig",
    "points_from_disparity",
    "rectify",
    "rectify_matches",
    "rectify_uncalibrated",
    "sampson_distance",
    "self_rectify",
    "skew",
    "symmetric_epipolar_distance",
    "triangulate",
    "triangulate_views",
    "vertical_residual",
]
