"""Horn–Schunck: the smoothest flow that keeps brightness constant, by relaxation, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass

from ..images import Float32, Image
from ..method import backend, option
from ..results import Flow
from ..trace import Trace
from ._coarse_to_fine import PyramidalFlow, Step


@dataclass(frozen=True, kw_only=True)
class HornSchunck(PyramidalFlow):
    """Global smoothness by Jacobi iterations (Horn & Schunck, Artificial Intelligence 1981), coarse to fine.

    Minimises Σ (gx u + gy v + t)² + α² (|∇u|² + |∇v|²) by the paper's iteration with local averages ū, v̄:
    u = ū − gx (gx ū + gy v̄ + t) / (α² + gx² + gy²), and likewise v. Warping, pyramid and the median between warps
    are later additions (Sun et al., CVPR 2010): ``levels=1, warps=1, median=1`` is the method of 1981, but for
    derivatives taken of the mean of both frames.

    The result is dense, without confidence: nothing in the method tells a good pixel from a smooth one. Grey levels
    run from 0 to 255 whatever the dtype; floats are scaled by the joint range of both frames. Images without
    contrast give zero flow.
    """

    alpha: float = option(10.0, "weight of smoothness", unit="grey levels/px", minimum=0.01, maximum=1e6)
    iterations: int = option(50, "relaxations after each warp", minimum=1, maximum=100_000)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from ._native import dense_flow

        return dense_flow("horn_schunck", frame0, frame1, self.options(), self.num_threads)

    def _refine(self, step: Step, trace: Trace, stage: str) -> tuple[Float32, Float32, Float32 | None]:
        from . import _relaxation

        gx, gy, rest, inverse = _relaxation.linearise(*step[:6], self.alpha)
        trace.record(stage + "constraint", rest, "grey levels", "t − gx u − gy v: what gx u + gy v must cancel")
        u, v = step.u, step.v
        for _ in range(self.iterations):
            u, v = _relaxation.relax(u, v, gx, gy, rest, inverse)
        return u, v, None
