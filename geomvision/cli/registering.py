"""``geomvision fuse --register``: maps of a depth camera that stands beside the colour camera."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import Array, Camera, CameraModel
from ..datasets._folder_parts import read_meta
from ..geometry import DepthRegistration, match_features, register_depth
from ..images import Image
from ..results import Depth

ESTIMATE = "estimate"
#: Frames that are looked at; how far points move between them, at least, best and at most; matches at least.
LOOKS, FLOW_PX, LEAST_MATCHES = 4, (8.0, 30.0, 100.0), 50
#: Matched points lie no farther than that from where maps of the same camera put them: pixels, and a share of the focal
#: length (0.2 degrees), the larger of both.
MISS_PX, MISS = 0.8, 0.0035


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


def doubt(
    images: Sequence[Image], depths: Sequence[Depth | None], camera: CameraModel, T_world_cam: Array
) -> str | None:
    """Why maps seem not to be of the camera that took the images, in words; None where they fit, or it cannot be told.

    Points matched between a few pairs of frames are held against where the map of one and both poses put them.
    """
    usable = [k for k, d in enumerate(depths) if d is not None and d.size == (camera.height, camera.width)]
    chosen = usable[:: max(1, len(usable) // LOOKS)]
    misses: list[float] = []
    for k in chosen:
        depth = depths[k]
        to = None if depth is None else _partner(k, depth, camera, T_world_cam)
        if depth is None or to is None:
            continue
        found = match_features(images[k], images[to])
        x, y = np.rint(found.points0).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
        pixels, there = found.points0[inside], found.points1[inside]
        put = _put(pixels, depth.m[y[inside], x[inside]], camera, T_world_cam[k], T_world_cam[to])
        off = np.linalg.norm(put - there, axis=1)
        if np.isfinite(off).sum() >= LEAST_MATCHES:
            misses.append(float(np.nanmedian(off)))
    if not misses or np.median(misses) <= max(MISS_PX, MISS / _radians_per_pixel(camera)):
        return None
    return f"points of the frames lie {np.median(misses):.1f} pixels (median) from where maps and poses put them"


def _radians_per_pixel(camera: CameraModel) -> float:
    """In the middle of the image."""
    x, y = camera.width / 2, camera.height / 2
    left, right = camera.unproject(np.array([[x - 0.5, y], [x + 0.5, y]]))
    return float(np.linalg.norm(right - left))


def _put(pixels: Array, depth: Any, camera: CameraModel, first: Array, second: Array) -> Array:
    """Where points of a map lie in another frame (N, 2); NaN where there is no depth, or behind it."""
    points = camera.unproject(pixels, np.asarray(depth, float)) @ first[:3, :3].T + first[:3, 3]
    points = (points - second[:3, 3]) @ second[:3, :3]
    ahead = np.isfinite(points).all(axis=1) & (points[:, 2] > 0)
    put = camera.project(np.where(ahead[:, None], points, (0.0, 0.0, 1.0)))
    return np.asarray(np.where(ahead[:, None], put, np.nan))


def _partner(k: int, depth: Depth, camera: CameraModel, T_world_cam: Array) -> int | None:
    """The frame whose points move by about `FLOW_PX` from frame `k`, half of them at least staying in the image."""
    grid = camera.pixel_grid()[10::20, 10::20].reshape(-1, 2)
    values = depth.m[10::20, 10::20].reshape(-1)
    best: tuple[float, int | None] = (np.inf, None)
    for to in range(len(T_world_cam)):
        put = _put(grid, values, camera, T_world_cam[k], T_world_cam[to])
        known = np.isfinite(put).all(axis=1)
        stays = known & (put >= 0).all(axis=1) & (put < (camera.width, camera.height)).all(axis=1)
        if to == k or known.sum() < LEAST_MATCHES or stays.sum() < known.sum() / 2:
            continue
        flow = float(np.median(np.linalg.norm(put - grid, axis=1)[stays]))
        if FLOW_PX[0] <= flow <= FLOW_PX[2]:
            best = min(best, (abs(np.log(flow / FLOW_PX[1])), to))
    return best[1]


def told(found: DepthRegistration) -> str:
    """One line for people."""
    lies = f"the frames' own depth lies {100 * found.before_m:.1f} cm from the maps"
    if "registered" in found.flags:
        return f"the maps are registered to the frames: {lies}; used as they are"
    return (
        f"the depth camera stands {100 * found.shift_m:.1f} cm and {found.turn_deg:.1f} degrees from the colour camera "
        f"(points known to {100 * found.doubt_m:.1f} cm): {lies}, {100 * found.after_m:.1f} cm once they are registered"
    )
