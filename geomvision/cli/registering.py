"""``geomvision fuse --register``: maps of a depth camera that stands beside the colour camera."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import io
from ..cameras import Camera, CameraModel
from ..datasets._folder_parts import read_meta
from ..geometry import DepthRegistration, register_depth
from ..results import Depth

ESTIMATE = "estimate"


def words_of(folder: Path, register: str | None) -> tuple[Path, dict[str, Any]]:
    """What tells cameras, and the file that says so: ``meta.json``, over which a given file of the same words goes."""
    meta, path = read_meta(folder), folder / "meta.json"
    if register in (None, ESTIMATE):
        return path, meta
    path = Path(str(register))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        allowed = f"{ESTIMATE!r} or a file that --registration-out wrote"
        raise ValueError(f"--register {path} must be {allowed}: {error}") from error
    if not isinstance(told, dict) or not {"depth_intrinsics", "T_depth_color"} <= told.keys():
        expected = "a JSON object with depth_intrinsics and T_depth_color, as --registration-out writes it"
        raise io.FormatError(path, "tells no place of a depth camera", expected)
    return path, {**meta, **told}


def estimated(
    depths: Sequence[Depth], cameras: Sequence[CameraModel], sensor: Sequence[Depth], camera: Camera
) -> DepthRegistration:
    """From depth of the frames themselves and the stored maps. ValueError where it cannot be told, or mends nothing."""
    height, width = sensor[0].size
    if (height, width) != (camera.height, camera.width):
        raise ValueError(
            f"--register {ESTIMATE}: maps are {width}x{height}, frames {camera.width}x{camera.height} pixels; the "
            "depth camera's calibration is not known then: tell depth_intrinsics and T_depth_color in meta.json"
        )
    found = register_depth(depths, cameras, sensor, camera)
    if "no_better" in found.flags:
        raise ValueError(
            f"--register {ESTIMATE}: the frames' own depth lies {100 * found.before_m:.1f} cm from the maps, and no "
            "motion of the depth camera brings it nearer: are depth, poses and camera of one clip?"
        )
    return found


def told(found: DepthRegistration) -> str:
    """One line for people."""
    lies = f"the frames' own depth lies {100 * found.before_m:.1f} cm from the maps"
    if "registered" in found.flags:
        return f"the maps are registered to the frames: {lies}; used as they are"
    return (
        f"the depth camera stands {100 * found.shift_m:.1f} cm and {found.turn_deg:.1f} degrees from the colour camera "
        f"(points known to {100 * found.doubt_m:.1f} cm): {lies}, {100 * found.after_m:.1f} cm once they are registered"
    )
