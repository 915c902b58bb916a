"""Holes of infinite depth, which a first training without truth makes of things that move along with the camera.

What keeps its place in the image looks as if it were infinitely far. Where it stands on the ground, its depth then lies
under the ground, which nothing can (Guizilini et al., ICLR 2020, section 4.2): such frames are left out, and a second
training begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from ..geometry._robust_linear import robust_linear
from ..images import Mask

#: Pixels through which a plane is laid, at most, and at least.
MOST, FEWEST = 800, 30
#: Share of them that may show something else than the ground.
NOT_GROUND = 0.6
#: Cosine between the ground's normal and the camera's y axis, at least: 40 degrees.
LEVEL = 0.766
#: Lower share of the image in which the ground is looked for.
LOWER = 0.5


def ground(depth: NDArray[np.float32], rays: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """1 / depth of the ground at every pixel, (H, W), negative above the horizon; None where no ground is found.

    Args:
        depth: (H, W), of any unit.
        rays: points at z = 1 behind the pixels, (H, W, 3), y down.
    """
    lower = np.zeros(depth.shape, bool)
    lower[round((1 - LOWER) * depth.shape[0]) :] = True
    places = np.flatnonzero(lower & np.isfinite(depth) & (depth > 0) & np.isfinite(rays).all(axis=2))
    places = places[:: max(1, len(places) // MOST)]
    if len(places) < FEWEST:
        return None
    inverse, seen = 1 / depth.ravel()[places].astype(np.float64), rays.reshape(-1, 3)[places]
    fit = robust_linear(seen, inverse, most_wrong=NOT_GROUND)
    if fit is None or fit.coefficients[1] < LEVEL * float(np.linalg.norm(fit.coefficients)):
        return None
    found: NDArray[np.float64] = rays @ fit.coefficients
    return found


def holes(depth: NDArray[np.float32], rays: NDArray[np.float64], *, times: float) -> Mask | None:
    """Pixels (H, W) that are more than `times` as far as the ground that they hide; None where no ground is found.

    Args:
        depth, rays: as for `ground`.
        times: above 1.
    """
    near = ground(depth, rays)
    if near is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Mask = (near > 0) & (times / depth < near)
    return found


def told(found: Sequence[Sequence[Mask | None]], how: str, share: float, margin: int) -> Found:
    """What a second training leaves out.

    Args:
        found: `holes` by camera and time.
        how: "frames", those of which more than `share` of the pixels of a camera are holes; or "pixels", all holes.
        share: of pixels.
        margin: how many pixels holes are grown by.

    Raises ValueError where no image shows a ground.
    """
    if all(each is None for camera in found for each in camera):
        raise ValueError("no image shows a ground below the camera, by which infinite depth is found: infinite = ''")
    if how == "frames":
        deep = [[each is not None and float(each.mean()) > share for each in camera] for camera in found]
        return Found([time for time, each in enumerate(zip(*deep, strict=True)) if any(each)], None)
    size = next(each.shape for camera in found for each in camera if each is not None)
    window = np.ones((2 * margin + 1, 2 * margin + 1), bool)
    kept = [
        [np.ones(size, bool) if each is None else ~binary_dilation(each, window) for each in camera] for camera in found
    ]
    return Found([], kept)


class Found(NamedTuple):
    """Times of frames that are left out, and, by camera and time, the pixels that are kept (H, W); None: all."""

    frames: list[int]
    kept: list[list[Mask]] | None
