"""Any calibration file: its format is told by what it holds, not by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import checked
from ..cameras import Array, Camera, CameraModel, KannalaBrandt, StereoRig
from ..images import Image
from ._files import FormatError, PathLike, read_text
from .camera_json import read_camera_json, write_camera_json
from .colmap import read_colmap
from .kalibr import KalibrChain, read_kalibr, write_kalibr
from .kitti import kitti_raw_rig, kitti_rig_of, read_kitti_calib
from .middlebury import read_middlebury_calib
from .opencv import RIG_MATRICES, read_opencv_camera, read_opencv_rig, write_opencv_camera, write_opencv_rig
from .ros import read_ros_camera, ros_rectified_rig, ros_rig

#: What `read_rig` takes, in words.
RIG_FORMATS = (
    "a rig: JSON of geomvision calibrate (left, right, T_right_left), OpenCV's YAML or JSON (M1, D1, M2, D2, R, T), "
    "Kalibr's camchain (cam0, cam1, T_cn_cnm1), KITTI (P0: … or K_00: …) or Middlebury (cam0=…); or two files: "
    "OpenCV's intrinsics and extrinsics, or ROS's camera_info of left and right"
)
#: What `read_camera` takes, in words.
CAMERA_FORMATS = (
    "a camera: JSON of geomvision calibrate, OpenCV's YAML or JSON (camera_matrix), ROS's camera_info or Kalibr's "
    "camchain, a COLMAP model's folder; or a rig, of which the left camera is taken"
)
COLMAP_FILES = ("cameras.bin", "cameras.txt")
_CAMERA_MARKS = ["camera_matrix:", "cameraMatrix:"]
#: No stereo rig that one holds or drives is so wide, metres: then T is in another unit.
WIDEST_M = 20.0


def read_rig(
    path: PathLike,
    other: PathLike | None = None,
    *,
    image: Image | None = None,
    rectified: bool = False,
    unit_m: float | None = None,
) -> StereoRig[Any]:
    """The rig of one or two calibration files of any format (`io.RIG_FORMATS`).

    Args:
        path: the file, or the first of two.
        other: OpenCV's extrinsics, or ROS's right camera.
        image: the left image. Its size is checked; it stands in where a file tells none, and tells KITTI's files
            whether the recorded or the rectified rig, the grey or the colour cameras are meant.
        rectified: whether the images are those that ROS or OpenCV rectified: their new rig (P, or P1 and P2) is taken.
        unit_m: length of OpenCV's T in metres, 0.001 where the board was in millimetres; None: metres, and a baseline
            beyond 20 m is refused.

    Raises:
        FormatError: when a file is missing, damaged or of no known form.
        ValueError: when the rig is for images of another size.
    """
    text = read_text(path, RIG_FORMATS)
    rig = _rig_of(text, path, other, image, rectified, unit_m)
    if image is not None:
        _check_size(path, rig.left, image)
    return rig


def read_camera(path: PathLike, *, image: Image | None = None) -> CameraModel:
    """The camera of a calibration file of any format (`io.CAMERA_FORMATS`); of a rig the left one.

    Args:
        path: the file.
        image: an image of this camera: its size is checked, and stands in where the file tells none.

    Raises:
        FormatError: when the file is missing, damaged or of no known form.
        ValueError: when the camera is for images of another size.
    """
    camera = _colmap_camera(Path(path))
    if camera is not None:
        if image is not None:
            _check_size(path, camera, image)
        return camera
    text = read_text(path, CAMERA_FORMATS)
    form = _form(text)
    size = None if image is None or "image_width" in text else (image.shape[1], image.shape[0])
    if form == "":
        raise FormatError(path, "holds no camera that is known", CAMERA_FORMATS)
    if form == "json":
        found = read_camera_json(path)
        camera = found.left if isinstance(found, StereoRig) else found
    elif form == "ros camera":
        camera = read_ros_camera(path).camera
    elif form == "opencv camera":
        camera = read_opencv_camera(path, size=size)
    elif form.startswith("kalibr"):
        camera = read_kalibr(path).cameras[0]
    else:
        camera = _rig_of(text, path, None, image, False, None).left
    if image is not None:
        _check_size(path, camera, image)
    return camera


def _colmap_camera(path: Path) -> CameraModel | None:
    """The camera of a COLMAP model with one, given its folder or its cameras' file; None for what is no model."""
    folder = path if path.is_dir() else path.parent
    if not any(each.is_file() and path in (folder, each) for each in map(folder.joinpath, COLMAP_FILES)):
        return None
    cameras = read_colmap(folder).cameras
    if len(cameras) != 1:
        told = f"has {len(cameras)} cameras: {', '.join(map(str, cameras))}"
        raise FormatError(folder, told, "a COLMAP model of one camera; of several take io.read_colmap(…).cameras[…]")
    return next(iter(cameras.values()))


@checked
def write_rig(path: PathLike, rig: StereoRig[Any]) -> str:
    """Write a rig, rectified or not, so that `read_rig` reads it back; which format it became, in words.

    .json holds every model; .yaml and .yml are OpenCV's where it has the models, else Kalibr's. Raises ValueError for
    another ending, or what the format cannot hold.
    """
    ending = str(path).rpartition(".")[2].lower()
    left, right = rig.left, rig.right
    if ending == "json":
        write_camera_json(path, rig)
        return "all numbers as JSON"
    if ending not in ("yaml", "yml"):
        raise ValueError(f"{path}: a rig is written as .json, .yaml or .yml")
    alike = type(left) is type(right) and (left.width, left.height) == (right.width, right.height)
    if alike and isinstance(left, Camera | KannalaBrandt):
        write_opencv_rig(path, rig)
        return "OpenCV's YAML of a rig (M1, D1, M2, D2, R, T in metres)"
    return _write_chain(path, (left, right), (np.eye(4), rig.T_right_left))


@checked
def write_camera(path: PathLike, camera: CameraModel) -> str:
    """Write one camera as `write_rig` does a rig; which format it became, in words."""
    if str(path).lower().endswith(".json"):
        write_camera_json(path, camera)
        return "all numbers as JSON"
    if isinstance(camera, Camera | KannalaBrandt):
        write_opencv_camera(path, camera)
        return "OpenCV's YAML of one camera"
    return _write_chain(path, (camera,), (np.eye(4),))


def _write_chain(path: PathLike, cameras: tuple[CameraModel, ...], poses: tuple[Array, ...]) -> str:
    try:
        write_kalibr(path, KalibrChain(cameras=cameras, T_camera_first=poses, topics=("",) * len(cameras)))
    except ValueError as error:
        raise ValueError(f"{path}: {error}: .json holds it") from error
    return "Kalibr's camchain"


def _form(text: str) -> str:
    """What kind of calibration a text is; "" for none that is known."""
    rig_marks = [f"{name}1:" for name in RIG_MATRICES]
    if text.lstrip().startswith("{"):
        plain = "" if '"model"' in text else re.sub(r'"(\w+)"\s*:', r"\1:", text)  # names as YAML has them
        rig, camera = (any(mark in plain for mark in marks) for marks in (rig_marks, _CAMERA_MARKS))
        return "opencv" if rig else "opencv camera" if camera else "json"
    forms = (
        ("opencv", rig_marks),
        ("kalibr", ["T_cn_cnm1"]),
        ("kalibr camera", ["cam0:"]),
        ("ros camera", ["distortion_model:"]),
        ("opencv camera", _CAMERA_MARKS),
        ("middlebury", ["cam0=", "cam0 ="]),
        ("kitti", ["P0:", "P2:", "P_rect_0", "K_00:", "K_02:"]),
    )
    return next((name for name, marks in forms if any(mark in text for mark in marks)), "")


def _rig_of(
    text: str, path: PathLike, other: PathLike | None, image: Image | None, rectified: bool, unit_m: float | None
) -> StereoRig[Any]:
    form = _form(text)
    if other is not None:
        return _rig_of_two(form, path, other, image, rectified, unit_m)
    if form == "json":
        found = read_camera_json(path)
        if isinstance(found, StereoRig):
            return found
        raise FormatError(path, "holds one camera: calibrate the images of left and right in one call", RIG_FORMATS)
    if form == "opencv":
        return _opencv_rig(path, None, image, rectified, unit_m)
    if form == "kalibr":
        return read_kalibr(path).rig()
    if form == "middlebury":
        return read_middlebury_calib(path).rig
    if form == "kitti":
        return _kitti_rig(path, image)
    if form:
        second = "give the right camera's file as well" if form == "ros camera" else "it has no pose of a second one"
        raise FormatError(path, f"holds one camera: {second}", RIG_FORMATS)
    hint = ": OpenCV's XML is not read, let it write .yml" if text.lstrip().startswith("<?xml") else ""
    raise FormatError(path, f"holds no rig that is known{hint}", RIG_FORMATS)


def _rig_of_two(
    form: str, path: PathLike, other: PathLike, image: Image | None, rectified: bool, unit_m: float | None
) -> StereoRig[Any]:
    forms = (form, _form(read_text(other, RIG_FORMATS)))
    if forms == ("ros camera", "ros camera"):
        cameras = read_ros_camera(path), read_ros_camera(other)
        return ros_rectified_rig(*cameras) if rectified else ros_rig(*cameras)
    if "opencv" in forms:  # extrinsics may come first
        first, second = (path, other) if form == "opencv" else (other, path)
        return _opencv_rig(first, second, image, rectified, unit_m)
    raise FormatError(path, f"and {other} make no rig", RIG_FORMATS)


def _opencv_rig(
    path: PathLike, other: PathLike | None, image: Image | None, rectified: bool, unit_m: float | None
) -> StereoRig[Any]:
    told = image is None or "image_width" in read_text(path, RIG_FORMATS)
    size = None if told or image is None else (image.shape[1], image.shape[0])
    rig = read_opencv_rig(path, other, size=size, unit_m=1.0 if unit_m is None else unit_m, rectified=rectified)
    if unit_m is None and rig.baseline_m > WIDEST_M:
        found = f"the baseline is {rig.baseline_m:.4g} m, if T is in metres"
        raise FormatError(path, found, "T in metres, or its unit: --unit mm, unit_m=0.001")
    return rig


def _kitti_rig(path: PathLike, image: Image | None) -> StereoRig[Any]:
    """The recorded rig where the image has its size, else the rectified one; colour cameras for RGB where there are."""
    calib = read_kitti_calib(path)
    left = 2 if (image is None or image.ndim == 3) and "K_03" in calib else 0
    recorded, rectified = (calib.get(f"{name}_{left:02d}") for name in ("S", "S_rect"))
    try:
        if image is None and recorded is None:
            raise ValueError("it does not tell the size of the images: give image=, the left one")
        if recorded is not None and (image is None or tuple(recorded) == image.shape[1::-1]):
            return kitti_raw_rig(calib, left, left + 1)
        assert image is not None
        if recorded is not None and rectified is not None and tuple(rectified) != image.shape[1::-1]:
            sizes = [f"{size[0]:.0f}x{size[1]:.0f}" for size in (recorded, rectified, image.shape[1::-1])]
            raise ValueError(
                f"images are {sizes[0]} pixels as recorded, {sizes[1]} rectified, but this one is {sizes[2]}"
            )
        return kitti_rig_of(calib, image)
    except ValueError as error:
        raise FormatError(path, str(error), "KITTI's calib.txt or calib_cam_to_cam.txt, and its images") from error


def _check_size(path: PathLike, camera: CameraModel, image: Image) -> None:
    height, width = image.shape[:2]
    if (camera.width, camera.height) == (width, height):
        return
    scaled = camera.width * height == camera.height * width
    hint = "calibrate with images of this size, or give images as they were taken"
    if scaled:
        hint = f"the images were resized: {hint}; in Python .resize({width}, {height}) makes it theirs"
    given = f"{camera.width}x{camera.height}"
    raise ValueError(f"{path} is for images of {given} pixels, but the image is {width}x{height}: {hint}")
