"""Semi-global matching: every pixel asks along straight paths what smooth surface it may lie on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..images import Image, as_pair, to_grey
from ..method import OptionError, backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch


@dataclass(frozen=True, kw_only=True)
class SGM(RangeSearch):
    """Semi-global matching on census costs (Hirschmüller, TPAMI 2008).

    `confidence` is (s₂ − s₁) / s₂ / (1 + |d_left − d_right|): s₁ is the winning sum, s₂ the smallest one more than a
    pixel away, d_right the disparity of the right pixel that the winner points at. It is 0 where the pixel has no
    estimate of its own: none, a filled one, or one whose match lies outside the right image.
    A pixel fails the left–right check when its match lies outside the right image, or forms a pair with another left
    pixel, each the other's winner, whose disparity differs by more than `left_right`. `occluded` marks the failed ones
    that no right pixel points at (the others are visible, and mismatched); None without the check.
    5 `paths` need one pass over the image, in memory of a few rows beside the results; the others a second one upwards,
    which holds the sums of a band of rows. The memory of a call waits for the next one of the same options, unless the
    image has more than 4 megapixels (at most four such calls' memory is kept; `_core.sgm_forget()` frees it).
    Where two disparities more than a pixel apart are equally good, as on a surface without texture, there is no
    estimate. Disparities that no pixel of the image can have (|d| ≥ width) are not searched.
    """

    census: str = option("9x7", "window of the census transform, width x height", choices=("5x5", "7x7", "9x7"))
    paths: int = option(
        8, "4: rows and columns; 8: and diagonals; 16: and knight's moves; 5: rows and downwards", choices=(4, 5, 8, 16)
    )
    p1: int = option(24, "penalty of a step of one pixel along a path", unit="bits", minimum=0, maximum=192)
    p2: int = option(180, "penalty of larger steps, at least p1", unit="bits", minimum=0, maximum=192)
    adaptive_p2: bool = option(True, "lower p2 where the left image changes strongly along the path")
    subpixel: str = option("equiangular", "fit through the winner", choices=("none", "parabola", "equiangular"))
    uniqueness: int = option(
        0, "how much the best sum must beat those more than 1 px away", unit="percent", minimum=0, maximum=99
    )
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    median: int = option(3, "window of the median filter; 1: none", unit="px", minimum=1, maximum=15, odd=True)
    speckle_size: int = option(20, "regions of fewer pixels are removed", unit="px", minimum=0, maximum=1 << 30)
    speckle_range: float = option(1.0, "step between neighbours of one region", unit="px", minimum=0, maximum=8192)
    fill: str = option("none", "'background' gives every pixel an estimate", choices=("none", "background"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p1 > self.p2:
            raise OptionError(f"SGM: p1 is {self.p1} and p2 {self.p2}; p2 must be at least p1")

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, left: Image, right: Image) -> Disparity:
        from .. import _core

        self.searched(left.shape[1])
        options = {**self.options(), "num_threads": self.num_threads}
        px, confidence, occluded = _core.sgm(to_grey(left), to_grey(right), options)
        return Disparity(px=px, confidence=confidence, occluded=occluded if self.left_right >= 0 else None)

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, left: Image, right: Image) -> Disparity:
        from . import _sgm_reference

        return _sgm_reference.run(self, to_grey(left), to_grey(right), NoTrace())

    def trace(self, left: Any, right: Any) -> Trace:
        """Every stage of a pair, by name, as the reference runs it; `.result` equals that of a plain call.

        Stages: census_left, census_right, cost, path(dx,dy) for each direction, sums, winner, winner_right, subpixel,
        median, agreement, left_right, speckle, confidence, fill. Volumes are (H, W, disparities): take small images.
        """
        from . import _sgm_reference

        trace = Trace()
        grey = [to_grey(image) for image in as_pair(left, right)]
        trace.result = _sgm_reference.run(replace(self, backend="reference"), grey[0], grey[1], trace)
        return trace
