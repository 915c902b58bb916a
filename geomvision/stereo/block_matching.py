"""Block matching: every pixel takes the disparity at which the windows around it look most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image, as_pair, to_grey
from ..method import CUDA, Copied, backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch

COSTS = ("sad", "ssd", "ncc", "zncc", "census")
PREFILTERS = ("none", "xsobel")


@dataclass(frozen=True, kw_only=True)
class BlockMatching(RangeSearch):
    """Winner-take-all over square windows (Scharstein & Szeliski, IJCV 2002).

    Costs: sums of absolute (sad) or squared (ssd) differences; one minus the correlation of the windows (ncc) or of
    the windows less their means (zncc); the Hamming distances of 9x7 census words, summed (census; Zabih & Woodfill,
    ECCV 1994). Everything is summed in integers: images of floats are quantised to 16 bits over the pair's joint range.
    The three last withstand changes of light; for sad and ssd the images are filtered first (`prefilter`):
    "xsobel" is the horizontal Sobel gradient, clipped to ±31 (Konolige, Small Vision Systems, 1997). Images of
    16 bits and floats are brought to 8 over the pair's joint range.
    Windows that reach beyond the border see the border pixels repeated; right pixels beyond it are no candidates.

    There is no estimate where a window has no variance (ncc: no light) or less `texture` than wanted, where two
    disparities more than a pixel apart are equally good, and where the left–right check fails.
    `confidence` is (c₂ − c₁) / c₂ / (1 + |d_left − d_right|): c₁ is the winning cost, c₂ the smallest one more than a
    pixel away, d_right the disparity of the right pixel that the winner points at. It is 0 where the pixel has no
    estimate of its own or there is no c₂.
    `occluded` marks pixels that fail the left–right check and that no right pixel points at; None without the check.
    Disparities that no pixel of the image can have (|d| ≥ width) are not searched.
    """

    cost: str = option("census", "how unlike two windows are", choices=COSTS)
    prefilter: str = option(
        "xsobel", "what sad and ssd compare: the levels, or their clipped horizontal gradient", choices=PREFILTERS
    )
    window: int = option(11, "side of the square window", unit="px", minimum=1, maximum=63, odd=True)
    texture: float = option(
        0.0, "mean horizontal gradient a window needs, of 255 levels", unit="levels/px", minimum=0, maximum=255
    )
    uniqueness: int = option(
        0, "how much the best cost must beat those more than 1 px away", unit="percent", minimum=0, maximum=99
    )
    subpixel: str = option(
        "equiangular",
        "fit through the winner: ssd, ncc and zncc grow like a parabola, sad and census linearly",
        choices=("none", "parabola", "equiangular"),
    )
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    speckle_size: int = option(0, "regions of fewer pixels are removed", unit="px", minimum=0, maximum=1 << 30)
    speckle_range: float = option(1.0, "step between neighbours of one region", unit="px", minimum=0, maximum=8192)
    fill: str = option(
        "none",
        "gives every pixel an estimate: 'background' from eight directions, 'row' from the farther side of the row",
        choices=("none", "background", "row"),
    )

    @backend("cuda", requires=CUDA)
    def _cuda(self, left: Image, right: Image) -> Copied:
        *maps, seconds = self.on_gpu(left, right)
        return Copied(self._result(*maps), seconds)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, left: Image, right: Image) -> Disparity:
        from .. import _core

        self.searched(left.shape[1])
        options = {**self.options(), "num_threads": self.num_threads}
        return self._result(*_core.block_matching(to_grey(left), to_grey(right), options))

    def _result(self, px: Any, confidence: Any, occluded: Any) -> Disparity:
        return Disparity(px=px, confidence=confidence, occluded=occluded if self.left_right >= 0 else None)

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, left: Image, right: Image) -> Disparity:
        from . import _block_matching

        return _block_matching.run(self, to_grey(left), to_grey(right), NoTrace())

    def trace(self, left: Any, right: Any) -> Trace:
        """Every stage of a pair, by name, as the reference runs it; `.result` equals that of a plain call.

        Stages: left, right, cost, winner, winner_right, texture, subpixel, agreement (with the left–right check),
        left_right, speckle, confidence, fill (when asked for). The costs are (H, W, disparities): take small images.
        """
        from . import _block_matching

        trace = Trace()
        grey = [to_grey(image) for image in as_pair(left, right)]
        trace.result = _block_matching.run(self, grey[0], grey[1], trace)
        return trace
