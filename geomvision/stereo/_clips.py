"""A clip's pairs one after the other: the range that is searched follows what the pair before showed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..images import Float32, Image, ImageError, as_pair
from ..results import Disparity

if TYPE_CHECKING:
    from ._base import StereoMethod

#: Size of the pair that is looked at with the whole range, as a part of the sides; its smaller side at least, pixels.
PART, SMALLEST = 4, 16
#: Percentiles of the pair before, and of the small pair, between which its disparities are taken to lie.
BEFORE, LOOKED = (0.05, 99.95), (0.5, 99.5)
#: Added at both ends: pixels, and a share of what lies between; ends are at multiples of `STEP`.
MARGIN_PX, MARGIN, STEP = 4.0, 0.1, 8
#: Of the estimates, the share at a cut end from which it is not believed; of the density before, what must be left.
AT_END, LEFT = 0.005, 0.9
#: A range that is cut less than this saves nothing, and every so many pairs all of it is searched.
WORTHWHILE, RENEWED = 0.75, 16


def along(method: StereoMethod, pairs: Iterable[tuple[Any, Any]]) -> Iterator[Disparity]:
    """Disparities of a clip's pairs, each searched in the range where the pair before and a small look at this one lie.

    The look is at a quarter of the size and has the whole range, so a cut or what comes near is noticed if it is not
    tiny. The pair is matched again over the whole range where the result does not bear the cut range out: estimates
    gather at its end, or are missing where there were some before. Every `RENEWED`-th pair has the whole range anyhow.
    """
    before: Disparity | None = None
    since = 0
    for left, right in pairs:
        pair = as_pair(left, right)
        if before is not None and before.size != pair[0].shape[:2]:
            (height, width), (h, w) = pair[0].shape[:2], before.size
            raise ImageError(f"a pair is {width}x{height} pixels, the one before {w}x{h}")
        span = None if before is None or since >= RENEWED - 1 else expected(method, before, *pair)
        found = None if span is None else _within(method, span)(*pair)
        if found is None or before is None or not borne_out(method, found, before):
            found, since = method(*pair), -1
        before, since = found, since + 1
        yield found


def expected(method: StereoMethod, before: Disparity, left: Image, right: Image) -> range | None:
    """The disparities to search in a pair; None for all of them."""
    whole = _range(method)
    sizes = [size // PART for size in left.shape[:2]]
    if min(sizes) < SMALLEST or not before.valid.any():
        return None
    # Estimates may lie at −1 px of the small pair for one that is at 0 of the large one.
    small = range(whole.start // PART, -(-whole.stop // PART) + 1)
    try:
        seen = _within(method, small)(_smaller(left), _smaller(right))
    except ImageError:
        return None  # the range lies beyond so small an image
    ends = [np.percentile(before.px[before.valid], BEFORE)]
    if seen.valid.any():
        ends.append(PART * np.percentile(seen.px[seen.valid], LOOKED))
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    margin = MARGIN_PX + MARGIN * (high - low)
    start = max(whole.start, int(np.floor((low - margin) / STEP)) * STEP)
    stop = min(whole.stop, int(np.ceil((high + margin + 1) / STEP)) * STEP)
    return range(start, stop) if 0 < stop - start < WORTHWHILE * len(whole) else None


def borne_out(method: StereoMethod, found: Disparity, before: Disparity) -> bool:
    """Whether a result of a cut range can be believed."""
    if found.density < LEFT * before.density:
        return False
    assert found.run is not None
    whole = _range(method)
    start, stop = found.run.options["min_disparity"], found.run.options["max_disparity"]
    assert isinstance(start, int)
    assert isinstance(stop, int)
    px = found.px[found.valid]
    low = (px < start + 1).mean() if start > whole.start else 0.0
    high = (px > stop - 2).mean() if stop < whole.stop else 0.0
    return bool(low + high <= AT_END)


def _range(method: StereoMethod) -> range:
    options = method.options()
    start, stop = options["min_disparity"], options["max_disparity"]
    assert isinstance(start, int)
    assert isinstance(stop, int)
    return range(start, stop)


def _within(method: StereoMethod, span: range) -> StereoMethod:
    return method.with_options(min_disparity=span.start, max_disparity=span.stop)


def _smaller(image: Image) -> Image:
    """Means of `PART` x `PART` pixels."""
    height, width = (size // PART * PART for size in image.shape[:2])
    rest = image.shape[2:]
    parts = image[:height, :width].reshape(height // PART, PART, width // PART, PART, *rest)
    means: Float32 = parts.astype(np.float64).mean(axis=(1, 3))
    return np.ascontiguousarray(means if image.dtype.kind == "f" else np.rint(means)).astype(image.dtype)
