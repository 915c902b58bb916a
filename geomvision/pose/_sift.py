"""Matches of two images by SIFT, for methods that are given none."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cameras import Array
from ..images import Image, as_image

#: Luma of BT.601, as 8-bit SIFT wants it.
LUMA = (0.299, 0.587, 0.114)


def sift_matches(image0: Image, image1: Image, *, ratio: float, max_features: int) -> tuple[Array, Array]:
    """Pixels (N, 2) in both images that look alike: Lowe's ratio test (IJCV 2004), and each the other's nearest.

    The second demand keeps a feature that resembles everything from being matched a hundred times.
    """
    import cv2

    sift = cv2.SIFT.create(nfeatures=max_features, enable_precise_upscale=True)
    found = [sift.detectAndCompute(_grey(image), None) for image in (image0, image1)]
    if any(descriptors is None or len(descriptors) < 2 for _, descriptors in found):
        return np.zeros((0, 2)), np.zeros((0, 2))
    (points0, words0), (points1, words1) = found
    matcher = cv2.BFMatcher()
    back = {match.queryIdx: match.trainIdx for (match,) in matcher.knnMatch(words1, words0, k=1)}
    pairs = [
        (points0[best.queryIdx].pt, points1[best.trainIdx].pt)
        for best, second in matcher.knnMatch(words0, words1, k=2)
        if best.distance < ratio * second.distance and back[best.trainIdx] == best.queryIdx
    ]
    both = np.array(list(dict.fromkeys(pairs)), dtype=float).reshape(-1, 2, 2)  # one place may have two orientations
    return both[:, 0], both[:, 1]


def _grey(image: Any) -> Image:
    """8 bits of grey: whole ranges of integers, 0…255 of floats."""
    checked = as_image(image)
    values = checked.astype(np.float32)
    if values.ndim == 3:
        values = values @ np.array(LUMA, np.float32)
    if checked.dtype == np.uint16:
        values = values / 257.0
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
