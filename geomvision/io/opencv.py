"""OpenCV's calibration files: one camera as its calibration sample writes it, a rig as stereo_calib does.

YAML of ``cv2.FileStorage``: ``camera_matrix``, ``distortion_coefficients``, ``image_width``, ``image_height`` and
``fisheye_model``; for rigs ``M1 D1 M2 D2`` and ``R T`` with X_right = R·X_left + T, in the unit that the board's
squares were given in. Rig files do not tell the image size: say it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Camera, CameraModel, KannalaBrandt, StereoRig, pose
from ..cameras._brown import COUNTS
from ..cameras.poses import nearest_rotation
from ._files import PathLike, write_bytes
from ._yaml import Entry, number_list, read_yaml

_EXPECTED = "OpenCV's YAML: camera_matrix, distortion_coefficients, image_width, image_height"
_EXPECTED_RIG = "OpenCV's YAML of a rig: M1, D1, M2, D2, R, T"
_MATRIX = ("camera_matrix", "cameraMatrix", "K")
_DISTORTION = ("distortion_coefficients", "distCoeffs", "dist_coeffs", "D")
#: How programs name the matrices of a rig's cameras, before 1 and 2; stereo_calib's names first.
RIG_MATRICES = ("M", "K", "cameraMatrix", "camera_matrix", "camera_matrix_")
_RIG_DISTORTIONS = ("D", "distCoeffs", "dist_coeffs", "distortion_coefficients", "dist")
Model = Literal["pinhole", "fisheye"]
Size = tuple[int, int]


@checked
def read_opencv_camera(
    path: PathLike,
    *,
    size: tuple[int, int] | None = None,
    model: Model | None = None,
) -> CameraModel:
    """Read one camera.

    Args:
        path: a YAML file with a camera matrix and distortion coefficients (also as cameraMatrix or K, distCoeffs or D).
        size: (width, height) where the file has no image_width and image_height.
        model: "pinhole" (`Camera`) or "fisheye" (`KannalaBrandt`, as of cv2.fisheye); None: what fisheye_model says.

    Raises:
        FormatError: naming file and line, for what is missing, malformed or contradicts itself.
    """
    entries = read_yaml(path, _EXPECTED)
    if size is None:
        if "image_width" not in entries:
            raise entries.wrong("there is no image_width", "it, or the argument size=(width, height)")
        size = entries["image_width"].whole, entries["image_height"].whole
    model = _model(entries) if model is None else model
    distortion = entries.first(_DISTORTION) if any(n in entries for n in _DISTORTION) else None
    return _camera(entries.first(_MATRIX), distortion, size, model)


@checked
def write_opencv_camera(path: PathLike, camera: CameraModel) -> None:
    """Write a `Camera` or `KannalaBrandt` as OpenCV reads it, atomically. Raises ValueError for other models."""
    lines = ["%YAML:1.0", "---", f"image_width: {camera.width}", f"image_height: {camera.height}"]
    lines += [f"fisheye_model: {int(isinstance(camera, KannalaBrandt))}"]
    lines += _matrix("camera_matrix", _K(camera)) + _matrix("distortion_coefficients", _coefficients(camera))
    write_bytes(path, ("\n".join(lines) + "\n").encode())


@checked
def read_opencv_rig(
    intrinsics: PathLike,
    extrinsics: PathLike | None = None,
    *,
    size: tuple[int, int] | None = None,
    model: Model | None = None,
    unit_m: float = 1.0,
    rectified: bool = False,
) -> StereoRig[Any]:
    """Read a rig as stereo_calib writes it: M1, D1, M2, D2 in one file, R and T in the same or another.

    Args:
        intrinsics: the file with the cameras, also as K1 or cameraMatrix1, distCoeffs1, and so on.
        extrinsics: the file with R and T; None: the same.
        size: (width, height) of both images, where the file has no image_width and image_height.
        model: "pinhole" or "fisheye", of both cameras; None: what fisheye_model says.
        unit_m: length of T's unit in metres: 0.001 where the board was measured in millimetres.
        rectified: the rig of the rectified images, P1 and P2, where the file has them.

    Raises:
        FormatError: naming file and line.
    """
    entries = read_yaml(intrinsics, _EXPECTED_RIG)
    if size is None:
        if "image_width" not in entries:
            raise entries.wrong("there is no image_width", "it, or the argument size=(width, height)")
        size = entries["image_width"].whole, entries["image_height"].whole
    places = entries if extrinsics is None else read_yaml(extrinsics, _EXPECTED_RIG)
    if rectified and "P1" in places and "P2" in places:
        return _rectified(places, size, unit_m)
    model = _model(entries) if model is None else model
    matrices = (entries.first([f"{name}{n}" for name in RIG_MATRICES]) for n in (1, 2))
    lenses = (entries.first([f"{name}{n}" for name in _RIG_DISTORTIONS]) for n in (1, 2))
    left, right = (_camera(matrix, lens, size, model) for matrix, lens in zip(matrices, lenses, strict=True))
    translation = places["T"].vector(3) * unit_m
    try:
        rotation = nearest_rotation(places["R"].matrix(3, 3))
    except ValueError as error:
        raise places["R"].wrong(str(error), "a rotation") from error
    return StereoRig(left=left, right=right, T_right_left=pose(rotation, translation))


@checked
def write_opencv_rig(path: PathLike, rig: StereoRig[Any]) -> None:
    """Write M1, D1, M2, D2, R, T (metres) and the image size to one file, atomically.

    Raises ValueError for cameras that OpenCV does not have, or of different sizes or kinds.
    """
    left, right = rig.left, rig.right
    if (left.width, left.height) != (right.width, right.height) or type(left) is not type(right):
        raise ValueError("OpenCV's rig has one image size and one camera model; these cameras differ")
    lines = ["%YAML:1.0", "---", f"image_width: {left.width}", f"image_height: {left.height}"]
    lines += [f"fisheye_model: {int(isinstance(left, KannalaBrandt))}"]
    for number, camera in ((1, left), (2, right)):
        lines += _matrix(f"M{number}", _K(camera)) + _matrix(f"D{number}", _coefficients(camera))
    lines += _matrix("R", rig.T_right_left[:3, :3]) + _matrix("T", rig.T_right_left[:3, 3:])
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _model(entries: Entry) -> Model:
    flag = "fisheye_model" in entries and entries["fisheye_model"].text.lower() not in ("0", "false")
    return "fisheye" if flag else "pinhole"


def _rectified(places: Entry, size: Size, unit_m: float) -> StereoRig[Any]:
    """The rig of stereoRectify's P1 and P2 = K' [I | (−B, 0, 0)]."""
    P1, P2 = (places[name].matrix(3, 4) for name in ("P1", "P2"))
    try:
        left, right = (Camera.from_matrix(P[:, :3], *size) for P in (P1, P2))
    except ValueError as error:
        raise places["P1"].wrong(str(error), "P1 and P2 of stereoRectify") from error
    shift = (P2[0, 3] - P1[0, 3]) / P2[0, 0] * unit_m
    if not shift < 0 or P2[1, 3] != P1[1, 3]:
        found = f"is of a right camera moved by ({shift:.4g}, {P2[1, 3] / P2[1, 1] * unit_m:.4g}) m"
        raise places["P2"].wrong(found, "(−B, 0): cameras side by side, the left one first")
    return StereoRig(left=left, right=right, T_right_left=pose(translation=(shift, 0.0, 0.0)))


def _camera(matrix: Entry, distortion: Entry | None, size: Size, model: Model) -> CameraModel:
    K = matrix.matrix(3, 3)
    counts = (4,) if model == "fisheye" else COUNTS
    k = np.zeros(0) if distortion is None else distortion.vector(*counts)
    try:
        plain = Camera.from_matrix(K, *size)
        if model == "fisheye":
            fields = {name: getattr(plain, name) for name in ("width", "height", "fx", "fy", "cx", "cy")}
            return KannalaBrandt(**fields, distortion=tuple(k))
        return Camera.from_matrix(K, *size, distortion=k)
    except ValueError as error:
        raise matrix.wrong(str(error), "a camera") from error


def _K(camera: CameraModel) -> NDArray[np.float64]:
    if not isinstance(camera, Camera | KannalaBrandt):
        raise ValueError(f"OpenCV's files hold pinhole and fisheye cameras, not {type(camera).__name__}")
    return camera.K


def _coefficients(camera: CameraModel) -> NDArray[np.float64]:
    assert isinstance(camera, Camera | KannalaBrandt)
    return np.array(camera.distortion, dtype=float)[:, None]


def _matrix(name: str, values: NDArray[np.float64]) -> list[str]:
    rows, columns = values.shape
    return [
        f"{name}: !!opencv-matrix",
        f"   rows: {rows}",
        f"   cols: {columns}",
        "   dt: d",
        f"   data: {number_list(values)}",
    ]
