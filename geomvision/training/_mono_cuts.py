"""How a rendered image is shown to a net that learns depth from it, and which depths the net is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..depth._learned import resized

#: Of depths that a net is told: the fewest, the largest share of an image's pixels, and how they lie.
FEWEST, MOST = 16, 0.1
PATTERNS = ("scattered", "scattered", "rows", "zones")
#: Of those that it is told where it is judged.
TOLD_SHARE = 0.05
#: Relative error of most, and share of those that are anything.
SCATTER, WRONG = 0.01, 0.02


@dataclass(frozen=True, kw_only=True)
class MonoCut:
    """A part of a scene, `share` of its sides, and how it is shown; by default the whole as it is."""

    scene: int
    share: float = 1.0
    #: Where the part lies in what it leaves away, from 0 to 1.
    down: float = 0.5
    across: float = 0.5
    mirrored: bool = False
    channels: tuple[int, ...] = (0, 1, 2)
    gamma: float = 1.0
    progress: float = 0.0
    #: Degrees that the camera is rolled by; what would show beyond the scene is left away.
    turn: float = 0.0
    #: How many depths the net is told, how they lie, and what they are drawn from.
    known: int = 0
    pattern: str = "scattered"
    seed: int = 0


def seen(stored: Mapping[str, NDArray[Any]], sample: MonoCut) -> dict[str, NDArray[Any]]:
    """The image (3, H, W), its inverse depth (1, H, W), and the focal length, of a stored scene."""
    image, inverse = stored["image"], stored["inverse"].astype(np.float32)
    height, width = inverse.shape
    rows, columns = (max(1, round(sample.share * side)) for side in (height, width))
    top, left = round(sample.down * (height - rows)), round(sample.across * (width - columns))
    window = (slice(top, top + rows), slice(left, left + columns))
    shown = resized(image[window].astype(np.float32), height, width)[..., list(sample.channels)]
    # Depth is no mean of depths: each pixel takes that of the pixel nearest to it.
    truth = inverse[window][np.ix_(_nearest(height, rows), _nearest(width, columns))]
    shown, truth, zoom = _turned(shown, truth, sample.turn)
    shown = np.float32(255) * np.power(np.clip(shown / 255, 0, 1), sample.gamma, dtype=np.float32)
    if sample.mirrored:
        shown, truth = shown[:, ::-1], truth[:, ::-1]
    focal_px = np.asarray(stored["focal_px"] * width / columns * zoom)
    return {"image": np.moveaxis(shown, 2, 0), "inverse": truth[None], "focal_px": focal_px}


def _turned(image: NDArray[Any], inverse: NDArray[Any], degrees: float) -> tuple[NDArray[Any], NDArray[Any], float]:
    """What a camera sees that is rolled about its axis and zoomed until nothing beyond the image shows, and the zoom.

    Depth along the axis stays what it is.
    """
    if not degrees:
        return image, inverse, 1.0
    import cv2

    height, width = inverse.shape
    angle = math.radians(abs(degrees))
    zoom = math.cos(angle) + max(width / height, height / width) * math.sin(angle)
    about = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, zoom)
    shown = cv2.warpAffine(image, about, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    truth = cv2.warpAffine(inverse, about, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return shown, truth, zoom


def points(inverse: NDArray[np.float32], sample: MonoCut) -> NDArray[np.float32]:
    """Depth at some pixels of a map of inverse depths (H, W), NaN elsewhere: scattered, along some rows, or a grid."""
    rng = np.random.default_rng(sample.seed)
    height, width = inverse.shape
    allowed = inverse > 0
    y, x = np.ogrid[:height, :width]
    if sample.pattern == "rows":
        rows = max(1, round(sample.known / width * rng.uniform(1, 4)))
        allowed = allowed & (y % max(1, height // rows) == 0)
    elif sample.pattern == "zones":
        apart = max(1, round((inverse.size / max(sample.known, 1)) ** 0.5))
        allowed = allowed & (y % apart == apart // 2) & (x % apart == apart // 2)
    candidates = np.flatnonzero(allowed)
    chosen = rng.permutation(candidates)[: sample.known]
    found = np.full(inverse.size, np.nan, np.float32)
    found[chosen] = np.exp(SCATTER * rng.standard_normal(chosen.size)) / inverse.ravel()[chosen]
    wrong = chosen[rng.random(chosen.size) < WRONG]
    found[wrong] = found[wrong] * np.exp(rng.uniform(-1, 1, wrong.size))
    return found.reshape(inverse.shape)


def _nearest(side: int, part: int) -> NDArray[np.intp]:
    """Which of `part` pixels is nearest to each of the `side` pixels that they become."""
    return ((np.arange(side) + 0.5) * part / side).astype(np.intp)
