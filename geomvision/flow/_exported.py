"""A flow net of a file in use: a `Flow` of its maps."""

from __future__ import annotations

import numpy as np

from ..exported import FileCard, Runner
from ..images import Image
from ..results import Flow


def flow(card: FileCard, runner: Runner, frame0: Image, frame1: Image) -> Flow:
    """Flow from frame 0 to frame 1. Raises ImageError for a size that the file does not allow."""
    maps = card.maps(runner, card.shown((frame0, frame1)))
    return Flow(px=np.stack([maps["x"], maps["y"]], axis=2))
