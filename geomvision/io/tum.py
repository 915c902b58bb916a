"""TUM's RGB-D files: trajectories, and the cameras that their sequences were taken with (Sturm et al., IROS 2012).

A line is ``timestamp tx ty tz qx qy qz qw``: the pose T_world_camera, metres, the quaternion's scalar **last**.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Camera
from ._files import FormatError, PathLike, read_text, write_bytes
from ._rotations import quaternion_of, rotation_of

_EXPECTED = "TUM's trajectory: timestamp tx ty tz qx qy qz qw"
Sequence = Literal["freiburg1", "freiburg2", "freiburg3", "default", "icl_nuim"]
_CAMERAS: dict[str, tuple[float, float, float, float, tuple[float, ...]]] = {
    "freiburg1": (517.306408, 516.469215, 318.643040, 255.313989, (0.262383, -0.953104, -0.005358, 0.002628, 1.163314)),
    "freiburg2": (
        520.908620,
        521.007327,
        325.141442,
        249.701764,
        (0.231222, -0.784899, -0.003257, -0.000105, 0.917205),
    ),
    "freiburg3": (535.4, 539.2, 320.1, 247.6, ()),
    "default": (525.0, 525.0, 319.5, 239.5, ()),
    "icl_nuim": (481.20, -480.00, 319.50, 239.50, ()),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """Poses T_world_camera (N, 4, 4) at times `seconds` (N,)."""

    seconds: NDArray[np.float64]
    T_world_camera: NDArray[np.float64]


@checked
def tum_camera(sequence: Sequence) -> Camera:
    """The colour camera of TUM's sequences, 640 x 480, as published; "default" is ROS's factory calibration.

    ICL-NUIM's sequences come in TUM's layout; their fy is negative: y points up. Raises ValueError for other names.
    """
    fx, fy, cx, cy, distortion = _CAMERAS[sequence]
    return Camera(width=640, height=480, fx=fx, fy=fy, cx=cx, cy=cy, distortion=distortion)


@checked
def read_tum_trajectory(path: PathLike) -> Trajectory:
    """Read a trajectory (groundtruth.txt, or an estimate's), in the order of time. Lines with # are comments.

    Raises:
        FormatError: naming file and line.
    """
    seconds, poses = [], []
    for number, line in enumerate(read_text(path, _EXPECTED).splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            time, *values = (float(word) for word in words)
            if len(values) != 7 or not np.isfinite([time, *values]).all():
                raise ValueError(f"{len(words)} words are not eight finite numbers")
            T = np.eye(4)
            T[:3, :3], T[:3, 3] = rotation_of([values[6], *values[3:6]]), values[:3]
        except ValueError as error:
            raise FormatError(path, f"line {number}: {error}", _EXPECTED) from error
        seconds.append(time)
        poses.append(T)
    if not poses:
        raise FormatError(path, "has no pose", _EXPECTED)
    order = np.argsort(seconds, kind="stable")
    return Trajectory(seconds=np.array(seconds)[order], T_world_camera=np.array(poses)[order])


@checked
def write_tum_trajectory(path: PathLike, trajectory: Trajectory) -> None:
    """Write a trajectory, atomically."""
    lines = ["# timestamp tx ty tz qx qy qz qw"]
    for time, T in zip(trajectory.seconds.tolist(), trajectory.T_world_camera, strict=True):
        w, *xyz = quaternion_of(T[:3, :3]).tolist()
        lines.append(" ".join(repr(float(v)) for v in (time, *T[:3, 3], *xyz, w)))
    write_bytes(path, ("\n".join(lines) + "\n").encode())
