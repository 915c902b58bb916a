"""A real rig that is not rectified, read from its published calibration."""

from dataclasses import dataclass
from typing import Any

import pytest

from geomvision import io
from geomvision.cameras import StereoRig


@dataclass(frozen=True)
class Recorded:
    left: Any
    right: Any
    rig: StereoRig


@pytest.fixture(scope="session")
def kitti_raw(real_data) -> Recorded:
    """Cameras 02 and 03 of KITTI raw as recorded: distorted, turned, with different focal lengths."""
    folder = real_data / "calibration" / "kitti_raw_unrectified_a"
    rig = io.kitti_raw_rig(io.read_kitti_calib(folder / "calib_cam_to_cam.txt"), 2, 3)
    return Recorded(io.read_image(folder / "left.png"), io.read_image(folder / "right.png"), rig)
