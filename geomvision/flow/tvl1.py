"""TV-L1: the flow of least total variation whose brightness changes least, by primal and dual steps, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Image
from ..method import backend
from ..results import Flow
from ._total_variation import TotalVariationFlow


@dataclass(frozen=True, kw_only=True)
class TVL1(TotalVariationFlow):
    """Total variation and an L1 data term (Zach, Pock & Bischof, DAGM 2007), coarse to fine.

    Minimises Σ |∇u| + |∇v| + λ |gx u + gy v + t|, which keeps motion edges sharp and forgives pixels that do not fit.
    A second copy of the flow, coupled by 1/(2θ) |difference|², splits it into two problems: one is solved by a step
    along the image gradient, cut at λθ, the other by Chambolle's dual projection with time step τ. Steps, constants
    and the pyramid are those of Sánchez, Meinhardt-Llopis & Facciolo (IPOL 2013), but for the median between warps
    (Wedel et al. 2009), more steps after each warp, and derivatives taken of the mean of both frames; the dual survives
    the warps of a level. Frame 0 is seen in the light of frame 1, cell by cell: outdoors and with automatic exposure a
    change of light would be taken for motion. `brightness_cell` = 0 leaves that out.

    The result is dense, without confidence. Grey levels run from 0 to 255 whatever the dtype; floats are scaled by the
    joint range of both frames. Images without contrast give zero flow.
    """

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from ._native import dense_flow

        return dense_flow("tvl1", frame0, frame1, self.options(), self.num_threads)
