"""Geometry of one, two and more views: what lies between cameras and methods."""

from .absolute_pose import absolute_pose, p3p, perspective_n_point, refine_absolute_pose
from .alignment import align_points, align_points_robust
from .bundle_adjustment import bundle_adjustment
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
from .clips import nearest_pose, pinhole_of
from .decimation import decimate
from .depth_registration import DepthRegistration, register_depth
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
from .fusion import colored_points, fuse
from .icp import icp
from .independent_motion import IndependentMotion, independent_motion
from .metric_pose import metric_relative_pose
from .motion_segmentation import MotionSegmentation, motion_segmentation
from .rectification import Rectification, rectify
from .rectification_residual import RectificationRefused, VerticalResidual, vertical_residual
from .rectification_self import Correction, SelfRectification, mend_rig, self_rectify
from .rectification_uncalibrated import rectify_matches, rectify_uncalibrated
from .rectification_view import RectifiedView
from .rigid_flow import rigid_flow
from .scene_flow import scene_flow
from .triangulation import correct_matches, triangulate, triangulate_views
from .two_view_solvers import (
    PlaneMotion,
    decompose_essential,
    decompose_homography,
    eight_point_fundamental,
    five_point_essentials,
    four_point_homography,
    seven_point_fundamentals,
)
from .visible_returns import visible_returns

__all__ = [
    "Board",
    "BoardNotFoundError",
    "BoardView",
    "Calibration",
    "CalibrationError",
    "Correction",
    "Coverage",
    "DepthRegistration",
    "IndependentMotion",
    "Matches",
    "MotionSegmentation",
    "PlaneMotion",
    "Rectification",
    "RectificationRefused",
    "RectifiedView",
    "SelfRectification",
    "StereoCalibration",
    "VerticalResidual",
    "absolute_pose",
    "align_points",
    "align_points_robust",
    "bundle_adjustment",
    "calibrate",
    "calibrate_stereo",
    "colored_points",
    "correct_matches",
    "decimate",
    "decompose_essential",
    "decompose_homography",
    "depth_error",
    "eight_point_fundamental",
    "epipolar_distances",
    "epipolar_lines",
    "epipoles",
    "essential",
    "find_corners",
    "five_point_essentials",
    "four_point_homography",
    "fundamental",
    "fuse",
    "icp",
    "independent_motion",
    "match_features",
    "mend_rig",
    "metric_relative_pose",
    "motion_segmentation",
    "nearest_pose",
    "p3p",
    "perspective_n_point",
    "pinhole_of",
    "points_from_disparity",
    "rectify",
    "rectify_matches",
    "rectify_uncalibrated",
    "refine_absolute_pose",
    "register_depth",
    "rigid_flow",
    "sampson_distance",
    "scene_flow",
    "self_rectify",
    "seven_point_fundamentals",
    "skew",
    "symmetric_epipolar_distance",
    "triangulate",
    "triangulate_views",
    "vertical_residual",
    "visible_returns",
]
