"""Any matcher on images of any size: tiles that see what their matches need, blended where they meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Image, as_pair
from ..method import OptionError, backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import StereoMethod
from ._based import Based
from ._seams import Maps, Span, shares, spans


@dataclass(frozen=True, kw_only=True)
class Tiled(Based):
    """A stereo method, tile by tile: its memory is that of one tile, whatever the image's size.

    A tile's part is at most `tile_height` x `tile_width` pixels. The base sees more of both views: `overlap` on each
    side, and at left and right also the disparity range, in which lie the part's matches and what may hide it. Tiles
    are blended over the inner half of the overlap with weights that change linearly and sum to 1, where both found one
    surface (disparities at most 1 pixel apart); elsewhere the tile that weighs more says what is there, also that
    nothing is. `confidence` and `occluded` go with the disparity, as the base gives them.
    So the result is the base's own where it depends on what lies within half the overlap (and the range): the windows
    of block matching. Paths, nets and fillings look farther, and differ a little; so does what a base measures over the
    whole image, such as the range of float images. An image of one tile is the base's.

    The base searches `max_disparity` and `min_disparity` if it has these options; otherwise they only say how far
    matches may lie. A large range is seen by every tile: wide tiles waste less on it.

    >>> Tiled(base="refined_sgm", base_options="paths=4", max_disparity=256)  # doctest: +SKIP
    """

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
                f"Tiled: overlap is {self.overlap} and the smaller side of a tile {smaller} px; allowed is at most half"
            )

    def tiles(self, height: int, width: int) -> tuple[list[Span], list[Span]]:
        """Rows and columns of the tiles of an image.

        A match of left x lies at x − d. What hides it, or takes its match, lies up to the length of the range away on
        either side. At the image's border a tile sees as far as its smallest disparity reaches, or its base would find
        no match to look for.
        """
        searched = self.searched(width)
        furthest, nearest = searched.stop - 1, searched.start
        length = furthest - nearest
        before, after = max(furthest, length), max(-nearest, length)
        least = max(furthest, -nearest) + 1
        columns = spans(width, self.tile_width, self.overlap, before, after, least)
        return spans(height, self.tile_height, self.overlap), columns

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: which tile each pixel belongs to, what it weighs there, the blended result."""
        trace = Trace()
        trace.result = self._run(*as_pair(left, right), trace)
        return trace

    @backend("base")
    def _base(self, left: Image, right: Image) -> Disparity:
        return self._run(left, right, NoTrace())

    def _run(self, left: Image, right: Image, trace: Trace) -> Disparity:
        height, width = left.shape[:2]
        rows, columns = self.tiles(height, width)
        self._record(trace, rows, columns, height, width)
        matcher = self.matcher()
        whole: Maps | None = None
        for row in rows:
            strip: Maps | None = None
            for column in columns:
                tile = _matched(matcher, left, right, row, column)
                strip = tile.room(len(tile.px), width) if strip is None else strip
                strip.lay(tile, 1, column)
            assert strip is not None  # there is always a column, and a row
            whole = strip.room(height, width) if whole is None else whole
            whole.lay(strip, 0, row)
        assert whole is not None
        trace.record("disparity", whole.px, "px", "tiles blended at their seams; a gap where the heavier one has none")
        return Disparity(px=whole.px, confidence=whole.confidence, occluded=whole.occluded)

    def _record(self, trace: Trace, rows: list[Span], columns: list[Span], height: int, width: int) -> None:
        if isinstance(trace, NoTrace):
            return
        (row, down), (column, across) = shares(rows, height), shares(columns, width)
        trace.record("tiles", row[:, None] * len(columns) + column, "", "the tile whose part each pixel belongs to")
        trace.record("share", down[:, None] * across, "", "what that tile weighs there; its neighbours weigh the rest")


def _matched(matcher: StereoMethod, left: Image, right: Image, row: Span, column: Span) -> Maps:
    """What the matcher says of a tile, without what it only sees."""
    seen = (row.sees, column.sees)
    found = matcher(np.ascontiguousarray(left[seen]), np.ascontiguousarray(right[seen]))
    inner = (row.inner, column.inner)
    return Maps(found.px, found.confidence, found.occluded).each(lambda values: values[inner].copy())
