"""Any method of one image at high resolution: tiles that follow what the whole image says, blended where they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..method import option
from ..packages import needed_by
from ..results import Depth, RelativeDepth
from ..tiling import Maps, Span, Tiling, joined, record_tiles, spans
from ..trace import NoTrace, Trace
from ._answers import Values, at_size, kind_of, line_between, result_of, unit_of, values_of
from ._based import Based
from ._views import View

#: Blocks over which what is the guide's is averaged, in its length.
BLOCKS = 8
#: Pixels of the blocks whose means are fitted: what is finer, the guide does not know.
FITTED_PX = 8


@dataclass(frozen=True, kw_only=True)
class Tiled(Tiling, Based):
    """Depth with the detail of tiles and the layout of the whole image.

    Nets see an image at a size of their own, at which what is thin is lost; a part of it they see larger, but not what
    it belongs to: its depth may begin anywhere. So the base says what the whole is like, the guide, and then each tile
    (of at most `tile_height` x `tile_width`, seen with `overlap` more on each side) is fitted to the guide by scale and
    shift, robustly, as PatchFusion's answers are guided by that of the whole (Li, Bhat & Wonka, CVPR 2024).
    With `guidance_px` above 0 also what changes over more than so many pixels is the guide's, and the tile's is what
    changes faster, as in the merging of Miangoleh et al. (CVPR 2021). A tile that does not rise with the guide is not
    used. Tiles are blended over the inner half of the overlap, with weights that change linearly and sum to 1.

    Metric answers and `depth_scale` are fitted and blended as logarithms: they stay positive. The kind is the base's.
    `confidence` and `occluded` are the tile's, where the base gives them. An image of one tile is the base's.

    >>> Tiled(base="fcrn", tile_height=240, tile_width=320)  # doctest: +SKIP
    """

    tile_height: int = option(240, "rows of a tile's part, at most", unit="px", minimum=16, maximum=1 << 20)
    tile_width: int = option(320, "columns of a tile's part, at most", unit="px", minimum=16, maximum=1 << 20)
    guidance_px: int = option(
        0,
        "what changes over more is the whole image's, what changes faster the tile's; 0: only scale and shift are",
        unit="px",
        minimum=0,
        maximum=1 << 20,
    )

    def _run(self, view: View, trace: Trace) -> Depth | RelativeDepth:
        height, width = view.image.shape[:2]
        rows, columns = spans(height, self.tile_height, self.overlap), spans(width, self.tile_width, self.overlap)
        if not isinstance(trace, NoTrace):
            record_tiles(trace, rows, columns, height, width)
        base = self.method()
        whole = view.shown_to(base)
        kind, guide = kind_of(whole), values_of(whole)
        trace.record("guide", guide, unit_of(kind), "the base's answer to the whole image")
        if len(rows) * len(columns) == 1:
            trace.record("depth", guide, unit_of(kind), "there is one tile, the whole image")
            return whole

        def tile(row: Span, column: Span) -> Maps:
            seen = (row.sees, column.sees)
            found = view.part(*seen).shown_to(base)
            inner = (row.inner, column.inner)
            values = self._guided(values_of(found), guide[seen]).astype(np.float32)
            return Maps(values, found.confidence, found.occluded).each(lambda m: m[inner].copy())

        values, confidence, occluded = joined(rows, columns, (height, width), tile, np.inf)
        trace.record("depth", values, unit_of(kind), "tiles fitted to the guide and blended at their seams")
        return result_of(values.astype(np.float64), kind, confidence=confidence, occluded=occluded)

    def _guided(self, values: Values, guide: Values) -> Values:
        """A tile's answer as the guide's; the guide itself where the tile does not rise with it."""
        height, width = (-(-size // FITTED_PX) for size in values.shape)
        line = line_between(at_size(values, height, width), at_size(guide, height, width))
        if line is None:
            return guide
        fitted = line(values)
        return fitted + _smooth(guide - fitted, self.guidance_px) if self.guidance_px else fitted


def _smooth(difference: Values, length_px: int) -> Values:
    """Its Gaussian mean over the known pixels, found on means of blocks; 0 where nothing is known near."""
    with needed_by("depth of one image"):
        import cv2

    height, width = difference.shape
    block = max(1, length_px // BLOCKS)
    small = (max(1, width // block), max(1, height // block))
    known = np.isfinite(difference)
    sigma = min(length_px / (2 * block), float(max(small)))
    sums, share = (
        cv2.GaussianBlur(
            cv2.resize(array, small, interpolation=cv2.INTER_AREA), (0, 0), sigma, borderType=cv2.BORDER_REFLECT
        )
        for array in (np.where(known, difference, 0.0), known.astype(np.float64))
    )
    mean = sums / np.maximum(share, 1e-9)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float64)
