"""ROS's camera_info files, as camera_calibration writes them (REP 104; sensor_msgs/CameraInfo).

``camera_matrix`` K and the distortion D describe the raw image; ``rectification_matrix`` R and ``projection_matrix``
P = [K' | t'] the rectified one: its pixel is P · (R · X, 1), and of a right camera t'_x = −f'·B, metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Camera, CameraModel, KannalaBrandt, StereoRig, pose
from ..cameras.poses import nearest_rotation
from ._files import PathLike, write_bytes
from ._yaml import number_list, read_yaml, word
from .kitti import new_rig, projections

if TYPE_CHECKING:
    from ..geometry import Rectification

_EXPECTED = "ROS's camera_info: image_width, image_height, camera_matrix, distortion_model, distortion_coefficients"
#: Distortion models and how many coefficients each may have.
_COUNTS = {"plumb_bob": (0, 4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,), "fisheye": (4,)}


@dataclass(frozen=True, kw_only=True, eq=False)
class RosCamera:
    """A camera, its name, and its rectification: R (3, 3) and P (3, 4)."""

    camera: CameraModel
    name: str
    R: NDArray[np.float64]
    P: NDArray[np.float64]

    @property
    def rectified(self) -> Camera:
        """The camera of the rectified image: the left 3x3 of P."""
        return Camera.from_matrix(self.P[:, :3], self.camera.width, self.camera.height)


@checked
def read_ros_camera(path: PathLike) -> RosCamera:
    """Read a camera_info file; R is I and P is [K | 0] where it has none.

    Raises:
        FormatError: naming file and line, for what is missing, malformed, or an unknown distortion model.
    """
    entries = read_yaml(path, _EXPECTED)
    width, height = entries["image_width"].whole, entries["image_height"].whole
    K = entries["camera_matrix"].matrix(3, 3)
    model = entries["distortion_model"].text if "distortion_model" in entries else "plumb_bob"
    if model not in _COUNTS:
        raise entries["distortion_model"].wrong(f"is {model!r}", " or ".join(_COUNTS))
    distortion = entries["distortion_coefficients"].vector(*_COUNTS[model])
    try:
        camera: CameraModel = Camera.from_matrix(K, width, height)
        if model in ("equidistant", "fisheye"):
            place = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
            fields = {name: float(value) for name, value in place.items()}
            camera = KannalaBrandt(width=width, height=height, **fields, distortion=tuple(distortion))
        else:
            camera = Camera.from_matrix(K, width, height, distortion)
    except ValueError as error:
        raise entries["camera_matrix"].wrong(str(error), "a camera") from error
    R, P = np.eye(3), np.concatenate([K, np.zeros((3, 1))], axis=1)
    if "rectification_matrix" in entries:
        try:
            R = nearest_rotation(entries["rectification_matrix"].matrix(3, 3))
        except ValueError as error:
            raise entries["rectification_matrix"].wrong(str(error), "a rotation") from error
    if "projection_matrix" in entries:
        P = entries["projection_matrix"].matrix(3, 4)
    name = entries["camera_name"].text if "camera_name" in entries else ""
    return RosCamera(camera=camera, name=name, R=R, P=P)


@checked
def write_ros_camera(path: PathLike, ros: RosCamera) -> None:
    """Write a camera_info file, atomically, with as many coefficients as the camera has.

    Raises ValueError for cameras that ROS does not have.
    """
    camera = ros.camera
    if not isinstance(camera, Camera | KannalaBrandt):
        raise ValueError(f"camera_info holds pinhole and fisheye cameras, not {type(camera).__name__}")
    distortion = camera.distortion
    model = "plumb_bob" if len(distortion) <= 5 else "rational_polynomial"
    model = "equidistant" if isinstance(camera, KannalaBrandt) else model
    lines = [f"image_width: {camera.width}", f"image_height: {camera.height}", f"camera_name: {word(ros.name)}"]
    lines += [*_matrix("camera_matrix", camera.K), f"distortion_model: {model}"]
    lines += _matrix("distortion_coefficients", np.array([distortion]))
    lines += _matrix("rectification_matrix", ros.R) + _matrix("projection_matrix", ros.P)
    write_bytes(path, ("\n".join(lines) + "\n").encode())


@checked
def ros_cameras(
    rig: StereoRig, rectification: Rectification | None = None, names: tuple[str, str] = ("left", "right")
) -> tuple[RosCamera, RosCamera]:
    """Both cameras of a rig for `write_ros_camera`; `ros_rig` makes the rig of them again.

    Args:
        rig: as calibrated, or rectified.
        rectification: of `geometry.rectify`, whose R and P the files tell; None: ``rectify(rig)``, which leaves a
            rectified rig as it is.
        names: camera_name of left and right.

    Raises:
        ValueError: for a rectification of another size than the images (camera_info has one for both), without a rig,
            or with doffs.
        RectificationRefused: a ValueError, for a rig that cannot be rectified.
    """
    from ..geometry import rectify

    found = rectify(rig) if rectification is None else rectification
    projected, made = projections(new_rig(found)), []
    sides = ((rig.left, found.left), (rig.right, found.right))
    for (camera, view), name, P in zip(sides, names, projected, strict=True):
        if view.size != (camera.width, camera.height):
            sizes = f"{camera.width}x{camera.height} and rectified {view.size[0]}x{view.size[1]}"
            raise ValueError(f"images are {sizes}; camera_info needs one size for both: rectify(rig, size=…)")
        R = cast(Any, view.transform).rotation  # of a rig it is a turn
        made.append(RosCamera(camera=camera, name=name, R=R, P=P))
    return made[0], made[1]


@checked
def ros_rig(left: RosCamera, right: RosCamera) -> StereoRig[Any]:
    """The rig of the raw cameras, from the rectifications of both: X_rectified_right = X_rectified_left + (−B, 0, 0).

    Raises:
        ValueError: when the projection matrices are not those of one rectified pair, left before right.
    """
    T = pose(right.R.T) @ _shift(left, right) @ pose(left.R)
    return StereoRig(left=left.camera, right=right.camera, T_right_left=T)


def ros_rectified_rig(left: RosCamera, right: RosCamera) -> StereoRig[Camera]:
    """The rig of the images that ROS rectified (image_rect), from P of both. Raises ValueError as `ros_rig` does."""
    return StereoRig(left=left.rectified, right=right.rectified, T_right_left=_shift(left, right))


def _shift(left: RosCamera, right: RosCamera) -> NDArray[np.float64]:
    """The pose of the rectified cameras, (−B, 0, 0)."""
    if not np.allclose(left.P[:, :3], right.P[:, :3], rtol=1e-6):
        raise ValueError("the projection matrices of left and right have different K: no rectified pair")
    shift = (right.P[0, 3] - left.P[0, 3]) / left.P[0, 0]
    if not shift < 0:
        raise ValueError(f"the right camera lies {shift:.4f} m to the left: swapped, or no stereo calibration")
    return pose(translation=(shift, 0.0, 0.0))


def _matrix(name: str, values: NDArray[np.float64]) -> list[str]:
    rows, columns = values.shape
    return [f"{name}:", f"  rows: {rows}", f"  cols: {columns}", f"  data: {number_list(values)}"]
