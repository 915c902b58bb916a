"""Methods in tiles: where these lie along an axis, and how two become one map at the seam between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .images import Float32, Mask
from .method import Method, OptionError, option
from .trace import Trace


class Span(NamedTuple):
    """A tile along one axis: its part, what it gives (its part and half a band at each seam), what its base sees."""

    part: slice
    gives: slice
    sees: slice

    @property
    def inner(self) -> slice:
        """What it gives, counted from where it begins to see."""
        return slice(self.gives.start - self.sees.start, self.gives.stop - self.sees.start)


def spans(size: int, tile: int, overlap: int, before: int = 0, after: int = 0, least: int = 0) -> list[Span]:
    """`size` pixels in the fewest equal parts of at most `tile`.

    Each sees `overlap` more at both ends, and `before` and `after` beyond that, and `least` pixels at least, as far as
    there is an image. Neighbours both give the inner half of the overlap: a band of 2 · (overlap // 2) pixels, its
    middle the seam.
    """
    count = -(-size // tile)
    seams = [index * size // count for index in range(count + 1)]
    half = overlap // 2
    return [
        Span(
            slice(begin, end),
            slice(begin - half if begin else 0, end + half if end < size else size),
            _seen(begin - overlap - before, end + overlap + after, least, size),
        )
        for begin, end in pairwise(seams)
    ]


def _seen(begin: int, end: int, least: int, size: int) -> slice:
    begin = max(0, begin)
    end = min(size, max(end, begin + least))
    return slice(max(0, min(begin, end - least)), end)


def ramp(band: int) -> Float32:
    """What the later of two tiles weighs over the band, from 0 to 1; the earlier one weighs the rest."""
    return ((np.arange(band, dtype=np.float32) + 0.5) / max(band, 1)).astype(np.float32)


def shares(found: list[Span], size: int) -> tuple[NDArray[np.int64], Float32]:
    """For each pixel of an axis: which part it belongs to, and what that tile weighs there."""
    index, share = np.zeros(size, np.int64), np.ones(size, np.float32)
    for number, span in enumerate(found):
        index[span.part] = number
        band = 2 * (span.part.start - span.gives.start)
        later = ramp(band)
        share[span.gives.start : span.gives.start + band] = np.maximum(later, 1 - later)
    return index, share


@dataclass(frozen=True, kw_only=True)
class Tiling(Method):
    """How large tiles are, and how much more than its part each one sees."""

    tile_height: int = option(512, "rows of a tile's part, at most", unit="px", minimum=16, maximum=1 << 20)
    tile_width: int = option(1024, "columns of a tile's part, at most", unit="px", minimum=16, maximum=1 << 20)
    overlap: int = option(
        64, "seen beyond the part on each side, at most half a tile; its inner half is blended", unit="px", minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        smaller = min(self.tile_height, self.tile_width)
        if self.overlap > smaller // 2:
            raise OptionError(
                f"{type(self).__name__}: overlap is {self.overlap} and the smaller side of a tile {smaller} px; "
                "allowed is at most half"
            )


class Maps(NamedTuple):
    """What a method says of a tile: an estimate, and confidence and occlusion where it gives them."""

    values: Float32
    confidence: Float32 | None
    occluded: Mask | None

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Maps:
        """All maps that there are, changed alike."""
        confidence = None if self.confidence is None else change(self.confidence)
        return Maps(change(self.values), confidence, None if self.occluded is None else change(self.occluded))

    def room(self, height: int, width: int) -> Maps:
        """Empty maps of another size, of the kinds that there are here."""
        return self.each(lambda values: np.zeros((height, width), values.dtype))

    def lay(self, piece: Maps, axis: int, span: Span, same: float) -> None:
        """Put a piece where its tile gives it along an axis, blended with what its band holds already.

        Estimates that differ by more than `same` lie on two surfaces: their mean would lie on neither.
        """
        band = 2 * (span.part.start - span.gives.start)
        across = (slice(None),) * axis
        there = (*across, slice(span.gives.start, span.gives.start + band))
        begin = (*across, slice(0, band))
        later = ramp(band).reshape(-1, 1) if axis == 0 else ramp(band)
        mixed = _blended(self.each(lambda m: m[there]), piece.each(lambda m: m[begin]), later, same)
        for canvas, values, blend in zip(self, piece, mixed, strict=True):
            if canvas is not None and values is not None and blend is not None:
                canvas[(*across, span.gives)] = values
                canvas[there] = blend


def joined(
    rows: list[Span], columns: list[Span], size: tuple[int, int], tile: Callable[[Span, Span], Maps], same: float
) -> Maps:
    """What `tile` says of every tile, blended over the inner half of the overlap with weights that sum to 1.

    Args:
        rows, columns: the tiles' spans; `size` is (height, width) of all.
        tile: what a tile gives, without what it only sees.
        same: as for `Maps.lay`.
    """
    height, width = size
    whole: Maps | None = None
    for row in rows:
        strip: Maps | None = None
        for column in columns:
            piece = tile(row, column)
            strip = piece.room(len(piece.values), width) if strip is None else strip
            strip.lay(piece, 1, column, same)
        assert strip is not None  # there is always a column, and a row
        whole = strip.room(height, width) if whole is None else whole
        whole.lay(strip, 0, row, same)
    assert whole is not None
    return whole


def record_tiles(trace: Trace, rows: list[Span], columns: list[Span], height: int, width: int) -> None:
    """Two stages: the tiles, and what each weighs."""
    (row, down), (column, across) = shares(rows, height), shares(columns, width)
    trace.record("tiles", row[:, None] * len(columns) + column, "", "the tile whose part each pixel belongs to")
    trace.record("share", down[:, None] * across, "", "what that tile weighs there; its neighbours weigh the rest")


def _blended(earlier: Maps, later: Maps, share: Float32, same: float) -> Maps:
    """(1 − share) · earlier + share · later on one surface; elsewhere, and for gaps, the one that weighs more.

    A gap of the one that weighs more stays a gap.
    """
    one_surface = np.abs(earlier.values - later.values) <= same  # NaN is not
    heavier = share >= 0.5

    def mix(a: Any, b: Any) -> Any:
        return np.where(one_surface, a + share * (b - a), np.where(heavier, b, a))

    confidence = occluded = None
    if earlier.confidence is not None and later.confidence is not None:
        confidence = mix(earlier.confidence, later.confidence)
    if earlier.occluded is not None and later.occluded is not None:
        occluded = np.where(heavier, later.occluded, earlier.occluded)
    return Maps(mix(earlier.values, later.values), confidence, occluded)
