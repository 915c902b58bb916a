"""Sparse feature matches between two images: the independent witness that judges a pair before it is matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..images import Image, as_image, to_grey
from ..packages import needed_by

#: Wider images are halved until they fit: the judgement needs pixels, not tenths of them.
WIDEST = 2000


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Positions (N, 2) as (x, y) in pixels of both images, and how many features each image had."""

    points0: NDArray[np.float64]
    points1: NDArray[np.float64]
    features: tuple[int, int]

    def __len__(self) -> int:
        return len(self.points0)

    def where(self, keep: NDArray[np.bool_]) -> Matches:
        """Only the matches that `keep`, bool (N,), marks."""
        return Matches(points0=self.points0[keep], points1=self.points1[keep], features=self.features)


def eight_bit(image: Image, scale: float) -> NDArray[np.uint8]:
    """Grey levels spread over 0…255 between the 0.5 and 99.5 percentiles, resized by `scale`."""
    with needed_by("match_features"):
        import cv2

    grey: Image = to_grey(image).astype(np.float32)
    if scale != 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(grey, (0.5, 99.5))
    if high <= low:
        low, high = float(grey.min()), float(grey.max())
    spread = 255.0 / (high - low) if high > low else 0.0
    levels: NDArray[np.uint8] = np.clip((grey - low) * spread, 0, 255).astype(np.uint8)
    return levels


@checked
def match_features(image0: Image, image1: Image, *, features: int = 2000, ratio: float = 0.8) -> Matches:
    """SIFT features (Lowe, IJCV 2004) that are each other's best match and pass the ratio test.

    Args:
        image0: (H, W) or (H, W, 3).
        image1: of any size.
        features: how many are looked for in each image, at least 2.
        ratio: of the distances to the best and the second best match, above 0 and at most 1.

    Raises:
        ImageError: for what is no image.
        ValueError: for numbers that are not allowed.
    """
    with needed_by("match_features"):
        import cv2
    if features < 2 or not 0 < ratio <= 1:
        raise ValueError(f"features is {features}, ratio {ratio}; allowed are 2 or more, and (0, 1]")
    first, second = as_image(image0, "image0"), as_image(image1, "image1")
    scale = 1.0
    while max(first.shape[1], second.shape[1]) * scale > WIDEST:
        scale /= 2
    detector = cv2.SIFT.create(nfeatures=features, enable_precise_upscale=True)
    keys0, codes0 = detector.detectAndCompute(eight_bit(first, scale), None)
    keys1, codes1 = detector.detectAndCompute(eight_bit(second, scale), None)
    found = (len(keys0), len(keys1))
    if min(found) < 2:
        return Matches(points0=np.empty((0, 2)), points1=np.empty((0, 2)), features=found)
    forth, back = _best(codes0, codes1, ratio), _best(codes1, codes0, ratio)
    pairs = [(i, j) for i, j in forth.items() if back.get(j) == i]
    # A point found at two orientations would vote twice.
    pairs = list({(*keys0[i].pt, *keys1[j].pt): (i, j) for i, j in pairs}.values())
    points0 = np.array([keys0[i].pt for i, _ in pairs]).reshape(-1, 2)
    points1 = np.array([keys1[j].pt for _, j in pairs]).reshape(-1, 2)
    centre = 0.5 / scale - 0.5  # pixel centres are integers in both sizes
    return Matches(points0=points0 / scale + centre, points1=points1 / scale + centre, features=found)


def _best(codes0: Any, codes1: Any, ratio: float) -> dict[int, int]:
    """For each descriptor of 0 its nearest of 1, where that is clearly nearer than the second nearest."""
    with needed_by("match_features"):
        import cv2

    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(codes0, codes1, k=2)
    return {two[0].queryIdx: two[0].trainIdx for two in nearest if two[0].distance < ratio * two[1].distance}
