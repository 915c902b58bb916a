"""A stereo net of a file in use: what its matcher says first, where it refines one, and a `Disparity` of its maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exported import FileCard, Runner
from ..images import Image
from ..results import Disparity


def disparity(card: FileCard, runner: Runner, left: Image, right: Image, num_threads: int = 0) -> Disparity:
    """Disparity of the left image. Raises ImageError for a size that the file does not allow."""
    card.taken(*left.shape[:2])
    shown = card.shown((left, right))
    if not card.matcher:
        maps = card.maps(runner, shown)
        return Disparity(px=maps["disparity"], confidence=maps.get("confidence"))
    matched = _matched(card.matcher, left, right, num_threads)
    if not matched.valid.any():
        return matched
    assert matched.confidence is not None
    further = [np.ascontiguousarray(each, np.float32)[None, None] for each in (matched.px, matched.confidence)]
    maps = card.maps(runner, shown, further)
    return Disparity(px=maps["disparity"], confidence=maps["confidence"], occluded=maps["occluded"] > 0.5)


def _matched(told: Any, left: Image, right: Image, num_threads: int) -> Disparity:
    from . import METHODS
    from ._refining import answer

    matcher: Any = METHODS[told["method"]].from_options({**told["options"], "num_threads": num_threads})
    return answer(matcher, left, right)
