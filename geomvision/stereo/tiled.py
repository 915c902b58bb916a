"""Any matcher on images of any size: tiles that see what their matches need, blended where they meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Image, as_pair
from ..method import backend
from ..results import Disparity
from ..tiling import Maps, Span, Tiling, joined, record_tiles, spans
from ..trace import NoTrace, Trace
from ._base import StereoMethod
from ._based import Based

#: Disparities that differ by more, pixels, lie on two surfaces.
SAME_SURFACE = 1.0


@dataclass(frozen=True, kw_only=True)
class Tiled(Tiling, Based):
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
        if not isinstance(trace, NoTrace):
            record_tiles(trace, rows, columns, height, width)
        matcher = self.matcher()

        def tile(row: Span, column: Span) -> Maps:
            return _matched(matcher, left, right, row, column)

        px, confidence, occluded = joined(rows, columns, (height, width), tile, SAME_SURFACE)
        trace.record("disparity", px, "px", "tiles blended at their seams; a gap where the heavier one has none")
        return Disparity(px=px, confidence=confidence, occluded=occluded)


def _matched(matcher: StereoMethod, left: Image, right: Image, row: Span, column: Span) -> Maps:
    """What the matcher says of a tile, without what it only sees."""
    seen = (row.sees, column.sees)
    found = matcher(np.ascontiguousarray(left[seen]), np.ascontiguousarray(right[seen]))
    inner = (row.inner, column.inner)
    return Maps(found.px, found.confidence, found.occluded).each(lambda values: values[inner].copy())
