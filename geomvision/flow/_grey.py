"""Grey levels: every image on one scale, so that an option in grey levels means the same for every dtype."""

from __future__ import annotations

import numpy as np

from ..images import Float32, Image, to_grey

WHITE = 255.0


def grey_levels(frame0: Image, frame1: Image) -> tuple[Float32, Float32]:
    """Both frames as float32 grey levels, 0…255.

    uint8 is taken as it is and uint16 is divided by 257, so white is 255. Floats have no white of their own: the
    joint range of both frames is mapped to 0…255, and a pair without any contrast to 0.
    """
    return levels(to_grey(frame0), to_grey(frame1))


def levels(frame0: Image, frame1: Image) -> tuple[Float32, Float32]:
    """Both frames on the scale of `grey_levels`, grey or colour as they are."""
    if frame0.dtype == np.uint8:
        return frame0.astype(np.float32), frame1.astype(np.float32)
    if frame0.dtype == np.uint16:
        return (frame0 / 257.0).astype(np.float32), (frame1 / 257.0).astype(np.float32)
    low = min(float(frame0.min()), float(frame1.min()))
    contrast = max(float(frame0.max()), float(frame1.max())) - low
    scale = WHITE / contrast if contrast > 0 else 0.0
    level0, level1 = ((frame.astype(np.float64) - low) * scale for frame in (frame0, frame1))
    return level0.astype(np.float32), level1.astype(np.float32)
