"""Geometry of one, two and more views: what lies between cameras and methods."""

from .absolute_pose import absolute_pose, p3p, perspective_n_point, refine_absolute_pose
from .alignment import align_points, align_points_robust
from .bundle_adjustment import bundle_adjustment
from .disparity import depth_error, points_from_disparity
from .metric_pose import metric_relative_pose
from .triangulation import correct_matches, triangulate, triangulate_views

__all__ = [
    "absolute_pose",
    "align_points",
    "align_points_robust",
    "bundle_adjustment",
    "correct_matches",
    "depth_error",
    "metric_relative_pose",
    "p3p",
    "perspective_n_point",
    "points_from_disparity",
    "refine_absolute_pose",
    "triangulate",
    "triangulate_views",
]
