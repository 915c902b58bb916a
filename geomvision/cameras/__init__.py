"""Cameras, rigs and poses.

Conventions: x right, y down, z forward; pixel centres at integers, so an image of width w covers
[-0.5, w - 0.5]. A pose ``T_a_b`` is the 4x4 matrix that takes coordinates in b to coordinates in a, and
poses chain by reading: ``T_a_c = T_a_b @ T_b_c``. Lengths are metres.
"""

from ._base import Array, CameraModel, check_camera
from .fisheye import KannalaBrandt
from .pinhole import Camera
from .poses import check_pose, inverse, pose
from .ray_table import RayTable
from .rig import StereoRig
from .undistortion import seen_in, undistort, undistort_maps, undistort_pixels
from .unified import ExtendedUnifiedCamera, UnifiedCamera

__all__ = [
    "Array",
    "Camera",
    "CameraModel",
    "ExtendedUnifiedCamera",
    "KannalaBrandt",
    "RayTable",
    "StereoRig",
    "UnifiedCamera",
    "check_camera",
    "check_pose",
    "inverse",
    "pose",
    "seen_in",
    "undistort",
    "undistort_maps",
    "undistort_pixels",
]
