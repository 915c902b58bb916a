"""Cameras and rigs as JSON, every number under its name: what ``geomvision calibrate --out rig.json`` writes.

A camera is ``{"model": "Camera", "width": …, "height": …, "fx": …, "k1": …}`` with the model's `parameter_names`; a rig
has ``left`` and ``right``, each with its ``camera``, and ``T_right_left`` (4x4, metres). A `RayTable` has its
directions under ``table``, rows of columns of x, y, z, null where there is none. What a calibration knows besides
stands beside them and is not needed to read the cameras.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..cameras import (
    Camera,
    CameraModel,
    ExtendedUnifiedCamera,
    KannalaBrandt,
    RayTable,
    StereoRig,
    UnifiedCamera,
    pose,
)
from ..cameras.poses import nearest_rotation
from ._files import FormatError, PathLike, read_json_object, write_bytes

_EXPECTED = "the JSON of geomvision calibrate: left and right, each with a camera, and T_right_left; or one camera"


def camera_as_dict(camera: CameraModel) -> dict[str, Any]:
    """A camera as words and numbers."""
    values: dict[str, Any] = dict(zip(camera.parameter_names, camera.parameters.tolist(), strict=True))
    if isinstance(camera, RayTable):
        values["table"] = [[ray.tolist() if np.isfinite(ray).all() else None for ray in row] for row in camera.table]
    return {"model": type(camera).__name__, "width": camera.width, "height": camera.height, **values}


def write_camera_json(path: PathLike, camera: CameraModel | StereoRig[Any]) -> None:
    """Write a camera or a rig, atomically. Raises TypeError for anything else."""
    if not isinstance(camera, CameraModel | StereoRig):
        raise TypeError(f"camera is {type(camera).__name__}; it must be a CameraModel or a StereoRig")
    if isinstance(camera, StereoRig):
        sides: dict[str, Any] = {s: {"camera": camera_as_dict(getattr(camera, s))} for s in ("left", "right")}
        entry = {"T_right_left": camera.T_right_left.tolist(), **sides}
    else:
        entry = {"camera": camera_as_dict(camera)}
    write_bytes(path, (json.dumps(entry, indent=1) + "\n").encode())


def read_camera_json(path: PathLike) -> CameraModel | StereoRig[Any]:
    """Read a camera, or a rig where the file has two and the pose between them.

    Raises:
        FormatError: naming the file and the entry that is missing or wrong.
    """
    entry = read_json_object(path, _EXPECTED)
    if "T_right_left" not in entry:
        return _camera(path, entry.get("camera", entry), "camera")
    left, right = (_side(path, entry, side) for side in ("left", "right"))
    try:
        T = np.array(entry["T_right_left"], dtype=float)
        if T.shape != (4, 4) or not np.array_equal(T[3], (0, 0, 0, 1)):
            raise ValueError(f"it has shape {T.shape}")
        return StereoRig(left=left, right=right, T_right_left=pose(nearest_rotation(T[:3, :3]), T[:3, 3]))
    except (TypeError, ValueError) as error:
        raise FormatError(path, f"T_right_left is no rigid transform ({error})", "a 4x4 matrix, metres") from error


def _side(path: PathLike, entry: Mapping[str, Any], side: str) -> CameraModel:
    found = entry.get(side)
    if not isinstance(found, dict) or "camera" not in found:
        raise FormatError(path, f"has no camera under {side!r}", _EXPECTED)
    return _camera(path, found["camera"], side)


def _camera(path: PathLike, entry: Any, name: str) -> CameraModel:
    if not isinstance(entry, dict) or "model" not in entry:
        raise FormatError(path, f"{name} has no model", _EXPECTED)
    numbers = {key: value for key, value in entry.items() if key not in ("model", "width", "height")}
    size = tuple(entry.get(key) for key in ("width", "height"))
    if not all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in size):
        raise FormatError(path, f"the size of {name} is {size[0]!r}x{size[1]!r}", "whole numbers of pixels")
    if entry["model"] == "RayTable":
        return _ray_table(path, numbers, name, size)
    for model in _models(int(size[0] or 0), int(size[1] or 0)):
        if type(model).__name__ == entry["model"] and set(model.parameter_names) == set(numbers):
            try:
                vector = np.array([float(numbers[key]) for key in model.parameter_names])
                if not np.isfinite(vector).all():
                    raise ValueError("a number is not finite")
                return model.with_parameters(vector)
            except (TypeError, ValueError) as error:
                raise FormatError(path, f"{name}: {error}", "numbers that such a camera can have") from error
    raise FormatError(path, f"{name} is {entry['model']!r} with {', '.join(numbers)}", "a model and its parameters")


def _ray_table(path: PathLike, entries: Mapping[str, Any], name: str, size: tuple[Any, ...]) -> RayTable:
    expected = "table, rows of columns of three numbers or null, and step_x, step_y, origin_x, origin_y"
    if "table" not in entries:
        raise FormatError(path, f"{name} has no table", expected)
    try:
        rows = [[[math.nan] * 3 if ray is None else ray for ray in row] for row in entries["table"]]
        place = {key: float(value) for key, value in entries.items() if key != "table"}
        return RayTable(width=size[0], height=size[1], table=np.array(rows, dtype=float), **place)
    except (TypeError, ValueError) as error:
        raise FormatError(path, f"{name}: {error}", expected) from error


def _models(width: int, height: int) -> Iterator[CameraModel]:
    """One camera of every model and number of coefficients."""
    place = {"width": width, "height": height, "fx": 1.0, "fy": 1.0, "cx": 0.0, "cy": 0.0}
    yield from (Camera(**place, distortion=(0.0,) * n) for n in (0, 4, 5, 8, 12, 14))  # type: ignore[arg-type]
    yield KannalaBrandt(**place)  # type: ignore[arg-type]
    for n in (0, 4, 5):
        lens: Any = {**place, "distortion": (0.0,) * n}
        yield UnifiedCamera(**lens, alpha=0.5)
        yield ExtendedUnifiedCamera(**lens, alpha=0.5, beta=1.0)
