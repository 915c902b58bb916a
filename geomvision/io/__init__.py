"""File formats: images, videos, disparity, flow, depth, points and calibration. OpenCV is imported by the first image.

`read_image`, `read_disparity`, `read_flow` and `read_depth` choose by the file's ending; the functions that name
a format read and write just that one, as plain arrays. Whatever is wrong with a file is a `FormatError`.
"""

from ._files import FormatError
from .camera_json import read_camera_json, write_camera_json
from .colmap import ColmapImage, ColmapModel, read_colmap, write_colmap
from .flo import read_flo, write_flo
from .frames import Frame, Frames, read_frames
from .image import read_image, write_image
from .kalibr import KalibrChain, read_kalibr, write_kalibr
from .kitti import (
    kitti_entries,
    kitti_raw_rig,
    kitti_rig,
    read_kitti_calib,
    read_kitti_depth,
    read_kitti_disparity,
    read_kitti_flow,
    write_kitti_calib,
    write_kitti_depth,
    write_kitti_disparity,
    write_kitti_flow,
)
from .maps import read_depth, read_disparity, read_flow, write_depth, write_disparity, write_flow
from .masks import read_masks
from .middlebury import MiddleburyCalibration, read_middlebury_calib, write_middlebury_calib
from .opencv import read_opencv_camera, read_opencv_rig, write_opencv_camera, write_opencv_rig
from .pfm import read_pfm, write_pfm
from .ply import read_ply, write_ply
from .point_pairs import read_point_pairs
from .rigs import CAMERA_FORMATS, RIG_FORMATS, read_camera, read_rig, write_camera, write_rig
from .ros import RosCamera, read_ros_camera, ros_cameras, ros_rectified_rig, ros_rig, write_ros_camera
from .scaled import read_scaled
from .sintel import read_dpt, read_sintel_camera, read_sintel_disparity
from .spring import read_dsp5, read_flo5
from .tum import Trajectory, read_tum_trajectory, tum_camera, write_tum_trajectory

__all__ = [
    "CAMERA_FORMATS",
    "RIG_FORMATS",
    "ColmapImage",
    "ColmapModel",
    "FormatError",
    "Frame",
    "Frames",
    "KalibrChain",
    "MiddleburyCalibration",
    "RosCamera",
    "Trajectory",
    "kitti_entries",
    "kitti_raw_rig",
    "kitti_rig",
    "read_camera",
    "read_camera_json",
    "read_colmap",
    "read_depth",
    "read_disparity",
    "read_dpt",
    "read_dsp5",
    "read_flo",
    "read_flo5",
    "read_flow",
    "read_frames",
    "read_image",
    "read_kalibr",
    "read_kitti_calib",
    "read_kitti_depth",
    "read_kitti_disparity",
    "read_kitti_flow",
    "read_masks",
    "read_middlebury_calib",
    "read_opencv_camera",
    "read_opencv_rig",
    "read_pfm",
    "read_ply",
    "read_point_pairs",
    "read_rig",
    "read_ros_camera",
    "read_scaled",
    "read_sintel_camera",
    "read_sintel_disparity",
    "read_tum_trajectory",
    "ros_cameras",
    "ros_rectified_rig",
    "ros_rig",
    "tum_camera",
    "write_camera",
    "write_camera_json",
    "write_colmap",
    "write_depth",
    "write_disparity",
    "write_flo",
    "write_flow",
    "write_image",
    "write_kalibr",
    "write_kitti_calib",
    "write_kitti_depth",
    "write_kitti_disparity",
    "write_kitti_flow",
    "write_middlebury_calib",
    "write_opencv_camera",
    "write_opencv_rig",
    "write_pfm",
    "write_ply",
    "write_rig",
    "write_ros_camera",
    "write_tum_trajectory",
]
