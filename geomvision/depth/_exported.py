"""A depth net of a file in use: the image at the size that it takes, and metres or relative depth of its maps."""

from __future__ import annotations

from typing import Any

from ..cameras import Camera
from ..exported import FileCard, Runner
from ..images import Image
from ..results import Depth, RelativeDepth
from ._learned import METRIC, metric, resized, resized_inverse, seen_focal_px


def depth(card: FileCard, runner: Runner, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
    """Depth of an image. Raises ImageError for a size that the file does not allow."""
    height, width = image.shape[:2]
    shown = card.shown((image,))
    rows, columns = card.stretched(height, width) if card.fit == "stretch" else (height, width)
    if card.fit == "stretch":
        shown = tuple(resized(each, rows, columns) for each in shown)
    fitted = resized_inverse if card.inverse_resized else resized
    values = fitted(card.maps(runner, shown)["depth"], height, width)
    if card.kind != METRIC:
        kind: Any = card.kind
        return RelativeDepth(values=values, kind=kind)
    focal_px = None if camera is None else seen_focal_px(camera, rows, columns)
    return metric(values, focal_px, card.focal_px)
