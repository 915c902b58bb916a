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
from .rectification import Rectification, rectify
from .rectification_residual import RectificationRefused, VerticalResidual, vertical_residual
from .rectification_self import Correction, SelfRectification, mend_rig, self_rectify
from .rectification_uncalibrated import rectify_matches, rectify_uncalibrated
from .rectification_view import RectifiedView

__all__ = [
    "Correction",
    "Matches",
    "Rectification",
    "RectificationRefused",
    "RectifiedView",
    "SelfRectification",
    "VerticalResidual",
    "epipolar_distances",
    "epipolar_lines",
    "epipoles",
    "essential",
    "fundamental",
    "match_features",
    "mend_rig",
    "rectify",
    "rectify_matches",
    "rectify_uncalibrated",
    "sampson_distance",
    "self_rectify",
    "skew",
    "symmetric_epipolar_distance",
    "vertical_residual",
]
