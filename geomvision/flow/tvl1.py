"""TV-L1: the flow of least total variation whose brightness changes least, by primal and dual steps, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..images import Float32, Image
from ..method import backend, option
from ..results import Flow
from ..trace import Trace
from ._coarse_to_fine import PyramidalFlow, Step

#: Added to the root of |∇I|²: far below what 8 bits can tell, and no division by zero.
FLAT = 1e-4


@dataclass(frozen=True, kw_only=True)
class TVL1(PyramidalFlow):
    """Total variation and an L1 data term (Zach, Pock & Bischof, DAGM 2007), coarse to fine.

    Minimises Σ |∇u| + |∇v| + λ |gx u + gy v + t|, which keeps motion edges sharp and forgives pixels that do not fit.
    A second copy of the flow, coupled by 1/(2θ) |difference|², splits it into two problems: one is solved by a step
    along the image gradient, cut at λθ, the other by Chambolle's dual projection with time step τ. Steps, constants
    and the pyramid are those of Sánchez, Meinhardt-Llopis & Facciolo (IPOL 2013), but for the median between warps
    (Wedel et al. 2009), more steps after each warp, and derivatives taken of the mean of both frames; the dual survives
    the warps of a level.

    The result is dense, without confidence. Grey levels run from 0 to 255 whatever the dtype; floats are scaled by the
    joint range of both frames. Images without contrast give zero flow.
    """

    data_weight: float = option(
        0.15, "weight λ of brightness against smoothness", unit="px/grey level", minimum=1e-6, maximum=1e6
    )
    theta: float = option(0.3, "coupling θ of data and smoothness: smaller is tighter", minimum=1e-3, maximum=1e3)
    tau: float = option(0.25, "time step τ of the dual; it converges up to 1/4", minimum=1e-3, maximum=0.25)
    iterations: int = option(100, "primal and dual steps after each warp", minimum=1, maximum=100_000)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from ._native import dense_flow

        return dense_flow("tvl1", frame0, frame1, self.options(), self.num_threads)

    def _refine(self, step: Step, trace: Trace, stage: str) -> tuple[Float32, Float32, Float32 | None]:
        from . import _dual, _relaxation

        gx, gy, rest, inverse = _relaxation.linearise(*step[:6], FLAT)
        trace.record(stage + "constraint", rest, "grey levels", "t − gx u − gy v: what gx u + gy v must cancel")
        flow = np.stack([step.u, step.v])
        dual = step.kept.get("dual", np.zeros((2, 2, *rest.shape), np.float32))
        for _ in range(self.iterations):
            flow = _dual.primal(flow, dual, gx, gy, rest, inverse, self.theta, self.data_weight)
            dual = _dual.dual_step(flow, dual, self.tau / self.theta)
        step.kept["dual"] = dual
        return flow[0], flow[1], None
