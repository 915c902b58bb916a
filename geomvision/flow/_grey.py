"""Grey levels: every image on one scale, so that an option in grey levels means the same for every dtype."""

from __future__ import annotations

from ..images import Float32, Image, levels, to_grey


def grey_levels(frame0: Image, frame1: Image) -> tuple[Float32, Float32]:
    """Both frames as float32 grey levels, 0…255: see `geomvision.images.levels`."""
    return levels(to_grey(frame0), to_grey(frame1))
