"""What light, lens and sensor do to a pair of drawn frames: unequal exposure, haze, blur of motion and focus, noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..packages import needed_by
from ._layers import Drawn, Floats

Picture = NDArray[np.uint8]
#: Side of the stored noise that pictures cut theirs from.
NOISE = 1024


def photographed(rng: np.random.Generator, drawn: Drawn) -> tuple[Picture, Picture]:
    """Two uint8 pictures (H, W, 3). Each fault is rare or faint: a pair with all of them is hardly to be matched."""
    frames = [frame.copy() for frame in drawn.frames]
    if rng.random() < 0.2:
        _blur_motion(frames, drawn, float(rng.uniform(0.15, 0.6)))
    if rng.random() < 0.3:
        _shade(rng, frames)
    if rng.random() < 0.12:
        _haze(rng, frames)
    _blur_focus(rng, frames)
    return _sensor(rng, frames)


def _blur_motion(frames: list[Floats], drawn: Drawn, shutter: float) -> None:
    """The mean of looks along the motion, half before and half after (Butler et al., ECCV 2012, final pass)."""
    for index, moved in enumerate((drawn.flow, drawn.arrived)):
        total = frames[index].copy()
        for share in (-0.5, -0.25, 0.25, 0.5):
            total += ops.warp(frames[index], moved * np.float32(share * shutter), outside="border", num_threads=1)
        frames[index] = total * np.float32(0.2)


def _field(rng: np.random.Generator, like: Floats, cells: int) -> Floats:
    with needed_by("drawing faults of cameras"):
        import cv2

    coarse = rng.random((cells, cells), dtype=np.float32)
    field = cv2.resize(coarse, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, np.float32)[..., None]


def _shade(rng: np.random.Generator, frames: list[Floats]) -> None:
    """Soft light and shadow that does not move with things; in one frame alone, now and then."""
    light = np.float32(1) - np.float32(rng.uniform(0.1, 0.6)) * _field(rng, frames[0], int(rng.integers(2, 6)))
    for index in (0, 1) if rng.random() < 0.7 else (1,):
        frames[index] *= light


def _haze(rng: np.random.Generator, frames: list[Floats]) -> None:
    colour = (rng.uniform(60, 230) + rng.uniform(-20, 20, 3)).astype(np.float32)
    density = np.float32(rng.uniform(0.2, 0.7)) * _field(rng, frames[0], int(rng.integers(2, 5)))
    density = np.clip(density, 0, 1)
    for index in range(2):
        frames[index] += (colour - frames[index]) * density


def _blur_focus(rng: np.random.Generator, frames: list[Floats]) -> None:
    with needed_by("drawing faults of cameras"):
        import cv2

    both = float(rng.uniform(0.0, 0.7) if rng.random() < 0.8 else rng.uniform(0.7, 2.0))
    for index in range(2):
        sigma = both * (float(rng.uniform(0.6, 1.6)) if rng.random() < 0.15 else 1.0)
        if sigma > 0.3:
            size = 2 * int(np.ceil(2.5 * sigma)) + 1
            blurred = cv2.GaussianBlur(frames[index], (size, size), sigma, borderType=cv2.BORDER_REPLICATE)
            frames[index] = np.asarray(blurred, np.float32)


def _sensor(rng: np.random.Generator, frames: list[Floats]) -> tuple[Picture, Picture]:
    """Exposure, contrast and white balance, mostly common to both; noise that is of each alone."""
    contrast, gain = np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(0, 0.08, 3) + rng.normal(-0.05, 0.15))
    uneven = rng.random() < 0.4
    deviation = float(rng.uniform(0, 2)) if rng.random() < 0.8 else float(rng.uniform(2, 8))
    grey = rng.random() < 0.15
    pictures = []
    for frame in frames:
        own = rng.normal(0, 0.1, 3) * (0.6, 1, 1) if uneven else np.zeros(3)
        bent = _tone(frame, contrast * np.exp(own[0]), gain * np.exp(own[1]), 8 * own[2])
        if grey:
            bent[...] = bent.mean(axis=2, keepdims=True)
        bent += np.float32(deviation) * _noise(rng, *frame.shape[:2])
        pictures.append(np.clip(np.rint(bent, out=bent), 0, 255, out=bent).astype(np.uint8))
    return pictures[0], pictures[1]


def _tone(frame: Floats, contrast: float, gain: NDArray[np.float64], lift: float) -> Floats:
    """255 (gain v)^contrast + lift for each channel, by a table: levels are steps of 255 before it as after."""
    with needed_by("drawing faults of cameras"):
        import cv2

    levels = np.arange(256)[:, None] / 255
    table = (255 * np.clip(gain * levels, 0, 1.5) ** contrast + lift).astype(np.float32)
    steps = np.clip(frame, 0, 255, out=frame).astype(np.uint8)
    return np.asarray(cv2.LUT(steps, table.reshape(1, 256, 3)), np.float32)


@lru_cache(maxsize=1)
def _stored_noise() -> Floats:
    rng = np.random.Generator(np.random.PCG64(41))
    return rng.standard_normal((NOISE, NOISE, 3), dtype=np.float32)


def _noise(rng: np.random.Generator, height: int, width: int) -> Floats:
    """White noise of deviation 1: cut out of stored noise, from a place of its own."""
    stored = _stored_noise()
    if height > NOISE or width > NOISE:
        return rng.standard_normal((height, width, 3), dtype=np.float32)
    top, left = int(rng.integers(NOISE - height + 1)), int(rng.integers(NOISE - width + 1))
    return stored[top : top + height, left : left + width]
