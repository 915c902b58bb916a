"""KITTI's depth completion and prediction: denser laser depth of many scans (Uhrig et al., 3DV 2017)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .. import io
from ..cameras import Camera
from ..images import Image
from ..io._files import naming
from ..results import Depth
from ..samples import DepthSample
from ._base import Listed
from ._files import depth_map, if_there, read_camera
from ._kitti_truth import check_rectified_size


class _Frame(NamedTuple):
    image: Path
    truth: Path | None
    sparse: Path | None
    #: intrinsics/….txt of the selection, or calib_cam_to_cam.txt of the raw data.
    calib: Path | None


class KITTIDepth(Listed[DepthSample, _Frame]):
    """One sample per image with accumulated laser depth; the laser's own scan is `sparse`.

    Of a selection (``val_selection_cropped``, ``test_depth_completion_anonymous``, …) names are those of the images.
    Of drives (``train``, ``val``) they are ``2011_09_26_drive_0001_sync/image_02/0000000005``; the images are of the
    raw data, which lie in the same drives, or below `raw`; frames without an image are left out.

    Args:
        path: the folder of a selection, one that holds it, or the folder of drives.
        raw: the folder of dates of the raw data; None where the images lie in the drives.

    Raises:
        DatasetError: when there is no frame with an image; the message tells the layout.
    """

    layout = (
        "image/, groundtruth_depth/, velodyne_raw/ and intrinsics/ of a selection such as val_selection_cropped, or "
        "2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/0000000005.png with images of the raw data in "
        "2011_09_26_drive_0002_sync/image_02/data (here, or in raw/2011_09_26)"
    )

    def __init__(self, path: str | Path, *, raw: str | Path | None = None) -> None:
        self.raw = None if raw is None else Path(raw)
        super().__init__(path)

    def _found(self) -> dict[str, _Frame]:
        for folder in (self.path, *sorted(self.path.glob("*/"))):
            if (folder / "image").is_dir():
                return {file.stem: _selected(folder, file) for file in sorted((folder / "image").glob("*.png"))}
        truths = sorted(self.path.glob("*_sync/proj_depth/groundtruth/image_0[23]/*.png"))
        frames = {file: self._of_drive(file) for file in truths}
        return {
            f"{file.parents[3].name}/{file.parent.name}/{file.stem}": frame
            for file, frame in frames.items()
            if frame is not None
        }

    def _of_drive(self, truth: Path) -> _Frame | None:
        drive, camera = truth.parents[3], truth.parent.name
        drives = [drive] if self.raw is None else [self.raw / drive.name[:10] / drive.name]
        image = next((f for d in drives if (f := d / camera / "data" / truth.name).is_file()), None)
        if image is None:
            return None
        sparse = drive / "proj_depth" / "velodyne_raw" / camera / truth.name
        return _Frame(image, truth, if_there(sparse), if_there(image.parents[3] / "calib_cam_to_cam.txt"))

    def read(self, name: str) -> DepthSample:
        """Read one frame."""
        frame = self._of(name)
        image = io.read_image(frame.image)
        camera: Camera | None = None
        if frame.calib is not None:
            raw = frame.calib.name == "calib_cam_to_cam.txt"
            camera = _raw_camera(frame.calib, frame.image, image) if raw else read_camera(frame.calib, image)
        truth, sparse = (None if path is None else _depth(path, image) for path in (frame.truth, frame.sparse))
        return DepthSample(name=name, image=image, camera=camera, depth=truth, sparse=sparse)


def _selected(folder: Path, image: Path) -> _Frame:
    def beside(room: str, part: str) -> Path | None:
        names = (image.name.replace("_image_", f"_{part}_", 1), image.name)
        return next((folder / room / name for name in names if (folder / room / name).is_file()), None)

    calib = if_there(folder / "intrinsics" / f"{image.stem}.txt")
    return _Frame(
        image, beside("groundtruth_depth", "groundtruth_depth"), beside("velodyne_raw", "velodyne_raw"), calib
    )


def _depth(path: Path, image: Image) -> Depth:
    return depth_map(path, io.read_kitti_depth(path), image)


def _raw_camera(path: Path, file: Path, image: Image) -> Camera:
    number = file.parents[1].name[-2:]
    entries, name = io.read_kitti_calib(path), f"P_rect_{number}"
    with naming(path, f"KITTI calibration with {name}"):
        check_rectified_size(path, entries, number, image)
        return Camera.from_matrix(entries[name].reshape(3, 4)[:, :3], image.shape[1], image.shape[0])
