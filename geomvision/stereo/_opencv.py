"""What the OpenCV peers share: 8-bit images, widened borders, ranges in 16s, pixels and NaN out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Image
from ..method import OptionError, option
from ._base import StereoMethod

#: Matches two padded 8-bit images: fixed point (1/16 px) or float disparities, at or above the smallest where valid.
Match = Callable[[Image, Image], NDArray[np.int16]]

FIXED_POINT = 16.0
#: OpenCV searches a multiple of this many disparities.
RANGE_STEP = 16


@dataclass(frozen=True, kw_only=True)
class OpenCVStereo(StereoMethod):
    """The search range, and how a pair is brought to OpenCV and its answer back.

    OpenCV searches multiples of 16 disparities: the range is rounded up, and estimates that round to
    `max_disparity` or more are dropped. Images of 16 bits or floats are scaled to 8 bits by `to_8bit`.
    """

    min_disparity: int = option(0, "smallest disparity searched", unit="px", minimum=-1024, maximum=4096)
    max_disparity: int = option(128, "disparities below it are searched", unit="px", minimum=-1023, maximum=4096)
    padded: bool = option(
        True, "widen the images by the disparity range, so that OpenCV does not lose a band of that width"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_disparity <= self.min_disparity:
            raise OptionError(
                f"{type(self).__name__}: max_disparity is {self.max_disparity}; "
                f"it must be larger than min_disparity, {self.min_disparity} px"
            )

    @property
    def range_px(self) -> int:
        """Number of disparities OpenCV searches: the range rounded up to a multiple of 16."""
        return -(-(self.max_disparity - self.min_disparity) // RANGE_STEP) * RANGE_STEP

    @property
    def cut_off(self) -> tuple[int, int]:
        """Columns on the left and on the right that OpenCV does not match unless the images are widened."""
        return max(0, self.min_disparity + self.range_px), max(0, -self.min_disparity)

    def run_padded(self, left: Image, right: Image, window: int, match: Match, margin: int = 0) -> Float32:
        """Call `match` on 8-bit images and return float32 pixels with NaN.

        Padding widens the images by the disparity range where OpenCV cuts it off, and by `margin` all around: what a
        matcher needs whose blocks lie inside the image. An image smaller than the window, or unpadded and no wider
        than what OpenCV cuts off, or no higher than such blocks, has no estimate.
        """
        height, width = left.shape[:2]
        before, after = self.cut_off
        empty = np.full((height, width), np.nan, np.float32)
        too_small = min(height, width) < window
        if too_small or (not self.padded and (width <= before + after + window or (margin > 0 and height <= window))):
            return empty
        left, right = to_8bit(left, right)
        if self.padded:
            left, right = (widened(image, before, after, margin) for image in (left, right))
        with threads(self.num_threads):
            fixed = match(left, right)
        if self.padded:
            fixed = fixed[margin : margin + height, before + margin : before + margin + width]
        px = fixed.astype(np.float32) / np.float32(FIXED_POINT)
        valid = (px >= self.min_disparity) & (np.rint(px) < self.max_disparity)
        return np.where(valid, px, empty)


def widened(image: Image, before: int, after: int, margin: int) -> Image:
    """The image with `before` columns more on the left, `after` on the right, `margin` all around; edges repeated."""
    widths = ((margin, margin), (margin + before, margin + after)) + ((0, 0),) * (image.ndim - 2)
    return np.ascontiguousarray(np.pad(image, widths, mode="edge"))


def to_8bit(left: Image, right: Image) -> tuple[Image, Image]:
    """Both images as uint8: unchanged, or the pair's joint range [min, max] mapped to [0, 255] and rounded.

    The joint range keeps equal grey levels equal, and gives 10- or 12-bit images in 16-bit files all of the 8 bits.
    """
    if left.dtype == np.uint8:
        return left, right
    low = float(min(left.min(), right.min()))
    spread = float(max(left.max(), right.max())) - low
    scale = 255.0 / spread if spread > 0 else 0.0

    def scaled(image: Image) -> Image:
        return np.rint((image.astype(np.float64) - low) * scale).astype(np.uint8)

    return scaled(left), scaled(right)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Run OpenCV on `number` threads (0: its default, every core); its setting is put back afterwards."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(number if number > 0 else -1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
