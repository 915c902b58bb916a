"""The way to the C++ core and back, for both dense methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..images import Image
from ..results import Flow
from ._grey import grey_levels


def dense_flow(name: str, frame0: Image, frame1: Image, options: Mapping[str, Any], num_threads: int) -> Flow:
    """Run the core's method `name` on both frames in grey levels."""
    from .. import _core

    run = getattr(_core, name)
    px, confidence, occluded = run(*grey_levels(frame0, frame1), num_threads=num_threads, **options)
    return Flow(px=px, confidence=confidence, occluded=occluded)
