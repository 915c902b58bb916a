"""From images to matches, once for all methods that ask for the same pair."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from ..cameras import CameraModel
from ..geometry import Matches, match_features
from ..samples import PoseSample

#: Features of each image, and the ratio of Lowe's test, where nobody says others.
FEATURES, RATIO = 4000, 0.8
_FOUND: WeakKeyDictionary[PoseSample, dict[tuple[int, float], Matches]] = WeakKeyDictionary()


def matches_of(sample: PoseSample, *, features: int, ratio: float) -> Matches:
    """The matches of a sample's images; they are kept for as long as the sample is."""
    found = _FOUND.setdefault(sample, {})
    if (features, ratio) not in found:
        found[features, ratio] = match_features(sample.image0, sample.image1, features=features, ratio=ratio)
    return found[features, ratio]


def check_sizes(image0: Any, image1: Any, camera0: CameraModel, camera1: CameraModel) -> None:
    """ValueError where an image has not its camera's size."""
    for name, image, camera in (("image0", image0, camera0), ("image1", image1, camera1)):
        height, width = getattr(image, "shape", (0, 0))[:2]
        if (height, width) != (camera.height, camera.width):
            raise ValueError(f"{name} is {width}x{height} but its camera is {camera.width}x{camera.height} pixels")
