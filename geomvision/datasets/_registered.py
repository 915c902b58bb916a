"""Depth maps of a depth camera beside the colour camera, as a folder's ``meta.json`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import io
from ..cameras import CameraModel
from ..geometry import DepthRegistration
from ..results import Depth

_KEYS = ("depth_intrinsics", "T_depth_color")


def registration_of(
    path: Path, meta: Mapping[str, Any], size: tuple[int, int], camera: CameraModel
) -> DepthRegistration | None:
    """The depth camera's place; None where nothing tells it and maps are taken as those of the colour camera.

    FormatError, with the file's `path`, where it is told by half or damaged.
    """
    if not any(key in meta for key in _KEYS):
        return None
    try:
        return DepthRegistration.from_meta(meta, size, camera)
    except ValueError as error:
        expected = "depth_intrinsics with fx, fy, cx, cy, and T_depth_color with 16 numbers, a pose in metres"
        raise io.FormatError(path, str(error), expected) from error


def registered(path: Path, meta: Mapping[str, Any], depth: Depth, camera: CameraModel) -> Depth:
    """The map as the colour camera sees it; itself where nothing tells that it is of another one."""
    found = registration_of(path, meta, depth.size, camera)
    return depth if found is None else found.registered(depth)
