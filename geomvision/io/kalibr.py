"""Kalibr's camera chains: camchain.yaml (Furgale, Rehder & Siegwart, IROS 2013).

``cam0``, ``cam1``, … each with a projection, a lens distortion, intrinsics and resolution, and ``T_cn_cnm1``, the pose
that takes the camera before to this one, metres. Pixel centres at integers, as here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import (
    Camera,
    CameraModel,
    ExtendedUnifiedCamera,
    KannalaBrandt,
    StereoRig,
    UnifiedCamera,
    inverse,
    pose,
)
from ..cameras.poses import nearest_rotation
from ._files import PathLike, by_number, write_bytes
from ._yaml import Entry, number_list, read_yaml, word

_EXPECTED = "Kalibr's camchain: cam0 with camera_model, distortion_model, intrinsics, distortion_coeffs, resolution"

#: Camera models and how many intrinsics each has: its own numbers, then fx, fy, cx, cy.
_INTRINSICS = {"pinhole": 4, "omni": 5, "eucm": 6}


@dataclass(frozen=True, kw_only=True, eq=False)
class KalibrChain:
    """Cameras of one rig, each with the pose that takes the first camera's coordinates to its own."""

    cameras: tuple[CameraModel, ...]
    T_camera_first: tuple[NDArray[np.float64], ...]
    topics: tuple[str, ...]

    def rig(self, left: int = 0, right: int = 1) -> StereoRig[Any]:
        """Two of the cameras as a rig."""
        T = self.T_camera_first[right] @ inverse(self.T_camera_first[left])
        return StereoRig(left=self.cameras[left], right=self.cameras[right], T_right_left=T)


@checked
def read_kalibr(path: PathLike) -> KalibrChain:
    """Read a camchain: pinhole with radtan, equidistant or no distortion; omni and eucm with radtan or none.

    Raises:
        FormatError: naming file and line, for what is missing, malformed, or a model without a counterpart (ds, fov).
    """
    entries = read_yaml(path, _EXPECTED)
    names = sorted((name for name in entries.names if name.startswith("cam")), key=by_number)
    if names != [f"cam{k}" for k in range(len(names))] or not names:
        raise entries.wrong(f"has the cameras {', '.join(names) or 'none'}", "cam0, cam1, … without a gap")
    cameras = [_camera(entries[name]) for name in names]
    poses = [np.eye(4)]
    for name in names[1:]:
        chain = entries[name]["T_cn_cnm1"]
        T = chain.matrix(4, 4)
        try:
            poses.append(pose(nearest_rotation(T[:3, :3]), T[:3, 3]) @ poses[-1])
        except ValueError as error:
            raise chain.wrong(str(error), "a rigid 4x4 pose") from error
    topics = [entries[n]["rostopic"].text if "rostopic" in entries[n] else "" for n in names]
    return KalibrChain(cameras=tuple(cameras), T_camera_first=tuple(poses), topics=tuple(topics))


@checked
def write_kalibr(path: PathLike, chain: KalibrChain) -> None:
    """Write a camchain, atomically. Raises ValueError for cameras that Kalibr does not have."""
    lines = []
    for number, (camera, T) in enumerate(zip(chain.cameras, chain.T_camera_first, strict=True)):
        lines.append(f"cam{number}:")
        if number:
            rows = (T @ inverse(chain.T_camera_first[number - 1])).tolist()
            lines += ["  T_cn_cnm1:", *(f"  - {number_list(row)}" for row in rows)]
        model, distortion, intrinsics, coefficients = _numbers(camera)
        lines += [f"  camera_model: {model}", f"  distortion_coeffs: {number_list(coefficients)}"]
        lines += [f"  distortion_model: {distortion}", f"  intrinsics: {number_list(intrinsics)}"]
        lines += [f"  resolution: [{camera.width}, {camera.height}]"]
        lines += [f"  rostopic: {word(chain.topics[number])}"] if chain.topics[number] else []
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _camera(entry: Entry) -> CameraModel:
    width, height = entry["resolution"].wholes(2)
    model, lens = entry["camera_model"].text, entry["distortion_model"].text
    coefficients = entry["distortion_coeffs"].numbers() if "distortion_coeffs" in entry else np.zeros(0)
    if model not in _INTRINSICS:
        raise entry["camera_model"].wrong(f"is {model!r}, which has no counterpart", " or ".join(_INTRINSICS))
    values = entry["intrinsics"].numbers(_INTRINSICS[model])
    counts = {"none": (0,), "radtan": (4,), "equidistant": (4,)}
    if lens not in counts or (coefficients.size not in counts[lens] and coefficients.any()):
        found = f"is {lens!r} with {coefficients.size} coefficients"
        raise entry["distortion_model"].wrong(found, "none, or radtan or equidistant with 4")
    if model != "pinhole" and lens == "equidistant":
        raise entry["distortion_model"].wrong(f"is {lens!r} of an {model} camera, which has no counterpart", "radtan")
    *shape, fx, fy, cx, cy = (float(v) for v in values)
    distortion = () if lens == "none" else tuple(float(v) for v in coefficients)
    try:
        if model == "omni":
            place = {"gamma_x": fx, "gamma_y": fy, "cx": cx, "cy": cy}
            return UnifiedCamera.from_mei(shape[0], **place, width=width, height=height, distortion=distortion)
        place = {"fx": fx, "fy": fy, "cx": cx, "cy": cy}
        if model == "eucm":
            own = {"alpha": shape[0], "beta": shape[1]}
            return ExtendedUnifiedCamera(width=width, height=height, **place, **own, distortion=distortion)
        kind = KannalaBrandt if lens == "equidistant" else Camera
        return kind(width=width, height=height, **place, distortion=distortion)
    except ValueError as error:
        raise entry["intrinsics"].wrong(str(error), "a camera") from error


def _numbers(camera: CameraModel) -> tuple[str, str, list[float], list[float]]:
    """Kalibr's model, distortion model, intrinsics and coefficients."""
    if isinstance(camera, KannalaBrandt):
        return "pinhole", "equidistant", [camera.fx, camera.fy, camera.cx, camera.cy], list(camera.distortion)
    if not isinstance(camera, Camera | UnifiedCamera):
        raise ValueError(f"Kalibr has no model for {type(camera).__name__}")
    if any(camera.distortion[4:]):
        raise ValueError("Kalibr's radtan has k1, k2, p1, p2 only; this camera has more")
    lens = list(camera.distortion[:4])
    kind = "radtan" if lens else "none"
    if isinstance(camera, Camera):
        return "pinhole", kind, [camera.fx, camera.fy, camera.cx, camera.cy], lens
    if isinstance(camera, ExtendedUnifiedCamera):
        return "eucm", kind, [camera.alpha, camera.beta, camera.fx, camera.fy, camera.cx, camera.cy], lens
    size = 1 + camera.xi
    lens = list(camera.mei_distortion[:4])
    return "omni", kind, [camera.xi, camera.fx * size, camera.fy * size, camera.cx, camera.cy], lens
