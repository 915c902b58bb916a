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
    grey0, grey1 = to_grey(frame0), to_grey(frame1)
    if grey0.dtype == np.uint8:
        return grey0.astype(np.float32), grey1.astype(np.float32)
    if grey0.dtype == np.uint16:
        return (grey0 / 257.0).astype(np.float32), (grey1 / 257.0).astype(np.float32)
    low = min(float(grey0.min()), float(grey1.min()))
    contrast = max(float(grey0.max()), float(grey1.max())) - low
    scale = WHITE / contrast if contrast > 0 else 0.0
    level0, level1 = ((grey.astype(np.float64) - low) * scale for grey in (grey0, grey1))
    return level0.astype(np.float32), level1.astype(np.float32)
