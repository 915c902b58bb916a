"""Geometry of one, two and more views: what lies between cameras and methods."""

from .disparity import depth_error, points_from_disparity
from .triangulation import correct_matches, triangulate, triangulate_views

__all__ = [
    "correct_matches",
    "depth_error",
    "points_from_disparity",
    "triangulate",
    "triangulate_views",
from .absolute_pose import absolute_pose, p3p, perspective_n_point, refine_absolute_pose
from .alignment import align_points, align_points_robust
from .bundle_adjustment import bundle_adjustment
from .metric_pose import metric_relative_pose

__all__ = [
    "absolute_pose",
    "align_points",
    "align_points_robust",
    "bundle_adjustment",
    "metric_relative_pose",
    "p3p",
    "perspective_n_point",
    "refine_absolute_pose",
from .calibration import (
    Board,
    BoardNotFoundError,
    BoardView,
    Calibration,
    CalibrationError,
    Coverage,
    StereoCalibration,
    calibrate,
    calibrate_stereo,
    find_corners,
)

__all__ = [
    "Board",
    "BoardNotFoundError",
    "BoardView",
    "Calibration",
    "CalibrationError",
    "Coverage",
    "StereoCalibration",
    "calibrate",
    "calibrate_stereo",
    "find_corners",
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
