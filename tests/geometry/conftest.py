"""A real rig that is not rectified, read from its published calibration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, StereoRig, inverse, pose


@dataclass(frozen=True)
class Recorded:
    left: Any
    right: Any
    rig: StereoRig


@pytest.fixture(scope="session")
def kitti_raw(real_data) -> Recorded:
    """Cameras 02 and 03 of KITTI raw as recorded: distorted, turned, with different focal lengths."""
    folder = real_data / "calibration" / "kitti_raw_unrectified_a"
    calib = io.read_kitti_calib(folder / "calib_cam_to_cam.txt")
    cameras, poses = [], []
    for number in ("02", "03"):
        width, height = (int(v) for v in calib[f"S_{number}"])
        cameras.append(Camera.from_matrix(calib[f"K_{number}"], width, height, calib[f"D_{number}"]))
        u, _, vt = np.linalg.svd(calib[f"R_{number}"])  # seven digits are no rotation yet
        poses.append(pose(u @ vt, calib[f"T_{number}"].ravel()))
    rig = StereoRig(left=cameras[0], right=cameras[1], T_right_left=poses[1] @ inverse(poses[0]))
    return Recorded(io.read_image(folder / "left.png"), io.read_image(folder / "right.png"), rig)
