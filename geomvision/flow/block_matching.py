"""Block matching flow: every pixel takes the displacement at which the windows around it look most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image, as_pair
from ..method import backend, option
from ..results import Flow
from ..trace import NoTrace, Trace
from ._base import FlowMethod


@dataclass(frozen=True, kw_only=True)
class BlockMatching(FlowMethod):
    """Exhaustive search over square windows, optionally coarse to fine (Bierling, VCIP 1988); nothing is smoothed.

    With `levels` = 1 each displacement of at most `radius` pixels along x and along y is tried. With more, each level
    halves the frames, the coarsest is searched so, and the others look for what is left once frame 1 has been moved
    back by the coarser flow: motions up to about radius · 2^(levels − 1) pixels, and thin things that move by more than
    `radius` alone are lost. Costs: means over the window of absolute (sad) or squared (ssd) differences of grey levels,
    or of differing bits of 9x7 census words (census; Zabih & Woodfill, ECCV 1994), which withstand changes of light.
    Windows end where either frame does; no volume is held.

    The fit between pixels is made along x and along y (`subpixel`), and again after frame 1 has been moved back by the
    flow (`refinements`). There is no estimate where two displacements more than a pixel apart are equally good, as on
    flat areas. `confidence` is (c₂ − c₁) / c₂ on the finest level: c₁ is the winning cost, c₂ the least one more than a
    pixel away.
    """

    cost: str = option("census", "how unlike two windows are", choices=("sad", "ssd", "census"))
    window: int = option(9, "side of the square window", unit="px", minimum=1, maximum=31, odd=True)
    radius: int = option(4, "displacements tried on each level, along x and along y", unit="px", minimum=1, maximum=127)
    levels: int = option(
        5, "pyramid levels at most; each halves the image while 16 px remain; 1: none", minimum=1, maximum=32
    )
    subpixel: str = option("parabola", "fit through the winner", choices=("none", "parabola", "equiangular"))
    refinements: int = option(
        2, "searches within a pixel of the finest level's flow, to sharpen the fit", minimum=0, maximum=100
    )
    median: int = option(
        5, "side of the median on each component after each level; 1: none", unit="px", choices=(1, 3, 5, 7)
    )

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from .. import _core
        from . import _blocks

        return _blocks.run(self, frame0, frame1, NoTrace(), _core.block_search)

    @backend("reference")
    def _reference(self, frame0: Image, frame1: Image) -> Flow:
        from . import _blocks

        return _blocks.run(self, frame0, frame1, NoTrace(), _blocks.search)

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages of a call, from the coarsest level on: frames, winner, least cost and flow of each level."""
        from . import _blocks

        trace = Trace()
        trace.result = _blocks.run(self, *as_pair(frame0, frame1, ("frame0", "frame1")), trace, _blocks.search)
        return trace
