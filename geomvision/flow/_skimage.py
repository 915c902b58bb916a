"""What the scikit-image flow peers share: grey levels of 0…1 in, (dx, dy) and finite pixels out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import WHITE, Float32, Image
from ..results import Flow
from ._base import FlowMethod
from ._grey import grey_levels

#: Smaller images are widened to this many pixels along either side: its pyramids and derivatives need some.
SMALLEST = 16


@dataclass(frozen=True, kw_only=True)
class SkimageFlow(FlowMethod):
    """Brings two frames to scikit-image and its answer back, on one thread. The result is without confidence."""

    def run(self, frame0: Image, frame1: Image, match: Callable[[Float32, Float32], Any]) -> Flow:
        """`match` takes two float32 frames of 0…1 and gives (2, height, width): rows, then columns, to frame 1."""
        height, width = frame0.shape[:2]
        missing = ((0, max(0, SMALLEST - height)), (0, max(0, SMALLEST - width)))
        levels = (np.pad(grey / np.float32(WHITE), missing, mode="edge") for grey in grey_levels(frame0, frame1))
        down, along = match(*levels)
        px = np.stack([along, down], axis=-1)[:height, :width].astype(np.float32)
        return Flow(px=np.where(np.isfinite(px).all(axis=2, keepdims=True), px, np.float32(np.nan)))
