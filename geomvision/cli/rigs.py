"""A stereo rig from the calibration files a user has, told apart by what they hold; and a mended one written back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera, KannalaBrandt, StereoRig
from ..images import Image
from ..io._files import read_text
from . import sources

EXPECTED = (
    "a rig of Middlebury (cam0=…), KITTI (K_02: …, P0: …), OpenCV (M1, D1, M2, D2, R, T) or Kalibr (T_cn_cnm1), or two"
    " files: OpenCV's intrinsics and extrinsics, or ROS's camera_info of left and right"
)


def rig_of(paths: Sequence[Path], image: Image) -> StereoRig:
    """The rig of one or two calibration files, for images of this size.

    KITTI's file holds the recorded and the rectified rig: the size of the image tells which.

    Raises:
        FormatError: when a file is missing, damaged or of no known form.
        ValueError: when the rig is for images of another size.
    """
    texts = [read_text(path, EXPECTED) for path in paths]
    height, width = image.shape[:2]
    size = None if "image_width" in texts[0] else (width, height)
    if len(paths) == 2 and all("projection_matrix" in text for text in texts):
        rig = io.ros_rig(*(io.read_ros_camera(path) for path in paths))
    elif len(paths) <= 2 and "M1:" in texts[0]:
        rig = io.read_opencv_rig(paths[0], paths[1] if len(paths) == 2 else None, size=size)
    elif len(paths) != 1:
        raise io.FormatError(paths[0], f"and {len(paths) - 1} more make no rig", EXPECTED)
    elif "T_cn_cnm1" in texts[0]:
        rig = io.read_kalibr(paths[0]).rig()
    elif recorded := _recorded_by_kitti(paths[0], texts[0], image):
        rig = recorded
    elif any(mark in texts[0] for mark in ("cam0=", "P0:", "P_rect")):
        rig = sources.calibration(paths[0], image)[0]
    else:
        raise io.FormatError(paths[0], "holds no rig that is known", EXPECTED)
    if (rig.left.width, rig.left.height) != (width, height):
        given = f"{rig.left.width}x{rig.left.height}"
        raise ValueError(f"{paths[0]} is for images of {given} pixels, but the image is {width}x{height}")
    return rig


def write_rig(path: Path, rig: StereoRig) -> None:
    """Write a rig that need not be rectified: as OpenCV does where its models suffice, else as Kalibr's chain."""
    left, right = rig.left, rig.right
    alike = type(left) is type(right) and (left.width, left.height) == (right.width, right.height)
    if alike and isinstance(left, Camera | KannalaBrandt):
        io.write_opencv_rig(path, rig)
    else:
        chain = io.KalibrChain(cameras=(left, right), T_camera_first=(np.eye(4), rig.T_right_left), topics=("", ""))
        io.write_kalibr(path, chain)


def _recorded_by_kitti(path: Path, text: str, image: Image) -> StereoRig | None:
    """The colour cameras' rig for RGB, where the file has them, else the grey ones'; None for rectified images."""
    if "K_00:" not in text and "K_02:" not in text:
        return None
    calib = io.read_kitti_calib(path)
    left = 2 if image.ndim == 3 and "K_03" in calib else 0
    size = calib.get(f"S_{left:02d}", np.zeros(2))
    return io.kitti_raw_rig(calib, left, left + 1) if tuple(size) == image.shape[1::-1] else None
