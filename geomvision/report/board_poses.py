"""Pictures of poses: where, by an estimate, view 1 sees what lies behind pixels of view 0."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, CameraModel
from ..images import Image
from ..packages import needed_by
from ..samples import PoseSample
from .maps import eight_bit

#: Pixels of view 0 whose rays are drawn: so many across and down.
ACROSS, DOWN = 4, 3
#: Depths along a ray, in baselines; an estimate without a scale has a baseline of 1.
DEPTHS = np.geomspace(0.1, 1e4, 240)
WHITE = (255, 255, 255)
#: Pixels across of a picture.
WIDE = 480


def read_pose(path: Path) -> Array | None:
    """The pose that a run kept (``T_1_0`` of an .npz); None where the method found none."""
    with np.load(path) as arrays:
        T = np.asarray(arrays["T_1_0"], float) if "T_1_0" in arrays else None
    return None if T is None or not np.isfinite(T).all() else T


def poses_drawn(sample: PoseSample, poses: Mapping[str, Array | None]) -> tuple[dict[str, Image], dict[str, Image]]:
    """Pictures of view 0 and of view 1 by the truth; and of view 1 by each pose.

    View 0 has a dot at each of 4 x 3 pixels. View 1 has the half of each one's epipolar line that lies before both
    cameras, in the dot's colour; on them, by the truth, thin white ones. Without a translation a line is a dot.
    """
    pixels = _grid(sample.camera0)
    rays = sample.camera0.unproject(pixels)
    view0, scale0 = _small(sample.image0)
    for pixel, colour in zip(pixels, _colours(), strict=True):
        _dot(view0, pixel * scale0, colour)
    given = {"view 0": view0}
    if sample.T_1_0 is not None:
        given["truth"] = _lines(sample, rays, sample.T_1_0, white=False)
    return given, {label: _lines(sample, rays, T, white=True) for label, T in poses.items()}


def _lines(sample: PoseSample, rays: Array, T_1_0: Array | None, *, white: bool) -> Image:
    view1, scale1 = _small(sample.image1)
    if T_1_0 is not None:
        for ray, colour in zip(rays, _colours(), strict=True):
            _line(view1, _seen(ray, T_1_0, sample.camera1) * scale1, colour)
    if white and sample.T_1_0 is not None:
        for ray in rays:
            _line(view1, _seen(ray, sample.T_1_0, sample.camera1) * scale1, WHITE)
    return view1


def _seen(ray: Array, T_1_0: Array, camera1: CameraModel) -> Array:
    """Pixels (N, 2) of points along a ray of camera 0, from near to far; NaN where camera 1 does not see them."""
    baseline = float(np.linalg.norm(T_1_0[:3, 3])) or 1.0
    points = baseline * DEPTHS[:, None] * ray @ T_1_0[:3, :3].T + T_1_0[:3, 3]
    seen = camera1.project(points)
    far = np.abs(seen) > 10 * max(camera1.width, camera1.height)
    return np.asarray(np.where(far.any(axis=1, keepdims=True) | (points[:, 2:] <= 0), np.nan, seen))


def _grid(camera: CameraModel) -> Array:
    x = (np.arange(ACROSS) + 0.5) / ACROSS * camera.width - 0.5
    y = (np.arange(DOWN) + 0.5) / DOWN * camera.height - 0.5
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _colours() -> list[tuple[int, int, int]]:
    count = ACROSS * DOWN
    every = [colorsys.hsv_to_rgb(k / count, 0.85, 1.0) for k in range(count)]
    return [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in every]


def _cv2() -> Any:
    with needed_by("pictures of poses"):
        import cv2
    return cv2


def _small(image: Image) -> tuple[Image, float]:
    """An image as dark colours, so that lines stand out, no wider than a picture; and how much smaller it is."""
    shown: NDArray[np.uint8] = eight_bit(image)
    colour = np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else shown
    scale = min(1.0, WIDE / colour.shape[1])
    size = (round(colour.shape[1] * scale), max(1, round(colour.shape[0] * scale)))
    cv2 = _cv2()
    return np.ascontiguousarray(cv2.resize(colour, size, interpolation=cv2.INTER_AREA) // 3 * 2), scale


def _line(image: Image, pixels: Array, colour: tuple[int, int, int]) -> None:
    cv2 = _cv2()
    known = np.asarray(np.isfinite(pixels).all(axis=1))
    ends = np.rint(np.where(known[:, None], pixels, 0)).astype(int)
    for k in range(len(ends) - 1):
        if known[k] and known[k + 1]:
            width = 1 if colour == WHITE else 3
            cv2.line(image, ends[k].tolist(), ends[k + 1].tolist(), colour, width, cv2.LINE_AA)
    if known.any() and np.ptp(pixels[known], axis=0).max() < 1.0:
        _dot(image, pixels[known][0], colour)


def _dot(image: Image, pixel: Array, colour: tuple[int, int, int]) -> None:
    cv2 = _cv2()
    cv2.circle(image, np.rint(pixel).astype(int).tolist(), 4, colour, -1, cv2.LINE_AA)
