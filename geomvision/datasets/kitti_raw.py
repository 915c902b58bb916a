"""KITTI raw: drives of the synced and rectified data, pairs of colour images with laser depth (Geiger et al., 2013)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera, StereoRig
from ..geometry import nearest_pose
from ..images import Image
from ..io._files import naming, read_text
from ..results import Depth
from ..samples import DepthSample, StereoSample
from ._base import Listed
from ._files import partner
from ._kitti_truth import check_rectified_size
from ._velodyne import depth_of_points, kitti_velo_to_cam, read_scan

_DRIVE, _FRAME = re.compile(r"\d{4}_\d\d_\d\d_drive_\d{4}_sync"), re.compile(r"\d{10}")
_SPLIT = "lines like '2011_09_26/2011_09_26_drive_0002_sync 0000000069 l', or with the image's path"


class KITTIRaw(Listed[DepthSample, Path]):
    """One sample per frame of the left colour camera, named ``2011_09_26_drive_0001_sync/0000000005``.

    Depth is that of the laser points in rectified camera 2, sparse, at the nearest pixel (the devkit for MATLAB, and
    figures of Eigen's split with it, place them half a pixel away: round(u) − 1 of pixels from 1). `stereo` is the
    pair with camera 3, where that lies there.

    Args:
        path: the folder of dates, or one date's.
        split: a text file that lists frames, such as Eigen's (Eigen et al., NeurIPS 2014); the right camera's ("r") are
            left out. Frames that are not on disk are left out, too. None: all frames.

    Raises:
        DatasetError: when there is no frame; the message tells the layout. FormatError for a list without frames.
    """

    layout = (
        "2011_09_26/calib_cam_to_cam.txt, calib_velo_to_cam.txt and, in 2011_09_26/2011_09_26_drive_0001_sync, "
        "image_02/data/0000000000.png, image_03/data and velodyne_points/data/0000000000.bin"
    )

    def __init__(self, path: str | Path, *, split: str | Path | None = None) -> None:
        self.split = None if split is None else Path(split)
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        patterns = ("*_sync/image_02/data/*", "*/*_sync/image_02/data/*")
        files = sorted(f for p in patterns for f in self.path.glob(p) if f.suffix in (".png", ".jpg"))
        found = {f"{file.parents[2].name}/{file.stem}": file for file in files}
        if self.split is None:
            return found
        return {name: found[name] for name in _listed(self.split) if name in found}

    def read(self, name: str) -> DepthSample:
        """Read one frame."""
        file = self._of(name)
        drive, image = file.parents[2], io.read_image(file)
        calib = drive.parent / "calib_cam_to_cam.txt"
        entries = io.read_kitti_calib(calib)
        height, width = image.shape[:2]
        with naming(calib, "KITTI calibration with P_rect_02, R_rect_00 and S_rect_02"):
            check_rectified_size(calib, entries, "02", image)
            P, R = entries["P_rect_02"].reshape(3, 4), entries["R_rect_00"].reshape(3, 3)
            camera = Camera.from_matrix(P[:, :3], width, height)
            T = np.eye(4)
            T[:3, :3], T[:3, 3] = R, np.linalg.solve(P[:, :3], P[:, 3])
            T = nearest_pose(T, "R_rect_00 and P_rect_02")
        other = drive / "image_03" / "data" / file.name
        scan = drive / "velodyne_points" / "data" / f"{file.stem}.bin"
        return DepthSample(
            name=name,
            image=image,
            camera=camera,
            depth=_depth(scan, camera, T) if scan.is_file() else None,
            stereo=None if not other.is_file() else _pair(name, image, other, calib),
        )


def _depth(scan: Path, camera: Camera, T_camera_0: Array) -> Depth:
    place = scan.parents[3] / "calib_velo_to_cam.txt"
    return depth_of_points(read_scan(scan), camera, T_camera_0 @ kitti_velo_to_cam(place))


def _pair(name: str, left: Image, right: Path, calib: Path) -> StereoSample:
    with naming(calib, "KITTI calibration of a rectified pair"):
        rig: StereoRig = io.kitti_rig(io.read_kitti_calib(calib), left.shape[1], left.shape[0], "colour")
    return StereoSample(name=name, left=left, right=partner(right, left), rig=rig)


def _listed(path: Path) -> list[str]:
    names = []
    for line in read_text(path, _SPLIT).splitlines():
        drive, frame = _DRIVE.search(line), _FRAME.search(line)
        if drive and frame and line.split()[-1:] != ["r"] and "image_03" not in line.split()[0]:
            names.append(f"{drive[0]}/{frame[0]}")
    if not names:
        raise io.FormatError(path, "lists no frame", _SPLIT)
    return names
