"""File formats: images, disparity, flow, depth, points and calibration. OpenCV is imported by the first image only.

`read_image`, `read_disparity`, `read_flow` and `read_depth` choose by the file's ending; the functions that name
a format read and write just that one, as plain arrays. Whatever is wrong with a file is a `FormatError`.
"""

from ._files import FormatError
from .flo import read_flo, write_flo
from .image import read_image, write_image
from .kitti import (
    kitti_rig,
    read_kitti_calib,
    read_kitti_depth,
    read_kitti_disparity,
    read_kitti_flow,
    write_kitti_depth,
    write_kitti_disparity,
    write_kitti_flow,
)
from .maps import read_depth, read_disparity, read_flow, write_depth, write_disparity, write_flow
from .middlebury import MiddleburyCalibration, read_middlebury_calib, write_middlebury_calib
from .pfm import read_pfm, write_pfm
from .ply import read_ply, write_ply
from .scaled import read_scaled

__all__ = [
    "FormatError",
    "MiddleburyCalibration",
    "kitti_rig",
    "read_depth",
    "read_disparity",
    "read_flo",
    "read_flow",
    "read_image",
    "read_kitti_calib",
    "read_kitti_depth",
    "read_kitti_disparity",
    "read_kitti_flow",
    "read_middlebury_calib",
    "read_pfm",
    "read_ply",
    "read_scaled",
    "write_depth",
    "write_disparity",
    "write_flo",
    "write_flow",
    "write_image",
    "write_kitti_depth",
    "write_kitti_disparity",
    "write_kitti_flow",
    "write_middlebury_calib",
    "write_pfm",
    "write_ply",
]
