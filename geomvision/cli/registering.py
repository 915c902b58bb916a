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
from ..geometry import DepthRegistration, register_depth
from ..images import Image
from ..results import Depth

ESTIMATE = "estimate"
#: Edges are looked for so many pixels aside; a depth changes by such a share there; share of pixels that are ones.
REACH_PX, JUMP, LEAST_EDGES = 40, 0.05, 0.002
#: Edges that agree do so by so many deviations of what edges elsewhere do, and at least half as well as anywhere.
AGREE, CLEAR, NEAR_PX = 3.0, 8.0, 3.0


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


def doubt(images: Sequence[Image], depths: Sequence[Depth | None]) -> str | None:
    """Why maps seem not to be of the camera that took the images, in words; None where their edges lie alike.

    The correlation of edges in depth with edges in brightness, over shifts of one against the other: of maps that are
    registered it is highest at none.
    """
    pairs = [(i, d) for i, d in zip(images, depths, strict=True) if d is not None and d.size == i.shape[:2]]
    reach = min(REACH_PX, *(min(d.size) // 4 for _, d in pairs)) if pairs else 0
    edges = [(_edges_of_image(image), _edges_of_depth(d)) for image, d in pairs]
    found = [_alike(first, second, reach) for first, second in edges if second is not None]
    if not found or reach < 4 * NEAR_PX:
        return None
    mean = np.mean(found, axis=0)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    away = np.hypot(rows, columns)
    score = (mean - mean[away > NEAR_PX].mean()) / max(float(mean[away > 2 * NEAR_PX].std()), 1e-9)
    best, here = np.unravel_index(np.argmax(score), score.shape), float(score[reach, reach])
    if away[best] > NEAR_PX and score[best] > CLEAR and here < score[best] / 2:
        return f"edges of the maps lie {away[best]:.0f} pixels from those of the frames"
    return None if here > AGREE else "edges of the maps do not lie on edges of the frames"


def _edges_of_depth(depth: Depth) -> Array | None:
    """1 where the depth jumps; None where that is hardly anywhere."""
    near = 1.0 / np.where(depth.valid, depth.m, np.nan).astype(float)
    edges = np.zeros(near.shape)
    for after, a, b in ((edges[:, 1:], near[:, 1:], near[:, :-1]), (edges[1:], near[1:], near[:-1])):
        after[np.nan_to_num(np.abs(a - b) / np.maximum(a, b)) > JUMP] = 1.0
    return edges if edges.mean() > LEAST_EDGES else None


def _edges_of_image(image: Image) -> Array:
    """Lengths of the brightness's gradient in units of their median, ten at most."""
    grey = image.astype(float).mean(axis=2) if image.ndim == 3 else image.astype(float)
    lengths = np.hypot(*np.gradient(grey))
    typical = float(np.median(lengths[lengths > 0])) if (lengths > 0).any() else 1.0
    return np.asarray(np.minimum(lengths / typical, 10.0))


def _alike(first: Array, second: Array, reach: int) -> Array:
    """Correlation of both for each shift (rows, columns) up to `reach`."""
    a, b = first - first.mean(), second - second.mean()
    products = np.fft.irfft2(np.fft.rfft2(a) * np.conj(np.fft.rfft2(b)), a.shape)
    around = np.arange(-reach, reach + 1)
    most = max(float(np.sqrt(np.square(a).sum() * np.square(b).sum())), 1e-9)
    return np.asarray(products[np.ix_(around % a.shape[0], around % a.shape[1])] / most)


def told(found: DepthRegistration) -> str:
    """One line for people."""
    lies = f"the frames' own depth lies {100 * found.before_m:.1f} cm from the maps"
    if "registered" in found.flags:
        return f"the maps are registered to the frames: {lies}; used as they are"
    return (
        f"the depth camera stands {100 * found.shift_m:.1f} cm and {found.turn_deg:.1f} degrees from the colour camera "
        f"(points known to {100 * found.doubt_m:.1f} cm): {lies}, {100 * found.after_m:.1f} cm once they are registered"
    )
